"""An order during the call: price, availability and day; reasons for other quantities; the ERP's answer on the page."""

from datetime import timedelta

import pytest

from outreach.task import TaskState
from schemas.envelope import decode
from schemas.events.ours import NeedOverridden, OverrideReason
from schemas.needs import OrderAnswered, Place, ProductTold, WithdrawNeed
from tests.console.conftest import Site
from tests.console.seeds import NOW, covered
from tests.console.test_agent import in_call, state_of

SKU = "85123A"


def told(site: Site, *effects) -> None:
    with site.store.begin() as tx:
        site.desk.apply_effects(tx, effects)


def product(**more) -> ProductTold:
    known = {"unit_price": "2.95", "currency": "GBP", "lead_time_days": 2.0, "name": "T-LIGHT HOLDER", **more}
    return ProductTold(sku=SKU, group=SKU, as_of=NOW - timedelta(days=9), **known)


def answer(command_id: str, **more) -> OrderAnswered:
    place = Place(partition=0, offset=0)
    return OrderAnswered(account_id="17850", account_version=90, at=NOW, place=place, command_id=command_id, **more)


def overrides(site: Site) -> list[NeedOverridden]:
    with site.store.read() as tx:
        facts = [decode(message.payload).fact for message in tx.outbox.pending("log", 500)]
    return [fact for fact in facts if isinstance(fact, NeedOverridden)]


def command_of(site: Site, task_id: str) -> str:
    with site.store.read() as tx:
        return tx.asked_orders.of_task(task_id)[0].command_id


def post(site: Site, quantity: str = "64", reason: str = "", key: str = "o" * 16):
    agent, task_id, token = in_call(site)
    with site.store.read() as tx:
        need_id = next(need.need_id for need in tx.needs.lines([task_id]) if need.group == SKU)
    fields = {
        "token": token,
        "key": key,
        "sku": [SKU],
        "quantity": [quantity],
        "need_id": [need_id],
        "reason": [reason],
    }
    return agent, task_id, agent.post(f"/agent/tasks/{task_id}/order", data=fields), fields


def test_the_dialog_says_price_availability_and_day(site: Site) -> None:
    told(site, product())
    agent, _, _ = in_call(site)
    page = agent.get("/agent").text
    assert "2.95 GBP each · available · there by " in page
    assert "T-light Holder" in page


def test_what_cannot_be_had_is_said_and_not_suggested(site: Site) -> None:
    told(site, product(available=False), ProductTold(sku="22720", group="22720", available=False, as_of=NOW))
    agent, _, _ = in_call(site)
    page = agent.get("/agent").text
    assert "not available" in page
    assert "22720" not in page
    assert "21754" in page


def test_the_list_price_goes_with_the_order(site: Site) -> None:
    told(site, product())
    post(site)
    with site.store.read() as tx:
        (sent,) = tx.outbox.pending("commands")
    assert b'"unit_price":"2.95"' in sent.payload


def test_as_proposed_needs_no_reason(site: Site) -> None:
    _, _, page = post(site)[:3]
    assert "Order handed" in page.text
    assert overrides(site) == []


def test_another_quantity_needs_a_reason_and_is_an_event(site: Site) -> None:
    agent, task_id, page, fields = post(site, "40")
    assert "reason missing" in page.text
    with site.store.read() as tx:
        assert tx.outbox.pending("commands") == [], "nothing half done"
    again = agent.post(f"/agent/tasks/{task_id}/order", data={**fields, "reason": ["uses_less"]})
    assert "Order handed" in again.text
    (fact,) = overrides(site)
    assert (fact.suggested_units, fact.agreed_units, fact.reason) == (64.0, 40.0, OverrideReason.USES_LESS)
    assert (fact.group, fact.command_id) == (SKU, command_of(site, task_id))


def test_not_needed_takes_the_line_away_and_is_an_event(site: Site) -> None:
    agent, task_id, page, fields = post(site, "0", "stock_left")
    assert "Noted: not needed now" in page.text
    (fact,) = overrides(site)
    assert (fact.agreed_units, fact.reason, fact.command_id) == (0.0, OverrideReason.STOCK_LEFT, None)
    assert f'value="{SKU}"' not in agent.get("/agent").text
    assert "no such line" in agent.post(f"/agent/tasks/{task_id}/order", data=fields).text
    assert len(overrides(site)) == 1


@pytest.mark.parametrize("change", [{"reason": ["because"]}, {"quantity": ["-1"]}, {"quantity": ["1", "2"]}])
def test_what_makes_no_sense_changes_nothing(site: Site, change: dict) -> None:
    agent, task_id, token = in_call(site)
    fields = {"token": token, "key": "o" * 16, "sku": [SKU], "quantity": ["40"], "reason": ["budget"], **change}
    assert "Order handed" not in agent.post(f"/agent/tasks/{task_id}/order", data=fields).text
    assert overrides(site) == []


def test_the_same_key_with_other_lines_is_refused(site: Site) -> None:
    agent, task_id, _, fields = post(site)
    other = agent.post(f"/agent/tasks/{task_id}/order", data={**fields, "quantity": ["65"], "reason": ["season"]})
    assert "key used" in other.text
    assert overrides(site) == []


def test_the_answer_of_the_erp_shows_on_the_page(site: Site) -> None:
    agent, task_id, page, _ = post(site)
    assert "Waiting for the ERP: 64 × 85123A" in page.text
    yes = answer(
        command_of(site, task_id),
        accepted=True,
        order_id="SO-77",
        promised_at=NOW + timedelta(days=2),
        total=188.8,
        currency="GBP",
    )
    told(site, *covered("17850", SKU, 60, NOW), yes, yes)
    shown = agent.get("/agent").text
    assert "Booked as SO-77: 64 × 85123A" in shown
    assert "188.80 GBP · arrives " in shown
    assert state_of(site, task_id) is TaskState.IN_CALL


def test_a_refusal_of_the_erp_shows_with_its_reason(site: Site) -> None:
    agent, task_id, _, _ = post(site)
    told(site, answer(command_of(site, task_id), accepted=False, cause="out_of_stock"))
    assert "Refused (out of stock): 64 × 85123A" in agent.get("/agent").text
    with site.store.read() as tx:
        assert tx.audit.about(subject=f"task:{task_id}", limit=1)[0].event == "order_refused"


def test_an_answer_that_nobody_asked_for_changes_nothing(site: Site) -> None:
    agent = post(site)[0]
    told(site, answer("somebody-elses", accepted=True, order_id="X"))
    assert "Waiting for the ERP" in agent.get("/agent").text


def test_an_answer_is_told_of_with_its_own_trace_and_no_other(site: Site) -> None:
    def traced(letter: str) -> str:
        return f"00-{letter * 32}-{letter * 16}-01"

    _, task_id = post(site)[:2]
    place = Place(partition=0, offset=0)
    before = WithdrawNeed(
        account_id="other", account_version=1, at=NOW, place=place, need_id="n", group="g", cause="covered",
        traceparent=traced("a"),
    )  # fmt: skip
    told(site, before, answer(command_of(site, task_id), accepted=True, order_id="E-1", traceparent=traced("b")))
    with site.store.read() as tx:
        details = [entry.detail for entry in tx.audit.since(0) if entry.event == "order_booked"]
    assert details == [f"E-1 trace={'b' * 32}"]
