"""How good suggestions are: what is scored, and how."""

import numpy as np

from forecasting.history import OrderDays
from forecasting.similar import Baskets, Recommender, baskets_of

WINDOW_DAYS, K = 60, 10


def truth(history: OrderDays, known: Baskets, day: float) -> dict[int, set[int]]:
    """What each scored account bought for the first time in the window."""
    later = baskets_of(history, day + WINDOW_DAYS)
    sold = np.bincount(known.sku, minlength=len(known.skus)) > 0
    new = (later.first_age <= WINDOW_DAYS) & sold[later.sku] & (known.account_order_days[later.account] >= 2)
    found: dict[int, set[int]] = {}
    for account, sku in zip(later.account[new].tolist(), later.sku[new].tolist(), strict=True):
        found.setdefault(account, set()).add(sku)
    return found


def quality(told: np.ndarray, wanted: list[set[int]]) -> tuple[float, float]:
    """recall@K and ndcg@K, mean over accounts."""
    discount = 1 / np.log2(np.arange(2, K + 2))
    hit = np.array([[sku in one for sku in row] for row, one in zip(told.tolist(), wanted, strict=True)], float)
    most = np.array([min(len(one), K) for one in wanted])
    best = np.cumsum(discount)[most - 1]
    return float((hit.sum(1) / most).mean()), float((hit @ discount / best).mean())


def ours(fitted: Recommender, known: Baskets, rows: np.ndarray) -> np.ndarray:
    """The K best of each account, -1 where there are fewer, shape (rows, K)."""
    told = np.full((known.accounts, K), -1)
    place = {name: number for number, name in enumerate(known.account_ids)}
    for chunk in fitted.recommend(known.take(rows), K):
        whose = np.array([place[name] for name in chunk.account_ids])
        told[whose[chunk.row], chunk.rank - 1] = chunk.sku
    return told[rows]
