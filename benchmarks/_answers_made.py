"""Made answers to suggestions, and what learning from them is worth."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from benchmarks._shops import FIRST_DAY, shop
from benchmarks._suggestions_quality import ours, quality, truth
from forecasting.history import OrderDays
from forecasting.similar import baskets_of, fit_recommender
from forecasting.similar.answered import Answers, answered

REST_DAYS = 180.0
ACCEPTS_IF_WANTED, ACCEPTS_IF_NOT = 0.6, 0.05
ASKED_DAYS = 240


def answers_to(history: OrderDays, day: float, count: int, *, seed: int, informed: bool = True) -> Answers:
    """`count` suggestions in the ASKED_DAYS before the day, of products by popularity, to accounts without them.

    An account wants what it buys for the first time within 120 days. Where `informed` is false, answers are drawn
    without looking at the account.
    """
    rng = np.random.default_rng(seed)
    accounts, skus = len(history.account_ids), len(history.skus)
    account, asked = rng.integers(0, accounts, 4 * count), day - rng.integers(1, ASKED_DAYS, 4 * count)
    pairs = baskets_of(history, float(history.day.max()) + 1)
    sku = rng.permutation(pairs.sku)[rng.integers(0, len(pairs.sku), 4 * count)].astype(np.int64)
    begins = np.full((accounts, skus), np.inf)
    begins[pairs.account, pairs.sku] = float(history.day.max()) + 1 - pairs.first_age
    first = begins[account, sku]
    there = first > asked
    account, sku, asked, first = (column[there][:count] for column in (account, sku, asked, first))
    wanted = first <= asked + 120
    if not informed:
        wanted = rng.permutation(wanted)
    accepted = rng.random(len(account)) < np.where(wanted, ACCEPTS_IF_WANTED, ACCEPTS_IF_NOT)
    rest = np.where(accepted, 0.0, REST_DAYS)
    return Answers(account.astype(np.int64), sku, asked.astype(float), rest, np.ones(len(account), bool))


def compared(
    seed: int, *, accounts: int = 800, products: int = 300, count: int = 8_000
) -> Mapping[str, tuple[float, float]]:
    """(recall@10, ndcg@10) without answers, with them, and with answers that mean nothing.

    What rests is ranked here like everything else: it is learning that is judged, not the rule.
    """
    history = shop(accounts, products, products_each=15.0, kinds=10, days=425, seed=seed)
    day = FIRST_DAY + 365
    past = history.before(day)
    carts, wanted = baskets_of(past, day), truth(history, baskets_of(past, day), day)
    rows = np.array(sorted(wanted))
    found = {}
    for name, answers in (
        ("without answers", None),
        ("with answers", answers_to(history, day, count, seed=seed)),
        ("with answers that mean nothing", answers_to(history, day, count, seed=seed, informed=False)),
    ):
        fitted = fit_recommender(past, day, answers=answers)
        told = ours(fitted, replace(answered(carts, answers, day), rests=None), rows)
        found[name] = quality(told, [wanted[row] for row in rows.tolist()])
    return found
