"""Bad input at the desk: refused with a reason, nothing half done. Stale tokens, words too late, clocks that jump."""

from datetime import timedelta
from typing import Any

import pytest

from outreach.desk import Outcome
from outreach.task import TaskState
from schemas.errors import NotFound, Refused, StaleToken
from schemas.events.ours import Disposition
from tests.outreach.made import DAY, NOW, Room, clock, contact, opened

S, D = TaskState, Disposition


def snapshot(room: Room) -> Any:
    """All that a refusal must leave as it is."""
    with room.store.read() as tx:
        waiting = dict(tx.outbox.waiting())
        return (
            tx.tasks.listed(list(TaskState)),
            tx.contacts.of_accounts(["a", "b"]),
            tx.audit.newest(),
            waiting,
            tx.agents.all(),
        )


@pytest.fixture
def called(room: Room) -> Any:
    """A call whose outcome is not said yet."""
    room.account("a", opened("a"))
    card = room.claim()
    room.start(card)
    return card


@pytest.mark.parametrize("token", ["", "stale", "x" * 200])
def test_a_disposition_with_a_stale_token(room: Room, called: Any, token: str) -> None:
    before = snapshot(room)
    with pytest.raises(StaleToken):
        room.do(lambda tx: room.desk.dispose(tx, called.task.task_id, token, Outcome(D.NO_ANSWER), room.clock()))
    assert snapshot(room) == before


def test_a_disposition_twice(room: Room, called: Any) -> None:
    room.say(called, D.NO_ANSWER)
    before = snapshot(room)
    with pytest.raises(StaleToken):
        room.say(called, D.NOT_INTERESTED)
    assert snapshot(room) == before
    assert room.task("a").outcome == "no_answer", "the first word stays"


def test_a_disposition_after_the_lease(room: Room) -> None:
    """Who never dialled has nothing to say once the lease is over, also before upkeep has noticed."""
    room.account("a", opened("a"))
    card = room.claim()
    room.clock.forward(seconds=121)
    before = snapshot(room)
    with pytest.raises(StaleToken, match="lease_expired"):
        room.say(card, D.NO_ANSWER)
    with pytest.raises(StaleToken):
        room.start(card)
    assert snapshot(room) == before


def test_a_disposition_of_a_call_that_a_supervisor_settled(room: Room, called: Any) -> None:
    room.clock.forward(minutes=11)
    room.upkeep()
    room.do(lambda tx: room.desk.settle(tx, called.task.task_id, "sue", Outcome(D.NO_ANSWER)))
    before = snapshot(room)
    with pytest.raises(StaleToken):
        room.say(called, D.ORDER_TAKEN)
    assert snapshot(room) == before


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"number": "12"}, "bad_number"),
        ({"number": "no number at all"}, "bad_number"),
        ({"number": "+" + "1" * 16}, "bad_number"),
        ({"zone": "Mars/Olympus"}, "zone_unknown"),
        ({"zone": "GMT+1"}, "zone_unknown"),
    ],
)
def test_contacts_with_an_unknown_zone_or_number_are_refused_all_together(room: Room, wrong: Any, reason: str) -> None:
    before = snapshot(room)
    with pytest.raises(Refused, match=reason):
        room.do(lambda tx: room.desk.put_contacts(tx, [contact("b"), contact("a", **wrong)]))
    assert snapshot(room) == before


def test_a_task_or_agent_that_is_not_there(room: Room) -> None:
    before = snapshot(room)
    for step in (
        lambda tx: room.desk.claim_task(tx, "anna", "nothing", room.clock()),
        lambda tx: room.desk.next_task(tx, "nobody", room.clock()),
        lambda tx: room.desk.dispose(tx, "nothing", "t", Outcome(D.BUSY), room.clock()),
        lambda tx: room.desk.cancel(tx, "nothing", "sue", "why"),
        lambda tx: room.desk.reassign(tx, "nothing", "sue", "anna"),
    ):
        with pytest.raises(NotFound):
            room.do(step)
    assert snapshot(room) == before


def test_the_databases_clock_jumps_back(room: Room) -> None:
    """A lease is not lengthened beyond its longest, and ends at the hour that was promised."""
    room.account("a", opened("a"))
    card = room.claim()
    until = card.task.timer_until
    room.clock.forward(hours=-1)
    task = room.do(lambda tx: room.desk.heartbeat(tx, card.task.task_id, card.task.token, room.clock()))
    assert task.timer_until == until
    room.upkeep()
    assert room.task("a").state is S.LEASED
    room.clock.forward(hours=1, seconds=121)
    room.upkeep()
    assert (room.task("a").state, room.task("a").attempts) == (S.READY, 0)


def test_the_databases_clock_jumps_ahead(room: Room, called: Any) -> None:
    """Leases end and calls go to a supervisor: nobody is dialled twice, and what came of the call can be said."""
    room.account("b", opened("b"))
    room.staff("ben")
    waiting = room.claim("ben")
    room.clock.forward(days=400)
    room.upkeep()
    assert (room.task("b").state, room.task("a").state) == (S.READY, S.NEEDS_DISPOSITION)
    with pytest.raises(StaleToken):
        room.start(waiting)
    room.do(lambda tx: room.desk.settle(tx, called.task.task_id, "sue", Outcome(D.HAS_STOCK)))
    assert room.task("a").state is S.DONE


def test_business_time_never_goes_back(room: Room) -> None:
    room.account("a", opened("a", valid=3 * DAY))
    room.later(NOW + 2 * DAY)
    room.later(NOW)
    assert room.do(room.desk.business_time) == NOW + 2 * DAY
    assert room.task("a").state is S.READY


def test_business_time_that_jumps_ahead_ends_promises_as_misses_and_calls_nobody_at_night(room: Room) -> None:
    room.account("a", opened("a", valid=3 * DAY))
    room.account("b", opened("b", valid=60 * DAY))
    room.later(NOW + 40 * DAY + timedelta(hours=14))
    assert (room.task("a").state, room.task("b").state) == (S.EXPIRED, S.READY)
    assert "outside_calling_hours" in room.nothing()


def test_one_partition_ahead_stops_selling_until_the_others_follow(room: Room) -> None:
    room.account("a", opened("a"))
    room.tell(clock(NOW, partition=1), clock(NOW + 3 * DAY))
    assert room.nothing() == {"forecast_stale"}
    room.tell(clock(NOW + 3 * DAY, partition=1))
    assert room.claim().task.account_id == "a"
