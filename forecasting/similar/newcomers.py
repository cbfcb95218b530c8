"""Accounts about which little is known: their first suggestions, and what accounts like them do.

A newcomer is described by its trade, where that is known, and by its first orders, where there are any.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from forecasting.similar.answers import FEW_LEFT, AccountSuggestions, Suggestion
from forecasting.similar.baskets import Baskets, baskets_of
from forecasting.similar.neighbours import neighbours
from forecasting.similar.population import References, references_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from forecasting.history import OrderDays
    from forecasting.similar.recommender import Recommender

OUT_OF_TRADE = 5.0  # accounts of everybody's that a trade's figures are drawn towards
FEWEST_ALIKE = 10


@dataclass(frozen=True, slots=True)
class FirstOrder:
    """An order day of a product by a newcomer; age_days before today, units > 0."""

    sku: str
    age_days: float
    units: float = 1.0


@dataclass(frozen=True, slots=True)
class PacePrior:
    """How accounts like this one order: what a forecast of a newcomer may start from.

    accounts: how many it is learnt from. gap_days, gap_log_sd: geometric mean and spread of the days between order days
    of anything. buy_share, sku_gap_days: of each product, by how many of them it is bought, and how often again (days;
    missing where nobody bought it twice).
    """

    accounts: int
    gap_days: float
    gap_log_sd: float
    buy_share: Mapping[str, float]
    sku_gap_days: Mapping[str, float]


def cart_of(account_id: str, skus: Sequence[str], orders: Sequence[FirstOrder]) -> Baskets:
    """The basket of one account from its orders; SKUs that the range does not know are left out."""
    place = {sku: number for number, sku in enumerate(skus)}
    known = sorted((place[one.sku], one.age_days, one.units) for one in orders if one.sku in place)
    sku = np.array([one[0] for one in known], np.int32)
    age, units = np.array([one[1] for one in known]), np.array([one[2] for one in known])
    each, which, days = np.unique(sku, return_inverse=True, return_counts=True)
    first, last = np.zeros(len(each)), np.full(len(each), np.inf)
    np.maximum.at(first, which, age)
    np.minimum.at(last, which, age)
    log_units = np.bincount(which, np.log(np.maximum(units, 1e-6)), len(each)) / np.maximum(days, 1)
    ages = [one.age_days for one in orders] or [0.0]
    order_days = len({one.age_days for one in orders})
    pairs = [np.array(column, np.float32) for column in (first, last, days, log_units)]
    account = [np.array([figure], np.float32) for figure in (order_days, max(ages), min(ages))]
    places = np.zeros(len(each), np.int32)
    return Baskets(
        [account_id], skus, places, each, pairs[0], pairs[1], pairs[2], pairs[3], account[0], account[1], account[2]
    )


def first_suggestions(
    recommender: Recommender,
    account_id: str,
    orders: Sequence[FirstOrder],
    k: int,
    trade: Baskets | None = None,
) -> AccountSuggestions:
    """At most k products for a newcomer. trade: the baskets of the accounts of its trade, over the same SKUs.

    From the first order on the ranker speaks; before it, what is bought by more of the trade than of all.
    """
    cart = cart_of(account_id, recommender.population.skus, orders)
    if len(cart.account):
        return next(iter(recommender.recommend(cart, k))).accounts()[0]
    return _of_trade(recommender, account_id, k, trade)


def _of_trade(recommender: Recommender, account_id: str, k: int, trade: Baskets | None) -> AccountSuggestions:
    """Best sellers of the trade, drawn to everybody's; without a trade those that most accounts lately found."""
    who = recommender.population
    everybody = who.items.buyers.astype(float) / max(who.buyers, 1)
    if trade is None:
        buyers, size, best = np.zeros(len(who.skus), np.int64), 0, who.hot[:k]
        score = who.items.fresh[2].astype(float)
    else:
        buyers, size = np.bincount(trade.sku, minlength=len(who.skus)), trade.buyers
        score = (buyers + OUT_OF_TRADE * everybody) / (size + OUT_OF_TRADE)
        free = np.flatnonzero(who.available)
        best = free[np.lexsort((free, -score[free]))][:k]
    told = [
        Suggestion(who.skus[j], rank, float(score[j]), int(buyers[j]), size, float(everybody[j]))
        for rank, j in enumerate(best.tolist(), 1)
    ]
    return AccountSuggestions(account_id, told, None if len(told) == k else FEW_LEFT)


def similar_accounts(baskets: Baskets, cart: Baskets, references: References | None = None) -> list[tuple[str, float]]:
    """Accounts of `baskets` most like the one of `cart`, with their likeness (cosine), best first."""
    among = references or references_of(baskets)
    alike = neighbours(among, cart)
    names = list(among.place)
    order = np.lexsort((alike.indices, -alike.data))
    return [(names[alike.indices[i]], float(alike.data[i])) for i in order]


def pace_prior(history: OrderDays, as_of_day: float, accounts: Sequence[str]) -> PacePrior | None:
    """What the given accounts do, e.g. those of `similar_accounts` or of the newcomer's trade, before as_of_day.

    None where fewer than FEWEST_ALIKE of them ordered on two days: a forecast then starts from everybody.
    """
    wanted = np.isin(np.asarray(history.account_ids, object), list(accounts))
    some = history.where(wanted[history.account] & (history.day < as_of_day))
    gaps = _gaps(some.of_accounts())
    if len(gaps) < FEWEST_ALIKE:
        return None
    size = len(np.unique(some.account))
    carts = baskets_of(some, as_of_day)
    buyers = np.bincount(carts.sku, minlength=len(carts.skus))
    twice = carts.order_days > 1
    gap = np.log(np.maximum((carts.first_age - carts.last_age)[twice] / (carts.order_days[twice] - 1), 0.5))
    again = np.bincount(carts.sku[twice], minlength=len(carts.skus))
    mean = np.bincount(carts.sku[twice], gap, len(carts.skus)) / np.maximum(again, 1)
    return PacePrior(
        size,
        float(np.exp(gaps.mean())),
        float(gaps.std()),
        {carts.skus[j]: float(buyers[j] / size) for j in np.flatnonzero(buyers).tolist()},
        {carts.skus[j]: float(np.exp(mean[j])) for j in np.flatnonzero(again).tolist()},
    )


def _gaps(orders: OrderDays) -> NDArray[np.float64]:
    """Mean log gap of each account that ordered on two days or more."""
    if not len(orders):
        return np.empty(0)
    inner = ~orders.starts()[1:]
    gap = np.log(np.maximum(np.diff(orders.day)[inner], 0.5))
    whose = orders.account[1:][inner]
    count = np.bincount(whose)
    return np.asarray(np.bincount(whose, gap)[count > 0] / count[count > 0], float)
