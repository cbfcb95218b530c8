"""The supervisor's page, the order on the phone, and the kill switch."""

import re

import pytest

from outreach.records import ReorderState
from outreach.task import TaskState
from schemas.errors import BadInput
from tests.console.conftest import Site
from tests.console.test_agent import claimed, in_call, state_of

QUEUED = "handed to the ERP&#39;s queue"
"""True in both runtimes: the message waits in the outbox, whoever takes it from there."""


def lost_call(site: Site) -> str:
    """A call whose agent has gone."""
    _, task_id, _ = in_call(site)
    site.clock.pass_(minutes=11)
    with site.store.begin() as tx:
        site.desk.upkeep(tx, tx.db_now())
    assert state_of(site, task_id) is TaskState.NEEDS_DISPOSITION
    return task_id


def reorder_of(site: Site) -> tuple[str, ReorderState, float]:
    with site.store.read() as tx:
        one = tx.reorders.listed(ReorderState, account_id="16029")[0]
        return one.reorder_id, one.state, one.quantity_units


def test_a_lost_call_waits_for_the_supervisor_who_says_how_it_ended(site: Site) -> None:
    task_id = lost_call(site)
    sue = site.as_role("supervisor", "/team")
    page = sue.get("/team").text
    assert "Account 17850" in page
    assert "agent lost" in page
    done = sue.post(f"/team/tasks/{task_id}/settle", data={"disposition": "no_answer"})
    assert "Saved: No answer" in done.text
    assert "How did it end" not in done.text
    assert state_of(site, task_id) is TaskState.SCHEDULED


def test_a_flagged_task_is_offered_again_or_cancelled(site: Site) -> None:
    for action, state in (("release", TaskState.READY), ("cancel", TaskState.CANCELLED)):
        for _ in range(3):
            agent, task_id, token, _ = claimed(site, "12583")
            agent.post(f"/agent/tasks/{task_id}/skip", data={"token": token, "reason": "language"})
        sue = site.as_role("supervisor", "/team")
        assert "skipped" in sue.get("/team/board").text
        sue.post(f"/team/tasks/{task_id}/{action}", data={})
        assert state_of(site, task_id) is state


def test_a_proposal_is_approved_with_another_quantity_and_sent(site: Site) -> None:
    sue = site.as_role("supervisor", "/team")
    assert "They order the paper chain kit every 14 days" in sue.get("/team").text
    reorder_id = reorder_of(site)[0]
    assert QUEUED in sue.post(f"/team/reorders/{reorder_id}/approve", data={"quantity": "240"}).text
    assert reorder_of(site)[1:] == (ReorderState.SENT, 240.0)
    with site.store.read() as tx:
        assert len(tx.outbox.pending("commands")) == 1


def test_a_proposal_is_turned_down_once(site: Site) -> None:
    sue = site.as_role("supervisor", "/team")
    reorder_id = reorder_of(site)[0]
    assert "turned down" in sue.post(f"/team/reorders/{reorder_id}/reject", data={}).text
    assert reorder_of(site)[1] is ReorderState.REJECTED
    again = sue.post(f"/team/reorders/{reorder_id}/approve", data={"quantity": "1"}).text
    assert "The rules do not allow it" in again


@pytest.mark.parametrize("quantity", ["0", "-1", "nan", "inf", "many"])
def test_a_quantity_is_a_positive_number(site: Site, quantity: str) -> None:
    sue = site.as_role("supervisor", "/team")
    answer = sue.post(f"/team/reorders/{reorder_of(site)[0]}/approve", data={"quantity": quantity})
    assert answer.status_code == 422
    assert reorder_of(site)[1] is ReorderState.PROPOSED


def test_an_order_on_the_phone_is_prefilled_and_sent_once(site: Site) -> None:
    agent, task_id, token = in_call(site)
    page = agent.get("/agent").text
    assert re.search(r'name="quantity"[^>]*value="64"', page)
    fields = {"token": token, "key": "o" * 16, "sku": ["85123A", "84879"], "quantity": ["60", ""]}
    fields["reason"] = ["customer_asked", ""]
    for _ in range(2):
        answer = agent.post(f"/agent/tasks/{task_id}/order", data=fields)
        assert f"Order {QUEUED}" in answer.text
        assert "60 × 85123A" in answer.text
    with site.store.read() as tx:
        commands = tx.outbox.pending("commands")
    assert len(commands) == 1
    assert b'"sku":"85123A","quantity":"60"' in commands[0].payload
    assert b"84879" not in commands[0].payload


@pytest.mark.parametrize("quantities", [["", ""], ["x", ""], ["-2", ""], ["1"], ["1e99", ""]])
def test_an_order_without_sense_is_not_sent(site: Site, quantities: list[str]) -> None:
    agent, task_id, token = in_call(site)
    fields = {"token": token, "key": "o" * 16, "sku": ["85123A", "84879"], "quantity": quantities}
    answer = agent.post(f"/agent/tasks/{task_id}/order", data=fields)
    assert "Order handed" not in answer.text
    with site.store.read() as tx:
        assert tx.outbox.pending("commands") == []


def test_the_kill_switch_stops_calls_and_lets_them_go_again(site: Site) -> None:
    operator, agent = site.as_role("operator", "/operator"), site.as_role("agent", "/agent")
    assert "On: no new calls" in operator.post("/operator/kill-switch", data={"on": "true"}).text
    assert "kill switch is on" in agent.post("/agent/next").text
    assert "Allow calls again" in operator.get("/operator").text
    operator.post("/operator/kill-switch", data={"on": "false"})
    assert "Held for you" in agent.post("/agent/next").text
    with site.store.read() as tx:
        entries = tx.audit.since(0, 500)
    assert [entry.actor for entry in entries if entry.event.startswith("kill_switch")] == ["operator-1", "operator-1"]


def test_lines_must_fit_their_quantities() -> None:
    from console.pages.order import lines_of

    with pytest.raises(BadInput):
        lines_of(["a"], [])
