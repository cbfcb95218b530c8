"""What is said about an account: products, and the figures that explain them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from forecasting.similar.baskets import Floats32

MIN_NEIGHBOURS, MIN_LIFT = 10, 1.5  # below them a suggestion may be made, but not explained with figures
NOTHING_LEFT = "everything_bought"
FEW_LEFT = "few_products_left"
NO_ORDERS = "no_orders"


class Suggestion(msgspec.Struct, frozen=True, array_like=True):
    """A new product for an account. `buyers` of its `neighbours` ever bought it, and `base_rate` of all accounts.

    probability: that the account buys it within the horizon of the ranker (60 days where the history allows); None
    where there was too little history to learn from.
    """

    sku: str
    rank: int
    score: float
    buyers: int
    neighbours: int
    base_rate: float
    probability: float | None = None

    @property
    def lift(self) -> float:
        """How much more often neighbours buy it than accounts at large."""
        return self.buyers / self.neighbours / self.base_rate if self.neighbours and self.base_rate else 0.0

    @property
    def explained(self) -> bool:
        """Whether the figures may be shown as the reason."""
        return self.neighbours >= MIN_NEIGHBOURS and self.lift >= MIN_LIFT


class AccountSuggestions(msgspec.Struct, frozen=True, array_like=True):
    """The suggestions for one account, best first; reason: why there are fewer than asked for."""

    account_id: str
    suggestions: list[Suggestion]
    reason: str | None


@dataclass(frozen=True, slots=True)
class Ranked:
    """Suggestions of a chunk of accounts as columns, sorted by (row, rank); row is a place in account_ids.

    fewer: the reason of each account that has fewer than asked for, by row.
    """

    account_ids: Sequence[str]
    skus: Sequence[str]
    row: NDArray[np.int64]
    sku: NDArray[np.int64]
    rank: NDArray[np.int64]
    score: Floats32
    probability: Floats32 | None
    buyers: NDArray[np.int64]
    neighbours: NDArray[np.int64]
    base_rate: NDArray[np.float64]
    fewer: dict[int, str]

    def accounts(self) -> list[AccountSuggestions]:
        """One answer for each account of the chunk, also for those without suggestions."""
        found: list[list[Suggestion]] = [[] for _ in self.account_ids]
        chance = [None] * len(self.row) if self.probability is None else self.probability.tolist()
        columns = (self.sku, self.rank, self.score, self.buyers, self.neighbours, self.base_rate)
        rows = zip(self.row.tolist(), *(column.tolist() for column in columns), chance, strict=True)
        for row, sku, *figures in rows:
            found[row].append(Suggestion(self.skus[sku], *figures))
        return [AccountSuggestions(name, found[row], self.fewer.get(row)) for row, name in enumerate(self.account_ids)]
