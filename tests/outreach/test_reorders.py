"""Reorder proposals: decided by a person or sent by itself, superseded or confirmed by the order."""

import pytest

from outreach.records import ReorderState
from schemas.commands import SendReorder
from schemas.envelope import decode
from schemas.errors import NotFound, Refused
from schemas.needs import ProductTold
from tests.outreach.made import DAY, NOW, Room, proposed, refused, reorder_withdrawn

S = ReorderState


def only(room: Room) -> object:
    (row,) = room.do(lambda tx: tx.reorders.listed(S))
    return row


def told(room: Room) -> list[str]:
    return [type(decode(raw).fact).__name__ for raw in room.outbox("log")]


def test_proposed_edited_sent_confirmed(room: Room) -> None:
    room.tell(proposed("a"), proposed("a"))
    key = only(room).reorder_id
    room.do(lambda tx: room.desk.approve_reorder(tx, key, "sue", 20.0))
    assert (only(room).edited, only(room).quantity_units) == (True, 20.0)
    room.do(lambda tx: room.desk.send_reorder(tx, key, "sue"))
    (raw,) = room.outbox("commands")
    sent = SendReorder.model_validate_json(raw)
    assert (sent.reorder_id, [(line.sku, float(line.quantity)) for line in sent.lines]) == (key, [("argon", 20.0)])
    room.tell(reorder_withdrawn("a"))
    assert (only(room).state, only(room).order_id) == (S.CONFIRMED, "o-9")
    assert told(room) == ["ReorderApproved", "ReorderSent", "ReorderConfirmed"]


def test_automation_sends_by_itself(room: Room) -> None:
    room.tell(proposed("a", automation="send"))
    assert only(room).state is S.SENT
    assert len(room.outbox("commands")) == 1


def test_an_order_supersedes_a_proposal_for_ever(room: Room) -> None:
    room.tell(proposed("a"), reorder_withdrawn("a"), proposed("a", version=9))
    assert only(room).state is S.SUPERSEDED


def test_a_rejected_one_is_told_to_the_log_and_cannot_be_sent(room: Room) -> None:
    room.tell(proposed("a"))
    key = only(room).reorder_id
    room.do(lambda tx: room.desk.reject_reorder(tx, key, "sue", "enough stock"))
    assert told(room) == ["ReorderRejected"]
    with pytest.raises(Refused, match="illegal_transition"):
        room.do(lambda tx: room.desk.send_reorder(tx, key, "sue"))


def test_what_makes_no_sense_is_refused(room: Room) -> None:
    with pytest.raises(NotFound):
        room.do(lambda tx: room.desk.approve_reorder(tx, "none", "sue"))
    room.tell(proposed("a"))
    key = only(room).reorder_id
    with pytest.raises(Refused, match="bad_quantity"):
        room.do(lambda tx: room.desk.approve_reorder(tx, key, "sue", 0.0))


def test_it_expires_with_its_validity(room: Room) -> None:
    room.tell(proposed("a"))
    room.later(NOW + 11 * DAY)
    assert (only(room).state, only(room).changed_at) == (S.EXPIRED, NOW + 10 * DAY)


def test_a_need_that_was_refused_is_not_listed_once_it_is_proposed(room: Room) -> None:
    room.tell(refused("a"), proposed("a", version=3))
    assert room.do(lambda tx: tx.needs.refused_counts()) == {}
    assert only(room).state is S.PROPOSED


def test_a_withdrawal_that_comes_first_leaves_nothing_to_propose(room: Room) -> None:
    room.tell(reorder_withdrawn("a"), proposed("a"))
    assert only(room).state is S.CANCELLED


def test_what_was_proposed_to_an_erased_account_is_cancelled_and_nothing_new_is(room: Room) -> None:
    room.tell(proposed("a"))
    room.do(lambda tx: room.desk.erase_account(tx, "a", "sue"))
    (row,) = room.do(lambda tx: tx.reorders.listed(set(ReorderState), account_id="a"))
    assert (row.state, row.cause) == (ReorderState.CANCELLED, "erased")
    again = proposed("a", automation="send", version=9).model_copy(update={"need_id": "later"})
    room.tell(again)
    assert [one.need_id for one in room.do(lambda tx: tx.reorders.listed(set(ReorderState)))] == [row.need_id]
    assert room.outbox("commands") == []


def test_the_erp_is_asked_for_a_product_and_in_its_own_units(room: Room) -> None:
    case = ProductTold(sku="case", group="argon", unit_factor=12.0, as_of=NOW)
    room.tell(case, proposed("a", automation="send").model_copy(update={"quantity_units": 30.0}))
    (raw,) = room.outbox("commands")
    (line,) = SendReorder.model_validate_json(raw).lines
    assert (line.sku, float(line.quantity)) == ("case", 3.0), "two cases hold 24"
