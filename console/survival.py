"""The forecast as a picture: the chance that they have still not ordered, day by day, over past orders on one axis.

The curve is the need's own (`Evidence.survival`), as it stood when the need was found; between its days the hazard is
even, as in the forecast. A need that was told before curves travelled has three days only, and is drawn from these.
`survival.svg` draws it. Places across are per cent of the width, so that words keep their size at any zoom.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, timedelta, tzinfo
from itertools import pairwise
from math import exp, log

from console.chart import Axis, Mark, axis_between, day_text, months
from console.texts import text
from schemas.needs import Evidence

LEAST = 1e-4
"""A chance of nothing has no logarithm."""
SHOWN_FROM = 0.05
"""The picture goes on until no more than this is left."""
AHEAD_DAYS = (28, 84)
"""At least and at most so far ahead."""
BACK_DAYS, BACK_GAPS = 45, 3.5
"""So far back at least; as many usual gaps, if there is room."""
SHARE_BACK = 2
"""The past takes at most so many times the room of what is ahead."""
TOLD_DAYS = (7, 14, 21, 28, 42, 56, 84)
"""Days of the table."""

Point = tuple[int, float]
"""(days ahead, chance that nothing happened until then)."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What the picture says in words and numbers."""

    metered: bool
    """A stock that runs out; else orders."""
    exact: bool
    """From the forecast's curve; else from its three days."""
    seen: str
    """The day of the forecast."""
    delivered: str
    """By when an order of that day is there; empty: not known."""
    level: str
    """The chance from which the profile calls; empty: not known."""
    rows: Sequence[tuple[str, str]]
    """(day, chance that nothing happened until then)."""
    description: str
    """All of it, for who cannot see it."""


@dataclass(frozen=True, slots=True)
class Survival:
    """Places of everything: across in per cent of the width, down in per cent of the plot's height (0 is certain)."""

    says: Expected
    months: Sequence[Mark]
    past: Sequence[Mark]
    now: Mark
    corners: Sequence[tuple[float, float]]
    """(across, down) of the curve, one a day."""
    lead_start: float
    lead_width: float
    level_down: float | None
    due: Mark | None
    """Where the curve reaches the profile's level; None: it does not within the picture."""

    @property
    def line(self) -> str:
        """The curve, as an SVG path in a square of 100."""
        return "M " + " L ".join(f"{across:.2f} {down:.1f}" for across, down in self.corners)

    @property
    def area(self) -> str:
        """What is under it."""
        return f"{self.line} L {self.corners[-1][0]:.2f} 100 L {self.corners[0][0]:.2f} 100 Z"


def picture(evidence: Evidence, today: date, zone: tzinfo = UTC) -> Survival | None:
    """None where the forecast names no days: a range is not guessed. zone: the account's, in which its days count."""
    points = curve_of(evidence, zone)
    if len(points) < 2:
        return None
    seen = evidence.as_of.astimezone(zone).date()
    axis = _axis(evidence, points, seen, today)
    lead_days = _lead_days(evidence)
    lead_start, lead_end = axis.mark(seen).at, axis.mark(seen + timedelta(days=lead_days or 0)).at
    due_days = None if evidence.service_level is None else _reached(points, 1 - evidence.service_level)
    due_on = None if due_days is None else seen + timedelta(days=due_days)
    due_words = text("chart.due", percent=_percent(evidence.service_level or 0), day=_by(seen, due_days or 0))
    return Survival(
        says=_says(evidence, points, seen, due_days),
        months=months(axis, today),
        past=tuple(axis.mark(day) for day in _past(evidence) if day >= axis.first),
        now=axis.mark(today, text("chart.now")),
        corners=_corners(axis, points, seen),
        lead_start=lead_start,
        lead_width=round(lead_end - lead_start, 2),
        level_down=None if evidence.service_level is None else round(100 * evidence.service_level, 1),
        due=None if due_on is None or due_on > axis.last else axis.mark(due_on, due_words),
    )


def curve_of(evidence: Evidence, zone: tzinfo = UTC) -> list[Point]:
    """Days ahead, rising, with what is left on each; begins with (0, 1). Three days where no curve was told."""
    if evidence.survival:
        return [(0, 1.0), *evidence.survival]
    days = (evidence.p10_on, evidence.p50_on, evidence.p90_on)
    found: list[Point] = [(0, 1.0)]
    seen = evidence.as_of.astimezone(zone).date()
    for day, left in zip(days, (0.9, 0.5, 0.1), strict=True):
        if day is None:
            return []
        found.append((max((day - seen).days + 1, found[-1][0] + 1), left))
    return found


def left_at(points: Sequence[Point], days: int) -> float:
    """What is left after so many days; beyond the last point what is left there."""
    for (start, before), (end, after) in pairwise(points):
        if days <= end:
            share = (days - start) / (end - start)
            return exp((1 - share) * log(max(before, LEAST)) + share * log(max(after, LEAST)))
    return points[-1][1]


def _reached(points: Sequence[Point], left: float) -> int | None:
    """The first whole day on which no more than this is left."""
    return next((days for days in range(points[-1][0] + 1) if left_at(points, days) <= left + LEAST), None)


def _axis(evidence: Evidence, points: Sequence[Point], seen: date, today: date) -> Axis:
    until = _reached(points, SHOWN_FROM) or points[-1][0]
    ahead_days = min(max(until, AHEAD_DAYS[0]), AHEAD_DAYS[1])
    last = max(seen + timedelta(days=ahead_days), today + timedelta(days=7))
    wanted_days = max(BACK_DAYS, BACK_GAPS * (evidence.usual_gap_days or 0.0))
    oldest = seen - timedelta(days=round(min(wanted_days, SHARE_BACK * ahead_days)))
    past = [day for day in _past(evidence) if day >= oldest]
    return axis_between(min([*past, seen, today]) - timedelta(days=2), last)


def _past(evidence: Evidence) -> list[date]:
    last = (evidence.last_order_on,) if evidence.last_order_on else ()
    return sorted({*evidence.past_orders_on, *last})


def _lead_days(evidence: Evidence) -> int | None:
    if evidence.lead_time_days is None:
        return None
    return max(1, round(evidence.lead_time_days + (evidence.review_days or 0.0)))


def _corners(axis: Axis, points: Sequence[Point], seen: date) -> list[tuple[float, float]]:
    """As far as the picture and the curve go."""
    days = min(points[-1][0], (axis.last - seen).days)
    return [(axis.mark(seen + timedelta(days=one)).at, 100 * (1 - left_at(points, one))) for one in range(days + 1)]


def _by(seen: date, days: int) -> str:
    """The last day before so many days are over: what is left on the 12th's morning happened by the 11th."""
    return day_text(seen + timedelta(days=days - 1))


def _percent(chance: float) -> str:
    return f"{round(100 * chance)} %"


def _says(evidence: Evidence, points: Sequence[Point], seen: date, due_days: int | None) -> Expected:
    metered, lead_days = evidence.stock_units is not None, _lead_days(evidence)
    end = _reached(points, SHOWN_FROM) or points[-1][0]
    told = [days for days in TOLD_DAYS if days - 7 < end and days <= points[-1][0]] or [points[-1][0]]
    rows = [(_by(seen, days), _percent(left_at(points, days))) for days in told]
    delivered = "" if lead_days is None else day_text(seen + timedelta(days=lead_days))
    level = "" if evidence.service_level is None else _percent(evidence.service_level)
    past = _past(evidence)
    parts = [
        text("chart.says_last", last=day_text(past[-1])) if past else text("chart.says_last_none"),
        text("chart.says_stock" if metered else "chart.says_order", seen=day_text(seen)),
        ", ".join(text("chart.says_day", day=day, left=left) for day, left in rows) + ".",
        text("chart.says_delivered", day=delivered) if delivered else "",
        text("chart.says_due", level=level, day=_by(seen, due_days)) if due_days and level else "",
    ]
    return Expected(
        metered,
        bool(evidence.survival),
        day_text(seen),
        delivered,
        level,
        rows,
        " ".join(part for part in parts if part),
    )
