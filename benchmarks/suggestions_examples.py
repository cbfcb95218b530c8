"""Ten real accounts of the wholesaler's year with their suggestions and sentences, to be read by eye.

    python -m benchmarks.suggestions_examples [--date 2011-09-01] [--small]

Accounts are taken evenly over how many products they bought. What they bought after the date is marked with a plus.
"""

import argparse
from datetime import UTC, datetime
from decimal import Decimal

import numpy as np

from forecasting.history import OrderDays, order_days
from forecasting.similar import Baskets, baskets_of
from ops.commands.recommend import catalogue_of
from ops.importers import online_retail
from schemas.events.ours import ProductChanged
from streams import suggesting

ACCOUNTS, SHOWN = 10, 3
LEAST_DAYS = 2


def known_of(words: dict[str, str], price: dict[str, float]) -> suggesting.Known:
    """The file's descriptions and prices as a product master."""
    known = suggesting.Known()
    for sku, name in words.items():
        cost = Decimal(str(round(price[sku], 2))) if price.get(sku, 0) >= 0.01 else None
        known.products[sku] = ProductChanged(sku=sku, name=name[:100], unit_price=cost)
    return known


def chosen(known: Baskets) -> list[int]:
    """Places of the accounts, the one with the fewest products first."""
    size = np.bincount(known.account, minlength=known.accounts)
    some = np.flatnonzero(known.account_order_days >= LEAST_DAYS)
    ordered = some[np.argsort(size[some], kind="stable")]
    return [int(ordered[place]) for place in np.linspace(0, len(ordered) - 1, ACCOUNTS + 2).astype(int)[1:-1]]


def favourites(known: Baskets, account: int, words: dict[str, str]) -> str:
    """What it ordered on most days."""
    mine = np.flatnonzero(known.account == account)
    best = mine[np.argsort(-known.order_days[mine], kind="stable")][:4]
    return "; ".join(words[known.skus[known.sku[one]]].strip().capitalize() for one in best)


def bought_later(history: OrderDays, day: int) -> set[tuple[str, str]]:
    """(account, SKU) of every order from the day on."""
    late = history.where(history.day >= day)
    pairs = set(zip(late.account.tolist(), late.sku.tolist(), strict=True))
    return {(history.account_ids[account], history.skus[sku]) for account, sku in pairs}


def main() -> None:
    """Print Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--date", default="2011-09-01")
    parser.add_argument("--small", action="store_true", help="every tenth account, to see that it runs")
    asked = parser.parse_args()
    at = datetime.fromisoformat(asked.date).replace(tzinfo=UTC)
    lines = online_retail.order_lines(online_retail.read())
    if asked.small:
        lines = lines[lines.account_id.astype(int) % 10 == 0]
    history, day = order_days(lines), at.toordinal()
    catalogue = catalogue_of(lines[lines.ordered_at < f"{at:%Y-%m-%d}"])
    words, master = dict(catalogue.words), known_of(dict(catalogue.words), dict(catalogue.price))
    past = history.before(day)
    baskets, later = baskets_of(past, day), bought_later(history, day)
    learnt, _ = suggesting.learn(past, at, master)
    accounts = {baskets.account_ids[place]: place for place in chosen(baskets)}
    made = suggesting.rows(learnt, past, at, master, kept=SHOWN, accounts=set(accounts))
    found = [row for _, rows in made for row in rows]
    for name, place in accounts.items():
        size = int((baskets.account == place).sum())
        print(f"\n**{name}**, {size} products. Orders most often: {favourites(baskets, place, words)}.\n")
        for objective in ("efficiency", "variety", "innovation"):
            rows = sorted(
                (one for one in found if one.account_id == name and one.place(objective)),
                key=lambda one: one.place(objective),
            )
            told = [
                f"{one.name.strip().capitalize()}{' +' if (name, one.sku) in later else ''} "
                f"({100 * (one.probability or 0):.0f} %). {one.sentence}".strip()
                for one in rows
            ]
            print(f"- {objective}: " + " / ".join(told))


if __name__ == "__main__":
    main()
