"""A survival curve from hazards of intervals: fitted at their ends, between them in the proportion of the renewal.

    L(d) = sum of exp(eta_j) over whole intervals, and within one in the proportion of the renewal's cumulated hazard
    P(an order within d days) = 1 - exp(-L(d))

Beyond the last interval the renewal goes on, scaled to meet the hazard there. So there is one curve for every row,
rising with d whatever the coefficients. Nothing is tabled: the renewal is asked at the ends, and then on the days that
somebody asks about; a quantile is looked for in its own interval (see forecasting.search).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from forecasting.curve import NEVER_DAYS, WEEK_DAYS
from forecasting.search import Bracket, first_day

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from forecasting.clock import RowClock
    from forecasting.columns import Floats
    from forecasting.curve import Rows
    from forecasting.model import Days
    from forecasting.renewal import RenewalCurve
    from forecasting.weathered import WeatherRenewal

    Renewal = RenewalCurve | WeatherRenewal

ENDS_DAYS = (7.0, 14.0, 28.0, 56.0, 112.0)  # of the intervals
EDGES_DAYS = np.array([0.0, *ENDS_DAYS])
CERTAIN = 1 - 1e-12  # a probability of 1 has no finite hazard
LEAST_HAZARD = 1e-9
TAIL_LIMITS = (0.2, 5.0)  # how far the renewal's tail may be scaled


@dataclass(slots=True)
class HazardCurve:
    """Curve of many rows; at EDGES_DAYS, shape (1 + intervals, rows), are known

    base: the renewal's cumulated hazard; near: L; chance: P(an order by then). slope: of L against base in each
    interval and, last, beyond them, same shape.
    """

    own: Renewal
    base: Floats
    near: Floats
    chance: Floats
    slope: Floats

    def take(self, rows: Rows) -> HazardCurve:
        """See Curve."""
        parts = (self.base[:, rows], self.near[:, rows], self.chance[:, rows], self.slope[:, rows])
        return HazardCurve(self.own.take(rows), *parts)

    def window(self, ahead_days: Days, horizon_days: Days) -> Floats:
        """See Curve."""
        if isinstance(ahead_days, float) and ahead_days == 0.0:
            return self._within(horizon_days)
        passed = self.cumulated(_plus(ahead_days, horizon_days)) - self.cumulated(ahead_days)
        return np.where(self.own.known, -np.expm1(-np.maximum(passed, 0.0)), 0.0)

    def ever(self) -> Floats:
        """See Curve."""
        return np.where(self.own.known, -np.expm1(-self._in_the_end()), 0.0)

    def ceilings(self, horizon_days: Days, max_ahead_days: int) -> Floats:
        """See Curve: whatever day of a week it begins on, it lies within that week and the horizon after it."""
        begin = np.arange(0.0, max_ahead_days + 1, WEEK_DAYS)[:, None]
        end = np.minimum(begin + WEEK_DAYS - 1, max_ahead_days) + horizon_days
        return np.where(self.own.known, -np.expm1(-(self.cumulated(end) - self.cumulated(begin))), 0.0)

    def first_horizon(self, q: Floats, clock: RowClock | None = None) -> Floats:
        """See Curve. clock: of curves that run in operational days; the answer is in days of the calendar."""
        levels = np.atleast_2d(q)
        found = np.full(levels.shape, np.inf)
        place = (self.chance[:, None] < levels).sum(0)
        within = (place < len(EDGES_DAYS)) & self.own.known
        level, row = np.nonzero(within)
        if len(row):
            at, asked = np.maximum(place[level, row], 1), Asked(self.own, clock).take(row)
            found[level, row] = self._first_within(asked, row, at, levels[level, row])
        level, row = np.nonzero(~within & (levels <= self.ever()))
        if len(row):
            found[level, row] = self._first_beyond(Asked(self.own, clock).take(row), row, levels[level, row])
        return found.reshape(np.shape(q))

    def cumulated(self, days: Days) -> Floats:
        """L(days), shape (rows,), or (days, rows) for days of shape (days, 1) or (days, rows)."""
        at: Floats = np.maximum(np.asarray(days, float), 0.0)
        place = np.clip(np.searchsorted(EDGES_DAYS, at), 1, len(EDGES_DAYS))
        return _along(place, at, self.near, self.base, self.slope, _bases(self.own, at))

    def _within(self, days: Days) -> Floats:
        """P(an order within so many days), shape (rows,)."""
        if isinstance(days, float | int) and days in EDGES_DAYS:
            return np.array(self.chance[int(np.searchsorted(EDGES_DAYS, days))], float)
        return np.where(self.own.known, -np.expm1(-self.cumulated(days)), 0.0)

    def _in_the_end(self) -> Floats:
        """The limit of L."""
        rest = np.maximum(cumulated_hazard(self.own.ever()) - self.base[-1], 0.0)
        return np.asarray(self.near[-1] + self.slope[-1] * rest, float)

    def _first_within(self, asked: Asked, row: NDArray[np.intp], place: NDArray[np.intp], q: Floats) -> Floats:
        """The first day that reaches q, of rows that reach it in the interval at `place`."""
        low, high = EDGES_DAYS[place - 1], EDGES_DAYS[place] + asked.slack()
        begin, start, slope = self.near[place - 1, row], self.base[place - 1, row], self.slope[place - 1, row]
        end, wanted = self.near[place, row], -np.log1p(-q)

        def ask(days: Floats, some: Rows, own: Asked) -> tuple[Floats, NDArray[np.bool_]]:
            found = np.minimum(begin[some] + np.maximum(own.bases(days) - start[some], 0.0) * slope[some], end[some])
            return found - wanted[some], -np.expm1(-found) >= q[some]

        return first_day(Bracket(low, high, begin - wanted, end - wanted), ask, asked)

    def _first_beyond(self, asked: Asked, row: NDArray[np.intp], q: Floats) -> Floats:
        """The first day that reaches q, of rows that reach it beyond the last interval; inf where it is NEVER_DAYS."""
        limit, begin = self._in_the_end()[row], self.near[-1, row]
        start, slope = self.base[-1, row], self.slope[-1, row]
        left = np.log(np.maximum(limit + np.log1p(-q), LEAST_HAZARD))

        def ask(days: Floats, some: Rows, own: Asked) -> tuple[Floats, NDArray[np.bool_]]:
            found = begin[some] + np.maximum(own.bases(days) - start[some], 0.0) * slope[some]
            rest = np.log(np.maximum(limit[some] - found, LEAST_HAZARD))  # straight in log(days), far out
            return left[some] - rest, -np.expm1(-found) >= q[some]

        every = np.arange(len(row))
        last, reached = ask(np.full(len(row), float(NEVER_DAYS)), every, asked)
        days = np.full(len(row), np.inf)
        first = left - np.log(np.maximum(limit - begin, LEAST_HAZARD))
        some = np.flatnonzero(reached)
        low, high = np.full(len(some), EDGES_DAYS[-1]), np.full(len(some), float(NEVER_DAYS))
        bracket = Bracket(low, high, first[some], last[some])
        days[some] = first_day(bracket, lambda at, part, own: ask(at, some[part], own), asked.take(some), logs=True)
        return days


@dataclass(frozen=True, slots=True)
class Asked:
    """A renewal that is asked in days of the calendar."""

    own: Renewal
    clock: RowClock | None

    def take(self, rows: Rows) -> Asked:
        """The given rows (indices or a mask)."""
        return Asked(self.own.take(rows), None if self.clock is None else self.clock.take(rows))

    def slack(self) -> float | Floats:
        """Days that the clock may lose."""
        return 0.0 if self.clock is None else self.clock.slack()

    def bases(self, days: Floats) -> Floats:
        """The cumulated hazard within so many days of each row."""
        return _bases(self.own, days if self.clock is None else np.asarray(self.clock.passed(days), float))


def joined(own: Renewal, base: Floats, eta: Floats) -> HazardCurve:
    """The curve with the hazards exp(eta) of its intervals; eta: shape (intervals, rows), base: of `bases`."""
    near, slope = np.zeros_like(base), np.empty_like(base)
    np.cumsum(np.exp(eta), axis=0, out=near[1:])
    whole = np.maximum(np.diff(base, axis=0), LEAST_HAZARD)
    np.divide(np.diff(near, axis=0), whole, out=slope[:-1])
    slope[-1] = np.clip(slope[-2], *TAIL_LIMITS)
    chance = np.where(own.known, -np.expm1(-near), 0.0)
    return HazardCurve(own, base, near, chance, slope)


def bases(own: Renewal, days: Sequence[float] = ENDS_DAYS) -> Floats:
    """The renewal's cumulated hazard at 0 and some days, shape (1 + days, rows)."""
    found = np.zeros((1 + len(days), len(own.silence)))
    for place, day in enumerate(days):
        found[1 + place] = cumulated_hazard(own.window(0.0, day))
    return found


def cumulated_hazard(probability: Floats) -> Floats:
    """-log(1 - p), finite."""
    return np.asarray(-np.log1p(-np.minimum(probability, CERTAIN)), float)


def _bases(own: Renewal, days: Floats) -> Floats:
    return cumulated_hazard(own.window(0.0, days))


def _along(place: NDArray[np.intp], days: Floats, near: Floats, base: Floats, slope: Floats, at: Floats) -> Floats:
    """L where the renewal's hazard is `at`, in the interval at `place`; never beyond the L of the interval's end."""
    edges = np.vstack([near, np.full((1, near.shape[1]), np.inf)])
    if place.ndim and place.shape[-1] == near.shape[1] != 1:
        rows = np.arange(near.shape[1])
        begin, start, steep, end = (
            edges[place - 1, rows],
            base[place - 1, rows],
            slope[place - 1, rows],
            edges[place, rows],
        )
    else:
        some = place[..., 0] if place.ndim else place
        begin, start, steep, end = edges[some - 1], base[some - 1], slope[some - 1], edges[some]
    found = np.minimum(begin + np.maximum(at - start, 0.0) * steep, end)
    return np.where(days >= np.append(EDGES_DAYS, np.inf)[place], end, found)


def _plus(one: Days, other: Days) -> float | Floats:
    """Their sum; numbers stay numbers, so that all rows are asked at once."""
    if isinstance(one, float | int) and isinstance(other, float | int):
        return float(one + other)
    return np.asarray(one + other, float)
