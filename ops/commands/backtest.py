"""`ringahead backtest`: what forecasts made on past days would have been worth, beside simpler ones."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click
import numpy as np
import pandas as pd
from rich import box
from rich.console import Console
from rich.table import Table

from forecasting.backtest.cases import MIN_ORDERS
from forecasting.backtest.html import SHOWN, figure, head_of, report
from forecasting.backtest.intervals import DRAWS, METRICS, Intervals, intervals
from forecasting.backtest.method import OURS, all_methods, chosen
from forecasting.backtest.origins import LEAST_ORIGINS, check_origins, choose_origins, without_strays
from forecasting.backtest.run import COLD, LEVELS, Backtest, run
from forecasting.backtest.tables import interval_table, means, predictions_table, scores_table
from forecasting.history import order_days
from ops.importers import online_retail
from ops.orders_file import LATEST, as_of_date, read_order_lines, write_table
from ops.products_file import read_follows
from ops.progress import progress
from ops.surroundings import told_of
from schemas.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Sequence

    from forecasting.forecasts import Level
    from forecasting.history import OrderDays

PLAIN_WIDTH = 110
SHIPPED = "the shipped wholesaler's year"
ON_SCREEN = tuple(metric for metric in SHOWN if metric not in ("auc7", "auc28", "bss7", "bss28"))

ON_SCREEN_COLD = ("rows", "auc14", "bss14", "lift14", "ece14", "rpss")


@click.command()
@click.option("--orders", type=click.Path(path_type=Path), help=f"Order lines, .parquet or .csv; without it {SHIPPED}.")
@click.option("--origins", default=str(LEAST_ORIGINS), show_default=True, metavar="N|DATES", help="How many, or which.")
@click.option("--level", type=click.Choice([*LEVELS, "both"]), default="both", show_default=True)
@click.option(
    "--baselines", default="all", show_default=True, metavar="NAMES", help="all, none, or names with ; between."
)
@click.option(
    "--min-orders", type=click.IntRange(1), default=MIN_ORDERS, show_default=True, help="To be judged at all."
)
@click.option(
    "--draws", type=click.IntRange(20, 5000), default=DRAWS, show_default=True, help="Of accounts, for the intervals."
)
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--country", metavar="GB|DE-BY", help="Whose public holidays the trade may be closed on.")
@click.option(
    "--products", type=click.Path(path_type=Path), help="Who follows degree days: sku, follows, base_celsius."
)
@click.option("--temperatures", type=click.Path(path_type=Path), help="Daily means: day, celsius, region.")
@click.option("--out", type=click.Path(path_type=Path), help="A folder for report.html and three .parquet files.")
def command(
    orders: Path | None,
    origins: str,
    level: str,
    baselines: str,
    min_orders: int,
    draws: int,
    seed: int,
    country: str | None,
    products: Path | None,
    temperatures: Path | None,
    out: Path | None,
) -> None:
    """Judge forecasts by rolling origin: what they would have been worth on past days.

    At each origin everything is learnt anew from the order days before it, ours and the baselines alike, and judged by
    what came. Prints a table; with --out also writes report.html, scores.parquet, intervals.parquet and
    predictions.parquet. Baselines whose library is missing are left out, with the extra that brings it.
    """
    follows = {} if products is None else read_follows(products)
    if out is not None and (out.is_file() or not out.absolute().parent.is_dir()):
        raise BadInput(f"{out}: cannot make this folder; give --out a new folder in one that exists")
    history, source = _history(orders)
    days = _origins(history, origins)
    around = told_of(country, temperatures, follows, date.fromordinal(days[-1]))
    methods = chosen(all_methods(seed, **around), baselines.split(";"))
    levels: Sequence[Level] = LEVELS if level == "both" else ("pair",) if level == "pair" else ("account",)
    with progress("judging", len(days) * len(levels) * len(methods)) as advance:
        result = run(history, days, levels, methods, min_orders, advance)
    _check(result, levels, min_orders)
    found = {one: intervals(result, one, np.random.default_rng(seed), draws) for one in levels}
    _show(result, levels, found)
    if out is not None:
        _write(out, result, found, source, history)


def _history(orders: Path | None) -> tuple[OrderDays, str]:
    if orders is None:
        return order_days(online_retail.order_lines(online_retail.read())), SHIPPED
    lines = read_order_lines(orders, LATEST)
    click.echo(f"{orders}: {lines.summary()}", err=True)
    history = order_days(lines.frame)
    kept = without_strays(history)
    if len(kept) < len(history):
        click.echo(
            f"{orders}: {len(history) - len(kept):,} order days long after all others are left out, the last kept is "
            f"{date.fromordinal(int(kept.day.max()))}",
            err=True,
        )
    return kept, orders.name


def _origins(history: OrderDays, told: str) -> list[int]:
    """A number of origins, or their dates with commas between."""
    if told.strip().isdigit():
        if not int(told):
            raise BadInput("--origins 0 judges nothing; give a number above 0, or dates as 2011-09-01,2011-10-01")
        return choose_origins(history, int(told))
    return check_origins(history, [as_of_date(part.strip(), "--origins").toordinal() for part in told.split(",")])


def _check(result: Backtest, levels: Sequence[Level], min_orders: int) -> None:
    for level in levels:
        if not result.of(level, OURS):
            raise BadInput(f"no {level} had {min_orders} order days before any origin: there is nothing to judge")


def _show(result: Backtest, levels: Sequence[Level], found: dict[Level, Intervals]) -> None:
    table, console = scores_table(result), Console()
    if not console.is_terminal:
        console = Console(width=PLAIN_WIDTH)
    for level in levels:
        rows = means(table, level)
        days = f"{date.fromordinal(result.origins[0])} to {date.fromordinal(result.origins[-1])}"
        title = f"by {level}, mean of {len(result.origins)} origins, {days}"
        shown = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
        shown.add_column("method", no_wrap=True)
        for metric in ON_SCREEN:
            shown.add_column(head_of(metric), justify="right", min_width=6)
        for method, row in rows.iterrows():
            shown.add_row(str(method), *(figure(metric, float(row.get(metric, np.nan))) for metric in ON_SCREEN))
        console.print(shown)
        for line in _ahead(rows, found[level]):
            console.print(line, highlight=False)
        _show_cold(table, level, console)
    for name, reason in result.left_out.items():
        click.echo(f"{name} is left out: {reason}", err=True)


def _show_cold(table: pd.DataFrame, level: Level, console: Console) -> None:
    """Who is too new for the table above."""
    for stratum in COLD:
        rows = means(table, level, stratum)
        if not len(rows):
            continue
        shown = Table(title=f"by {level}, {stratum}", title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
        for head in ("method", *(head_of(metric) for metric in ON_SCREEN_COLD)):
            shown.add_column(head, justify="left" if head == "method" else "right")
        for method, row in rows.iterrows():
            shown.add_row(str(method), *(figure(one, float(row.get(one, np.nan))) for one in ON_SCREEN_COLD))
        console.print(shown)


def _ahead(rows: pd.DataFrame, found: Intervals) -> list[str]:
    """How far ours is ahead of the best other method, with the interval."""
    said = []
    for metric in METRICS:
        values = {str(name): float(value) for name, value in rows[metric].items() if np.isfinite(value)}
        ours = values.pop(OURS, np.nan)
        if not values:
            continue
        best = max(values, key=values.__getitem__)
        low, high = found.ahead(OURS, best, metric)
        by = ours - values[best]
        said.append(f"{head_of(metric)}: ours {by:+.3f} against {best} (95 %: {low:+.3f} to {high:+.3f})")
    return said


def _write(out: Path, result: Backtest, found: dict[Level, Intervals], source: str, history: OrderDays) -> None:
    from forecasting.learn import packages

    out.mkdir(exist_ok=True)
    write_table(scores_table(result), out / "scores.parquet")
    write_table(interval_table(found), out / "intervals.parquet")
    write_table(predictions_table(result), out / "predictions.parquet")
    first, last = (date.fromordinal(int(day)) for day in (history.day.min(), history.day.max()))
    facts = [
        ("orders", f"{len(history):,} order days of {int(history.starts().sum()):,} pairs, {first} to {last}"),
        ("accounts", f"{len(np.unique(history.account)):,}"),
        ("packages", ", ".join(f"{name} {version}" for name, version in packages().items())),
    ]
    (out / "report.html").write_text(report(result, found, source, facts), "utf-8")
    click.echo(f"{out}: report.html, scores.parquet, intervals.parquet, predictions.parquet", err=True)
