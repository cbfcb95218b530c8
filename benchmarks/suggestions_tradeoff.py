"""What each objective of suggestions costs and brings, by its strength.

    python -m benchmarks.suggestions_tradeoff [--small] [--date 2011-09-01] [--picture FILE.svg]

The wholesaler's year ("Online Retail"); --small: a made shop, seconds, its figures mean nothing. For each list of 10:
recall@10 and ndcg@10 of what was bought for the first time in the 60 days after (as benchmarks.suggestions), coverage
(share of the range that stands on some list), novelty (mean self-information -log2 of the share of accounts that buy
it, in bits), share of new products, and expected margin of a list (sum of P x value; 100 % is the list by P alone).
"""

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks._shops import FIRST_DAY, shop
from benchmarks._suggestions_quality import K, quality, truth
from benchmarks._tradeoff_picture import picture
from forecasting.history import OrderDays, order_days
from forecasting.similar import Baskets, Catalogue, Ranked, baskets_of, fit_recommender
from forecasting.similar.objectives import (
    EFFICIENCY,
    INNOVATION,
    OBJECTIVES,
    VARIETY,
    WIDE_LIST,
    Facets,
    chances,
    expected_margin,
    facets_of,
    ranks,
)
from ops.commands.recommend import catalogue_of
from ops.importers import online_retail

SWEEP: Mapping[str, tuple[float, ...]] = {
    EFFICIENCY: (0.0, 0.25, 0.5, 0.75, 1.0),
    VARIETY: (0.0, 0.25, 0.5, 0.75, 1.0),
    INNOVATION: (0.0, 0.3, 0.5, 0.7, 1.0),
}


@dataclass(frozen=True, slots=True)
class Scene:
    """Candidates of every scored account, and what it bought in the window."""

    wide: list[Ranked]
    facets: Facets
    wanted: Mapping[str, set[int]]
    sold: int


def scene(history: OrderDays, day: float, catalogue: Catalogue | None) -> Scene:
    """Learn on what was known on the day, and rank the accounts that bought something new after it."""
    past = history.before(day)
    known, found = baskets_of(past, day), truth(history, baskets_of(history, day), day)
    fitted = fit_recommender(past, day, catalogue)
    wide = list(fitted.recommend(_rows(known, found), WIDE_LIST))
    wanted = {known.account_ids[row]: skus for row, skus in found.items()}
    return Scene(wide, facets_of(fitted), wanted, int(fitted.population.available.sum()))


def _rows(known: Baskets, found: Mapping[int, set[int]]) -> Baskets:
    return known.take(np.array(sorted(found)))


def measured(seen: Scene, objective: str, strength: float) -> dict[str, float]:
    """Figures of the lists of one objective."""
    told, wanted, shown, margin, size = [], [], [], 0.0, []
    for chunk in seen.wide:
        place = ranks(chunk, seen.facets, K, {objective: strength})[objective]
        on = place > 0
        lists = np.full((len(chunk.account_ids), K), -1)
        lists[chunk.row[on], place[on] - 1] = chunk.sku[on]
        told.append(lists)
        wanted += [seen.wanted[name] for name in chunk.account_ids]
        shown.append(chunk.sku[on])
        size.append(-np.log2(np.maximum(chunk.base_rate[on], 1e-9)))
        margin += float(expected_margin(chances(chunk)[on], seen.facets, chunk.sku[on]).sum())
    recall, ndcg = quality(np.concatenate(told), wanted)
    every = np.concatenate(shown)
    return {
        "recall": recall,
        "ndcg": ndcg,
        "coverage": len(np.unique(every)) / seen.sold,
        "novelty": float(np.concatenate(size).mean()),
        "new": float(seen.facets.new[every].mean()),
        "margin": margin,
    }


def table(seen: Scene) -> pd.DataFrame:
    """One row for each objective and strength."""
    rows = [
        {"objective": name, "strength": strength, **measured(seen, name, strength)}
        for name in OBJECTIVES
        for strength in SWEEP[name]
    ]
    found = pd.DataFrame(rows)
    found["margin"] /= float(found.loc[(found.objective == VARIETY) & (found.strength == 0), "margin"].iloc[0])
    return found


def main() -> None:
    """Print the table, write the picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--date", default="2011-09-01")
    parser.add_argument("--picture", type=Path)
    asked = parser.parse_args()
    if asked.small:
        seen = scene(shop(accounts=200, products=200), FIRST_DAY + 300, None)
    else:
        lines = online_retail.order_lines(online_retail.read())
        day = date.fromisoformat(asked.date).toordinal()
        seen = scene(order_days(lines), day, catalogue_of(lines[lines.ordered_at < asked.date]))
    found = table(seen)
    print(f"{len(seen.wanted):,} accounts, {seen.sold:,} products, {int(seen.facets.new.sum()):,} of them new")
    print(found.round(3).to_string(index=False))
    if asked.picture:
        asked.picture.write_text(picture(found), "utf-8")


if __name__ == "__main__":
    main()
