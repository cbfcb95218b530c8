"""The forecast in force: a hazard of each interval ahead, from what a row, its account and its product say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from forecasting.additive import Additive, log_hazards
from forecasting.clock import Ticks
from forecasting.clocked import clocked
from forecasting.curve import CurveForecaster
from forecasting.features import Hazards, account_features, matrix, of_account, pair_features
from forecasting.hazard_curve import ENDS_DAYS, bases, joined
from forecasting.renewal import RenewalCurve, RenewalParameters, renewal_curve
from forecasting.snapshots import COLD_BELOW

if TYPE_CHECKING:
    from forecasting.clock import Clock
    from forecasting.columns import Floats, PairColumns
    from forecasting.curve import Curve
    from forecasting.features import Columns
    from forecasting.model import Days
    from forecasting.products import ProductTable

__all__ = ["ENDS_DAYS", "AccountForecaster", "HazardForecaster", "hazards", "whole_features"]

LEAST_TOLD = 1e-4  # hazard of an interval: less tells no more of a pair, and its log would be far from all others


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
        clock: Clock | None = None,
    ) -> None:
        super().__init__(version, digest)
        self.own, self.whole = renewals
        self.often, self.seldom, self.products = often, seldom, products
        self.ticks = Ticks(clock)

    def curve(self, columns: PairColumns, as_of_day: Days) -> Curve:
        """See CurveForecaster."""
        own = renewal_curve(self.own, columns, as_of_day)
        if columns.account is None:
            return own
        base = bases(own)
        whole = whole_features(columns, as_of_day, self.whole)
        products = self.products.rows(columns.skus or [""] * len(columns))
        found = pair_features(columns, as_of_day, hazards(own, base), whole, products)
        return clocked(joined(own, base, self._eta(columns, found)), self.ticks.of(columns, as_of_day))

    def _eta(self, columns: PairColumns, found: Columns) -> Floats:
        seldom = columns.orders < COLD_BELOW
        eta = np.empty((len(columns), len(ENDS_DAYS)))
        for rows, model in ((seldom, self.seldom), (~seldom, self.often)):
            if rows.any():
                eta[rows] = log_hazards(model, matrix(found, model.names)[rows])
        return eta


class AccountForecaster(CurveForecaster):
    """Whole accounts, by their own order days and the pulse of their pairs."""

    def __init__(
        self,
        version: str,
        digest: str,
        own: RenewalParameters,
        model: Additive,
        products: ProductTable,
        clock: Clock | None = None,
    ) -> None:
        super().__init__(version, digest)
        self.own, self.model, self.products = own, model, products
        self.ticks = Ticks(clock)

    def curve(self, columns: PairColumns, as_of_day: Days) -> Curve:
        """See CurveForecaster."""
        own = renewal_curve(self.own, columns, as_of_day)
        if columns.pulse is None:
            return own
        base, average = bases(own), self.products.rows([""] * len(columns))
        found = account_features(columns, as_of_day, hazards(own, base), average)
        eta = log_hazards(self.model, matrix(found, self.model.names))
        return clocked(joined(own, base, eta), self.ticks.of(columns, as_of_day))


def hazards(own: RenewalCurve, base: Floats | None = None) -> Hazards:
    """Log hazards of the intervals by the renewal, as features. base: at 0 and the ends, where it is known already."""
    steps = np.diff(bases(own) if base is None else base, axis=0)
    return Hazards(np.asarray(np.log(np.maximum(steps, LEAST_TOLD)), float), own.ever())


def whole_features(columns: PairColumns, as_of_day: Days, renewal: RenewalParameters) -> Columns:
    """What the accounts of pairs say, by name and row; each account is asked once for all of its rows in a row."""
    account = columns.account
    if account is None:
        raise ValueError("a pair's features need the columns of its account")
    first, row = account.runs(as_of_day)
    once, day = account.take(first), as_of_day[first] if isinstance(as_of_day, np.ndarray) else as_of_day
    found = of_account(once, day, hazards(renewal_curve(renewal, once, day)))
    return {name: values[row] for name, values in found.items()}
