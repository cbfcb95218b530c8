"""Play the wholesaler's year: state follows all of it, decisions are taken in its last eight weeks.

Business time passes daily, in the last two weeks hourly, to 09:00 of the last order day, and stays there.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta

from ops.embedded.installation import Opened
from ops.embedded.learner import Learner
from ops.embedded.writer import tick_event
from outreach.profiles import standard_profiles
from schemas.envelope import Event

DECISION_WEEKS = 8
HOURLY_DAYS = 14
LAST_HOUR = 9


@dataclass(slots=True)
class Played:
    """What was played."""

    events: int = 0
    ticks: int = 0
    models: list[str] = field(default_factory=list)
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Calendar:
    """Instants at which business time passes, and which of them are special."""

    ticks: tuple[datetime, ...]
    learning: frozenset[datetime]
    decisions_from: datetime


def calendar_of(first: datetime, last: datetime) -> Calendar:
    """The demo's calendar for events between two instants (UTC)."""
    end = datetime.combine(last.date(), time(LAST_HOUR), UTC)
    day = datetime.combine(first.date(), time(), UTC) + timedelta(days=1)
    hourly_from = datetime.combine(last.date(), time(), UTC) - timedelta(days=HOURLY_DAYS)
    decisions_from = datetime.combine(last.date(), time(), UTC) - timedelta(weeks=DECISION_WEEKS)
    ticks = []
    while day < hourly_from:
        ticks.append(day)
        day += timedelta(days=1)
    while day <= end:
        ticks.append(day)
        day += timedelta(hours=1)
    weekly = frozenset(decisions_from + timedelta(weeks=week) for week in range(DECISION_WEEKS + 1))
    return Calendar(tuple(ticks), weekly & frozenset(ticks), decisions_from)


def play(opened: Opened, events: Sequence[Event], told: Callable[[int], None]) -> Played:
    """Append the events to the log in their order, with business time between them, and fold all of it."""
    calendar = calendar_of(events[0].time, events[-1].time)
    learner, played = Learner(opened), Played(ended_at=calendar.ticks[-1])
    for tick, passed in zip(calendar.ticks, _until(events, calendar.ticks), strict=True):
        if tick in calendar.learning:
            opened.runtime.append(passed)
            played.models.append(_learnt(learner, tick, last=tick == max(calendar.learning)))
        if tick == calendar.decisions_from:
            opened.publish_profiles(standard_profiles("standard-1", tick), tick)
        opened.runtime.append([tick_event(tick)] if tick in calendar.learning else [*passed, tick_event(tick)])
        opened.runtime.fold_all()
        if tick >= calendar.decisions_from and tick.hour == 0:
            _look_after(opened)
        played.events += len(passed)
        played.ticks += 1
        told(len(passed))
    _look_after(opened)
    return played


def _learnt(learner: Learner, tick: datetime, *, last: bool) -> str:
    """The version of a week's model; only the last is scored on a hold-out, which costs a second fit."""
    return learner.learn(tick, suggest=last, checked=last, anyway=True).version


def _until(events: Sequence[Event], ticks: Sequence[datetime]) -> Iterator[list[Event]]:
    """The events before each tick, after the one before it."""
    place = 0
    for tick in ticks:
        start = place
        while place < len(events) and events[place].time < tick:
            place += 1
        yield list(events[start:place])


def _look_after(opened: Opened) -> None:
    more = True
    while more:
        with opened.store.begin() as tx:
            more = opened.desk.upkeep(tx, tx.db_now()).more
