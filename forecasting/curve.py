"""Everything a forecaster answers, from one survival curve: probabilities, quantiles, the day to act."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Protocol, Self

import numpy as np

from forecasting.model import MAX_AHEAD_DAYS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from forecasting.columns import Floats, PairColumns
    from forecasting.model import Days

    Rows = NDArray[np.bool_] | NDArray[np.intp]

NEAR_DAYS = 256
ROWS_AT_ONCE = 16_000  # few enough for the cache of a processor, many enough for numpy
WEEK_DAYS = 7
NEVER_DAYS = 2**15  # a quantile further away than this, about 90 years, is never


class Curve(Protocol):
    """Conditional order probabilities of many rows, made for one moment; results of shape (rows,)."""

    def take(self, rows: Rows) -> Self:
        """The given rows (indices or a mask)."""

    def window(self, ahead_days: Days, horizon_days: Days) -> Floats:
        """P(an order in [ahead, ahead + horizon) | silence until ahead); rises with the horizon.

        Days of shape (days, 1) or (days, rows) are answered in that shape.
        """

    def ever(self) -> Floats:
        """The limit of window(0, horizon) for a horizon without end."""

    def ceilings(self, horizon_days: Days, max_ahead_days: int) -> Floats:
        """Upper bounds, quick to compute, of window(t, horizon) for whole t of each week ahead, shape (weeks, rows)."""

    def first_horizon(self, q: Floats) -> Floats:
        """Smallest whole horizon with window(0, horizon) >= q; inf where there is none within NEVER_DAYS.

        q: shape (rows,) or (levels, rows), as is the answer.
        """


class CurveForecaster(ABC):
    """A Forecaster (forecasting.model) of anything that can make a Curve."""

    def __init__(self, version: str, digest: str) -> None:
        self.version = version
        self.digest = digest

    @abstractmethod
    def curve(self, columns: PairColumns, as_of_day: Days) -> Curve:
        """The curve of each row, given silence until as_of_day (ordinal)."""

    def probability(self, columns: PairColumns, as_of_day: Days, horizon_days: Days) -> Floats:
        """See Forecaster."""
        return self.curve(columns, as_of_day).window(0.0, horizon_days)

    def alive(self, columns: PairColumns, as_of_day: Days) -> Floats:
        """See Forecaster."""
        return self.curve(columns, as_of_day).ever()

    def quantile_day(self, columns: PairColumns, as_of_day: Days, q: Days) -> Floats:
        """See Forecaster."""
        rows = len(columns)
        days = self.curve(columns, as_of_day).first_horizon(np.broadcast_to(np.asarray(q, float), rows))
        return as_of_day + days - 1

    def answers(
        self, columns: PairColumns, as_of_day: Days, horizons_days: Sequence[float], quantiles: Sequence[float]
    ) -> tuple[list[Floats], list[Floats]]:
        """Probabilities by horizon and days by quantile, as `probability` and `quantile_day` say, from one curve."""
        parts, levels = [], np.array(quantiles, float)[:, None]
        for rows in _blocks(len(columns)):
            day = as_of_day[rows] if isinstance(as_of_day, np.ndarray) else as_of_day
            curve = self.curve(columns.take(rows), day)
            chances = [curve.window(0.0, horizon) for horizon in horizons_days]
            found = curve.first_horizon(np.broadcast_to(levels, (len(levels), rows.stop - rows.start)))
            parts.append((chances, list(day + found - 1)))
        chance, days = (list(map(np.concatenate, zip(*part, strict=True))) for part in zip(*parts, strict=True))
        return chance, days

    def due_in_days(
        self,
        columns: PairColumns,
        as_of_day: Days,
        lead_time_days: Days,
        service_level: Days,
        max_ahead_days: int = MAX_AHEAD_DAYS,
    ) -> Floats:
        """See Forecaster."""
        count = len(columns)
        lead, level = (np.broadcast_to(np.asarray(one, float), count) for one in (lead_time_days, service_level))
        found = np.empty(count)
        for rows in _blocks(count):
            day = as_of_day[rows] if isinstance(as_of_day, np.ndarray) else as_of_day
            curve = self.curve(columns.take(rows), day)
            found[rows] = first_crossing(curve, lead[rows], level[rows], max_ahead_days)
        return found


def _blocks(count: int) -> list[slice]:
    """Rows in parts that fit into the cache; one empty part of none."""
    return [slice(start, min(start + ROWS_AT_ONCE, count)) for start in range(0, max(count, 1), ROWS_AT_ONCE)]


def first_horizon(curve: Curve, q: Floats) -> Floats:
    """Smallest whole horizon with window(0, horizon) >= q; inf where there is none.

    Bisection in two tiers: most quantiles lie within NEAR_DAYS, and each step evaluates every row left.
    """
    result = np.full(len(q), np.inf)
    near = curve.window(0.0, float(NEAR_DAYS)) >= q
    far = ~near & (curve.ever() >= q)
    result[near] = _bisect(curve.take(near), q[near], 0, NEAR_DAYS)
    if far.any():
        distant, level = curve.take(far), q[far]
        reached = distant.window(0.0, float(NEVER_DAYS)) >= level
        result[far] = np.where(reached, _bisect(distant, level, NEAR_DAYS, NEVER_DAYS), np.inf)
    return result


def _bisect(curve: Curve, q: Floats, low_days: int, high_days: int) -> Floats:
    """Smallest whole horizon in (low, high] that reaches q; high itself is taken to reach it."""
    low, high = np.full(len(q), low_days), np.full(len(q), high_days)
    for _ in range((high_days - low_days - 1).bit_length()):
        middle = (low + high) // 2
        reached = curve.window(0.0, middle) >= q
        low, high = np.where(reached, low, middle), np.where(reached, middle, high)
    return high.astype(float)


def first_crossing(curve: Curve, lead_days: Floats, level: Floats, max_ahead_days: int) -> Floats:
    """Smallest whole t in [0, max_ahead] with window(t, lead) >= level; inf where there is none.

    Most weeks of most rows are ruled out by the curve's ceilings; the days of the others are asked one by one.
    """
    due = np.full(len(level), np.inf)
    for week, may in enumerate(curve.ceilings(lead_days, max_ahead_days) >= level):
        rows = np.flatnonzero(may & np.isinf(due))
        if len(rows):
            days = np.arange(week * WEEK_DAYS, min((week + 1) * WEEK_DAYS, max_ahead_days + 1), dtype=float)
            crossed = curve.take(rows).window(days[:, None], lead_days[rows]) >= level[rows]
            due[rows] = np.where(crossed.any(0), days[crossed.argmax(0)], np.inf)
    return due
