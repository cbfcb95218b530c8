"""What suggestions need to know of everybody as of a day: item weights, reference accounts, figures of each product."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp

from forecasting.similar.catalogue import Catalogue
from forecasting.similar.factors import Factors, factors_of
from forecasting.similar.weights import cosine_weights, exact_weights, gram, sparse_weights

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from forecasting.similar.answered import Answers
    from forecasting.similar.baskets import Baskets, Floats32

EXACT_SKUS = 4_000  # from here on weights are sparse: the exact ones cost the cube of it
REFERENCES = 20_000  # accounts among which neighbours are looked for
LEARNT_FROM = 300_000  # accounts that item weights are learnt from
SLOW_DAYS, VOTE_DAYS, FAST_DAYS = 120.0, 60.0, 30.0  # half-lives; the ranker weighs them against each other
FRESH_DAYS = (7, 14, 30, 60, 90)
COSINES = 50
FEWEST_BUYERS = 5.0


@dataclass(frozen=True, slots=True)
class Items:
    """Figures of each product, shape (skus,). log: of 1 + the figure."""

    buyers: Floats32  # accounts that ever bought it
    fresh: Floats32  # shape (len(FRESH_DAYS), skus): accounts that first bought it in the last days
    log_age: Floats32  # days since it was first sold
    log_silent: Floats32  # days since it was last sold
    log_sold: Floats32  # accounts that bought it in the last 30 days
    repeat: Floats32  # share of buyers who bought it again, drawn to a fifth
    breadth: Floats32  # mean log number of products of its buyers
    quantity: Floats32  # mean log units of an order day
    log_price: Floats32 | None


@dataclass(frozen=True, slots=True)
class References:
    """Accounts that neighbours are chosen from, shape (references, skus) each, rows of directions of length 1."""

    place: Mapping[str, int]  # of an account
    bought: sp.csr_array
    ever: sp.csr_array  # directions of `bought`, turned: shape (skus, references)
    votes: sp.csr_array
    fresh_votes: sp.csr_array  # first bought in the last 30 days


@dataclass(frozen=True, slots=True)
class Population:
    """As of a day. `exact` weights are dense. group: variants, by SKU; hot: products by fresh demand, best first."""

    skus: Sequence[str]
    buyers: int
    slow_weights: Floats32 | sp.csr_array
    factors: Factors
    cosine: sp.csr_array
    references: References
    items: Items
    hot: NDArray[np.int64]
    available: NDArray[np.bool_]
    group: NDArray[np.int32] | None
    tokens: sp.csr_array | None
    appeal: Floats32 | None = None  # of each product to those who were asked, see `Answers.appeal`


def population_of(
    baskets: Baskets,
    catalogue: Catalogue | None = None,
    *,
    exact: bool | None = None,
    answers: Answers | None = None,
) -> Population:
    """Everything about everybody. exact: dense item weights; by default where there are at most EXACT_SKUS.

    answers: those that were known on the day."""
    known = catalogue or Catalogue()
    dense = len(baskets.skus) <= EXACT_SKUS if exact is None else exact
    learnt = baskets.take(sample(baskets, LEARNT_FROM)) if baskets.buyers > LEARNT_FROM else baskets
    slow = gram(learnt.decayed(SLOW_DAYS))
    slow_weights = exact_weights(slow) if dense else sparse_weights(slow)
    del slow  # as large as the weights
    cosine = cosine_weights(gram(learnt.matrix()), COSINES)
    items = items_of(baskets, known.log_prices(baskets.skus))
    available = known.available(baskets.skus) & (items.buyers > 0)
    return Population(
        baskets.skus,
        baskets.buyers,
        slow_weights,
        factors_of(learnt.decayed(SLOW_DAYS)),
        cosine,
        references_of(baskets),
        items,
        _hot(items, available),
        available,
        known.groups(baskets.skus),
        known.tokens(baskets.skus),
        None if answers is None else answers.appeal(len(baskets.skus)),
    )


def sample(baskets: Baskets, most: int) -> NDArray[np.int64]:
    """At most so many of the accounts with orders, spread evenly over their ids."""
    active = baskets.active()
    if len(active) <= most:
        return active
    return active[np.linspace(0, len(active) - 1, most).astype(np.int64)]


def items_of(baskets: Baskets, log_price: Floats32 | None) -> Items:
    """Figures of every product."""
    sku, skus = baskets.sku, len(baskets.skus)

    def total(weights: NDArray[np.float32] | NDArray[np.bool_] | None = None) -> Floats32:
        return np.bincount(sku, weights, skus).astype(np.float32)

    buyers = total()
    fewest = np.maximum(buyers, 1)
    age, silent = np.zeros(skus, np.float32), np.full(skus, np.float32(9999))
    np.maximum.at(age, sku, baskets.first_age)
    np.minimum.at(silent, sku, baskets.last_age)
    width = np.log1p(np.bincount(baskets.account, minlength=baskets.accounts))[baskets.account].astype(np.float32)
    return Items(
        buyers,
        np.stack([total(baskets.first_age <= days) for days in FRESH_DAYS]),
        np.log1p(age),
        np.log1p(silent),
        np.log1p(total(baskets.last_age <= 30)),
        np.asarray((total(baskets.order_days > 1) + 1) / (buyers + FEWEST_BUYERS), np.float32),
        np.asarray(total(width) / fewest, np.float32),
        np.asarray(total(baskets.quantity) / fewest, np.float32),
        log_price,
    )


def references_of(baskets: Baskets) -> References:
    """The accounts that neighbours are chosen from."""
    some = baskets.take(sample(baskets, REFERENCES))
    bought = some.matrix()
    fresh = some.first_age <= FAST_DAYS
    return References(
        {name: number for number, name in enumerate(some.account_ids)},
        bought,
        sp.csr_array(directions(bought).T),
        some.decayed(VOTE_DAYS),
        some.matrix(np.ones(len(fresh), np.float32), fresh),
    )


def directions(matrix: sp.csr_array) -> sp.csr_array:
    """Rows of length 1, or empty."""
    rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    length = np.sqrt(np.bincount(rows, np.square(matrix.data, dtype=np.float64), matrix.shape[0]))
    scaled = (matrix.data / np.maximum(length, 1e-12)[rows]).astype(np.float32)
    return sp.csr_array((scaled, matrix.indices, matrix.indptr), matrix.shape)


def _hot(items: Items, available: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Products that may be suggested, by buyers who found them in the last 30 days, then by all buyers."""
    place = np.flatnonzero(available)
    order = np.lexsort((place, -items.buyers[place], -items.fresh[2][place]))
    return place[order]
