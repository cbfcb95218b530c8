"""Suggestions: how good they are beside published methods, and what they cost for many accounts.

    python -m benchmarks.suggestions [--small] [--scale [--accounts N] [--products N] [--only METHOD]]

Quality: recall@10 and ndcg@10 of products bought for the first time in the 60 days after a date, over accounts with at
least two order days and such a product; the wholesaler's year ("Online Retail", see ops/importers/data/ATTRIBUTION.md)
at five dates, and made shops of other shapes. `implicit` takes part where it is installed. --small: seconds, and its
figures mean nothing. --scale: time, memory and quality for made accounts instead.
"""

import argparse
import time
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from benchmarks._rivals import EASE, rivals
from benchmarks._shops import FIRST_DAY, shop
from benchmarks._suggestions_quality import K, ours, quality, truth
from benchmarks._suggestions_scale import scale
from forecasting.history import OrderDays, order_days
from forecasting.similar import Catalogue, baskets_of, fit_recommender
from ops.commands.recommend import catalogue_of
from ops.importers import online_retail

DATES = ("2011-06-01", "2011-07-01", "2011-08-01", "2011-09-01", "2011-10-01")

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
    mean = sum(tables) / len(tables)
    ratio = sum(table / table.loc[EASE] for table in tables) / len(tables)
    ratio.columns = [f"{name} / EASE" for name in ratio.columns]
    print(f"{what}: mean, and mean ratio to EASE\n{pd.concat([mean, ratio], axis=1).round(3)}", flush=True)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", action="store_true", help="one small made shop, and the costs of 500 accounts")
    parser.add_argument("--scale", action="store_true", help="cost only")
    parser.add_argument("--accounts", type=int, default=1_200_000)
    parser.add_argument("--products", type=int, default=20_000)
    parser.add_argument("--only", help="with --scale: the methods whose name has this in it")
    asked = parser.parse_args()
    if not asked.scale and not asked.small:
        summary(wholesaler(), "wholesaler")
    if not asked.scale:
        summary(made(asked.small), "made shops")
    if asked.scale or asked.small:
        scale(*(500, 200) if asked.small else (asked.accounts, asked.products), asked.only)


if __name__ == "__main__":
    main()
