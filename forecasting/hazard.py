"""The forecast in force: a hazard of each interval ahead, from what a row, its account and its product say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from forecasting.clock import Ticks
from forecasting.clocked import clocked
from forecasting.curve import CurveForecaster
from forecasting.features import Hazards, account_features, of_account, of_pair, of_product
from forecasting.hazard_curve import ENDS_DAYS, bases, joined
from forecasting.renewal import RenewalParameters, renewal_curve
from forecasting.snapshots import COLD_BELOW
from forecasting.terms import Terms, bounded, constant_of
from forecasting.weather import Skies
from forecasting.weathered import weather_renewal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from forecasting.additive import Additive
    from forecasting.clock import Clock
    from forecasting.columns import Floats, Ints, PairColumns
    from forecasting.curve import Curve
    from forecasting.features import Columns
    from forecasting.hazard_curve import Renewal
    from forecasting.model import Days
    from forecasting.products import ProductTable
    from forecasting.weather import Weather

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
        weather: Weather | None = None,
    ) -> None:
        super().__init__(version, digest)
        self.own, self.whole = renewals
        self.often, self.seldom, self.products = often, seldom, products
        self._often, self._seldom = ByGroup(often, products), ByGroup(seldom, products)
        self.ticks, self.skies = Ticks(clock), Skies(weather)

    def curve(self, columns: PairColumns, as_of_day: Days) -> Curve:
        """See CurveForecaster."""
        if columns.account is None:
            return renewal_curve(self.own, columns, as_of_day)
        skus = columns.skus or [""] * len(columns)
        weather, product = self.skies.of(skus), self.products.at(skus)
        own = weather_renewal(self.own, columns, as_of_day, weather)
        base, whole = bases(own), said_once(columns, as_of_day, self.whole)
        found = of_pair(columns, as_of_day, hazards(own, base), whole, self.products.figures[product], weather)
        eta = self._eta(columns, found, whole, product)
        return clocked(joined(own, base, eta), self.ticks.of(columns, as_of_day))

    def _eta(self, columns: PairColumns, found: Columns, whole: Spread, product: Ints) -> Floats:
        seldom = columns.orders < COLD_BELOW
        some, all_ = seldom.any(), seldom.all()
        if all_ or not some:
            return (self._seldom if all_ else self._often).eta(found, whole, product)
        eta = np.empty((len(ENDS_DAYS), len(columns)))
        for rows, model in ((seldom, self._seldom), (~seldom, self._often)):
            at = np.flatnonzero(rows)
            eta[:, at] = model.eta(Spread(found, at), Spread(whole.once, whole.row[at]), product[at])
        return eta


class ByGroup:
    """An additive hazard of pairs, with what accounts and products say in parts of their own."""

    def __init__(self, model: Additive, products: ProductTable) -> None:
        of_products = of_product(products.figures)
        self._account = Terms(model, lambda name: name.startswith("a_"))
        self._own = Terms(model, lambda name: not name.startswith("a_") and name not in of_products)
        table = Terms(model, lambda name: name in of_products)
        self._product = table.eta(of_products, len(products.figures)) + constant_of(model)

    def eta(self, found: Mapping[str, Floats], whole: Spread, product: Ints) -> Floats:
        """Log hazards, shape (intervals, rows); product: place of each row's in the table."""
        eta = self._own.eta(found, len(product))
        eta += self._account.eta(whole.once, len(next(iter(whole.once.values()))))[:, whole.row]
        eta += self._product[:, product]
        return bounded(eta)


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
        self._terms, self._constant = Terms(model, lambda name: True), constant_of(model)
        self.ticks = Ticks(clock)

    def curve(self, columns: PairColumns, as_of_day: Days) -> Curve:
        """See CurveForecaster."""
        own = renewal_curve(self.own, columns, as_of_day)
        if columns.pulse is None:
            return own
        base, average = bases(own), self.products.rows([""] * len(columns))
        found = account_features(columns, as_of_day, hazards(own, base), average)
        eta = bounded(self._terms.eta(found, len(columns)) + self._constant)
        return clocked(joined(own, base, eta), self.ticks.of(columns, as_of_day))


def hazards(own: Renewal, base: Floats | None = None) -> Hazards:
    """Log hazards of the intervals by the renewal, as features. base: at 0 and the ends, where it is known already."""
    steps = np.diff(bases(own) if base is None else base, axis=0)
    return Hazards(np.asarray(np.log(np.maximum(steps, LEAST_TOLD)), float), own.ever())


def whole_features(columns: PairColumns, as_of_day: Days, renewal: RenewalParameters) -> Columns:
    """What the accounts of pairs say, by name and row; each account is asked once."""
    spoken = said_once(columns, as_of_day, renewal)
    return {name: spoken[name] for name in spoken}


def said_once(columns: PairColumns, as_of_day: Days, renewal: RenewalParameters) -> Spread:
    """What the accounts of pairs say, kept once for each account."""
    accounts, asks, row = columns.accounts(as_of_day)
    day = as_of_day[asks] if isinstance(as_of_day, np.ndarray) else as_of_day
    return Spread(of_account(accounts, day, hazards(renewal_curve(renewal, accounts, day))), row)


class Spread(Mapping[str, "Floats"]):
    """Figures of few (`once`, by name), read as those of many: `row` is the place of each."""

    def __init__(self, once: Columns, row: NDArray[np.intp]) -> None:
        self.once, self.row = once, row

    def __getitem__(self, name: str) -> Floats:
        return self.once[name][self.row]

    def __iter__(self) -> Iterator[str]:
        return iter(self.once)

    def __len__(self) -> int:
        return len(self.once)
