"""Suggestions: how good they are beside published methods, and what they cost for many accounts.

    python -m benchmarks.suggestions [--small] [--scale [--accounts N] [--products N]]

Quality: recall@10 and ndcg@10 of products bought for the first time in the 60 days after a date, over accounts with at
least two order days and such a product; the wholesaler's year ("Online Retail", see ops/importers/data/ATTRIBUTION.md)
at five dates, and made shops of other shapes. `implicit` takes part where it is installed. --small: seconds, and its
figures mean nothing. --scale: time and memory for made accounts instead.
"""

import argparse
import resource
import time
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from benchmarks._rivals import rivals
from benchmarks._shops import FIRST_DAY, shop
from forecasting.history import OrderDays, order_days
from forecasting.similar import Baskets, Catalogue, Recommender, baskets_of, dumps, fit_recommender, loads
from ops.commands.recommend import catalogue_of
from ops.importers import online_retail

DATES = ("2011-06-01", "2011-07-01", "2011-08-01", "2011-09-01", "2011-10-01")
WINDOW_DAYS, K = 60, 10
CHANGED, ASKED_ONE_BY_ONE = 10_000, 100

SHAPES: dict[str, dict[str, Any]] = {
    "grocer: 1,500 accounts, 2,000 products": {
        "accounts": 1500,
        "products": 2000,
        "products_each": 60.0,
        "kinds": 8,
    },
    "narrow: 3,000 accounts, 80 products": {"accounts": 3000, "products": 80, "products_each": 8.0, "kinds": 6},
    "changing: 2,000 accounts, 1,000 products": {
        "accounts": 2000,
        "products": 1000,
        "products_each": 25.0,
        "kinds": 20,
        "new_share": 0.7,
        "fades_days": 30.0,
    },
}


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


def compare(history: OrderDays, day: float, catalogue: Catalogue | None = None) -> pd.DataFrame:
    """Scores of every method at a day."""
    past = history.before(day)
    known, wanted = baskets_of(past, day), truth(history, baskets_of(history, day), day)
    rows = np.array(sorted(wanted))
    targets = [wanted[row] for row in rows.tolist()]
    scores = {name: quality(told, targets) for name, told in rivals(known, rows, K)}
    for name, exact, words in (
        ("ours", True, None),
        ("ours, scaling form", False, None),
        ("ours, with words", True, catalogue),
    ):
        if words is None and name.endswith("words"):
            continue
        begun = time.perf_counter()
        told = ours(fit_recommender(past, day, words or _prices(catalogue), exact=exact), known, rows)
        scores[name] = quality(told, targets)
        print(f"   {name}: {time.perf_counter() - begun:.0f} s", flush=True)
    return pd.DataFrame(scores, index=["recall", "ndcg"]).T


def _prices(catalogue: Catalogue | None) -> Catalogue | None:
    return None if catalogue is None else Catalogue(catalogue.price)


def wholesaler() -> list[pd.DataFrame]:
    """The real year."""
    lines = online_retail.order_lines(online_retail.read())
    found = []
    for one in DATES:
        past = lines[lines.ordered_at < one]
        found.append(compare(order_days(lines), date.fromisoformat(one).toordinal(), catalogue_of(past)))
        print(f"wholesaler, {one}\n{found[-1].round(4)}", flush=True)
    return found


def made(small: bool) -> list[pd.DataFrame]:
    """Shops of other shapes: a grocer's, a narrow range, a range that changes."""
    found = []
    for name, shape in list(SHAPES.items())[: 1 if small else None]:
        less = {"accounts": 200, "products": 200} if small else {}
        found.append(compare(shop(**{**shape, **less}), FIRST_DAY + 300))
        print(f"{name}\n{found[-1].round(4)}", flush=True)
    return found


def summary(tables: list[pd.DataFrame], what: str) -> None:
    """Mean over the tables, and the ratio to EASE."""
    ease = "EASE, penalty 300"
    mean = sum(tables) / len(tables)
    ratio = sum(table / table.loc[ease] for table in tables) / len(tables)
    ratio.columns = [f"{name} / EASE" for name in ratio.columns]
    print(f"{what}: mean, and mean ratio to EASE\n{pd.concat([mean, ratio], axis=1).round(3)}", flush=True)


def scale(accounts: int, products: int) -> None:
    """Full refresh, artefact, changed accounts, one account."""
    history = shop(accounts, products)
    day, peak = FIRST_DAY + 365, _peak()
    print(f"{accounts:,} accounts, {products:,} products, {len(history):,} order days; {peak:.1f} GiB to make them")
    begun = time.perf_counter()
    fitted = fit_recommender(history, day, exact=False)
    known = baskets_of(history, day)
    print(f"learn          {time.perf_counter() - begun:8.1f} s, {len(known.account):,} pairs", flush=True)
    told = sum(len(chunk.row) for chunk in fitted.recommend(known, K, workers=2))
    print(
        f"full refresh   {time.perf_counter() - begun:8.1f} s, {told:,} suggestions, peak {_peak():.2f} GiB", flush=True
    )
    data = dumps(fitted)
    begun = time.perf_counter()
    fitted = loads(data)
    changed = known.take(
        np.sort(np.random.default_rng(1).choice(known.accounts, min(CHANGED, accounts), replace=False))
    )
    told = sum(len(chunk.row) for chunk in fitted.recommend(changed, K, workers=2))
    print(
        f"incremental    {time.perf_counter() - begun:8.1f} s for {changed.accounts:,} accounts, "
        f"artefact {len(data) / 2**20:.0f} MiB"
    )
    took = []
    for row in range(min(ASKED_ONE_BY_ONE, changed.accounts)):
        one = changed.take(np.array([row]))
        begun = time.perf_counter()
        fitted.recommend_one(one, one.account_ids[0], K)
        took.append(time.perf_counter() - begun)
    print(f"one account    {1000 * float(np.median(took)):8.2f} ms, slowest {1000 * max(took):.2f} ms")


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", action="store_true", help="one small made shop, and the costs of 2,000 accounts")
    parser.add_argument("--scale", action="store_true", help="cost only")
    parser.add_argument("--accounts", type=int, default=1_200_000)
    parser.add_argument("--products", type=int, default=20_000)
    asked = parser.parse_args()
    if not asked.scale and not asked.small:
        summary(wholesaler(), "wholesaler")
    if not asked.scale:
        summary(made(asked.small), "made shops")
    if asked.scale or asked.small:
        scale(*(2_000, 500) if asked.small else (asked.accounts, asked.products))


if __name__ == "__main__":
    main()
