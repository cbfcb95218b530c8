"""What speaks against sending a reorder, and which quantities may be ordered."""

from typing import Any

import pytest

from outreach.records import ReorderState, ReorderTask
from schemas.errors import Refused
from schemas.needs import ProposeReorder, QuantityParts
from tests.outreach.made import DAY, NOW, Room, clock, proposed, standing

S = ReorderState


def only(room: Room) -> ReorderTask:
    (row,) = room.do(lambda tx: tx.reorders.listed(S))
    return row


def packed(account: str, **more: Any) -> ProposeReorder:
    """A proposal of 20 where orders hold at least 10, in steps of 5."""
    effect = proposed(account, **more)
    parts = QuantityParts(
        units_a_day=1,
        lead_time_days=2,
        cover_days=20,
        service_level=0.5,
        demand_units=22,
        safety_units=0,
        stock_units=4,
        net_units=18,
        minimum_units=10,
        multiple_units=5,
        quantity_units=20,
    )
    told = effect.evidence.model_copy(update={"quantity": parts})
    return effect.model_copy(update={"evidence": told, "quantity_units": 20.0})


@pytest.mark.parametrize("quantity", [5, 12, 9.99, -5, 0, 2e9])
def test_what_the_supplier_would_not_accept_is_refused(room: Room, quantity: float) -> None:
    room.tell(packed("a"))
    key = only(room).reorder_id
    with pytest.raises(Refused, match="bad_quantity"):
        room.do(lambda tx: room.desk.approve_reorder(tx, key, "sue", quantity))
    assert only(room).state is S.PROPOSED


@pytest.mark.parametrize(("quantity", "edited"), [(None, False), (20, False), (10, True), (45, True)])
def test_what_may_be_ordered_is_approved(room: Room, quantity: float | None, edited: bool) -> None:
    room.tell(packed("a"))
    key = only(room).reorder_id
    room.do(lambda tx: room.desk.approve_reorder(tx, key, "sue", quantity))
    assert (only(room).state, only(room).edited) == (S.APPROVED, edited)


def test_the_parts_of_the_quantity_are_kept(room: Room) -> None:
    room.tell(packed("a"))
    evidence = only(room).evidence
    assert evidence is not None
    assert evidence.quantity is not None
    assert (evidence.quantity.net_units, evidence.quantity.multiple_units) == (18, 5)


AGAINST = [
    ("credit_hold", {"credit_hold": True}),
    ("open_complaint", {"open_complaints": ("c1",)}),
    ("account_closed", {"closed": True}),
]


@pytest.mark.parametrize(("why", "facts"), AGAINST)
def test_what_came_up_since_it_was_proposed_stops_it(room: Room, why: str, facts: dict[str, Any]) -> None:
    room.tell(standing("a"), packed("a"), standing("a", version=3, **facts))
    key = only(room).reorder_id
    room.do(lambda tx: room.desk.approve_reorder(tx, key, "sue"))
    with pytest.raises(Refused, match=why):
        room.do(lambda tx: room.desk.send_reorder(tx, key, "sue"))
    assert (only(room).state, room.outbox("commands")) == (S.APPROVED, [])


def test_the_kill_switch_holds_what_goes_by_itself_until_it_is_off(room: Room) -> None:
    room.do(lambda tx: room.desk.set_kill_switch(tx, "sue", True))
    room.tell(packed("a", automation="send"))
    assert (only(room).state, only(room).cause) == (S.APPROVED, "waits_kill_switch")
    room.upkeep()
    assert only(room).state is S.APPROVED
    room.do(lambda tx: room.desk.set_kill_switch(tx, "sue", False))
    room.upkeep()
    room.upkeep()
    assert (only(room).state, only(room).cause, len(room.outbox("commands"))) == (S.SENT, None, 1)


def test_an_old_forecast_sends_nothing_by_itself_and_people_may(room: Room) -> None:
    room.tell(clock(model_published_at=NOW - 30 * DAY))
    room.tell(packed("a", automation="send"))
    assert only(room).cause == "waits_forecast_stale"
    room.do(lambda tx: room.desk.send_reorder(tx, only_key(tx), "sue"))
    assert only(room).state is S.SENT


def only_key(tx: Any) -> str:
    (row,) = tx.reorders.listed(S)
    return str(row.reorder_id)


def test_what_a_person_approved_is_not_sent_by_itself(room: Room) -> None:
    room.tell(packed("a"))
    room.do(lambda tx: room.desk.approve_reorder(tx, only_key(tx), "sue"))
    room.upkeep()
    assert only(room).state is S.APPROVED


def test_what_waits_expires_like_all_others(room: Room) -> None:
    room.do(lambda tx: room.desk.set_kill_switch(tx, "sue", True))
    room.tell(packed("a", automation="send"))
    room.later(NOW + 11 * DAY)
    room.do(lambda tx: room.desk.set_kill_switch(tx, "sue", False))
    room.upkeep()
    assert (only(room).state, room.outbox("commands")) == (S.EXPIRED, [])
