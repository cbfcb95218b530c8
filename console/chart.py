"""A time axis with past orders and the expected range on it, for the consumption chart; places of days in general.

Positions are percentages of the width, so that words keep their size at any width and zoom.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from console.texts import text

MONTH_NAMES_AT_MOST = 6
LONGEST_AHEAD_DAYS = 365


@dataclass(frozen=True, slots=True)
class Outlook:
    """What the picture shows: days of past orders (oldest first), today in business time, the three quantiles."""

    today: date
    early: date
    mid: date
    late: date
    past: Sequence[date] = ()
    back_days: int = 60
    """So far back at least, as far as there are orders."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A place on the axis, with its words; words at an edge grow inwards."""

    at: float
    words: str = ""

    @property
    def anchor(self) -> str:
        """SVG's text-anchor."""
        if self.at < 12:
            return "start"
        return "end" if self.at > 88 else "middle"


@dataclass(frozen=True, slots=True)
class Picture:
    """All places, in per cent of the width."""

    months: tuple[Mark, ...]
    past: tuple[Mark, ...]
    start: float
    width: float
    mid: Mark
    now: Mark


@dataclass(frozen=True, slots=True)
class Axis:
    """Days from left to right."""

    first: date
    span_days: int

    @property
    def last(self) -> date:
        """The day at its right end."""
        return self.first + timedelta(days=self.span_days)

    def mark(self, day: date, words: str = "") -> Mark:
        """Where a day is; days beyond the axis stand at its end."""
        return Mark(min(100.0, round(2 + 96 * (day - self.first).days / self.span_days, 2)), words)


def timeline(outlook: Outlook) -> Picture:
    """Where everything stands."""
    axis = _axis(outlook)
    start, end = axis.mark(outlook.early), axis.mark(outlook.late)
    return Picture(
        months=months(axis, outlook.today),
        past=tuple(axis.mark(day) for day in outlook.past if day >= axis.first),
        start=start.at,
        width=round(max(end.at - start.at, 0.6), 2),
        mid=axis.mark(outlook.mid),
        now=axis.mark(outlook.today, text("chart.now")),
    )


def axis_between(first: date, last: date) -> Axis:
    """An axis of these days, both of them on it."""
    return Axis(first, max(1, (last - first).days))


def _axis(outlook: Outlook) -> Axis:
    """From the past orders that still fit beside the range, to a little after it."""
    ahead_days = min(max((outlook.late - outlook.today).days, 7), LONGEST_AHEAD_DAYS)
    oldest = min(outlook.past, default=outlook.today)
    shown = max(oldest, outlook.today - timedelta(days=max(3 * ahead_days, outlook.back_days)))
    first = min(shown, outlook.early, outlook.today) - timedelta(days=2)
    last = outlook.today + timedelta(days=ahead_days + 3)
    return axis_between(first, last)


def months(axis: Axis, today: date) -> tuple[Mark, ...]:
    """The first of each month, thinned, and not where "today" stands."""
    days = [axis.first + timedelta(days=n) for n in range(axis.span_days + 1)]
    firsts = [day for day in days if day.day == 1]
    step = max(1, -(-len(firsts) // MONTH_NAMES_AT_MOST))
    now = axis.mark(today).at
    marks = (axis.mark(day, f"{day:%b %Y}") for day in firsts[::step])
    return tuple(mark if abs(mark.at - now) > 13 else Mark(mark.at) for mark in marks)


def day_text(day: date) -> str:
    """A day as people read it, e.g. ``9 Dec 2011``."""
    return f"{day.day} {day:%b %Y}"
