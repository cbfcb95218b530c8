"""Products that an account may be suggested: the union of what several scorers rank high, with every scorer's view."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp

from forecasting.similar.neighbours import neighbours, votes
from forecasting.similar.population import FAST_DAYS, SLOW_DAYS, VOTE_DAYS
from forecasting.similar.scores import keys_of, product

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from forecasting.similar.baskets import Baskets
    from forecasting.similar.population import Population
    from forecasting.similar.scores import Scored, Scores


@dataclass(frozen=True, slots=True)
class Widths:
    """How many candidates come from each scorer; the hottest products stand in where the others know nothing."""

    items: int
    neighbours: int
    hot: int


WIDE, NARROW = Widths(150, 75, 50), Widths(60, 30, 20)
SCORERS = ("slow", "fast", "alike", "alike_fresh", "cosine", "factors")


@dataclass(frozen=True, slots=True)
class Candidates:
    """Pairs sorted by (row, sku); row is a place in `carts`. alike: neighbours of the accounts."""

    carts: Baskets
    row: NDArray[np.int64]
    sku: NDArray[np.int64]
    scores: dict[str, Scored]
    alike: sp.csr_array

    def __len__(self) -> int:
        return len(self.row)


def candidates(population: Population, carts: Baskets, widths: Widths) -> Candidates:
    """What each account of `carts` may be suggested; never what it has, a variant of that, or what is unavailable."""
    slow, fast = carts.decayed(SLOW_DAYS), carts.decayed(FAST_DAYS)
    alike = neighbours(population.references, carts)
    by_items, by_accounts = product(slow, population.slow_weights), votes(alike, population.references.votes)
    scores: dict[str, Scored] = {
        "slow": by_items,
        "fast": product(fast, population.slow_weights),
        "alike": by_accounts,
        "alike_fresh": votes(alike, population.references.fresh_votes),
        "cosine": product(carts.decayed(VOTE_DAYS), population.cosine),
        "factors": population.factors.scores(slow),
    }
    barred = barred_by(population, carts)
    row, sku = _union(population, by_items, by_accounts, barred, widths)
    return Candidates(carts, row, sku, scores, alike)


def barred_by(population: Population, carts: Baskets) -> sp.csr_array:
    """What each account bought or lately refused, and every variant of it."""
    bought = carts.matrix() if carts.rests is None else sp.csr_array(carts.matrix() + carts.rests)
    if population.group is None:
        return bought
    skus = len(population.group)
    member = sp.csr_array((np.ones(skus, np.float32), (np.arange(skus), population.group)))
    return sp.csr_array((bought @ member) @ member.T)


def _union(
    population: Population, slow: Scores, alike: Scores, barred: sp.csr_array, widths: Widths
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    skus = len(population.skus)
    parts = (
        slow.best(widths.items, barred),
        alike.best(widths.neighbours, barred),
        _hot(population, barred, widths.hot),
    )
    found = np.sort(np.concatenate(parts))
    found = found[np.append(True, found[1:] != found[:-1])] if len(found) else found
    found = found[population.available[found % skus]]
    no = keys_of(barred)
    if len(no) and len(found):
        place = np.minimum(np.searchsorted(no, found), len(no) - 1)
        found = found[no[place] != found]
    return found // skus, found % skus


def _hot(population: Population, barred: sp.csr_array, count: int) -> NDArray[np.int64]:
    """Keys of at least `count` hot products that each account does not have, as far as there are."""
    skus = len(population.skus)
    has = np.diff(barred.indptr)
    wanted = np.minimum(count + has, len(population.hot))
    row = np.repeat(np.arange(len(wanted), dtype=np.int64), wanted)
    place = np.arange(len(row)) - np.repeat(np.cumsum(wanted) - wanted, wanted)
    keys = row * skus + population.hot[place]
    free = keys[~np.isin(keys, keys_of(barred))]
    new = np.ones(len(free), bool)
    new[1:] = free[1:] // skus != free[:-1] // skus
    order = np.arange(len(free)) - np.maximum.accumulate(np.where(new, np.arange(len(free)), 0))
    first: NDArray[np.int64] = free[order < count]
    return first
