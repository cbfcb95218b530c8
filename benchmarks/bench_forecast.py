"""What forecasting costs, beside statsmodels' ETS and Nixtla's Croston-SBA, all measured in one run.

    make bench-forecast                       # or: python -m benchmarks.bench_forecast [--small]

Two sets: the wholesaler's year (about 400,000 lines) and a made trade of about 1.3 million lines and 82,000 pairs. A
refresh is what a running system does when time passes: from the states of all pairs, as columns, to probabilities at
7, 14 and 28 days and the 10, 50 and 90 % days. The other libraries forecast each series from its history, which is
their only way. Times are processor seconds, which a busy machine changes little; all but learning run on one core.
--small uses little data, and says nothing.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TypeVar

import numpy as np
import pandas as pd
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from benchmarks.made import many, retail
from benchmarks.made.groceries import groceries
from forecasting.backtest.cases import candidates_at
from forecasting.backtest.intermittent import daily_series
from forecasting.backtest.method import MissingExtra
from forecasting.forecasts import HORIZONS_DAYS, QUANTILES, forecastable
from forecasting.history import OrderDays, order_days
from forecasting.learn import fit_population

REFRESH_PER_MINUTE, UPDATES_PER_SECOND = 10e6, 1e6
LEARN_SECONDS = {"400k lines": 60.0, "1.3M lines": 180.0}
FORECAST_SECONDS, FORECAST_BYTES = 240.0, 2 * 2**30
TIMES_ETS, TIMES_CROSTON = 1000.0, 5.0
ETS_SERIES, CROSTON_SERIES = 40, 4_000
REFRESHED = 400_000
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; `met` is None where there is no bar."""

    what: str
    figure: str
    bar: str = ""
    met: bool | None = None


@dataclass(slots=True)
class Speeds:
    """Series a second of each way to forecast."""

    refresh: float = 0.0
    ets: float = 0.0
    croston: float = 0.0


def timed(work: Callable[[], Result]) -> tuple[Result, float]:
    """The result, and the processor seconds it took."""
    begun = time.process_time()
    result = work()
    return result, max(time.process_time() - begun, 1e-9)


def run_alone(arguments: list[str]) -> tuple[float, float, int]:
    """Seconds by the clock, processor seconds and peak memory (bytes) of a process of its own."""
    begun = time.perf_counter()
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, arguments)
    return time.perf_counter() - begun, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024


def ours(name: str, lines: pd.DataFrame, speeds: Speeds) -> Iterator[Row]:
    """Reading, learning, updating and refreshing."""
    history, took = timed(lambda: order_days(lines))
    yield Row(f"{name}: order days of the lines", f"{took:.1f} s, {len(lines):,} lines, {len(history):,} order days")
    day = last_origin(history)
    model, took = timed(lambda: fit_population(history, day))
    bar = LEARN_SECONDS.get(name)
    yield Row(f"{name}: learn", f"{took:.1f} s", f"{bar:.0f} s" if bar else "", took <= bar if bar else None)
    known = history.before(day)
    _, took = timed(known.pairs)
    rate = len(known) / took
    yield Row(f"{name}: update, vectorised", f"{rate / 1e6:.1f} M order days/s", "1 M/s", rate >= UPDATES_PER_SECOND)
    pairs, took = timed(lambda: forecastable(history, day, "pair"))
    yield Row(f"{name}: columns of all pairs with their accounts", f"{took:.2f} s, {len(pairs):,} pairs")
    columns = pairs.take(np.resize(np.arange(len(pairs)), REFRESHED)).columns

    _, whole = timed(lambda: model.pair.answers(columns, day, HORIZONS_DAYS, QUANTILES))
    _, one = timed(lambda: model.pair.probability(columns, day, 14.0))
    speeds.refresh = max(speeds.refresh, REFRESHED / whole)
    a_minute = 60 * REFRESHED / whole
    yield Row(f"{name}: one probability", f"{60 * REFRESHED / one / 1e6:.1f} M pairs/min")
    yield Row(
        f"{name}: refresh (3 probabilities, 3 quantiles)",
        f"{a_minute / 1e6:.1f} M pairs/min",
        "10 M/min",
        a_minute >= REFRESH_PER_MINUTE,
    )


def command(name: str, lines: pd.DataFrame) -> Iterator[Row]:
    """`ringahead forecast` as a user runs it: its time, and its peak memory."""
    day = date.fromordinal(last_origin(order_days(lines))).isoformat()
    with tempfile.TemporaryDirectory() as folder:
        source, out = Path(folder, "orders.parquet"), Path(folder, "out.parquet")
        lines.to_parquet(source, index=False)
        call = "import sys; from ops.cli import main; sys.exit(main())"
        told = ["forecast", "--orders", str(source), "--as-of", day, "--out", str(out)]
        clock, took, peak = run_alone([sys.executable, "-c", call, *told])
        rows = len(pd.read_parquet(out))
    figure = f"{took:.1f} s, {clock:.1f} s by the clock, {rows:,} rows"
    yield Row(f"{name}: ringahead forecast", figure, "240 s", took <= FORECAST_SECONDS)
    yield Row(f"{name}: its peak memory", f"{peak / 2**20:,.0f} MiB", "2,048 MiB", peak <= FORECAST_BYTES)


def others(history: OrderDays, speeds: Speeds, ets_series: int, croston_series: int) -> Iterator[Row]:
    """Series a second of the other libraries, on the same pairs."""
    candidates = candidates_at(history, last_origin(history), "pair")
    every = [series for series, _ in zip(daily_series(candidates), range(croston_series), strict=False)]
    weekly = [week for week in map(by_week, every) if len(week) >= 20][:ets_series]
    ets(weekly[0])  # imports
    _, took = timed(lambda: [ets(week) for week in weekly])
    speeds.ets = len(weekly) / took
    yield Row("statsmodels ETS, weekly series", f"{speeds.ets:,.0f} series/s, {len(weekly)} of them")
    try:
        croston = croston_sba()
        croston(every[0])  # compiles
        _, took = timed(lambda: [croston(series) for series in every])
        speeds.croston = len(every) / took
        yield Row("Nixtla Croston-SBA, daily series", f"{speeds.croston:,.0f} series/s, {len(every):,} of them")
    except MissingExtra as missing:
        yield Row("Nixtla Croston-SBA", str(missing))


def ratios(speeds: Speeds) -> Iterator[Row]:
    """How many times as fast ours is."""
    own = f"{speeds.refresh:,.0f} pairs/s"
    times = speeds.refresh / speeds.ets
    yield Row("refresh against ETS", f"{times:,.0f} x ({own})", "1,000 x", times >= TIMES_ETS)
    if speeds.croston:
        times = speeds.refresh / speeds.croston
        yield Row("refresh against Croston-SBA", f"{times:.1f} x ({own})", "5 x", times >= TIMES_CROSTON)


def by_week(daily: np.ndarray) -> np.ndarray:
    """Order days a week; shape (weeks,)."""
    return daily[: len(daily) // 7 * 7].reshape(-1, 7).sum(1)


def ets(weekly: np.ndarray) -> float:
    """One fitted and forecast series."""
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return float(ETSModel(weekly, error="add").fit(disp=False).forecast(4)[0])


def croston_sba() -> Callable[[np.ndarray], float]:
    """Nixtla's model as a function of a series."""
    try:
        from statsforecast.models import CrostonSBA
    except ImportError as error:
        raise MissingExtra("statsforecast") from error
    model = CrostonSBA()
    return lambda series: float(model.forecast(y=series, h=1)["mean"][0])


def last_origin(history: OrderDays) -> int:
    """Four weeks before the end."""
    return int((date.fromordinal(int(history.day.max())) - timedelta(days=27)).toordinal())


def main() -> None:
    """Print the table; exit code 0 whatever it says: it is a measurement, and machines differ."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", action="store_true", help="little data, to see that everything runs")
    small = parser.parse_args().small
    sets = {"small": groceries(accounts=40)} if small else {"400k lines": retail(), "1.3M lines": many()}
    rows, speeds, history = [], Speeds(), None
    for name, lines in sets.items():
        print(f"measuring {name} ...", file=sys.stderr, flush=True)
        rows += [*ours(name, lines, speeds), *command(name, lines)]
        history = history or order_days(lines)
    rows += others(history, speeds, *((3, 50) if small else (ETS_SERIES, CROSTON_SERIES)))
    rows += ratios(speeds)
    table = Table(box=box.SIMPLE_HEAD)
    for head in ("what", "measured", "bar", ""):
        table.add_column(head)
    for row in rows:
        table.add_row(
            escape(row.what), escape(row.figure), row.bar, "" if row.met is None else "met" if row.met else "MISSED"
        )
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
