"""What the population's orders say of each product: its rates, trend, silence, repeaters and usual gap and quantity."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import repeat
from typing import TYPE_CHECKING

import numpy as np

from forecasting.columns import Labels
from forecasting.season import COEFFICIENTS, seasons_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from forecasting.columns import Floats, Ints
    from forecasting.history import OrderDays, Pairs

RATE_HALF_LIVES_DAYS = (14.0, 60.0, 180.0)
RATE_FLOOR = 1e-3
FIGURES = ("rate14", "rate60", "rate180", "silence", "buyers", "repeaters", "gap", "quantity", "pull", *COEFFICIENTS)
PRIOR_GAPS, PRIOR_BUYERS = 5.0, 5.0  # weight of the population in a product's usual gap and share of repeaters
PRIOR_PULL = 3.0  # orders that a product is taken to have had, as expected, beside those it had
PULL_DAYS = 28.0  # how far back "of late" reaches
DIGITS = 4


@dataclass(frozen=True, slots=True)
class ProductTable:
    """`figures`: shape (skus + 1, FIGURES), the last row for a SKU nobody knows; `place`: row of each known SKU.

    known: the list of names that was looked up last, and its places.
    """

    place: Mapping[str, int]
    figures: Floats
    known: list[tuple[Sequence[str], Ints]] = field(default_factory=list, repr=False, compare=False)

    def rows(self, skus: Sequence[str]) -> Floats:
        """Figures of each row's SKU, shape (rows, FIGURES)."""
        return np.asarray(self.figures[self.at(skus)], float)

    def at(self, skus: Sequence[str]) -> Ints:
        """Place of each row's SKU among the figures; the names of Labels are looked up once."""
        if not isinstance(skus, Labels):
            return self._looked_up(skus)
        if not self.known or self.known[0][0] is not skus.names:
            self.known[:] = [(skus.names, self._looked_up(skus.names))]
        return self.known[0][1][skus.at]

    def _looked_up(self, skus: Sequence[str]) -> Ints:
        unknown = repeat(len(self.figures) - 1)
        return np.fromiter(map(self.place.get, skus, unknown), np.int64, len(skus))

    def of(self, places: Ints) -> Floats:
        """Figures by place in the list of SKUs that the table was made from."""
        return np.asarray(self.figures[places], float)

    def packed(self) -> dict[str, tuple[float, ...]]:
        """By SKU, '' for the unknown one, as the artefact keeps it."""
        names = [*self.place, ""]
        return dict(zip(names, map(tuple, np.round(self.figures, DIGITS).tolist()), strict=True))


def unpacked(packed: Mapping[str, Sequence[float]]) -> ProductTable:
    """The table of an artefact."""
    names = [name for name in packed if name]
    return ProductTable({name: i for i, name in enumerate(names)}, np.array([*map(packed.get, names), packed[""]]))


def product_table(
    history: OrderDays, pairs: Pairs, as_of_day: float, pull: Floats, *, with_season: bool
) -> ProductTable:
    """Figures of every SKU as known at as_of_day. history: order days before it; pairs: `history.pairs()`.

    pull: log of how much more than expected each SKU was reordered of late, shape (skus,).
    """
    skus, age = len(history.skus), as_of_day - history.day
    rates = [np.bincount(history.sku, np.exp2(age / -half), skus) for half in RATE_HALF_LIVES_DAYS]
    last = np.zeros(skus)
    np.maximum.at(last, history.sku, history.day)
    seen = last > 0
    buyers = np.bincount(pairs.sku, minlength=skus)
    repeaters = np.bincount(pairs.sku, pairs.columns.orders > 1, skus)
    quantity = np.bincount(pairs.sku, np.log(np.maximum(pairs.columns.mean_quantity, 1e-9)), skus)
    figures = np.column_stack(
        [
            *(np.log(rate + RATE_FLOOR) for rate in rates),
            np.log1p(np.where(seen, as_of_day - last, 0.0)),
            np.log1p(buyers),
            (repeaters + 1) / (buyers + PRIOR_BUYERS),
            _usual_gaps(history, skus),
            quantity / np.maximum(buyers, 1),
            pull,
            seasons_of(history, as_of_day) if with_season else np.zeros((skus, len(COEFFICIENTS))),
        ]
    )
    weight = buyers / max(buyers.sum(), 1)
    return ProductTable({sku: i for i, sku in enumerate(history.skus)}, np.vstack([figures, weight @ figures]))


def pull_of(sku: Ints, came: NDArray[np.bool_], expected: Floats, skus: int) -> Floats:
    """Log of orders over expected orders of each SKU, drawn to the population's; shape (skus,).

    sku, came, expected: of pairs, whether they ordered within a window, and the chance that they would.
    """
    total = float(expected.sum())
    level = float(came.sum()) / total if total > 0 and came.any() else 1.0
    had, due = np.bincount(sku, came, skus), np.bincount(sku, expected * level, skus)
    return np.asarray(np.log((had + PRIOR_PULL) / (due + PRIOR_PULL)), float)


def _usual_gaps(history: OrderDays, skus: int) -> Floats:
    """Mean log gap of each SKU over everybody's gaps, drawn to the population's; shape (skus,)."""
    gaps = ~history.starts()
    log_gap = np.log(np.maximum(np.diff(history.day, prepend=0.0)[gaps], 0.5))
    sku = history.sku[gaps]
    usual = float(log_gap.mean()) if len(log_gap) else 3.0
    total, count = np.bincount(sku, log_gap, skus), np.bincount(sku, minlength=skus)
    return np.asarray((total + PRIOR_GAPS * usual) / (count + PRIOR_GAPS), float)
