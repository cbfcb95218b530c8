"""Products that similar accounts buy: cosine neighbours over what each account ever bought.

A neighbour's vote counts by likeness and by how lately it bought; the votes of best sellers are discounted, so that
rare products have their chance. Repeat purchases are the forecast's business: only new products are suggested.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import scipy.sparse as sp

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from forecasting.columns import Floats, Ints
    from forecasting.history import OrderDays

NEIGHBOURS = 60
VOTE_HALF_LIFE_DAYS = 60.0
POPULARITY_DISCOUNT = 0.3  # of .0, .3, .5 the best on the wholesaler at two dates; .5 shows more rare products
FEWEST_BUYERS = 3.0  # a product counts as if at least so many bought it, or one buyer would outweigh all
MIN_NEIGHBOURS, MIN_LIFT = 10, 1.5  # below them a suggestion may be made, but not explained with figures
CELLS_AT_ONCE = 20_000_000  # of accounts x (accounts + products): bounds the memory of a chunk


class Suggestion(msgspec.Struct, frozen=True, array_like=True):
    """A new product for an account. `buyers` of its `neighbours` ever bought it, and `base_rate` of all accounts."""

    sku: str
    rank: int
    score: float
    buyers: int
    neighbours: int
    base_rate: float

    @property
    def lift(self) -> float:
        """How much more often neighbours buy it than accounts at large."""
        return self.buyers / self.neighbours / self.base_rate if self.neighbours and self.base_rate else 0.0

    @property
    def explained(self) -> bool:
        """Whether the figures may be shown as the reason."""
        return self.neighbours >= MIN_NEIGHBOURS and self.lift >= MIN_LIFT


class AccountSuggestions(msgspec.Struct, frozen=True, array_like=True):
    """What the artefact of neighbours holds for one account; reason: why there are fewer than asked for."""

    account_id: str
    suggestions: list[Suggestion]
    reason: str | None


NO_NEIGHBOURS = "no_similar_account"
FEW_PRODUCTS = "neighbours_buy_nothing_else"


@dataclass(frozen=True, slots=True)
class Baskets:
    """Who bought what, shape (accounts, products): `bought` is 1 or absent, `votes` decays from 1 by days since."""

    account_ids: Sequence[str]
    skus: Sequence[str]
    bought: sp.csr_array
    votes: sp.csr_array
    directions: sp.csr_array  # `bought`, rows of length 1
    popularity: Floats  # accounts that ever bought each product
    buyers: int  # accounts that ever bought anything


def baskets_of(history: OrderDays, as_of_day: float) -> Baskets:
    """Baskets of the order days before as_of_day (ordinal)."""
    known = history.before(as_of_day)
    last = np.append(np.flatnonzero(known.starts())[1:] - 1, len(known) - 1) if len(known) else np.empty(0, np.intp)
    place = (known.account[last], known.sku[last])
    shape = (len(known.account_ids), len(known.skus))
    votes = 0.5 ** ((as_of_day - known.day[last]) / VOTE_HALF_LIFE_DAYS)
    bought = sp.csr_array((np.ones(len(last)), place), shape)
    length = np.sqrt(np.maximum(bought.sum(1), 1.0))
    popularity = np.asarray(bought.sum(0), float)
    return Baskets(
        known.account_ids,
        known.skus,
        bought,
        sp.csr_array((votes, place), shape),
        sp.csr_array(sp.diags_array(1 / length) @ bought),
        popularity,
        int(np.count_nonzero(bought.sum(1))),
    )


def neighbours(baskets: Baskets, rows: Ints) -> sp.csr_array:
    """Cosine likeness of the accounts at `rows` to their NEIGHBOURS nearest, shape (rows, accounts)."""
    alike = (baskets.directions[rows] @ baskets.directions.T).toarray()
    alike[np.arange(len(rows)), rows] = 0.0
    keep = min(NEIGHBOURS, alike.shape[1])
    nearest = np.argsort(-alike, axis=1, kind="stable")[:, :keep]  # stable: ties go to the account named first
    at = np.repeat(np.arange(len(rows)), keep), nearest.ravel()
    kept = sp.csr_array((alike[at], at), alike.shape)
    kept.eliminate_zeros()
    return kept


def recommend(baskets: Baskets, k: int, rows: Ints | None = None) -> Iterator[list[AccountSuggestions]]:
    """At most k new products for each account that ever bought (or those at `rows`), in chunks of accounts."""
    wanted = np.flatnonzero(baskets.bought.sum(1) > 0) if rows is None else rows
    step = max(CELLS_AT_ONCE // max(sum(baskets.bought.shape), 1), 1)
    for start in range(0, len(wanted), step):
        yield _recommend(baskets, k, wanted[start : start + step])


def recommend_one(baskets: Baskets, account_id: str, k: int) -> AccountSuggestions:
    """The same for one account; an unknown one has no neighbours."""
    if account_id not in baskets.account_ids:
        return AccountSuggestions(account_id, [], NO_NEIGHBOURS)
    row = np.array([list(baskets.account_ids).index(account_id)])
    return _recommend(baskets, k, row)[0]


def _recommend(baskets: Baskets, k: int, rows: Ints) -> list[AccountSuggestions]:
    alike = neighbours(baskets, rows)
    score = (alike @ baskets.votes).toarray() / np.maximum(baskets.popularity, FEWEST_BUYERS) ** POPULARITY_DISCOUNT
    score[baskets.bought[rows].toarray() > 0] = 0.0
    likes = sp.csr_array((np.ones(alike.nnz), alike.indices, alike.indptr), alike.shape)
    buyers = (likes @ baskets.bought).tocsr()
    best = np.argsort(-score, axis=1, kind="stable")[:, :k]
    sizes = np.diff(alike.indptr)
    return [
        _row(baskets, rows[i], k, best[i], score[i], buyers[[i]].toarray()[0], int(sizes[i])) for i in range(len(rows))
    ]


def _row(
    baskets: Baskets, row: int, k: int, best: NDArray[np.intp], score: Floats, buyers: Floats, size: int
) -> AccountSuggestions:
    base_rate = baskets.popularity / baskets.buyers
    found = [
        Suggestion(baskets.skus[j], rank, float(score[j]), int(buyers[j]), size, float(base_rate[j]))
        for rank, j in enumerate((j for j in best if score[j] > 0), 1)
    ]
    reason = None if len(found) == k else NO_NEIGHBOURS if size == 0 else FEW_PRODUCTS
    return AccountSuggestions(baskets.account_ids[row], found, reason)
