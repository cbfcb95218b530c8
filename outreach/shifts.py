"""Shifts of an agent: local hours of weekdays, as ``mon 08:00-16:30``; ``fri 22:00-06:00`` ends on Saturday."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from schemas.errors import BadInput

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_CLOCK = r"([01]\d|2[0-3]):([0-5]\d)"
_SHIFT = re.compile(rf"({'|'.join(DAYS)}) {_CLOCK}-(?:{_CLOCK}|24:00)")
_MINUTES_A_DAY = 1440


def checked(shifts: Sequence[str]) -> tuple[str, ...]:
    """The shifts as they were given; raises BadInput for one that is none."""
    for shift in shifts:
        _parsed(shift)
    return tuple(shifts)


def on_shift(shifts: Sequence[str], zone: ZoneInfo, moment: datetime) -> bool:
    """Whether somebody with these shifts works at this instant (aware); without shifts always."""
    if not shifts:
        return True
    there = moment.astimezone(zone)
    today, minute = there.weekday(), there.hour * 60 + there.minute
    yesterday = (there - timedelta(days=1)).weekday()
    for day, start, end in map(_parsed, shifts):
        over = end <= start
        if day == today and start <= minute < (_MINUTES_A_DAY if over else end):
            return True
        if over and day == yesterday and minute < end:
            return True
    return False


def _parsed(shift: str) -> tuple[int, int, int]:
    """Weekday (0 is Monday), first minute, and the first minute after it."""
    found = _SHIFT.fullmatch(shift)
    if found is None:
        raise BadInput(f"a shift is written like mon 08:00-16:30, not {shift[:40]!r}")
    day, hour, minute, end_hour, end_minute = found.groups()
    end = _MINUTES_A_DAY if end_hour is None else int(end_hour) * 60 + int(end_minute)
    return DAYS.index(day), int(hour) * 60 + int(minute), end
