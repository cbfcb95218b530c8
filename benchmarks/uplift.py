"""Does the hold-out report find what calling changes, and nothing where it changes nothing?

    python -m benchmarks.uplift [--small] [--picture docs/figures/uplift.svg]

A made-up distributor, many times over: accounts order at their own pace (gamma) and size (lognormal, so that a few of
them make most of the revenue), in four profile cells, over three quarters. Who is held out is drawn by the system's own
hash; calling multiplies the pace of the others by a planted factor. Each time the report's own estimator says what
calling changed. Exit code 1 where an interval of 95 % does not cover the truth in about 95 % of the replications.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks._uplift_picture import Histogram, picture
from outreach.holdout import METRICS
from outreach.uplift import Panel, estimate
from schemas import ids

PLANTED = (0.0, 0.10)
"""By how much calling raises the pace of ordering."""
QUARTERS = tuple(range(3))
CELLS = 4
SHARE = 0.05
COVERED = (0.92, 0.975)
"""Between these shares of the replications the interval must hold the truth."""
SEED = 20261123


@dataclass(frozen=True, slots=True)
class Found:
    """One metric of one planted uplift, over all replications."""

    metric: str
    planted: float
    estimates: np.ndarray
    """Relative to what the held-out did; shape (replications,)."""
    truths: np.ndarray
    covered: float
    proved: float
    """Share of the replications whose interval lies wholly on one side of no difference."""
    biased: float
    """Mean error of the estimate, in standard errors of that mean."""


@dataclass(frozen=True, slots=True)
class World:
    """Accounts as they are before anybody calls; columns of shape (accounts,)."""

    pace: np.ndarray
    """Order days a quarter."""
    worth: np.ndarray
    """Of an order, on average."""
    cell: np.ndarray


def world(random: np.random.Generator, accounts: int) -> World:
    """Half of the accounts order about once a quarter or less; a hundredth of them makes a fifth of the revenue."""
    pace = random.gamma(0.8, 2.5, accounts) + 0.05
    worth = 180.0 * random.lognormal(0.0, 1.0, accounts)
    large = pace * worth > np.quantile(pace * worth, 0.9)
    return World(pace, worth, large * 2 + (pace < np.median(pace)))


def replicate(random: np.random.Generator, accounts: int, planted: float, run: int) -> dict[str, tuple[Panel, float]]:
    """By metric: what the report would see, and the mean effect that was there to be seen."""
    made = world(random, accounts)
    who, when = np.tile(np.arange(accounts), len(QUARTERS)), np.repeat(QUARTERS, accounts)
    held = np.concatenate([draw(f"{run}", accounts, quarter) for quarter in QUARTERS])
    pace, worth = made.pace[who], made.worth[who]
    before = random.poisson(4 * made.pace)
    spent = before * made.worth * random.lognormal(0, 0.3, accounts)
    days = random.poisson(pace * np.where(held, 1.0, 1.0 + planted))
    revenue = days * worth * random.lognormal(-0.045, 0.3, len(days))
    columns = {
        "orders": (days.astype(float), before / 4, pace * planted),
        "revenue": (revenue, spent / 4, pace * worth * planted),
        "retention": ((days > 0).astype(float), np.log1p(before), np.exp(-pace) - np.exp(-pace * (1 + planted))),
    }
    rows = before[who] > 0
    stratum = made.cell[who] * len(QUARTERS) + when
    panels = {
        metric: Panel(who[rows], stratum[rows], held[rows], outcome[rows], np.asarray(past, float)[who][rows])
        for metric, (outcome, past, _) in columns.items()
    }
    return {metric: (one, float(columns[metric][2][rows].mean())) for metric, one in panels.items()}


def draw(salt: str, accounts: int, quarter: int) -> np.ndarray:
    """Who is held out, as the system draws it."""
    names = (ids.short_int("holdout", f"{account}", f"2030Q{quarter + 1}", salt) for account in range(accounts))
    return np.fromiter(names, float, accounts) / 2**63 < SHARE


def experiment(planted: float, accounts: int, replications: int, seed: int = SEED) -> list[Found]:
    """Run it ``replications`` times; one result a metric."""
    random = np.random.default_rng([seed, round(planted * 1000)])
    seen: dict[str, list[tuple[float, float, float, bool, bool]]] = {metric: [] for metric in METRICS}
    for run in range(replications):
        for metric, (panel, truth) in replicate(random, accounts, planted, run).items():
            found = estimate(panel)
            if found is None:
                raise SystemExit("a replication had nothing to compare: more accounts are needed")
            base = found.held_out_mean
            covers = found.low <= truth <= found.high
            seen[metric].append((found.difference / base, truth / base, found.difference - truth, covers, found.proves))
    return [_summary(metric, planted, np.array(rows, float)) for metric, rows in seen.items()]


def _summary(metric: str, planted: float, rows: np.ndarray) -> Found:
    error = rows[:, 2]
    return Found(
        metric=metric,
        planted=planted,
        estimates=rows[:, 0],
        truths=rows[:, 1],
        covered=float(rows[:, 3].mean()),
        proved=float(rows[:, 4].mean()),
        biased=float(error.mean() / (error.std(ddof=1) / np.sqrt(len(error)))),
    )


def table(found: Sequence[Found]) -> str:
    """One line a planted uplift and metric."""
    head = (
        f"{'planted':>8} {'metric':<10} {'truth':>7} {'mean':>7} {'sd':>7} {'covered':>8} {'proved':>7} {'bias, se':>9}"
    )
    rows = [
        f"{one.planted:>8.0%} {one.metric:<10} {one.truths.mean():>7.1%} {one.estimates.mean():>7.1%} "
        f"{one.estimates.std():>7.1%} {one.covered:>8.1%} {one.proved:>7.1%} {one.biased:>9.1f}"
        for one in found
    ]
    return "\n".join([head, *rows])


def main(arguments: Sequence[str]) -> int:
    """Print the table, perhaps draw the picture; 1 where the intervals are wrong."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--picture", type=Path)
    chosen = parser.parse_args(arguments)
    accounts, replications = (600, 40) if chosen.small else (4000, 1000)
    started = time.monotonic()
    found = [one for planted in PLANTED for one in experiment(planted, accounts, replications)]
    print(f"{replications} replications of {accounts:,} accounts, {len(QUARTERS)} quarters, {SHARE:.0%} held out")
    print(table(found))
    print(f"{time.monotonic() - started:.0f} s")
    if chosen.picture:
        chosen.picture.parent.mkdir(parents=True, exist_ok=True)
        chosen.picture.write_text(picture([_histogram(one) for one in found], len(PLANTED)), encoding="utf-8")
    low, high = COVERED if not chosen.small else (0.8, 1.0)
    return 0 if all(low <= one.covered <= high for one in found) else 1


def _histogram(one: Found) -> Histogram:
    return Histogram(
        title=f"{one.metric}, planted {one.planted:.0%}",
        values=one.estimates,
        truth=float(one.truths.mean()),
        notes=(f"covered {one.covered:.0%}", f"proved {one.proved:.0%}"),
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
