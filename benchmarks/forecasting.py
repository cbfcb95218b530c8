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

from forecasting.backtest.method import OURS, Method
from forecasting.backtest.ours import ours
from forecasting.backtest.run import LEVELS, run
from forecasting.backtest.tables import means, scores_table
from forecasting.forecasts import forecastable
from forecasting.history import OrderDays, order_days
from forecasting.learn import fit_population
from forecasting.pair import OrderMark, PairState, add_order, summarise
from forecasting.similar import suggest
from ops.importers import online_retail

ORIGINS = ("2011-07-04", "2011-08-01", "2011-09-05", "2011-10-03")
END_OF_YEAR = date(2011, 12, 10)
KEEP_EVERY = 10
Result = TypeVar("Result")


def lines(small: bool) -> pd.DataFrame:
    """Canonical order lines of the wholesaler's year."""
    whole = online_retail.order_lines(online_retail.read())
    return whole[whole.account_id.astype(int) % KEEP_EVERY == 0] if small else whole


def scores(history: OrderDays, origins: tuple[str, ...]) -> pd.DataFrame:
    """Every score of `ringahead backtest`, of ours alone; mean over the origins, one column a level."""
    days = [date.fromisoformat(origin).toordinal() for origin in origins]
    table = scores_table(run(history, days, LEVELS, [Method(OURS, "", ours())]))
    return pd.concat([means(table, level).T.rename(columns={OURS: level}) for level in LEVELS], axis=1).round(3)


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
    print(scores(history, ORIGINS[-1:] if small else ORIGINS))


if __name__ == "__main__":
    main()
