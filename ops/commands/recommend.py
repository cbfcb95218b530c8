"""`ringahead recommend`: a file of orders in, a file of new products for each account out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
import numpy as np
import pandas as pd

from forecasting.history import order_days
from forecasting.similar import Catalogue, baskets_of, fit_recommender, steps
from ops.orders_file import OPTIONAL, as_of_date, check_out, read_order_lines, write_table
from ops.progress import progress

if TYPE_CHECKING:
    from forecasting.history import OrderDays
    from forecasting.similar import Ranked


@click.command()
@click.option("--orders", type=click.Path(path_type=Path), required=True, help="Order lines, .parquet or .csv.")
@click.option("--as-of", required=True, metavar="DATE", help="Only lines before this day are read, e.g. 2011-09-01.")
@click.option("-k", "count", type=click.IntRange(1, 1000), default=10, show_default=True, help="Products an account.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The result, .parquet or .csv.")
def command(orders: Path, as_of: str, count: int, out: Path) -> None:
    """Suggest from a file of orders what else each account would buy.

    Reads what `ringahead forecast` reads; columns category and description are used where the file has them. Writes
    account_id, sku, rank (1 is best): only products that the account never bought before. Where there are fewer than
    asked for, FILE.reasons.csv beside the result says why.
    """
    day = as_of_date(as_of)
    check_out(out)
    with progress(f"reading {orders.name}", 1) as advance:
        lines = read_order_lines(orders, day)
        advance(1)
    click.echo(f"{orders}: {lines.summary()}", err=True)
    chunks = ranked(order_days(lines.frame), day.toordinal(), catalogue_of(lines.frame), count)
    table, reasons = suggestions_table(chunks), reasons_table(chunks)
    write_table(table, out)
    beside = out.with_name(f"{out.name}.reasons.csv")
    write_table(reasons, beside)
    click.echo(f"{out}: {len(table):,} suggestions for {table['account_id'].nunique():,} accounts", err=True)
    if len(reasons):
        click.echo(f"{beside}: {len(reasons):,} accounts have fewer than {count}, with the reason", err=True)


def ranked(history: OrderDays, as_of_day: int, catalogue: Catalogue, count: int) -> list[Ranked]:
    """Learn from the history before as_of_day and rank for every account, showing how far it is."""
    with progress("learning what is bought for the first time", steps(history, as_of_day)) as advance:
        recommender = fit_recommender(history, as_of_day, catalogue, advance=advance)
    carts, found = baskets_of(history, as_of_day), []
    with progress("ranking", carts.buyers) as advance:
        for chunk in recommender.recommend(carts, count):
            found.append(chunk)
            advance(len(chunk.account_ids))
    return found


def catalogue_of(lines: pd.DataFrame) -> Catalogue:
    """Prices, and words where the file has them: the last that was said of each SKU."""
    priced = lines[lines["unit_price"] > 0]
    prices = priced.groupby("sku")["unit_price"].median().to_dict()
    last = lines.sort_values("ordered_at", kind="stable").drop_duplicates("sku", keep="last").set_index("sku")
    present = [name for name in OPTIONAL if name in lines]
    words = {str(sku): " ".join(row) for sku, row in zip(last.index, last[present].to_numpy(), strict=True)}
    return Catalogue({str(sku): float(price) for sku, price in prices.items()}, words if present else {})


def suggestions_table(chunks: list[Ranked]) -> pd.DataFrame:
    """account_id, sku, rank."""
    names = [np.array(one.account_ids, object)[one.row] for one in chunks]
    skus = np.array(chunks[0].skus, object) if chunks else np.empty(0, object)
    table = pd.DataFrame(
        {
            "account_id": np.concatenate([*names, np.empty(0, object)]),
            "sku": skus[np.concatenate([*(one.sku for one in chunks), np.empty(0, np.int64)])],
            "rank": np.concatenate([*(one.rank for one in chunks), np.empty(0, np.int64)]),
        }
    )
    return table.astype({"account_id": "str", "sku": "str", "rank": "int64"}).sort_values(
        ["account_id", "rank"], ignore_index=True
    )


def reasons_table(chunks: list[Ranked]) -> pd.DataFrame:
    """account_id, suggestions (how many), reason, for accounts with fewer than asked for."""
    rows = [
        (one.account_ids[row], int(np.count_nonzero(one.row == row)), reason)
        for one in chunks
        for row, reason in one.fewer.items()
    ]
    return pd.DataFrame(rows, columns=["account_id", "suggestions", "reason"]).sort_values(
        "account_id", ignore_index=True
    )
