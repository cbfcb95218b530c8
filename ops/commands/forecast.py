"""`ringahead forecast`: a file of orders in, a file of forecasts out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
import numpy as np
import pandas as pd

from forecasting.forecasts import Level, forecast_table, forecastable, forecaster_of
from forecasting.history import order_days
from forecasting.learn import fit_population
from ops.orders_file import as_of_date, check_out, read_order_lines, write_table
from ops.progress import progress

if TYPE_CHECKING:
    from forecasting.history import OrderDays

ROWS_AT_ONCE = 10_000


@click.command()
@click.option("--orders", type=click.Path(path_type=Path), required=True, help="Order lines, .parquet or .csv.")
@click.option("--as-of", required=True, metavar="DATE", help="Only lines before this day are read, e.g. 2011-09-01.")
@click.option("--level", type=click.Choice(["pair", "account"]), default="pair", show_default=True)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The result, .parquet or .csv.")
def command(orders: Path, as_of: str, level: Level, out: Path) -> None:
    """Forecast from a file of orders when each account orders next.

    Reads account_id, sku, quantity, unit_price (may be empty), ordered_at, order_id. Writes account_id, sku ('*' for
    the whole account), prob_7d, prob_14d, prob_28d, and the dates p10, p50, p90 of the next order ('never' is
    2100-01-01), for everything that was ordered in the 365 days before. Lines that cannot be used are left out and
    counted on stderr.
    """
    day = as_of_date(as_of)
    check_out(out)
    with progress(f"reading {orders.name}", 1) as advance:
        lines = read_order_lines(orders, day)
        advance(1)
    click.echo(f"{orders}: {lines.summary()}", err=True)
    table = forecast(order_days(lines.frame), day.toordinal(), level)
    write_table(table, out)
    click.echo(f"{out}: {len(table):,} forecasts", err=True)


def forecast(history: OrderDays, as_of_day: int, level: Level) -> pd.DataFrame:
    """Learn from the history before as_of_day and forecast all that can be, showing how far it is."""
    with progress("learning", 1) as advance:
        forecaster = forecaster_of(fit_population(history, as_of_day), level)
        advance(1)
    pairs = forecastable(history, as_of_day, level)
    parts = []
    with progress("forecasting", len(pairs)) as advance:
        for start in range(0, max(len(pairs), 1), ROWS_AT_ONCE):
            part = pairs.take(np.arange(start, min(start + ROWS_AT_ONCE, len(pairs))))
            parts.append(forecast_table(part, forecaster, as_of_day))
            advance(len(part))
    return pd.concat(parts, ignore_index=True).sort_values(["account_id", "sku"], ignore_index=True)
