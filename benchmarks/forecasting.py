"""Forecasting on the wholesaler's year: what it costs, and how good it is at four origins nobody has learnt from.

    python -m benchmarks.forecasting [--small]

The data are the shipped "Online Retail" file (see ops/importers/data/ATTRIBUTION.md). --small keeps every tenth
account and one origin, to see in seconds that everything still runs; its figures mean nothing.
"""

import argparse
import resource
import time
from collections.abc import Callable, Iterator
from datetime import date
from typing import TypeVar

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from forecasting.forecasts import HORIZONS_DAYS, Level, forecast_table, forecastable, forecaster_of
from forecasting.history import OrderDays, Pairs, order_days
from forecasting.learn import fit_population
from forecasting.pair import OrderMark, PairState, add_order, summarise
from forecasting.similar import suggest
from ops.importers import online_retail

ORIGINS = ("2011-07-04", "2011-08-01", "2011-09-05", "2011-10-03")
END_OF_YEAR = date(2011, 12, 10)
MIN_ORDERS = 3
KEEP_EVERY = 10
Result = TypeVar("Result")
LEVELS: tuple[Level, ...] = ("pair", "account")


def lines(small: bool) -> pd.DataFrame:
    """Canonical order lines of the wholesaler's year."""
    whole = online_retail.order_lines(online_retail.read())
    return whole[whole.account_id.astype(int) % KEEP_EVERY == 0] if small else whole


def waits(history: OrderDays, pairs: Pairs, as_of_day: int) -> np.ndarray:
    """Days from as_of until each pair's next order, inf where none came; shape (pairs,)."""
    later = history.where(history.day >= as_of_day)
    skus = len(history.skus)
    key, wanted = later.account * skus + later.sku, pairs.account * skus + pairs.sku
    place = np.minimum(np.searchsorted(key, wanted), len(key) - 1)
    return np.where(key[place] == wanted, later.day[place] - as_of_day, np.inf)


def auc(came: np.ndarray, probability: np.ndarray) -> float:
    """Chance that a pair which ordered was given more than one which did not."""
    ranks, ones = rankdata(probability), came.sum()
    return float((ranks[came].sum() - ones * (ones + 1) / 2) / (ones * (len(came) - ones)))


def scores(history: OrderDays, origins: tuple[str, ...], level: Level) -> pd.DataFrame:
    """AUC, Brier skill and mean forecast by horizon, ranked skill, coverage of [p10, p90]; mean over the origins."""
    known, rows = history if level == "pair" else history.of_accounts(), []
    for origin in origins:
        day = date.fromisoformat(origin).toordinal()
        pairs = forecastable(history, day, level)
        pairs = pairs.take(pairs.columns.orders >= MIN_ORDERS)
        forecaster = forecaster_of(fit_population(history, day), level)
        table, wait = forecast_table(pairs, forecaster, day), waits(known, pairs, day)
        rows.append(one_origin(table, wait, day))
    return pd.DataFrame(rows).mean().round(3).to_frame(level)


def one_origin(table: pd.DataFrame, wait: np.ndarray, day: int) -> dict[str, float]:
    """Scores of one origin; quantiles are judged over all pairs, whether they came or not."""
    row: dict[str, float] = {"pairs": len(table)}
    error, spread = 0.0, 0.0
    for horizon in HORIZONS_DAYS:
        came, probability = wait < horizon, table[f"prob_{horizon}d"].to_numpy()
        missed, base = np.mean((probability - came) ** 2), came.mean() * (1 - came.mean())
        row |= {f"auc_{horizon}d": auc(came, probability), f"brier_skill_{horizon}d": 1 - missed / base}
        row |= {f"forecast_{horizon}d": probability.mean(), f"came_{horizon}d": came.mean()}
        error, spread = error + missed, spread + base
    row["ranked_skill"] = 1 - error / spread
    origin = pd.Timestamp(date.fromordinal(day))
    for name in ("p10", "p50"):
        row[f"came_by_{name}"] = float(np.mean(wait <= (table[name] - origin).dt.days.to_numpy()))
    return row


def costs(frame: pd.DataFrame) -> Iterator[tuple[str, float, str]]:
    """(what, seconds, note) of every step that the running system takes."""
    day = END_OF_YEAR.toordinal()
    history, took = timed(lambda: order_days(frame))
    yield "order days of the lines", took, f"{len(frame):,} lines"
    fit_population(history, day)  # the first fit also imports
    model, took = timed(lambda: fit_population(history, day))
    yield "learn", took, f"{model.record.pairs:,} pairs, {len(model.artefact):,} bytes"
    pairs, took = timed(lambda: forecastable(history, day, "pair"))
    yield "columns of all pairs", took, f"{len(pairs):,} pairs"
    states, took = timed(lambda: fold(history))
    yield "fold all orders", took, f"{len(history) / took:,.0f} orders/s"
    _, took = timed(lambda: summarise(states))
    yield "summarise all states", took, f"{len(states) / took:,.0f} pairs/s"
    _, took = timed(lambda: [summarise(states[i : i + 20]) for i in range(0, 4000, 20)])
    yield "summarise 20 states", took / 200, "of the hot path"
    for name, ask in {
        "probability": lambda: model.pair.probability(pairs.columns, day, 14.0),
        "one quantile": lambda: model.pair.quantile_day(pairs.columns, day, 0.5),
        "due, lead 2 days, level .5": lambda: model.pair.due_in_days(pairs.columns, day, 2.0, 0.5),
        "due, lead 14 days, level .3": lambda: model.pair.due_in_days(pairs.columns, day, 14.0, 0.3),
    }.items():
        answer, took = timed(ask)
        found = f", {np.isfinite(answer).sum():,} within 60 days" if name.startswith("due") else ""
        yield name, took, f"{len(pairs) / took:,.0f} pairs/s{found}"
    answers, took = timed(lambda: sum(len(chunk) for chunk in suggest(history, day, 10)))
    yield "ten suggestions each", took, f"{answers / took:,.0f} accounts/s, learning included"


def fold(history: OrderDays) -> list[PairState]:
    """The states that the stream would hold."""
    states = [PairState() for _ in range(int(history.starts().sum()))]
    pair = np.cumsum(history.starts()) - 1
    rows = zip(pair.tolist(), history.day.tolist(), history.quantity.tolist(), strict=True)
    for key, (row, day, quantity) in enumerate(rows):
        add_order(states[row], OrderMark(int(day), key, quantity))
    return states


def timed(work: Callable[[], Result]) -> tuple[Result, float]:
    """The result and the seconds it took."""
    begun = time.perf_counter()
    result = work()
    return result, time.perf_counter() - begun


def main() -> None:
    """Print costs, then scores."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", action="store_true", help="every tenth account, one origin")
    small = parser.parse_args().small
    frame = lines(small)
    for what, seconds, note in costs(frame):
        print(f"{what:<28} {seconds * 1000:>9,.1f} ms   {note}")
    print(f"{'peak memory':<28} {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:>9,.0f} MB")
    history = order_days(frame)
    print(pd.concat([scores(history, ORIGINS[-1:] if small else ORIGINS, level) for level in LEVELS], axis=1))


if __name__ == "__main__":
    main()
