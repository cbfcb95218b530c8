"""Gamma-gamma renewal with dropout: the survival curve of a pair's next order, in closed form.

A pair's gaps d | theta ~ Gamma(k, theta) with theta ~ Gamma(a, b) over the population (k = 1 is the Poisson-gamma);
after n (decayed) gaps of sum S the next one has survival I_{B / (B + t)}(A, k), A = a + k n, B = b + S. Some pairs are
more regular than others: k is one of a few whole numbers, whose weights the pair's own gaps move (in closed form,
through n, S and the sum of logs D). After each order a pair ceases for good with a probability that is
Beta(alpha, beta) over the population, so silence tells of both: of a long gap, and of an end. Sources: Fader, Hardie,
Lee (2005) for the beta-geometric end; Platzer, Reutterer (2016) for gamma gaps.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
import numpy as np
from scipy.special import gammaln

from forecasting.columns import GAP_FLOOR_DAYS
from forecasting.curve import WEEK_DAYS, CurveForecaster, first_horizon

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from forecasting.columns import Floats, PairColumns
    from forecasting.curve import Curve, Rows
    from forecasting.model import Days

HALF_DAY = 0.5  # an order on day j is an event in (j - 1/2, j + 1/2] of the continuous model
TINY = 1e-300


class RenewalParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Population parameters, all > 0. `shapes` k and their `weights` (sum 1); theta ~ Gamma(a, scale_days / k).

    So every shape means gaps of the same size. End: Beta(alpha, beta).
    """

    shapes: tuple[int, ...]
    weights: tuple[float, ...]
    a: float
    scale_days: float
    alpha: float
    beta: float


@dataclass(frozen=True, slots=True)
class Gamma:
    """What is known of the gaps of many pairs; arrays of shape (shapes, rows)."""

    shapes: tuple[int, ...]
    a: Floats  # A = a + k n
    b: Floats  # B = b + S, days
    weight: Floats  # of each shape given the pair's gaps; columns sum to 1
    rising: tuple[Floats, ...]  # of each shape, `rising_powers` of A, shape (k - 1, rows)

    def take(self, rows: Rows) -> Gamma:
        """The given rows (indices or a mask)."""
        rising = tuple(powers[:, rows] for powers in self.rising)
        return Gamma(self.shapes, self.a[:, rows], self.b[:, rows], self.weight[:, rows], rising)

    def survival(self, time_days: Floats) -> Floats:
        """P(gap > time), of the times' shape: (rows,), or (times, rows)."""
        parts = self._parts(time_days)
        total = next(parts)
        for part in parts:
            total += part
        return total

    def parts(self, time_days: Floats) -> Floats:
        """P(this shape and gap > time), shape (shapes, rows)."""
        return np.stack(list(self._parts(time_days)))

    def _parts(self, time_days: Floats) -> Iterator[Floats]:
        for a, b, weight, powers in zip(self.a, self.b, self.weight, self.rising, strict=True):
            part = polynomial(a, powers, b / (b + time_days))
            part *= weight
            yield part

    def density(self, time_days: Floats) -> Floats:
        """Density of the gap at time (1 / day), shape (rows,)."""
        total = np.zeros(self.a.shape[1])
        for k, a, b, weight in zip(self.shapes, self.a, self.b, self.weight, strict=True):
            rising = np.prod([a + i for i in range(k)], axis=0) / math.factorial(k - 1)  # 1 / Beta(k, a)
            x = b / (b + time_days)
            total += weight * rising * np.exp(a * np.log(x)) * (1 - x) ** (k - 1) / (b + time_days)
        return total

    def ceiling(self, from_days: Floats, to_days: Floats, horizon_days: Days) -> Floats:
        """Upper bound of P(gap <= t + horizon | gap > t) for every t in [from, to], shape (rows,).

        A shape's hazard is below A / B, as given theta it is below theta and survival only lowers the mean of theta;
        and below A / t, as the hazard in log t rises to A (log-gamma sums are log-concave). A shape's share among the
        surviving is at most its part at the beginning over all that is left at the end.
        """
        chance = -np.expm1(-np.asarray(horizon_days) * self.a / np.maximum(self.b, from_days))
        share = self.parts(from_days) / np.maximum(self.survival(to_days), TINY)
        return np.asarray(np.minimum(chance.max(0), (np.minimum(share, 1.0) * chance).sum(0)), float)


def beta_integral(a: Floats, k: int, x: Floats) -> Floats:
    """Regularised incomplete beta I_x(a, k) for whole k: x^a times the sum over i < k of a (a + 1) ... (1 - x)^i / i!.

    Twenty times as fast as scipy's betainc, which takes any k, and equal to it to 13 digits.
    """
    return polynomial(a, rising_powers(a, k), x)


def rising_powers(a: Floats, k: int) -> Floats:
    """a (a + 1) ... (a + i - 1) / i! for i from 1 to k - 1, shape (k - 1, rows)."""
    found = np.empty((k - 1, *np.shape(a)))
    term: Floats | float = 1.0
    for i in range(1, k):
        term = term * (a + (i - 1)) / i
        found[i - 1] = term
    return found


def polynomial(a: Floats, powers: Floats, x: Floats) -> Floats:
    """I_x(a, k) from the rising powers of a; all terms are positive, so nothing cancels."""
    power = np.log(x)
    power *= a
    np.exp(power, out=power)
    if len(powers):
        rest = 1 - x
        total = powers[-1] * rest
        for rising in powers[-2::-1]:
            total += rising
            total *= rest
        total += 1
        power *= total
    return np.asarray(np.minimum(power, 1.0, out=power), float)


def gamma_of(parameters: RenewalParameters, n: Floats, total: Floats, logs: Floats) -> Gamma:
    """Posterior of theta and k from the decayed sums n, S (total) and D (logs), shape (rows,) each."""
    p = parameters
    k = np.array(p.shapes, float)[:, None]
    prior_b = p.scale_days / k
    a, b = p.a + k * n, prior_b + total
    log_weight = np.log(np.array(p.weights))[:, None] + (k - 1) * logs - n * gammaln(k)
    log_weight = log_weight + gammaln(a) - k * n * np.log(b) - p.a * np.log1p(total / prior_b)
    weight = np.exp(log_weight - log_weight.max(0))
    rising = tuple(rising_powers(row, shape) for row, shape in zip(a, p.shapes, strict=True))
    return Gamma(p.shapes, a, b, weight / weight.sum(0), rising)


@dataclass(frozen=True, slots=True)
class RenewalCurve:
    """Survival of each row's gap; arrays of shape (rows,). Times are days after the moment the curve was made for."""

    gamma: Gamma
    ended: Floats  # P(ended with the last order), before any silence
    silence: Floats  # days since the last order
    now: Floats  # survival until this moment
    known: NDArray[np.bool_]  # rows that have any order

    def take(self, rows: Rows) -> RenewalCurve:
        """The given rows (indices or a mask)."""
        figures = (self.ended[rows], self.silence[rows], self.now[rows])
        return RenewalCurve(self.gamma.take(rows), *figures, self.known[rows])

    def window(self, ahead_days: Days, horizon_days: Days) -> Floats:
        """P(an order in [ahead, ahead + horizon) | silence until ahead)."""
        since = self.silence + ahead_days
        at_once = isinstance(ahead_days, float) and ahead_days == 0.0
        start = self.now if at_once else self.gamma.survival(whole_days(since))
        end = self.gamma.survival(whole_days(since + horizon_days))
        return self._of_living(start, np.maximum(start - end, 0.0))

    def ever(self) -> Floats:
        """P(any further order | silence until now)."""
        return self._of_living(self.now, self.now)

    def first_horizon(self, q: Floats) -> Floats:
        """See Curve."""
        return np.stack([first_horizon(self, level) for level in q]) if q.ndim > 1 else first_horizon(self, q)

    def _of_living(self, start: Floats, ordered: Floats) -> Floats:
        """Weigh with the chance that there is anyone left to order."""
        living = (1 - self.ended) * start
        return np.where(self.known, (1 - self.ended) * ordered / np.maximum(self.ended + living, TINY), 0.0)

    def ceilings(self, horizon_days: Days, max_ahead_days: int) -> Floats:
        """See Curve; one for all weeks: nobody comes back to life in silence."""
        since, until = whole_days(self.silence), whole_days(self.silence + max_ahead_days)
        most = self.ever() * self.gamma.ceiling(since, until, horizon_days)
        return np.broadcast_to(most, (1 + max_ahead_days // WEEK_DAYS, len(most)))


def renewal_curve(parameters: RenewalParameters, columns: PairColumns, as_of_day: Days) -> RenewalCurve:
    """The curve of each row at the beginning of as_of_day."""
    p, known = parameters, columns.orders > 0
    gamma = gamma_of(p, columns.n, columns.S, columns.D)
    ended = p.alpha / (p.alpha + p.beta + np.maximum(columns.orders - 1, 0.0))
    silence = np.where(known, np.maximum(as_of_day - columns.last_day, 0.0), 0.0).astype(float)
    return RenewalCurve(gamma, ended, silence, gamma.survival(whole_days(silence)), known)


def whole_days(days: Floats) -> Floats:
    """Continuous time until the beginning of a day so many days after the last order's day."""
    return np.maximum(days - HALF_DAY, GAP_FLOOR_DAYS)


class RenewalForecaster(CurveForecaster):
    """The renewal curve by itself: while there is too little past to learn more, and where a row has no context."""

    def __init__(self, version: str, digest: str, parameters: RenewalParameters) -> None:
        super().__init__(version, digest)
        self.parameters = parameters

    def curve(self, columns: PairColumns, as_of_day: Days) -> Curve:
        """See CurveForecaster."""
        return renewal_curve(self.parameters, columns, as_of_day)
