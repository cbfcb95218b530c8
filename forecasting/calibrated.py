"""The pair's renewal, pooled with its account's and its product's: one curve, calibrated on the recent past.

With H = -log(1 - F) the cumulated hazards over a horizon, of the pair (p) and of its account ordering anything (a):

    log H = c + s_p log H_p + s_a log H_a + g_n log(orders) + g_s log(share of the account's order days) + product

The weights are a Binomial GLM with a complementary log-log link, fitted by `forecasting.learn` on windows that had
closed. As H_p and H_a rise with the horizon and s_p, s_a >= 0, the result is a survival curve for every row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from forecasting.curve import CurveForecaster
from forecasting.renewal import RenewalCurve, RenewalParameters, renewal_curve

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from forecasting.columns import Floats, PairColumns
    from forecasting.curve import Curve
    from forecasting.model import Days

CERTAIN = 1 - 1e-12  # a probability of 1 has no finite hazard


class Weights(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Coefficients of the pooled hazard; `products`: log hazard ratio of each known SKU, 0 for others."""

    constant: float
    pair: float
    account: float
    orders: float
    share: float
    products: dict[str, float]


@dataclass(frozen=True, slots=True)
class PooledCurve:
    """Pooled curve of many rows; `scale` is what does not depend on time. Rows without context keep the pair's own."""

    pair: RenewalCurve
    account: RenewalCurve
    scale: Floats
    power_pair: float
    power_account: float

    def take(self, rows: NDArray[np.bool_]) -> PooledCurve:
        """The rows where the mask holds."""
        pair, account = self.pair.take(rows), self.account.take(rows)
        return PooledCurve(pair, account, self.scale[rows], self.power_pair, self.power_account)

    def window(self, ahead_days: Days, horizon_days: Days) -> Floats:
        """See Curve."""
        return self._pool(self.pair.window(ahead_days, horizon_days), self.account.window(ahead_days, horizon_days))

    def ever(self) -> Floats:
        """See Curve."""
        return self._pool(self.pair.ever(), self.account.ever())

    def ceiling(self, horizon_days: Days, max_ahead_days: int) -> Floats:
        """See Curve."""
        bounds = (curve.ceiling(horizon_days, max_ahead_days) for curve in (self.pair, self.account))
        return self._pool(*bounds)

    def _pool(self, pair: Floats, account: Floats) -> Floats:
        log_hazard = self.scale + self.power_pair * log_hazard_of(pair) + self.power_account * log_hazard_of(account)
        return np.where(self.account.known & self.pair.known, -np.expm1(-np.exp(np.minimum(log_hazard, 50.0))), pair)


def log_hazard_of(probability: Floats) -> Floats:
    """log(-log(1 - p)), finite for p = 0 and p = 1."""
    result: Floats = np.log(np.maximum(-np.log1p(-np.minimum(probability, CERTAIN)), 1e-30))
    return result


class RenewalForecaster(CurveForecaster):
    """The renewal curve by itself: for accounts, and for pairs while there is too little past to calibrate on."""

    def __init__(self, version: str, digest: str, parameters: RenewalParameters) -> None:
        super().__init__(version, digest)
        self.parameters = parameters

    def curve(self, columns: PairColumns, as_of_day: Days) -> Curve:
        """See CurveForecaster."""
        return renewal_curve(self.parameters, columns, as_of_day)


class PooledForecaster(CurveForecaster):
    """Pairs with their account and product; where columns.account is missing, the pair's renewal by itself."""

    def __init__(
        self, version: str, digest: str, pair: RenewalParameters, account: RenewalParameters, weights: Weights
    ) -> None:
        super().__init__(version, digest)
        self.pair, self.account, self.weights = pair, account, weights

    def curve(self, columns: PairColumns, as_of_day: Days) -> Curve:
        """See CurveForecaster."""
        own = renewal_curve(self.pair, columns, as_of_day)
        if columns.account is None:
            return own
        whole = renewal_curve(self.account, columns.account, as_of_day)
        return PooledCurve(own, whole, self._scale(columns), self.weights.pair, self.weights.account)

    def _scale(self, columns: PairColumns) -> Floats:
        w, (orders, share) = self.weights, context_of(columns)
        products = 0.0 if columns.skus is None else np.array([w.products.get(s, 0.0) for s in columns.skus], float)
        return w.constant + w.orders * orders + w.share * share + products


def context_of(columns: PairColumns) -> tuple[Floats, Floats]:
    """log(orders of the pair) and log(their share of the account's order days), shape (rows,) each."""
    orders = np.maximum(columns.orders, 1.0)
    of_account = orders if columns.account is None else np.maximum(columns.account.orders, orders)
    return np.log(orders), np.log(orders / of_account)
