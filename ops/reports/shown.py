"""Reports as tables for a terminal, and as plain values for programs."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from rich.table import Table

from outreach.conversion import Fates, Loss, Mending
from outreach.holdout import ALL_CELLS, METRICS, Quarter, Row
from outreach.uplift import Estimate
from schemas.decisions import TaskClass

Estimates = Mapping[tuple[str, str], Estimate | None]


def holdout_table(found: Estimates, rows: Sequence[Row]) -> Table:
    """One line a cell and metric."""
    table = Table("Cell", "Metric", box=None, pad_edge=False)
    for title in ("Called", "Held out", "Difference", "95 % from", "to", "Relative", "Accounts called", "held out"):
        table.add_column(title, justify="right")
    for (cell, metric), one in found.items():
        if one is None:
            arms = [
                sum(1 for row in rows if row.held_out is held and cell in (ALL_CELLS, row.cell))
                for held in (False, True)
            ]
            table.add_row(cell, metric, *["-"] * 6, *(f"{count:,}" for count in arms))
            continue
        digits = 2 if metric == "revenue" else 4
        means = (one.called_mean, one.held_out_mean, one.difference, one.low, one.high)
        relative = "-" if one.relative is None else f"{one.relative:+.1%}"
        counts = (f"{one.called:,}", f"{one.held_out:,}")
        table.add_row(cell, metric, *(f"{value:,.{digits}f}" for value in means), relative, *counts)
    return table


def holdout_values(found: Estimates, quarters: Sequence[Quarter], rows: Sequence[Row]) -> dict[str, Any]:
    """The same for programs."""
    return {
        "quarters": [{"name": one.name, "complete": one.complete} for one in quarters],
        "rows": {arm: sum(1 for row in rows if row.held_out is held) for arm, held in _ARMS},
        "metrics": list(METRICS),
        "estimates": [
            {"cell": cell, "metric": metric, **(asdict(one) | {"relative": one.relative} if one else {})}
            for (cell, metric), one in found.items()
        ],
    }


def fates_table(found: Mapping[tuple[str, TaskClass], Fates]) -> Table:
    """One line a cell and class."""
    table = Table("Cell", "Class", box=None, pad_edge=False)
    counted = ("Opened", "Called", "Ordered", "Conversion", "Ordered before", "Missed", "never called", "Given up")
    for title in (*counted, "Open"):
        table.add_column(title, justify="right")
    for (cell, task_class), one in found.items():
        share = "-" if one.conversion is None else f"{one.conversion:.1%}"
        counts = (one.overtaken, one.expired, one.never_called, one.exhausted, one.open)
        sold = one.ordered + one.promised
        table.add_row(cell, task_class, *_counts(one.opened, one.called, sold), share, *_counts(*counts))
    return table


def fates_values(found: Mapping[tuple[str, TaskClass], Fates]) -> list[dict[str, Any]]:
    """The same for programs."""
    return [
        {"cell": cell, "task_class": task_class, **asdict(one), "conversion": one.conversion}
        for (cell, task_class), one in found.items()
    ]


def loss_lines(loss: Loss) -> list[str]:
    """Why customers were lost, most frequent first."""
    told = [f"{count:>8,}  {reason}" for reason, count in loss.reasons.items()]
    return [*told, f"{loss.unexplained:>8,}  nobody found out why", f"{loss.fell_silent:>8,}  fell silent in all"]


def mending_lines(found: Mapping[str, Mending]) -> list[str]:
    """How long mending took."""
    return [
        f"{one.count:>8,}  {kind}: half within {one.median_hours:.1f} h, the longest {one.longest_hours:.1f} h"
        for kind, one in found.items()
    ]


def _counts(*numbers: int) -> list[str]:
    return [f"{number:,}" for number in numbers]


_ARMS = (("called", False), ("held_out", True))
