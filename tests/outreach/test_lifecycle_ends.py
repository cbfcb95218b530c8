"""Rows of the table that concern any open task: erasure, closed accounts, merged accounts; over every store."""

import pytest

from outreach.desk import NothingToDo
from outreach.task import OPEN, TaskState
from schemas.decisions import Reason
from schemas.errors import Refused
from schemas.events.ours import Disposition
from tests.outreach.made import DAY, NOW, Room, contact, number_of, opened, standing, withdrawn
from tests.outreach.test_lifecycle import facts, in_call, ready

S, D = TaskState, Disposition
OPEN_STATES = [S.SCHEDULED, S.READY, S.LEASED, S.IN_CALL, S.WRAP_UP, S.NEEDS_DISPOSITION, S.AWAITING_ORDER]


def brought_to(room: Room, state: TaskState) -> None:
    """The account's task in this state."""
    ready(room)
    if state is S.SCHEDULED:
        room.call(D.CALLBACK, callback_at=NOW + DAY)
    elif state is S.AWAITING_ORDER:
        room.call(D.ORDER_TAKEN)
    elif state is S.LEASED:
        room.claim()
    elif state is not S.READY:
        card = in_call(room)
        if state is S.WRAP_UP:
            room.do(lambda tx: room.desk.end_call(tx, card.task.task_id, card.task.token, room.clock()))
        if state is S.NEEDS_DISPOSITION:
            room.clock.forward(minutes=11)
            room.upkeep()
    assert room.task("a").state is state


@pytest.mark.parametrize("state", OPEN_STATES)
def test_any_open_erasure_cancels_at_once_and_for_ever(room: Room, state: TaskState) -> None:
    brought_to(room, state)
    assert room.do(lambda tx: room.desk.erase_account(tx, "a", "sue")) == 1
    assert (room.task("a").state, room.task("a").token, room.task("a").outcome) == (S.CANCELLED, None, "erased")
    assert room.do(lambda tx: tx.contacts.of_accounts(["a"])) == []
    room.tell(opened("a", "wire", version=9))
    assert room.do(lambda tx: tx.tasks.open_of(["a"])) == []
    (refused,) = room.do(lambda tx: tx.needs.refused(Reason.DATA_ERASED))
    assert refused.group == "wire"
    with pytest.raises(Refused, match="data_erased"):
        room.do(lambda tx: room.desk.put_contacts(tx, [contact("a")]))
    assert room.do(lambda tx: room.desk.erase_account(tx, "a", "sue")) == 0


@pytest.mark.parametrize("state", OPEN_STATES)
def test_any_open_account_closed_cancels_and_who_talks_is_told(room: Room, state: TaskState) -> None:
    brought_to(room, state)
    room.tell(standing("a", version=9, closed=True))
    talking = state in {S.IN_CALL, S.WRAP_UP}
    assert room.task("a").state is (state if talking else S.CANCELLED)
    assert room.task("a").banner == "account_closed"


@pytest.mark.parametrize("state", [S.SCHEDULED, S.READY, S.LEASED, S.IN_CALL, S.NEEDS_DISPOSITION])
def test_any_open_accounts_merged_goes_on_under_the_survivor(room: Room, state: TaskState) -> None:
    brought_to(room, state)
    task_id, promise = room.task("a").task_id, room.task("a").callback_at
    room.tell(standing("s"), withdrawn("a", cause="merged", order_id=None), standing("a", version=9, merged_into="s"))
    moved = room.task("s")
    assert (moved.task_id, moved.callback_at) == (task_id, promise)
    room.staff("ben")
    assert isinstance(room.next("ben"), NothingToDo), "nobody is called about nothing"
    room.tell(opened("s", version=2, at=NOW))
    assert room.task("s").task_id == task_id, "the survivor's need joins it"
    room.upkeep()
    waits = state in {S.SCHEDULED, S.IN_CALL, S.NEEDS_DISPOSITION}
    assert isinstance(room.next("ben"), NothingToDo) is waits


def test_merged_with_nothing_to_call_about_ends(room: Room) -> None:
    ready(room)
    room.tell(standing("s"), withdrawn("a", cause="merged", order_id=None), standing("a", version=9, merged_into="s"))
    room.later(NOW + 2 * DAY)
    assert (room.task("s").state, room.task("s").outcome) == (S.CANCELLED, "merged")


def test_merged_duplicate_is_superseded_and_its_promise_and_attempts_go_on(room: Room) -> None:
    ready(room)
    room.call(D.CALLBACK, callback_at=NOW + DAY)
    ready(room, "s")
    room.tell(withdrawn("a", cause="merged", order_id=None), standing("a", version=9, merged_into="s"))
    assert (room.task("a").state, room.task("a").outcome) == (S.SUPERSEDED, "merged")
    task = room.task("s")
    assert (task.state, task.callback_at, task.owner_id) == (S.SCHEDULED, NOW + DAY, "anna")
    room.later(NOW + DAY)
    room.start(room.claim())
    card = room.do(lambda tx: room.desk.current_task(tx, "anna"))
    room.say(card, D.NO_ANSWER)
    assert facts(room)[-1].attempts == 2, "caps are united"


def test_merged_do_not_call_is_united(room: Room) -> None:
    ready(room)
    room.do(lambda tx: room.desk.block_number(tx, number_of("a"), "sue"))
    room.tell(standing("s"), standing("a", version=9, merged_into="s"), opened("s"))
    assert room.nothing() == {Reason.DO_NOT_CALL}, "the number came along"


def test_open_states_are_all_walked_here() -> None:
    assert set(OPEN_STATES) == OPEN
