"""What is suggested for which purpose: one wide list of candidates, ordered anew for each objective.

    facets = facets_of(recommender)
    wide = next(recommender.recommend(carts, WIDE_LIST))
    orders = ranks(wide, facets, k)           # objective -> place of each candidate, 0: not among the k

efficiency: by expected margin, P x (margin share x price x usual quantity) ** strength.
variety: by P against popularity, P / base_rate ** strength, at most a third of a list from one category.
innovation: products new in the range by P on the first `strength` share of places, then by expected margin.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from forecasting.similar.answers import Ranked
    from forecasting.similar.recommender import Recommender

    Floats = NDArray[np.float64]

WIDE_LIST = 50  # candidates that an objective chooses from
EFFICIENCY, VARIETY, INNOVATION = "efficiency", "variety", "innovation"
OBJECTIVES = (EFFICIENCY, VARIETY, INNOVATION)
DEFAULT_STRENGTH: Mapping[str, float] = {EFFICIENCY: 0.5, VARIETY: 0.5, INNOVATION: 0.7}
NEWEST_SHARE, NEWEST_DAYS = 0.1, 180.0  # new: among the newest tenth of the range, and no older than that
LARGEST_SHARE = 1 / 3  # of a list of variety from one category
LEAST_CHANCE = 1e-6
NO_CATEGORY = -1


@dataclass(frozen=True, slots=True)
class Facets:
    """What objectives need of each product, shape (skus,).

    value: expected margin of one purchase, relative: products of which price or share are unknown have the median;
    None where no price is known. new: first sold lately. category: a number, NO_CATEGORY where unknown.
    """

    value: Floats | None
    new: NDArray[np.bool_]
    category: NDArray[np.int64]
    age_days: Floats


def facets_of(
    recommender: Recommender,
    margin_share: Mapping[str, float] | None = None,
    category: Mapping[str, str] | None = None,
) -> Facets:
    """Facets of the recommender's range. margin_share: of the price, by SKU; one share for all where none is known."""
    who, known, names = recommender.population, margin_share or {}, category or {}
    age = np.expm1(who.items.log_age.astype(np.float64))
    place = {name: number for number, name in enumerate(sorted(set(names.values())))}
    return Facets(
        _value(recommender, known),
        new_in_range(age, who.available),
        np.array([place[names[sku]] if sku in names else NO_CATEGORY for sku in who.skus], np.int64),
        age,
    )


def new_in_range(age_days: Floats, available: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The newest tenth of what is sold, no older than NEWEST_DAYS or half of the history; shape (skus,).

    What was there when the history began may be of any age: without the last bound a short history would be all new.
    """
    sold = age_days[available]
    if not len(sold):
        return np.zeros(len(age_days), bool)
    oldest = min(float(np.quantile(sold, NEWEST_SHARE)), NEWEST_DAYS, float(sold.max()) / 2)
    return available & (age_days <= oldest)


def ranks(
    wide: Ranked, facets: Facets, k: int, strength: Mapping[str, float] | None = None
) -> dict[str, NDArray[np.int64]]:
    """For each objective the place (1 is best) of every candidate of `wide`, 0 for those not among the k best."""
    how = {**DEFAULT_STRENGTH, **(strength or {})}
    chance = chances(wide)
    margin = expected_margin(chance, facets, wide.sku, how[EFFICIENCY])
    new = facets.new[wide.sku]
    tail = chance / np.maximum(wide.base_rate, LEAST_CHANCE) ** how[VARIETY]
    spread = _crowded(wide.row, tail, facets.category[wide.sku], max(math.ceil(k * LARGEST_SHARE), 1))
    newest = _places(wide.row, -chance, ~new)
    chosen = new & (newest <= math.ceil(k * how[INNOVATION]))
    places = {
        EFFICIENCY: _places(wide.row, -margin),
        VARIETY: _places(wide.row, -tail, spread),
        INNOVATION: _places(wide.row, np.where(chosen, -chance, -margin), ~chosen),
    }
    return {name: np.where(place <= k, place, 0) for name, place in places.items()}


def chances(wide: Ranked) -> Floats:
    """P of each candidate; where nothing was learnt, a falling figure by rank."""
    if wide.probability is None:
        return np.asarray(1.0 / (1.0 + wide.rank), np.float64)
    return np.maximum(wide.probability.astype(np.float64), LEAST_CHANCE)


def expected_margin(chance: Floats, facets: Facets, sku: NDArray[np.int64], strength: float = 1.0) -> Floats:
    """P x value ** strength; P where no value is known."""
    return chance if facets.value is None else np.asarray(chance * facets.value[sku] ** strength, np.float64)


def _value(recommender: Recommender, margin_share: Mapping[str, float]) -> Floats | None:
    items, skus = recommender.population.items, recommender.population.skus
    if items.log_price is None:
        return None
    share = np.array([margin_share.get(sku, np.nan) for sku in skus], float)
    known = np.isfinite(share) & (share > 0)
    share = np.where(known, share, np.median(share[known]) if known.any() else 1.0)
    value = share * np.exp(items.log_price.astype(np.float64) + items.quantity)
    sold = value[recommender.population.available]
    return np.asarray(value / max(float(np.median(sold)) if len(sold) else 1.0, LEAST_CHANCE), np.float64)


def _crowded(row: NDArray[np.int64], score: Floats, category: NDArray[np.int64], most: int) -> NDArray[np.bool_]:
    """Candidates beyond the `most` best of their category in their row; what has no category crowds nobody."""
    both = row * (int(category.max(initial=0)) + 2) + category + 1
    return np.asarray((_places(both, -score) > most) & (category != NO_CATEGORY), bool)


def _places(row: NDArray[np.int64], cost: Floats, last: NDArray[Any] | None = None) -> NDArray[np.int64]:
    """Place from 1 within the row, by rising cost; those marked `last` after all others. Ties keep their order."""
    order = np.lexsort((cost, np.zeros(len(row), bool) if last is None else last, row))
    sorted_row = row[order]
    place = np.empty(len(row), np.int64)
    place[order] = np.arange(len(row)) - np.searchsorted(sorted_row, sorted_row) + 1
    return place
