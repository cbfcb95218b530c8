"""Products that an account never bought, ranked: the population of a day, and the ranker learnt from days before it."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from forecasting.similar.answers import FEW_LEFT, NO_ORDERS, NOTHING_LEFT, AccountSuggestions, Ranked
from forecasting.similar.candidates import NARROW, WIDE, Widths, barred_by, candidates
from forecasting.similar.features import NAMES, account_activity, features
from forecasting.similar.neighbours import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from forecasting.similar.baskets import Baskets, Floats32
    from forecasting.similar.candidates import Candidates
    from forecasting.similar.population import Population
    from forecasting.similar.ranker import Ranker

CELLS_AT_ONCE = 3_000_000  # of accounts x products, in the dense form: bounds the memory of a chunk
PAIRS_AT_ONCE = 20_000  # of the accounts' own pairs, in the sparse form
ACCOUNTS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Recommender:
    """Ranks candidates for any account, known to the population or not. ranker: None where too little was known."""

    as_of_day: float
    population: Population
    ranker: Ranker | None

    @property
    def exact(self) -> bool:
        """Whether item weights are dense."""
        return isinstance(self.population.slow_weights, np.ndarray)

    @property
    def widths(self) -> Widths:
        """How many candidates an account gets."""
        return WIDE if self.exact else NARROW

    def recommend(self, carts: Baskets, k: int, *, workers: int = 1) -> Iterator[Ranked]:
        """At most k new products for each account of `carts`, in chunks, in the accounts' order.

        carts: `Baskets` over the population's own list of SKUs, as of any day from as_of_day on.
        workers: threads; the answers are the same.
        """
        chunks = _chunks(carts, self.exact)
        if workers == 1:
            yield from (self._rank(carts.take(rows), k) for rows in chunks)
            return
        with ThreadPoolExecutor(workers) as pool:
            waiting: deque[Future[Ranked]] = deque()
            for rows in chunks:
                waiting.append(pool.submit(self._rank, carts.take(rows), k))
                if len(waiting) > workers:
                    yield waiting.popleft().result()
            yield from (one.result() for one in waiting)

    def recommend_one(self, carts: Baskets, account_id: str, k: int) -> AccountSuggestions:
        """The same for one account of `carts`."""
        if account_id not in carts.account_ids:
            return AccountSuggestions(account_id, [], NO_ORDERS)
        row = np.array([list(carts.account_ids).index(account_id)])
        return self._rank(carts.take(row), k).accounts()[0]

    def score(self, found: Candidates) -> Floats32:
        """The ranker's score of each candidate; without a ranker a blend of what the scorers say."""
        seen = features(self.population, found)
        if self.ranker is not None:
            return self.ranker.score(seen, found.row, account_activity(found.carts))
        place = {name: number for number, name in enumerate(NAMES)}
        ranks = seen[:, place["slow_rank"]] + seen[:, place["alike_rank"]]
        return (seen[:, place["fresh_30"]] / 4 - ranks).astype(np.float32)

    def _rank(self, carts: Baskets, k: int) -> Ranked:
        widths = self.widths
        found = candidates(self.population, carts, Widths(widths.items, widths.neighbours, max(widths.hot, k)))
        score = self.score(found)
        chance = None
        if self.ranker is not None and self.ranker.chance:
            chance = self.ranker.probability(found.row, score, account_activity(carts))
        best = _best(found.row, score, k)
        row, sku = found.row[best], found.sku[best]
        rank = np.arange(len(best)) - np.searchsorted(row, row) + 1
        return Ranked(
            carts.account_ids,
            carts.skus,
            row,
            sku,
            rank,
            score[best],
            None if chance is None else chance[best],
            counted(found.alike, self.population.references.bought).at(row, sku).astype(np.int64),
            np.diff(found.alike.indptr).astype(np.int64)[row],
            self.population.items.buyers[sku].astype(np.float64) / max(self.population.buyers, 1),
            self._fewer(carts, row, k),
        )

    def _fewer(self, carts: Baskets, row: NDArray[np.int64], k: int) -> dict[int, str]:
        count = np.bincount(row, minlength=carts.accounts)
        short = np.flatnonzero(count < k)
        if not len(short):
            return {}
        barred = np.diff(barred_by(self.population, carts).indptr)
        return {int(one): NOTHING_LEFT if barred[one] and not count[one] else FEW_LEFT for one in short}


def _best(row: NDArray[np.int64], score: Floats32, k: int) -> NDArray[np.int64]:
    """Places of the k best candidates of each row, best first; ties in order of their products."""
    if not len(row):
        return row
    span = float(score.max() - score.min()) + 1.0
    order = np.argsort(row * span - score, kind="stable")
    start = np.searchsorted(row, np.arange(row[-1] + 1))
    return order[np.arange(len(row)) - start[row] < k]


def _chunks(carts: Baskets, exact: bool) -> Iterator[NDArray[np.int64]]:
    """Accounts with orders, so many at once that memory stays bounded, also for accounts that buy everything."""
    active = carts.active()
    size = np.bincount(carts.account, minlength=carts.accounts)[active]
    cost = np.full(len(active), max(len(carts.skus), 1)) if exact else size
    group = (np.cumsum(cost) - cost) // (CELLS_AT_ONCE if exact else PAIRS_AT_ONCE)
    group = np.maximum.accumulate(group + np.arange(len(active)) // ACCOUNTS_AT_ONCE)
    new = np.flatnonzero(group[1:] != group[:-1]) + 1
    yield from (part for part in np.split(active, new) if len(part))
