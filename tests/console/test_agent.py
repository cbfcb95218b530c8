"""The agent's page: whom, why now, what to offer, and what happens to the task meanwhile."""

import re
from dataclasses import replace
from datetime import timedelta

import httpx

from outreach.task import TaskState
from schemas.decisions import NeedKind, Reason
from schemas.envelope import decode
from schemas.events.accounts import LossReason
from schemas.events.ours import CallEnded, Disposition, Phase
from tests.console.caller import Caller
from tests.console.conftest import Site
from tests.console.seeds import NOW, contact, covered, evidence, need, standing


def task_of(site: Site, account_id: str) -> tuple[str, str]:
    """(id, lease token) of the account's open task."""
    with site.store.read() as tx:
        task = tx.tasks.open_of([account_id])[0]
        return task.task_id, task.token or ""


def state_of(site: Site, task_id: str) -> TaskState:
    with site.store.read() as tx:
        task = tx.tasks.get(task_id)
        assert task is not None
        return task.state


def claimed(site: Site, account_id: str = "17850") -> tuple[Caller, str, str, httpx.Response]:
    """An agent who holds the account's task, whichever comes first in rank."""
    agent = site.as_role("agent", "/agent")
    wanted, _ = task_of(site, account_id)
    with site.store.begin() as tx:
        site.desk.set_agent(tx, "agent-1", "available")
        site.desk.claim_task(tx, "agent-1", wanted, tx.db_now())
    task_id, token = task_of(site, account_id)
    return agent, task_id, token, agent.get("/agent/desk")


def in_call(site: Site, account_id: str = "17850") -> tuple[Caller, str, str]:
    agent, task_id, token, _ = claimed(site, account_id)
    answer = agent.post(f"/agent/tasks/{task_id}/start", data={"token": token, "key": "k" * 16})
    assert "In call" in answer.text
    return agent, task_id, task_of(site, account_id)[1]


def test_next_claims_the_most_urgent_task(site: Site) -> None:
    agent = site.as_role("agent", "/agent")
    page = agent.get("/agent")
    assert "Ready for the next call" in page.text
    card = agent.post("/agent/next").text
    task_id = re.search(r'data-task="(\w+)"', card)
    assert task_id
    assert state_of(site, task_id.group(1)) is TaskState.LEASED
    assert "Held for you" in card


def test_the_card_says_whom_why_now_what_and_the_time_there(site: Site) -> None:
    page = claimed(site)[3].text
    for said in (
        "Account 17850",
        "Florist",
        "Leeds",
        "Ms. Harriet Cole",
        "generated",
        "+44 1632 960118",
        "09:00",
        "London",
        "Open for calls until 20:00",
        "They order the T-light holder every 28 days",
        "81 % likely before we could deliver",
        "White hanging heart T-light holder",
        "usually 64",
        "weak forecast",
        "Set of 3 cake tins pantry design",
        "Nine of twelve florists",
        "Nobody has called this account before",
        "2011-12-05",
    ):
        assert said in page, said


def test_the_number_can_be_dialled_only_once_the_attempt_is_written(site: Site) -> None:
    agent, task_id, token, page = claimed(site)
    assert "tel:" not in page.text
    answer = agent.post(f"/agent/tasks/{task_id}/start", data={"token": token, "key": "k" * 16})
    assert 'href="tel:+441632960118"' in answer.text
    with site.store.read() as tx:
        assert len(tx.attempts.of_accounts(["17850"], NOW - timedelta(days=1))) == 1


def test_starting_twice_with_one_key_is_one_attempt(site: Site) -> None:
    agent, task_id, token, _ = claimed(site)
    for _ in range(2):
        agent.post(f"/agent/tasks/{task_id}/start", data={"token": token, "key": "k" * 16})
    with site.store.read() as tx:
        assert len(tx.attempts.of_accounts(["17850"], NOW - timedelta(days=1))) == 1


def test_a_degraded_forecast_says_so_in_full(site: Site) -> None:
    with site.store.begin() as tx:
        weak = evidence("They ordered it once.", degraded=True).model_copy(
            update={"p10_on": None, "survival": (), "p_due": 0.5}
        )
        site.desk.apply_effects(tx, [need("13047", "1", "Mug", "x", evidence=weak)])
        site.desk.apply_effects(tx, [standing("13047", 3)])
    with site.store.read() as tx:
        selling = next(task for task in tx.tasks.open_of(["13047"]) if task.task_class == "selling")
    with site.store.begin() as tx:
        site.desk.set_agent(tx, "agent-1", "available")
        site.desk.claim_task(tx, "agent-1", selling.task_id, tx.db_now())
    page = site.as_role("agent").get("/agent").text
    assert "Weak forecast: too little is known" in page
    assert "There is no date range for this need" in page


def test_days_of_a_forecast_are_those_of_the_account_on_the_card_and_on_its_page(site: Site) -> None:
    told = evidence("They order every 28 days.").model_copy(update={"as_of": NOW - timedelta(hours=5)})
    with site.store.begin() as tx:
        site.desk.apply_effects(tx, [standing("13047", 3, zone="America/Los_Angeles")])
        site.desk.apply_effects(tx, [need("13047", "1", "Mug", "x", evidence=told)])
        tasks = tx.tasks.open_of(["13047"])
        selling = next(task for task in tasks if task.task_class == "selling")
        site.desk.set_agent(tx, "agent-1", "available")
        site.desk.claim_task(tx, "agent-1", selling.task_id, tx.db_now())
    agent = site.as_role("agent")
    for page in (agent.get("/agent").text, agent.get("/accounts/13047").text):
        assert "Seen from 8 Dec 2011" in page, "4:00 on the 9th in UTC is 20:00 on the 8th there"
        assert "(forecast of 8 December)" in page


def test_a_service_task_shows_the_complaint_and_its_own_dispositions(site: Site) -> None:
    agent, task_id, token = in_call(site, "13047")
    page = agent.get("/agent").text
    assert "C-118 is open" in page
    assert "Settled" in page
    assert "Order taken" not in page
    done = agent.post(f"/agent/tasks/{task_id}/disposition", data={"token": token, "disposition": "resolved"})
    assert "Saved: Settled" in done.text
    assert state_of(site, task_id) is TaskState.DONE


def test_a_lost_customer_s_no_asks_for_the_reason_and_the_log_hears_it(site: Site) -> None:
    with site.store.begin() as tx:
        site.desk.apply_effects(tx, [standing("17850", 9, phase=Phase.REACTIVATION)])
    agent, task_id, token = in_call(site)
    page = agent.get("/agent").text
    assert 'data-opens="loss"' in page
    assert "Another supplier" in page
    told = {"token": token, "disposition": "not_interested", "loss_reason": "competitor"}
    assert "Saved: Not interested" in agent.post(f"/agent/tasks/{task_id}/disposition", data=told).text
    with site.store.read() as tx:
        payloads = [decode(message.payload).fact for message in tx.outbox.pending("log")]
    assert [fact.loss_reason for fact in payloads if isinstance(fact, CallEnded)] == [LossReason.COMPETITOR]


def test_who_still_buys_is_not_asked_why_he_does_not(site: Site) -> None:
    agent, _, _ = in_call(site)
    assert 'data-opens="loss"' not in agent.get("/agent").text


def test_every_disposition_of_the_list_ends_the_call(site: Site) -> None:
    agent, task_id, token = in_call(site)
    agent.post(f"/agent/tasks/{task_id}/end", data={"token": token})
    assert state_of(site, task_id) is TaskState.WRAP_UP
    done = agent.post(f"/agent/tasks/{task_id}/disposition", data={"token": token, "disposition": "no_answer"})
    assert "Saved: No answer" in done.text
    assert state_of(site, task_id) is TaskState.SCHEDULED


def test_a_callback_is_kept_in_the_customers_own_time(site: Site) -> None:
    agent, task_id, token = in_call(site, "12583")
    fields = {"token": token, "disposition": "callback", "callback_at": "2011-12-12T10:30", "zone": "Europe/Paris"}
    assert "Saved: Call back" in agent.post(f"/agent/tasks/{task_id}/disposition", data=fields).text
    with site.store.read() as tx:
        task = tx.tasks.get(task_id)
        assert task is not None
        assert task.callback_at is not None
        assert task.callback_at.isoformat() == "2011-12-12T09:30:00+00:00"


def test_a_callback_outside_calling_hours_is_refused_with_the_reason(site: Site) -> None:
    agent, task_id, token = in_call(site)
    fields = {"token": token, "disposition": "callback", "callback_at": "2011-12-12T23:30", "zone": "Europe/London"}
    answer = agent.post(f"/agent/tasks/{task_id}/disposition", data=fields)
    assert "The rules do not allow it: outside calling hours" in answer.text
    assert state_of(site, task_id) is TaskState.IN_CALL


def test_stock_until_a_day_reaches_the_forecast(site: Site) -> None:
    agent, task_id, token = in_call(site)
    fields = {"token": token, "disposition": "has_stock", "stock_until": "2012-01-10", "zone": "Europe/London"}
    agent.post(f"/agent/tasks/{task_id}/disposition", data=fields)
    with site.store.read() as tx:
        told = [message.payload for message in tx.outbox.pending("log")]
    assert any(b"2012-01-10T00:00:00Z" in payload and Disposition.HAS_STOCK.encode() in payload for payload in told)


def test_a_skip_goes_back_with_its_reason(site: Site) -> None:
    agent, task_id, token, _ = claimed(site)
    answer = agent.post(f"/agent/tasks/{task_id}/skip", data={"token": token, "reason": "language"})
    assert "Skipped" in answer.text
    assert state_of(site, task_id) is TaskState.READY


def test_a_stale_token_changes_nothing_and_is_told(site: Site) -> None:
    agent, task_id, _, _ = claimed(site)
    answer = agent.post(f"/agent/tasks/{task_id}/start", data={"token": "old", "key": "k" * 16})
    assert "This call is no longer yours" in answer.text
    assert state_of(site, task_id) is TaskState.LEASED


def test_a_heartbeat_renews_the_hold(site: Site) -> None:
    agent, task_id, token, _ = claimed(site)
    site.clock.pass_(seconds=100)
    answer = agent.post(f"/agent/tasks/{task_id}/heartbeat", data={"token": token})
    assert 'data-lease-seconds="60"' in answer.text


def test_an_order_before_the_call_withdraws_the_task_and_says_when(site: Site) -> None:
    agent, task_id, _, _ = claimed(site)
    ordered = NOW + timedelta(hours=1, minutes=42)
    with site.store.begin() as tx:
        site.desk.apply_effects(tx, covered("17850", "85123A", 4, ordered) + covered("17850", "84879", 5, ordered))
    page = agent.get(f"/agent/desk?about={task_id}").text
    assert "They ordered at 10:42" in page
    assert "The task was withdrawn. Nobody needs to call account 17850" in page
    assert "Next call" in page
    assert state_of(site, task_id) is TaskState.SUPERSEDED


def test_an_order_during_the_call_preselects_already_ordered(site: Site) -> None:
    agent, task_id, token = in_call(site)
    ordered = NOW + timedelta(minutes=30)
    with site.store.begin() as tx:
        site.desk.apply_effects(tx, covered("17850", "85123A", 4, ordered) + covered("17850", "84879", 5, ordered))
    page = agent.get("/agent/desk").text
    assert "They ordered at 09:30, while you talk" in page
    assert "Already ordered" in page
    assert "Everything on this call was ordered" in page
    agent.post(f"/agent/tasks/{task_id}/disposition", data={"token": token, "disposition": "order_taken"})
    assert not state_of(site, task_id).startswith("in_call")


def test_when_nobody_may_be_called_the_page_counts_why(site: Site) -> None:
    with site.store.begin() as tx:
        rows = [
            replace(one, zone="America/Los_Angeles") for one in tx.contacts.of_accounts(["17850", "13047", "12583"])
        ]
        tx.contacts.put(rows)
        tx.tasks.reset_hints(["17850", "13047", "12583"])
    agent = site.as_role("agent", "/agent")
    page = agent.post("/agent/next").text
    assert "Nobody to call now" in page
    assert re.search(r"<b>4</b>\s*<span>outside calling hours", page)


def test_a_call_that_became_illegal_is_not_dialled(site: Site) -> None:
    agent, task_id, token, _ = claimed(site)
    with site.store.begin() as tx:
        site.desk.block_number(tx, "+441632960118", "sue")
    answer = agent.post(f"/agent/tasks/{task_id}/start", data={"token": token, "key": "k" * 16})
    assert "tel:" not in answer.text
    assert "no longer yours" in answer.text or "asked not to be called" in answer.text


def test_unknown_fields_are_refused(site: Site) -> None:
    agent, task_id, token, _ = claimed(site)
    fields = {"token": token, "key": "k" * 16, "admin": "1"}
    assert agent.post(f"/agent/tasks/{task_id}/start", data=fields).status_code == 422


def test_a_win_back_has_no_product_no_day_and_nothing_to_order(site: Site) -> None:
    silent = evidence("They have been silent for long.").model_copy(update={"p10_on": None, "p50_on": None})
    with site.store.begin() as tx:
        told = need("15555", "*", "", "x", kind=NeedKind.WIN_BACK, quantity_units=0.0, evidence=silent)
        site.desk.apply_effects(tx, [standing("15555"), told])
        site.desk.put_contacts(tx, [contact("15555", "Ms. Noor", "+44 1632 960 777")])
    agent, *_ = in_call(site, "15555")
    page = agent.get("/agent").text
    assert "What they used to buy" in page
    assert "usual quantity not known" not in page
    assert "no date range" not in page
    assert "Place order" not in page


def test_without_a_zone_the_page_says_that_nobody_may_call(site: Site) -> None:
    agent, *_ = claimed(site)
    with site.store.begin() as tx:
        tx.contacts.put([replace(one, zone=None) for one in tx.contacts.of_accounts(["17850"])])
        site.desk.apply_effects(tx, [standing("17850", 9, zone=None)])
    page = agent.get("/agent/desk").text
    assert "The time zone is not known, so nobody may call" in page
    assert str(Reason.ZONE_UNKNOWN) not in page
