"""The forecast in force: a hazard of each interval ahead, spread over its days as the pair's own renewal says.

    L(d) = sum of exp(eta_j) over whole intervals, and within one in the proportion of the renewal's cumulated hazard
    P(an order within d days) = 1 - exp(-L(d))

So it is one survival curve for every row: it rises with d whatever the coefficients. Beyond the last interval the
renewal goes on, scaled to meet the hazard there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from forecasting.additive import Additive, log_hazards
from forecasting.curve import CurveForecaster
from forecasting.features import Hazards, account_features, matrix, pair_features
from forecasting.renewal import RenewalCurve, RenewalParameters, renewal_curve
from forecasting.snapshots import COLD_BELOW

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from forecasting.columns import Floats, PairColumns
    from forecasting.curve import Curve
    from forecasting.model import Days
    from forecasting.products import ProductTable

ENDS_DAYS = (7.0, 14.0, 28.0, 56.0, 112.0)  # of the intervals
CERTAIN = 1 - 1e-12  # a probability of 1 has no finite hazard
LEAST_HAZARD = 1e-9
LEAST_TOLD = 1e-4  # hazard of an interval: less tells no more of a pair, and its log would be far from all others
TAIL_LIMITS = (0.2, 5.0)  # how far the renewal's tail may be scaled
WEEK_DAYS = 7


@dataclass(frozen=True, slots=True)
class HazardCurve:
    """Curve of many rows; shape (rows,). `total` and `base`, shape (rows, 1 + intervals): cumulated at 0 and the ends.

    total: as fitted; base: the renewal's, which gives the shape within an interval; tail: scale beyond the last.
    """

    own: RenewalCurve
    total: Floats
    base: Floats
    tail: Floats

    def take(self, rows: NDArray[np.bool_]) -> HazardCurve:
        """See Curve."""
        return HazardCurve(self.own.take(rows), self.total[rows], self.base[rows], self.tail[rows])

    def window(self, ahead_days: Days, horizon_days: Days) -> Floats:
        """See Curve."""
        end = self.cumulated(np.asarray(ahead_days + horizon_days, float))
        at_once = isinstance(ahead_days, float) and ahead_days == 0.0
        start = 0.0 if at_once else self.cumulated(ahead_days)
        return np.where(self.own.known, -np.expm1(-np.maximum(end - start, 0.0)), 0.0)

    def ever(self) -> Floats:
        """See Curve."""
        rest = np.maximum(cumulated_hazard(self.own.ever()) - self.base[:, -1], 0.0)
        return np.where(self.own.known, -np.expm1(-(self.total[:, -1] + self.tail * rest)), 0.0)

    def ceiling(self, horizon_days: Days, max_ahead_days: int) -> Floats:
        """See Curve: whatever day of a week it begins on, it lies within that week and the horizon after it."""
        most = np.zeros(len(self.tail))
        for week in range(0, max_ahead_days + 1, WEEK_DAYS):
            start = self.cumulated(float(week))
            end = self.cumulated(np.asarray(min(week + WEEK_DAYS - 1, max_ahead_days) + horizon_days, float))
            most = np.maximum(most, end - start)
        return np.where(self.own.known, -np.expm1(-most), 0.0)

    def cumulated(self, days: Days) -> Floats:
        """L(days), shape (rows,)."""
        base = cumulated_hazard(self.own.window(0.0, days))
        place = np.searchsorted(ENDS_DAYS, days)  # the interval that the day lies in; one past the last is the tail
        rows = np.arange(len(self.tail))
        at = np.broadcast_to(np.minimum(place, len(ENDS_DAYS) - 1), rows.shape)
        low, high = self.base[rows, at], self.base[rows, at + 1]
        share = np.clip((base - low) / np.maximum(high - low, LEAST_HAZARD), 0.0, 1.0)
        within = self.total[rows, at] + share * (self.total[rows, at + 1] - self.total[rows, at])
        beyond = self.total[:, -1] + self.tail * np.maximum(base - self.base[:, -1], 0.0)
        return np.where(place >= len(ENDS_DAYS), beyond, within)


class HazardForecaster(CurveForecaster):
    """Pairs by their own, their account's and their product's past; without context the renewal by itself."""

    def __init__(
        self,
        version: str,
        digest: str,
        renewals: tuple[RenewalParameters, RenewalParameters],
        often: Additive,
        seldom: Additive,
        products: ProductTable,
    ) -> None:
        super().__init__(version, digest)
        self.own, self.whole = renewals
        self.often, self.seldom, self.products = often, seldom, products

    def curve(self, columns: PairColumns, as_of_day: Days) -> Curve:
        """See CurveForecaster."""
        own = renewal_curve(self.own, columns, as_of_day)
        if columns.account is None:
            return own
        base = bases(own)
        whole = hazards(renewal_curve(self.whole, columns.account, as_of_day))
        products = self.products.rows(columns.skus or [""] * len(columns))
        found = matrix(pair_features(columns, as_of_day, hazards(own, base), whole, products))
        return joined(own, base, self._eta(columns, found))

    def _eta(self, columns: PairColumns, found: Floats) -> Floats:
        seldom = columns.orders < COLD_BELOW
        eta = np.empty((len(found), len(ENDS_DAYS)))
        for rows, model in ((seldom, self.seldom), (~seldom, self.often)):
            if rows.any():
                eta[rows] = log_hazards(model, found[rows])
        return eta


class AccountForecaster(CurveForecaster):
    """Whole accounts, by their own order days and the pulse of their pairs."""

    def __init__(
        self, version: str, digest: str, own: RenewalParameters, model: Additive, products: ProductTable
    ) -> None:
        super().__init__(version, digest)
        self.own, self.model, self.products = own, model, products

    def curve(self, columns: PairColumns, as_of_day: Days) -> Curve:
        """See CurveForecaster."""
        own = renewal_curve(self.own, columns, as_of_day)
        if columns.pulse is None:
            return own
        base, average = bases(own), self.products.rows([""] * len(columns))
        found = matrix(account_features(columns, as_of_day, hazards(own, base), average))
        return joined(own, base, log_hazards(self.model, found))


def cumulated_hazard(probability: Floats) -> Floats:
    """-log(1 - p), finite."""
    return np.asarray(-np.log1p(-np.minimum(probability, CERTAIN)), float)


def bases(own: RenewalCurve) -> Floats:
    """The renewal's cumulated hazard at 0 and the ends, shape (rows, 1 + intervals)."""
    ends = [cumulated_hazard(own.window(0.0, end)) for end in ENDS_DAYS]
    return np.column_stack([np.zeros(len(own.silence)), *ends])


def hazards(own: RenewalCurve, base: Floats | None = None) -> Hazards:
    """Log hazards of the intervals by the renewal, as features."""
    steps = np.diff(bases(own) if base is None else base, axis=1)
    return Hazards(np.asarray(np.log(np.maximum(steps, LEAST_TOLD)), float), own.ever())


def joined(own: RenewalCurve, base: Floats, eta: Floats) -> HazardCurve:
    """The curve with the hazards exp(eta) of its intervals."""
    steps = np.exp(eta)
    total = np.column_stack([np.zeros(len(eta)), np.cumsum(steps, axis=1)])
    tail = np.clip(steps[:, -1] / np.maximum(base[:, -1] - base[:, -2], LEAST_HAZARD), *TAIL_LIMITS)
    return HazardCurve(own, total, base, tail)
