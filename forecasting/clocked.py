"""A curve asked in days of the calendar that runs in operational days (forecasting.clock).

What is expected of a stretch of days is what the curve expects of the operational days in it. So closed days add
nothing, and the first day that reaches a level is an open one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from forecasting.clock import WEEK_DAYS

if TYPE_CHECKING:
    from forecasting.clock import RowClock
    from forecasting.columns import Floats
    from forecasting.curve import Curve, Rows
    from forecasting.hazard_curve import HazardCurve
    from forecasting.model import Days


def clocked(inner: HazardCurve, clock: RowClock | None) -> Curve:
    """The curve by the clock; without one as it is."""
    return inner if clock is None else ClockedCurve(inner, clock)


@dataclass(frozen=True, slots=True)
class ClockedCurve:
    """inner: the curve in operational days; clock: what they are for each row."""

    inner: HazardCurve
    clock: RowClock

    def take(self, rows: Rows) -> ClockedCurve:
        """See Curve."""
        return ClockedCurve(self.inner.take(rows), self.clock.take(rows))

    def window(self, ahead_days: Days, horizon_days: Days) -> Floats:
        """See Curve."""
        if isinstance(ahead_days, float) and ahead_days == 0.0:
            return self.inner.window(0.0, self.clock.passed(horizon_days))
        begin = self.clock.passed(ahead_days)
        return self.inner.window(begin, self.clock.passed(np.asarray(ahead_days + horizon_days, float)) - begin)

    def ever(self) -> Floats:
        """See Curve."""
        return self.inner.ever()

    def ceilings(self, horizon_days: Days, max_ahead_days: int) -> Floats:
        """See Curve: whatever day of a week it begins on, it lies within that week and the horizon after it."""
        begin = np.arange(0.0, max_ahead_days + 1, WEEK_DAYS)[:, None]
        end = np.minimum(begin + WEEK_DAYS - 1, max_ahead_days) + horizon_days
        return self.window(begin, end - begin)

    def first_horizon(self, q: Floats) -> Floats:
        """See Curve."""
        return self.inner.first_horizon(q, self.clock)
