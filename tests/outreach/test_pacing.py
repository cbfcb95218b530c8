"""The queue is offered as far as the people who are there can call; the rest says `capacity`."""

from dataclasses import replace
from datetime import timedelta
from itertools import count, islice

import pytest

from outreach.desk import Desk
from outreach.desk.pacing import window_of
from outreach.ports import Store
from outreach.records import Agent
from schemas import ids
from schemas.decisions import Reason, TaskClass
from schemas.errors import Refused
from schemas.events.ours import Disposition
from tests.outreach.conftest import RULES
from tests.outreach.made import DAY, NOW, Room, clock, opened

HOUR = timedelta(hours=1)


def full(room: Room, tasks: int = 30) -> list[str]:
    """Accounts with a task each, the most urgent first."""
    callable_names = (f"a{n}" for n in count() if not ids.is_held_out(f"a{n}", NOW, RULES.holdout_salt, 0.05))
    names = list(islice(callable_names, tasks))
    for number, name in enumerate(names):
        room.account(name, opened(name, p_due=0.95 if number < 5 else 0.55))
    room.upkeep()
    return names


def reasons(room: Room, name: str) -> tuple[Reason, ...]:
    task_id = room.task(name).task_id
    return room.do(lambda tx: room.desk.card(tx, task_id)).reasons


def behind(room: Room, names: list[str]) -> int:
    return sum(Reason.CAPACITY in reasons(room, name) for name in names)


def test_an_agent_is_offered_an_hours_calls_and_the_rest_says_capacity(room: Room) -> None:
    names = full(room)
    assert behind(room, names) == 30 - RULES.calls_per_agent_hour
    assert behind(room, names[:5]) == 0, "the most urgent are inside"


def test_with_two_agents_twice_as_many(room: Room) -> None:
    names = full(room)
    room.staff("ben")
    room.upkeep()
    assert behind(room, names) == 30 - 2 * RULES.calls_per_agent_hour


def test_with_nobody_there_everything_waits(room: Room) -> None:
    names = full(room)
    room.do(lambda tx: room.desk.set_agent(tx, "anna", "away"))
    room.upkeep()
    assert behind(room, names) == 30


def test_who_is_off_shift_is_not_there(room: Room) -> None:
    names = full(room)
    off = replace(Agent("anna"), shifts=("sun 08:00-09:00",))
    room.do(lambda tx: tx.agents.put([off]))
    room.upkeep()
    assert behind(room, names) == 30


def test_only_skills_that_are_there_count(room: Room) -> None:
    names = full(room)
    room.staff("anna", skills=("key_accounts",))
    room.upkeep()
    assert behind(room, names) == 30


def test_a_free_agent_is_never_kept_waiting(room: Room) -> None:
    """Want of people is no want of tasks: who has called all that was offered is offered more."""
    full(room)
    for _ in range(30):
        room.call(Disposition.NOT_INTERESTED)
    assert Reason.CAPACITY not in room.nothing()


def test_the_window_moves_on_by_an_hour_of_calls(room: Room) -> None:
    names = full(room)
    for _ in range(RULES.calls_per_agent_hour):
        room.call(Disposition.NOT_INTERESTED)
    before, offered = behind(room, names), room.do(window_of)
    room.claim()
    assert room.do(window_of) == offered, "a claim reads the window; hundreds who wrote it would wait for each other"
    room.upkeep()
    assert behind(room, names) == before - 1 - RULES.calls_per_agent_hour
    moved = room.do(window_of)
    room.upkeep()
    assert room.do(window_of) == moved, "not before it is used up"


def test_a_task_that_somebody_picks_may_be_claimed_from_anywhere(room: Room) -> None:
    task = next(room.task(name) for name in full(room) if Reason.CAPACITY in reasons(room, name))
    card = room.do(lambda tx: room.desk.claim_task(tx, "anna", task.task_id, room.clock()))
    assert card.reasons == ()


def test_another_reason_still_refuses_it(room: Room) -> None:
    task = room.task(full(room)[-1])
    room.do(lambda tx: room.desk.set_kill_switch(tx, "sue", True))
    with pytest.raises(Refused, match="kill_switch"):
        room.do(lambda tx: room.desk.claim_task(tx, "anna", task.task_id, room.clock()))


def test_service_never_waits_for_want_of_people(room: Room) -> None:
    names = full(room)
    room.tell(opened(names[-1], "complaint:1", task_class=TaskClass.SERVICE))
    task = room.task(names[-1], TaskClass.SERVICE)
    assert Reason.CAPACITY not in room.do(lambda tx: room.desk.card(tx, task.task_id)).reasons


def test_it_is_reckoned_anew_each_hour(room: Room) -> None:
    full(room)
    first = room.do(window_of)
    room.account("late", opened("late", p_due=1.0))
    room.upkeep()
    assert room.do(window_of) == first, "not before the hour is over"
    room.later(NOW + HOUR)
    assert room.do(window_of) != first
    assert Reason.CAPACITY not in reasons(room, "late")


class TestEmission:
    """How many open against what is normal."""

    def test_a_quiet_month_then_a_burst(self, store: Store) -> None:
        room = Room(store, Desk(RULES))
        room.staff("anna")
        names = (name for name in map(str, range(200)) if not ids.is_held_out(name, NOW, RULES.holdout_salt, 0.05))
        for day in range(11, 1, -1):
            at = NOW - day * DAY + HOUR / 2
            room.tell(clock(at))
            for name in islice(names, 3):
                room.account(name, opened(name, at=at, valid=30 * DAY))
        room.tell(clock(NOW))
        for name in islice(names, 40):
            room.account(name, opened(name, at=NOW - HOUR))
        told = room.do(room.desk.emission)
        assert (told.pace.opened, told.pace.normal, told.pace.verdict) == (40, 3.0, "high")
        assert (dict(told.waiting), dict(told.behind), told.stopped) == ({"sales": 70}, {}, False)

    def test_behind_the_window(self, room: Room) -> None:
        full(room)
        told = room.do(room.desk.emission)
        assert dict(told.waiting) == {"sales": 30}
        assert dict(told.behind) == {"sales": 30 - RULES.calls_per_agent_hour}
        assert told.pace.verdict == "unknown"

    def test_nobody_there_leaves_all_behind(self, room: Room) -> None:
        room.do(lambda tx: room.desk.set_agent(tx, "anna", "away"))
        full(room)
        room.do(lambda tx: room.desk.set_kill_switch(tx, "sue", True))
        told = room.do(room.desk.emission)
        assert (dict(told.behind), told.stopped) == ({"sales": 30}, True)

    def test_before_any_time_nothing_can_be_said(self, store: Store) -> None:
        room = Room(store, Desk(RULES))
        assert room.do(room.desk.emission) is None
