"""Gamma-gamma renewal with dropout: the survival curve of a pair's next order, in closed form.

A pair's gaps d | theta ~ Gamma(k, theta) with theta ~ Gamma(a, b) over the population (k = 1 is the Poisson-gamma);
after n (decayed) gaps of sum S the next one has survival I_{B / (B + t)}(a + k n, k), B = b + S. After each order a
pair ceases for good with a probability that is Beta(alpha, beta) over the population, so silence tells of both: of a
long gap, and of an end. Sources: Fader, Hardie (2005) for the beta-geometric end, forecasting notes for the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
import numpy as np
from scipy.special import betainc

from forecasting.columns import GAP_FLOOR_DAYS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from forecasting.columns import Floats, PairColumns
    from forecasting.model import Days

HALF_DAY = 0.5  # an order on day j is an event in (j - 1/2, j + 1/2] of the continuous model


class RenewalParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Population parameters, all > 0. Gaps: shape k, rate theta ~ Gamma(a, b in days). End: Beta(alpha, beta)."""

    k: float
    a: float
    b: float
    alpha: float
    beta: float


@dataclass(frozen=True, slots=True)
class RenewalCurve:
    """Survival of each row's gap; arrays of shape (rows,). Times are days after the moment the curve was made for."""

    k: float
    shape: Floats  # A = a + k n
    rate: Floats  # B = b + S, days
    ended: Floats  # P(ended with the last order), before any silence
    silence: Floats  # days since the last order
    now: Floats  # survival until this moment
    known: NDArray[np.bool_]  # rows that have any order

    def take(self, rows: NDArray[np.bool_]) -> RenewalCurve:
        """The rows where the mask holds."""
        figures = (self.shape[rows], self.rate[rows], self.ended[rows], self.silence[rows], self.now[rows])
        return RenewalCurve(self.k, *figures, self.known[rows])

    def window(self, ahead_days: Days, horizon_days: Days) -> Floats:
        """P(an order in [ahead, ahead + horizon) | silence until ahead)."""
        since = self.silence + ahead_days
        at_once = isinstance(ahead_days, float) and ahead_days == 0.0
        start = self.now if at_once else survival(self.k, self.shape, self.rate, since)
        end = survival(self.k, self.shape, self.rate, since + horizon_days)
        return self._of_living(start, np.maximum(start - end, 0.0))

    def ever(self) -> Floats:
        """P(any further order | silence until now)."""
        return self._of_living(self.now, self.now)

    def _of_living(self, start: Floats, ordered: Floats) -> Floats:
        """Weigh with the chance that there is anyone left to order."""
        living = (1 - self.ended) * start
        return np.where(self.known, (1 - self.ended) * ordered / np.maximum(self.ended + living, 1e-300), 0.0)

    def ceiling(self, horizon_days: Days) -> Floats:
        """An upper bound of window(t, horizon) over all t >= 0.

        For k >= 1 the hazard given theta is below theta, and silence only lowers the mean of theta from A / B; for
        k < 1 every hazard falls, so that now is the worst.
        """
        if self.k < 1:
            return self.window(0.0, horizon_days)
        return np.where(self.known, -np.expm1(-np.asarray(horizon_days) * self.shape / self.rate), 0.0)


def renewal_curve(parameters: RenewalParameters, columns: PairColumns, as_of_day: Days) -> RenewalCurve:
    """The curve of each row at the beginning of as_of_day."""
    p, known = parameters, columns.orders > 0
    shape, rate = p.a + p.k * columns.n, p.b + columns.S
    ended = p.alpha / (p.alpha + p.beta + np.maximum(columns.orders - 1, 0.0))
    silence = np.where(known, np.maximum(as_of_day - columns.last_day, 0.0), 0.0).astype(float)
    return RenewalCurve(p.k, shape, rate, ended, silence, survival(p.k, shape, rate, silence), known)


def survival(k: float, shape: Floats, rate: Floats, days: Floats) -> Floats:
    """P(no order on any of the `days` whole days after the day of the last one); arrays of one shape.

    I_{B / (B + t)}(A, k) with A = shape, B = rate, k the gap's own shape; t ends half a day before the next day begins.
    """
    time = np.maximum(days - HALF_DAY, GAP_FLOOR_DAYS)
    return np.asarray(betainc(shape, k, rate / (rate + time)), float)
