"""What forecasting costs, beside statsmodels' ETS and Nixtla's Croston-SBA, all measured in one run.

    make bench-forecast                       # or: python -m benchmarks.bench_forecast [--small]

Two sets: the wholesaler's year (about 400,000 lines), a made trade of 1.5 million lines and 90,000 pairs. A refresh is
what a running system does when time passes: from the states of all pairs, as columns, to probabilities at 7, 14 and 28
days and the 10, 50 and 90 % days. The other libraries forecast each series from its history, which is their only way;
they are asked about pairs drawn from those of the refresh, warm, and each in two forms, of which the fastest counts.
Learning and `ringahead forecast` run in processes of their own: seconds and peak memory as /usr/bin/time tells them.
Times are processor seconds, which a busy machine changes less than the clock; every library has one thread, as the idle
ones of BLAS spin on a busy machine, which would be counted against whoever called it.
--small uses little data, and says nothing.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import TypeVar

import numpy as np
import pandas as pd
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from benchmarks._machine import others as machine
from benchmarks._machine import used
from benchmarks.made import many, retail
from benchmarks.made.groceries import groceries
from forecasting.artefact import PopulationModel
from forecasting.backtest.cases import candidates_at
from forecasting.backtest.intermittent import daily_series
from forecasting.backtest.method import MissingExtra
from forecasting.forecasts import HORIZONS_DAYS, QUANTILES, forecastable
from forecasting.history import OrderDays, order_days
from forecasting.learn import fit_population
from ops.orders_file import read_order_lines

REFRESH_PER_MINUTE, UPDATES_PER_SECOND = 10e6, 1e6
LEARN_SECONDS = {"400k lines": 60.0, "1.5M lines": 180.0}
FORECAST_SECONDS, FORECAST_BYTES = 240.0, 2 * 2**30
TIMES_ETS, TIMES_CROSTON = 1000.0, 5.0
ETS_SERIES, CROSTON_SERIES, LEAST_WEEKS, WEEK_DAYS = 40, 4_000, 12, 7
REFRESHED, REPEATS = 400_000, 3
SILENT_DAYS = 365
SETS: dict[str, Callable[[], pd.DataFrame]] = {"400k lines": retail, "1.5M lines": many}
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}
MEASURED = """
import resource, subprocess, sys
quiet = subprocess.DEVNULL
code = subprocess.run(sys.argv[1:], stdout=quiet, stderr=quiet).returncode
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(code, used.ru_utime + used.ru_stime, used.ru_maxrss)
"""
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; `met` is None where there is no bar."""

    what: str
    figure: str
    bar: str = ""
    met: bool | None = None


def timed(work: Callable[[], Result]) -> tuple[Result, float]:
    """The result, and the processor seconds it took."""
    begun = time.process_time()
    result = work()
    return result, max(time.process_time() - begun, 1e-9)


def run_alone(arguments: list[str]) -> tuple[float, float, int]:
    """Seconds by the clock, processor seconds and peak memory (bytes) of a process of its own.

    It is begun by a small one in between: a process inherits the peak of the one that begins it, and this one is large.
    """
    begun = time.perf_counter()
    told = subprocess.run([sys.executable, "-c", MEASURED, *arguments], check=True, capture_output=True, text=True)
    took = time.perf_counter() - begun
    code, seconds, peak = told.stdout.split()
    if int(code):
        raise subprocess.CalledProcessError(int(code), arguments)
    return took, float(seconds), int(peak) * 1024


def fastest(work: Callable[[], object]) -> float:
    """The fewest processor seconds of REPEATS times, after one to warm up."""
    work()
    return min(timed(work)[1] for _ in range(REPEATS))


def ours(name: str, lines: pd.DataFrame) -> Iterator[Row]:
    """Reading, learning, updating and refreshing; the rate of the refresh comes back at the end."""
    history, took = timed(lambda: order_days(lines))
    starts = int(history.starts().sum())
    told = f"{len(lines):,} lines, {len(history):,} order days, {starts:,} pairs"
    yield Row(f"{name}: order days of the lines", f"{took:.1f} s, {told}")
    day = last_origin(history)
    model = fit_population(history, day)
    known = history.before(day)
    _, took = timed(known.pairs)
    rate = len(known) / took
    yield Row(f"{name}: update, vectorised", f"{rate / 1e6:.1f} M order days/s", "1 M/s", rate >= UPDATES_PER_SECOND)
    pairs, took = timed(lambda: forecastable(history, day, "pair"))
    yield Row(f"{name}: columns of all pairs with their accounts", f"{took:.2f} s, {len(pairs):,} pairs")
    columns = pairs.take(np.resize(np.arange(len(pairs)), max(len(pairs), REFRESHED))).columns
    one = len(columns) / fastest(lambda: model.pair.probability(columns, day, 14.0))
    yield Row(f"{name}: one probability", f"{60 * one / 1e6:.1f} M pairs/min")
    whole = len(columns) / fastest(lambda: model.pair.answers(columns, day, HORIZONS_DAYS, QUANTILES))
    a_minute = 60 * whole / 1e6
    met = 60 * whole >= REFRESH_PER_MINUTE
    yield Row(f"{name}: refresh (3 probabilities, 3 quantiles)", f"{a_minute:.1f} M pairs/min", "10 M/min", met)
    yield from others(history, model, day)


def alone(name: str, lines: pd.DataFrame) -> Iterator[Row]:
    """Learning, and `ringahead forecast` as a user runs it, in processes of their own: seconds, and peak memory."""
    day = last_origin(order_days(lines))
    with tempfile.TemporaryDirectory() as folder:
        source, out = Path(folder, "orders.parquet"), Path(folder, "out.parquet")
        lines.to_parquet(source, index=False)
        clock, took, peak = run_alone([sys.executable, "-m", __spec__.name, "--learn", str(source), str(day)])
        bar = LEARN_SECONDS.get(name)
        figure = f"{took:.1f} s, {clock:.1f} s by the clock, peak {peak / 2**20:,.0f} MiB"
        yield Row(f"{name}: read and learn", figure, f"{bar:.0f} s" if bar else "", took <= bar if bar else None)
        for level in ("pair", "account"):
            call = "import sys; from ops.cli import main; sys.exit(main())"
            told = ["forecast", "--orders", str(source), "--as-of", date.fromordinal(day).isoformat()]
            clock, took, peak = run_alone([sys.executable, "-c", call, *told, "--level", level, "--out", str(out)])
            figure = f"{took:.1f} s, {clock:.1f} s by the clock, peak {peak / 2**20:,.0f} MiB"
            met = took <= FORECAST_SECONDS and peak <= FORECAST_BYTES
            yield Row(f"{name}: ringahead forecast --level {level}", figure, "240 s, 2,048 MiB", met)
            yield covered(name, level, lines, day, pd.read_parquet(out))


def covered(name: str, level: str, lines: pd.DataFrame, day: int, found: pd.DataFrame) -> Row:
    """Whether everything that was ordered in the 365 days before has exactly one forecast, by the lines themselves."""
    opened, at = pd.Timestamp(date.fromordinal(day)), lines.ordered_at
    late = lines[(at < opened) & (at >= opened - pd.Timedelta(days=SILENT_DAYS))]
    wanted = late.assign(sku="*") if level == "account" else late
    pairs = set(zip(wanted.account_id, wanted.sku, strict=True))
    had = list(zip(found.account_id, found.sku, strict=True))
    share = len(pairs & set(had)) / max(len(pairs), 1)
    met = share == 1.0 and len(had) == len(set(had)) and bool(found.notna().all(axis=None))
    return Row(
        f"{name}: {level}s ordered within 365 days with a forecast", f"{share:.2%} of {len(pairs):,}", "100 %", met
    )


def learn_alone(source: Path, day: int) -> None:
    """Read a file of orders and learn from it."""
    fit_population(order_days(read_order_lines(source, pd.Timestamp(date.fromordinal(day))).frame), day)


def others(history: OrderDays, model: PopulationModel, day: int) -> Iterator[Row]:
    """The other libraries on pairs of the refresh, and how many times as fast ours is on the same pairs."""
    candidates = candidates_at(history, day, "pair", 1)
    drawn = np.random.default_rng(0).choice(len(candidates), min(CROSTON_SERIES, len(candidates)), replace=False)
    some = replace(candidates, pairs=candidates.pairs.take(np.sort(drawn)))
    daily = [series for series in daily_series(some) if len(series) >= 2 * WEEK_DAYS]
    weekly = [by_week(series) for series in daily]
    rows = some.pairs.take(np.resize(np.arange(len(some)), REFRESHED)).columns
    own = REFRESHED / fastest(lambda: model.pair.answers(rows, day, HORIZONS_DAYS, QUANTILES))
    yield Row("the same pairs as the others get: refresh", f"{60 * own / 1e6:.1f} M pairs/min")
    long = [at for at, series in enumerate(weekly) if len(series) >= LEAST_WEEKS][:ETS_SERIES]
    forms = {
        "daily": lambda: [ets(daily[at]) for at in long],
        "weekly": lambda: [ets(weekly[at]) for at in long],
        "weekly, its start by rule": lambda: [ets(weekly[at], initialization_method="heuristic") for at in long],
    }
    yield from against("statsmodels ETS", forms, len(long), own, TIMES_ETS)
    try:
        croston = croston_sba()
    except MissingExtra as missing:
        yield Row("Nixtla Croston-SBA", str(missing))
        return
    forms = {  # of series that a weekly one can be made of, too
        "daily": lambda: [croston(series) for series in daily],
        "weekly": lambda: [croston(series) for series in weekly],
    }
    yield from against("Nixtla Croston-SBA", forms, len(daily), own, TIMES_CROSTON)
    rate = len(weekly) / fastest(nixtla_of_a_table(weekly))
    told = f"{rate:,.0f} series/s, {len(weekly):,} of them: ours is {own / rate:,.1f} x as fast"
    yield Row("Nixtla Croston-SBA, weekly, StatsForecast.forecast of a table, as documented", told)


def against(name: str, forms: Mapping[str, Callable[[], object]], series: int, own: float, bar: float) -> Iterator[Row]:
    """Each form's series a second; the last one that is printed has the bar, against the fastest form."""
    rates = {form: series / fastest(work) for form, work in forms.items()}
    for form, rate in rates.items():
        yield Row(f"{name}, {form}", f"{rate:,.0f} series/s, {series:,} of them: ours is {own / rate:,.1f} x as fast")
    times = own / max(rates.values())
    yield Row(f"refresh against {name}, its fastest form", f"{times:,.1f} x", f"{bar:,.0f} x", times >= bar)


def by_week(daily: np.ndarray) -> np.ndarray:
    """Order days a week; shape (weeks,)."""
    return np.asarray(daily[: len(daily) // 7 * 7].reshape(-1, 7).sum(1))


def ets(series: np.ndarray, **options: str) -> float:
    """One fitted and forecast series: additive error, no trend, no season, which is the fastest there is."""
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return float(ETSModel(series, error="add", **options).fit(disp=False).forecast(4)[0])


def croston_sba() -> Callable[[np.ndarray], float]:
    """What Nixtla's model calls for a series, without the class around it."""
    try:
        from statsforecast.models import _croston_sba
    except ImportError as error:
        raise MissingExtra("statsforecast") from error
    return lambda series: float(_croston_sba(series, 1, False)["mean"][0])


def nixtla_of_a_table(weekly: list[np.ndarray]) -> Callable[[], object]:
    """The call that its documentation shows, on one core, with the table made beforehand."""
    from statsforecast import StatsForecast
    from statsforecast.models import CrostonSBA

    lengths = [len(series) for series in weekly]
    week = np.concatenate([np.arange(length) for length in lengths])
    table = pd.DataFrame(
        {"unique_id": np.repeat(np.arange(len(weekly)), lengths), "ds": week, "y": np.concatenate(weekly)}
    )
    asked = StatsForecast(models=[CrostonSBA()], freq=1, n_jobs=1)
    return lambda: asked.forecast(df=table, h=1)


def last_origin(history: OrderDays) -> int:
    """Four weeks before the end."""
    return int((date.fromordinal(int(history.day.max())) - timedelta(days=27)).toordinal())


def main() -> None:
    """Print the table; exit code 0 whatever it says: it is a measurement, and machines differ."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", action="store_true", help="little data, to see that everything runs")
    parser.add_argument("--learn", nargs=2, metavar=("FILE", "DAY"), help="only read and learn, to be measured")
    parser.add_argument("--set", choices=("400k", "1.5M"), help="only this one")
    told, begun = parser.parse_args(), used()
    if not ONE_THREAD.items() <= os.environ.items():  # libraries read them when they are loaded
        os.execve(sys.executable, [sys.executable, "-m", __spec__.name, *sys.argv[1:]], {**os.environ, **ONE_THREAD})
    if told.learn:
        learn_alone(Path(told.learn[0]), int(told.learn[1]))
        return
    rows: list[Row] = []
    for name in ("small",) if told.small else SETS:
        if told.set and not name.startswith(told.set):
            continue
        print(f"measuring {name} ...", file=sys.stderr, flush=True)
        lines = groceries(accounts=40) if told.small else SETS[name]()
        rows += [*ours(name, lines), *alone(name, lines)]
    show(rows)
    print(machine(begun))


def show(rows: list[Row]) -> None:
    """The table."""
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
