"""`ringahead recommend`: a file of orders in, a file of new products for each account out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
import pandas as pd

from forecasting.history import order_days
from forecasting.similar import baskets_of, recommend
from ops.orders_file import as_of_date, check_out, read_order_lines, write_table
from ops.progress import progress

if TYPE_CHECKING:
    from forecasting.similar import AccountSuggestions


@click.command()
@click.option("--orders", type=click.Path(path_type=Path), required=True, help="Order lines, .parquet or .csv.")
@click.option("--as-of", required=True, metavar="DATE", help="Only lines before this day are read, e.g. 2011-09-01.")
@click.option("-k", "count", type=click.IntRange(1, 1000), default=10, show_default=True, help="Products an account.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The result, .parquet or .csv.")
def command(orders: Path, as_of: str, count: int, out: Path) -> None:
    """Suggest from a file of orders what else each account would buy.

    Reads what `ringahead forecast` reads. Writes account_id, sku, rank (1 is best): only products that the account
    never bought before, from accounts with a like basket. Where there are fewer than asked for, FILE.reasons.csv
    beside the result says why.
    """
    day = as_of_date(as_of)
    check_out(out)
    with progress(f"reading {orders.name}", 1) as advance:
        lines = read_order_lines(orders, day)
        advance(1)
    click.echo(f"{orders}: {lines.summary()}", err=True)
    baskets = baskets_of(order_days(lines.frame), day.toordinal())
    found: list[AccountSuggestions] = []
    with progress("comparing baskets", baskets.buyers) as advance:
        for chunk in recommend(baskets, count):
            found += chunk
            advance(len(chunk))
    table, reasons = suggestions_table(found), reasons_table(found)
    write_table(table, out)
    beside = out.with_name(f"{out.name}.reasons.csv")
    write_table(reasons, beside)
    click.echo(f"{out}: {len(table):,} suggestions for {table['account_id'].nunique():,} accounts", err=True)
    if len(reasons):
        click.echo(f"{beside}: {len(reasons):,} accounts have fewer than {count}, with the reason", err=True)


def suggestions_table(found: list[AccountSuggestions]) -> pd.DataFrame:
    """account_id, sku, rank."""
    rows = [(a.account_id, s.sku, s.rank) for a in found for s in a.suggestions]
    table = pd.DataFrame(rows, columns=["account_id", "sku", "rank"])
    return table.astype({"account_id": "str", "sku": "str", "rank": "int64"}).sort_values(
        ["account_id", "rank"], ignore_index=True
    )


def reasons_table(found: list[AccountSuggestions]) -> pd.DataFrame:
    """account_id, suggestions (how many), reason, for accounts with fewer than asked for."""
    rows = [(a.account_id, len(a.suggestions), a.reason) for a in found if a.reason]
    return pd.DataFrame(rows, columns=["account_id", "suggestions", "reason"]).sort_values(
        "account_id", ignore_index=True
    )
