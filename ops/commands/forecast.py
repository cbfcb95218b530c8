"""`ringahead forecast`: a file of orders in, a file of forecasts out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np
import pandas as pd

from forecasting.explain import explanations
from forecasting.forecasts import Level, account_table, forecast_table, forecastable, ordinals
from forecasting.history import order_days
from forecasting.learn import fit_population
from forecasting.substitution import shares, split_table
from forecasting.weather import DAYS
from ops.orders_file import as_of_date, check_out, read_order_lines, write_table
from ops.products_file import read_follows, read_packs
from ops.progress import progress
from ops.surroundings import Surroundings, told_of
from schemas.errors import BadInput

if TYPE_CHECKING:
    from forecasting.columns import Floats
    from forecasting.history import OrderDays, Pairs
    from forecasting.model import Forecaster

ROWS_AT_ONCE = 10_000
SAID_WITHIN_DAYS = 14
"""Horizon of the probability in a sentence."""


@click.command()
@click.option("--orders", type=click.Path(path_type=Path), required=True, help="Order lines, .parquet or .csv.")
@click.option("--as-of", required=True, metavar="DATE", help="Only lines before this day are read, e.g. 2011-09-01.")
@click.option("--level", type=click.Choice(["pair", "account"]), default="pair", show_default=True)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The result, .parquet or .csv.")
@click.option("--explain", is_flag=True, help="Add what stands behind each forecast, and a sentence for the phone.")
@click.option(
    "--products",
    type=click.Path(path_type=Path),
    help="Packs of one product (sku, group, unit_factor): the group is forecast, and split by share. "
    "Also who follows degree days (follows: heating or cooling, base_celsius).",
)
@click.option("--country", metavar="GB|DE-BY", help="Whose public holidays the trade may be closed on.")
@click.option(
    "--temperatures", type=click.Path(path_type=Path), help="Daily means (day, celsius, region) for degree days."
)
def command(
    orders: Path,
    as_of: str,
    level: Level,
    out: Path,
    explain: bool,
    products: Path | None,
    country: str | None,
    temperatures: Path | None,
) -> None:
    """Forecast from a file of orders when each account orders next.

    Reads account_id, sku, quantity, unit_price (may be empty), ordered_at, order_id. Writes account_id, sku ('*' for
    the whole account), prob_7d, prob_14d, prob_28d, and the dates p10, p50, p90 of the next order ('never' is
    2100-01-01), for everything that was ordered in the 365 days before. Lines that cannot be used are left out and
    counted on stderr.

    --explain adds orders (days behind the forecast), usual_gap_days, last_order, moved_by (silence, quantity, season),
    clock (days, or degree days), method, degraded (a guess from what others do) and sentence.
    """
    day = as_of_date(as_of)
    check_out(out)
    packs = None if products is None else read_packs(products)
    packs = None if packs is None or packs.trivial else packs
    if packs is not None and (explain or level == "account"):
        raise BadInput("--products splits pairs by pack; leave out --explain and --level account with it")
    around = told_of(country, temperatures, {} if products is None else read_follows(products), day.date())
    with progress(f"reading {orders.name}", 1) as advance:
        lines = read_order_lines(orders, day)
        advance(1)
    click.echo(f"{orders}: {lines.summary()}", err=True)
    if packs is None:
        history, parts = order_days(lines.frame), None
    else:
        history, parts = order_days(packs.in_groups(lines.frame)), shares(lines.frame, packs, day.toordinal())
    del lines  # many of them are larger than all that is made of them
    table = forecast(history, day.toordinal(), level, explain=explain, parts=parts, around=around)
    write_table(table, out)
    click.echo(f"{out}: {len(table):,} forecasts", err=True)


def forecast(
    history: OrderDays,
    as_of_day: int,
    level: Level,
    *,
    explain: bool = False,
    parts: pd.DataFrame | None = None,
    around: Surroundings | None = None,
) -> pd.DataFrame:
    """Learn from the history before as_of_day and forecast all that can be, showing how far it is.

    explain: with the columns of forecasting.explain. parts: packs of the history's groups, to be split by share.
    around: holidays and weather.
    """
    with progress("learning", 1) as advance:
        model = fit_population(history, as_of_day, **(around or Surroundings(holidays=(), weather=None)))
        advance(1)
    if model.degraded:
        click.echo("too little history to learn from: these are forecasts of the shipped prior, degraded", err=True)
    pairs = forecastable(history, as_of_day, level)
    if level == "account":
        table = account_table(pairs, forecastable(history, as_of_day, "pair"), model, as_of_day)
        return _sorted([_explained(table, pairs, model.account, as_of_day) if explain else table])
    tables = []
    with progress("forecasting", len(pairs)) as advance:
        for start in range(0, max(len(pairs), 1), ROWS_AT_ONCE):
            part = pairs.take(np.arange(start, min(start + ROWS_AT_ONCE, len(pairs))))
            tables.append(_table(part, model.pair, as_of_day, explain=explain, parts=parts))
            advance(len(part))
    return _sorted(tables)


def _sorted(tables: list[pd.DataFrame]) -> pd.DataFrame:
    return pd.concat(tables, ignore_index=True).sort_values(["account_id", "sku"], ignore_index=True)


def _table(
    pairs: Pairs, forecaster: Forecaster, as_of_day: int, *, explain: bool, parts: pd.DataFrame | None
) -> pd.DataFrame:
    if parts is not None:
        return split_table(pairs, forecaster, as_of_day, parts)
    table = forecast_table(pairs, forecaster, as_of_day)
    return _explained(table, pairs, forecaster, as_of_day) if explain else table


def _explained(table: pd.DataFrame, pairs: Pairs, forecaster: Forecaster, as_of_day: int) -> pd.DataFrame:
    """The table with what stands behind each row, which speaks of the same figures."""
    expected, probability = ordinals(table["p50"]), table[f"prob_{SAID_WITHIN_DAYS}d"].to_numpy(float)
    season = season_of(forecaster, pairs.columns, as_of_day)
    told = explanations(pairs.columns, as_of_day, expected, probability, SAID_WITHIN_DAYS, season)
    told.insert(list(told.columns).index("method"), "clock", clocks_of(forecaster, pairs.sku_names()))
    return pd.concat([table, told], axis=1)


def clocks_of(forecaster: Any, skus: list[str]) -> list[str]:
    """What time is counted in: degree days, days, or days where degree days are wanted and not known."""
    skies = getattr(forecaster, "skies", None)
    return [DAYS] * len(skus) if skies is None else skies.names(skus)


def season_of(forecaster: Any, columns: Any, as_of_day: int) -> Floats:
    """Hazard of an order at this time of the year against the year's, where the model knows one; else 1."""
    effect = getattr(forecaster, "season_effect", None)
    return np.ones(len(columns)) if effect is None else effect(columns, as_of_day, SAID_WITHIN_DAYS)
