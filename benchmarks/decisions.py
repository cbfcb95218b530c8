"""How long a decision over 1 million pairs takes: forecast, profile thresholds, blocking facts, decision codes.

    python -m benchmarks.decisions [--small]

The pairs are those of the wholesaler's year as of its end, repeated; cells and facts are drawn by a seed. Two processes
take slices, as two partitions of a log would. Bar: 20 s. Below it, what the rule for one pair costs row by row.
"""

import argparse
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, date, datetime
from multiprocessing import get_context

import numpy as np

from forecasting.columns import PairColumns
from forecasting.forecasts import forecastable
from forecasting.history import order_days
from forecasting.learn import fit_population, prior_model
from forecasting.model import Population
from ops.importers import online_retail
from outreach import decide_many as many
from outreach.decide import PairView, decide
from outreach.profiles import standard_profiles
from outreach.rules import Facts
from schemas.decisions import NeedKind

AS_OF = date(2011, 12, 10)
NOW = datetime(2011, 12, 10, 9, tzinfo=UTC)
BAR_SECONDS = 20.0
LEAD_DAYS = (2.0, 7.0, 14.0)
FULL, SMALL, PROCESSES, SLICE = 1_000_000, 20_000, 2, 50_000
ONE_BY_ONE = 20_000
PROFILES = standard_profiles("benchmark", NOW)
CELLS = many.Cells.of([PROFILES.cells[name] for name in sorted(PROFILES.cells)])

Given = tuple[Population, PairColumns]
_given: list[Given] = []


def pairs_of(wanted: int, *, fitted: bool) -> tuple[Population, PairColumns]:
    """A model, and columns of so many pairs: the wholesaler's, over and over."""
    history = order_days(online_retail.order_lines(online_retail.read()))
    model = fit_population(history, AS_OF.toordinal()) if fitted else prior_model()
    columns = forecastable(history, AS_OF.toordinal(), "pair").columns
    return model, columns.take(np.arange(wanted) % len(columns))


def facts(rows: int, seed: int) -> many.Pairs:
    """Cells and facts of these rows, outlook left open; about one in ten is blocked."""
    draw = np.random.default_rng(seed)

    def rarely(share: float) -> many.Bools:
        return np.asarray(draw.random(rows) < share, bool)

    at = int(NOW.timestamp())
    kinds = list(NeedKind)
    return many.Pairs(
        cell=draw.integers(0, len(CELLS.service_level), rows),
        kind=np.full(rows, kinds.index(NeedKind.EXPECTED_REORDER)),
        p_due=np.zeros(rows),
        due_in_days=np.full(rows, np.inf),
        usual_quantity_units=draw.random(rows) * 20,
        spent=rarely(0.02),
        hold_until=np.where(rarely(0.01), at + 86_400, many.NO_TIME),
        ordered_today=rarely(0.01),
        closed=rarely(0.01),
        held_out=rarely(0.05),
        open_complaint=rarely(0.01),
        credit_hold=rarely(0.01),
        withdrawn_consent=rarely(0.005),
        cool_down_until=np.where(rarely(0.02), at + 86_400, many.NO_TIME),
        account_ordered_today=rarely(0.01),
        available=~rarely(0.01),
        attempts=draw.integers(0, 3, rows),
    )


def decided(start: int, end: int) -> tuple[float, list[int]]:
    """Forecast and decide a slice: seconds for the decision alone, how many of each code."""
    model, columns = _given[0]
    part = columns.take(np.arange(start, end))
    today, known = float(AS_OF.toordinal()), facts(end - start, start)
    lead = np.random.default_rng(start).choice(LEAD_DAYS, end - start)
    level = CELLS.service_level[known.cell]
    p_due = model.pair.probability(part, today, lead)
    due_in, quiet = np.zeros(end - start), np.flatnonzero(p_due < level)
    due_in[quiet] = model.pair.due_in_days(part.take(quiet), today, lead[quiet], level[quiet])
    begun = time.perf_counter()
    known.p_due[:], known.due_in_days[:] = p_due, due_in
    found = many.decide_many(known, CELLS, int(NOW.timestamp()))
    return time.perf_counter() - begun, np.bincount(found.code, minlength=len(many.Code)).tolist()


def one_by_one(rows: int) -> float:
    """Seconds of the rule for one pair over so many rows; no forecast."""
    view = PairView(NeedKind.EXPECTED_REORDER, 0.7, 0.0, 2.0, False, None, False)
    profile, known = PROFILES.cells["small-maintenance"], Facts(NOW)
    begun = time.perf_counter()
    for _ in range(rows):
        decide(view, profile, known)
    return time.perf_counter() - begun


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", action="store_true", help="20,000 pairs and an unfitted model")
    small = parser.parse_args().small
    wanted = SMALL if small else FULL
    _given.append(pairs_of(wanted, fitted=not small))
    starts = range(0, wanted, SLICE)
    context = get_context("fork")  # the columns are shared with the processes, not copied to them
    with ProcessPoolExecutor(PROCESSES, mp_context=context) as pool:
        begun = time.perf_counter()
        parts = list(pool.map(decided, starts, [min(start + SLICE, wanted) for start in starts]))
        took = time.perf_counter() - begun
    counts = np.sum([codes for _, codes in parts], axis=0)
    print(f"{wanted:,} pairs, {PROCESSES} processes, model {_given[0][0].version}")
    print(f"  forecast and decision   {took:>8.2f} s   {wanted / took:>12,.0f} pairs/s   (bar {BAR_SECONDS:g} s)")
    alone = sum(seconds for seconds, _ in parts)
    print(f"  the decision alone      {alone:>8.2f} s   {wanted / alone:>12,.0f} pairs/s of one process")
    single = one_by_one(ONE_BY_ONE)
    print(f"  decide(), one by one    {single * wanted / ONE_BY_ONE:>8.2f} s   {ONE_BY_ONE / single:>12,.0f} pairs/s")
    print("  " + ", ".join(f"{code.name.lower()} {counts[code]:,}" for code in many.Code))
    return 1 if not small and took > BAR_SECONDS else 0


if __name__ == "__main__":
    sys.exit(main())
