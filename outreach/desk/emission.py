"""How many tasks open against what is normal, and how many of those that wait lie behind what people can call."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from outreach.capacity import NORMAL_DAYS, Pace, pace
from outreach.desk.context import Context
from outreach.desk.eligibility import is_stopped
from outreach.desk.pacing import window_of

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Emission:
    """The last 24 hours of business time, and the queue now."""

    pace: Pace
    waiting: Mapping[str, int]
    """Selling tasks in the queue, by skill."""
    behind: Mapping[str, int]
    """Those of them that wait with the reason ``capacity``."""
    stopped: bool
    """The kill switch is on."""


def emission(context: Context) -> Emission | None:
    """See `Desk.emission`; None before the first word of business time."""
    now = context.now
    if now is None:
        return None
    reports, offered = context.tx.reports, window_of(context.tx)
    waiting = reports.waiting(now)
    behind = {}
    for skill, count in waiting.items():
        if offered is not None:
            end = offered.last.get(skill)
            behind[skill] = count if end is None else reports.behind(skill, end, now)
    return Emission(_pace(context, now), waiting, behind, is_stopped(context))


def _pace(context: Context, now: datetime) -> Pace:
    """Days are counted back from now, so that the present one is whole; what opens now is of it."""
    end = now + timedelta(microseconds=1)
    starts = [end - days * _DAY for days in range(NORMAL_DAYS + 1, 0, -1)]
    days = [context.tx.reports.opened(start, start + _DAY) for start in starts]
    began = next((n for n, count in enumerate(days) if count), len(days))
    return pace(days[-1], days[began:-1])
