"""What the ranker sees of a candidate: how the scorers see it, how fresh it is, how it fits the habits.

Only what differs between the candidates of one account can rank them; what is the account's own enters as a difference
between product and habit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from forecasting.similar.candidates import SCORERS
from forecasting.similar.population import FRESH_DAYS, VOTE_DAYS
from forecasting.similar.scores import product

if TYPE_CHECKING:
    from collections.abc import Callable

    import scipy.sparse as sp
    from numpy.typing import NDArray

    from forecasting.similar.baskets import Baskets, Floats32
    from forecasting.similar.candidates import Candidates
    from forecasting.similar.population import Items, Population

    Put = Callable[[str, Floats32], None]

HABIT_DAYS = 90.0
HABITS = ("buyers", "age", "fresh", "repeat", "price")
ROWS_AT_ONCE = 200_000
SHRINK_PRODUCTS = 3.0  # an account's habit counts as if it had so many more products of the usual kind
NAMES = (
    *(f"{name}_{form}" for name in SCORERS for form in ("log", "rank")),
    *(f"fresh_{days}" for days in FRESH_DAYS),
    "trend_short",
    "trend_long",
    "buyers",
    "age",
    "silent",
    "sold",
    "repeat",
    *(f"{name}_{form}" for name in HABITS for form in ("fit", "gap")),
    "quantity_fit",
    "quantity_gap",
    "breadth_gap",
    "words_log",
    "words_rank",
    "appeal",
    "unwanted",
)


def features(population: Population, found: Candidates) -> Floats32:
    """One row a candidate, one column a name of NAMES, shape (candidates, names). What is not known is 0."""
    columns = np.zeros((len(found), len(NAMES)), np.float32, order="F")
    place = {name: number for number, name in enumerate(NAMES)}

    def put(name: str, values: Floats32) -> None:
        columns[:, place[name]] = values

    for name in SCORERS:
        score = found.scores[name].at(found.row, found.sku)
        put(f"{name}_log", np.log(np.maximum(score, 0) + np.float32(1e-3)))
        put(f"{name}_rank", log_ranks(found.row, score))
    _items(population.items, found.sku, put)
    _habits(population.items, found, put)
    if population.tokens is not None:
        score = _words(population.tokens, found)
        put("words_log", np.log(score + np.float32(1e-2)))
        put("words_rank", log_ranks(found.row, score))
    if population.appeal is not None:
        put("appeal", population.appeal[found.sku])
    if found.carts.unwanted is not None and found.carts.unwanted.nnz:
        put("unwanted", product(found.carts.unwanted, population.cosine).at(found.row, found.sku))
    return columns


def log_ranks(row: NDArray[np.int64], score: Floats32) -> Floats32:
    """log(1 + rank) of each candidate among those of its row, best 0; ties share the best of their ranks."""
    if not len(row):
        return score
    top = float(np.abs(score).max()) * 1.000001 + 1e-30
    key = 2.0 * row - score / top  # one key sorts several times faster than two
    order = np.argsort(key)
    key = key[order]
    place = np.arange(len(key))
    place = np.maximum.accumulate(np.where(np.append(True, key[1:] != key[:-1]), place, 0))
    rank = np.empty(len(row), np.int64)
    rank[order] = place
    start = np.searchsorted(row, np.arange(row[-1] + 1))  # rows are sorted
    return np.log1p((rank - start[row]).astype(np.float32))


def _items(items: Items, sku: NDArray[np.int64], put: Put) -> None:
    fresh = np.log1p(items.fresh)
    for number, days in enumerate(FRESH_DAYS):
        put(f"fresh_{days}", fresh[number][sku])
    put("trend_short", (np.log1p(items.fresh[1] * (90 / 14)) - fresh[4])[sku])
    put("trend_long", (np.log1p(items.fresh[2] * 3) - np.log1p(items.buyers))[sku])
    put("buyers", np.log1p(items.buyers)[sku])
    put("age", items.log_age[sku])
    put("silent", items.log_silent[sku])
    put("sold", items.log_sold[sku])
    put("repeat", items.repeat[sku])


def _habits(items: Items, found: Candidates, put: Put) -> None:
    """Distance of each product from what the account usually buys, in figures of the product."""
    carts, row, sku = found.carts, found.row, found.sku
    weight = np.exp2(-carts.last_age / np.float32(HABIT_DAYS))
    products = np.bincount(carts.account, minlength=carts.accounts)
    figures = {
        "buyers": np.log1p(items.buyers),
        "age": items.log_age,
        "fresh": np.log1p(items.fresh[2]),
        "repeat": items.repeat,
        "price": items.log_price,
    }
    for name, figure in figures.items():
        if figure is None:
            continue
        mean, spread = _habit(carts, weight, figure, items.buyers, products)
        gap = figure[sku] - mean[row]
        put(f"{name}_gap", gap)
        put(f"{name}_fit", np.abs(gap) / spread[row])
    usual = _mean(carts, weight, carts.quantity)[0]
    gap = items.quantity[sku] - usual[row]
    put("quantity_gap", gap)
    put("quantity_fit", np.abs(gap))
    put("breadth_gap", items.breadth[sku] - np.log1p(products).astype(np.float32)[row])


def _mean(carts: Baskets, weight: Floats32, value: Floats32) -> tuple[Floats32, Floats32]:
    """Weighted mean and variance of a figure over the pairs of each account, shape (accounts,)."""

    def total(values: Floats32) -> NDArray[np.float64]:
        return np.bincount(carts.account, values, carts.accounts).astype(np.float64)

    mass = total(weight) + 1e-9
    mean = total(weight * value) / mass
    variance = np.maximum(total(weight * value * value) / mass - mean * mean, 0)
    return mean.astype(np.float32), variance.astype(np.float32)


def _habit(
    carts: Baskets, weight: Floats32, figure: Floats32, buyers: Floats32, products: NDArray[np.int64]
) -> tuple[Floats32, Floats32]:
    """Mean and spread of a product's figure over what each account buys, drawn towards everybody's."""
    everybody = max(float(buyers.sum()), 1.0)
    usual = float((figure * buyers).sum() / everybody)
    spread = float((np.square(figure - usual) * buyers).sum() / everybody)
    mean, variance = _mean(carts, weight, figure[carts.sku])
    share = (products / (products + SHRINK_PRODUCTS)).astype(np.float32)
    drawn = np.sqrt(share * variance + (1 - share) * np.float32(spread) + np.float32(1e-6))
    return np.asarray(share * mean + (1 - share) * np.float32(usual), np.float32), np.asarray(drawn, np.float32)


def _words(tokens: sp.csr_array, found: Candidates) -> Floats32:
    """Mean cosine of the product's words with those of what the account bought, lately most; shape (candidates,)."""
    weight = np.exp2(-found.carts.last_age / np.float32(VOTE_DAYS))
    mass = np.bincount(found.carts.account, weight, found.carts.accounts)
    profile = (found.carts.matrix(weight) @ tokens).tocsr()
    score = np.empty(len(found), np.float32)
    for start in range(0, len(found), ROWS_AT_ONCE):
        part = slice(start, start + ROWS_AT_ONCE)
        both = profile[found.row[part]].multiply(tokens[found.sku[part]])
        score[part] = np.asarray(both.sum(1)).ravel()
    return np.asarray(score / np.maximum(mass, 1e-9).astype(np.float32)[found.row], np.float32)


def account_activity(carts: Baskets) -> Floats32:
    """log of products bought first in the last 60 days, of order days, of days since the last; shape (accounts, 3)."""
    fresh = np.bincount(carts.account, carts.first_age <= 60, carts.accounts)
    columns = (fresh, carts.account_order_days, carts.account_last_age)
    return np.asarray(np.log1p(np.column_stack(columns)), np.float32)
