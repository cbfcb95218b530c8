"""`ringahead lag`: how far behind, and how it does."""

import json
import math
import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from console.lag_view import LagRow, lag_groups
from console.ports import LagSource, PartitionLag
from ops.embedded.lag import EmbeddedLag
from ops.kafka_lag import KafkaLag
from ops.reports.source import database
from schemas.errors import BadInput
from schemas.settings import Settings, load_settings
from streams.lag.status import LagStatus
from streams.lag.watch import LagWatch

WIDTH = 170
TITLES = ("Topic / partition", "Committed", "End", "Events", "Time", "In/s", "Out/s", "Catches up", "Status", "Rule")


@click.command()
@click.argument("groups", nargs=-1)
@click.option("--samples", type=click.IntRange(1, 1000), default=4, show_default=True, help="1: figures, no rates.")
@click.option("--every", type=click.FloatRange(0.1, 600), default=2.0, show_default=True, help="Seconds between them.")
@click.option("--json", "as_values", is_flag=True, help="For programs: JSON on stdout.")
def command(groups: tuple[str, ...], samples: int, every: float, as_values: bool) -> int:
    """Say how far each consumer group is behind, and how it does.

    Without GROUPS: ours. Rates and statuses (Burrow's rules) are of the samples that this command takes: a window of
    seconds. A running console has one of two minutes, and tells it on its page and in its metrics. Nothing is changed.
    Exit code 1 where a group is slow (WARN) or worse, or a group that was named has no commits.
    """
    settings = load_settings()
    rows = _watched(settings, groups, samples, every)
    if as_values:
        click.echo(json.dumps([_values(row) for row in rows], indent=1))
    else:
        _tell(rows)
    silent = [group for group in groups if all(row.committed is None for row in rows if row.group == group)]
    for group in silent:
        click.echo(f"{group} has no commits", err=True)
    return 1 if silent or any(row.status != LagStatus.OK for row in rows) else 0


def _watched(settings: Settings, groups: tuple[str, ...], samples: int, every: float) -> Sequence[PartitionLag]:
    if settings.runtime == "kafka":
        return _sampled(KafkaLag(settings, groups, kept_seconds=0.0), samples, every)
    with database(settings) as store:
        rows = _sampled(EmbeddedLag(store), samples, every)
    if unknown := set(groups) - {row.group for row in rows}:
        raise BadInput(f"the embedded runtime has the group {rows[0].group} and no {', '.join(sorted(unknown))}")
    return rows


def _sampled(source: LagSource, samples: int, every: float) -> Sequence[PartitionLag]:
    watch = LagWatch(window_samples=samples)
    rows: Sequence[PartitionLag] = ()
    for number in range(samples):
        if number:
            time.sleep(every)
        rows = watch.observe(source.sample(), time.monotonic())
    return rows


def _tell(rows: Sequence[PartitionLag]) -> None:
    table = Table(show_header=True, box=None, pad_edge=False)
    for title in TITLES:
        table.add_column(title, justify="left" if title in {"Topic / partition", "Rule"} else "right")
    for group in lag_groups(rows):
        table.add_row(f"[bold]{group.name}[/bold]", *[""] * 7, group.status, "", style="bold" if group.tone else "")
        for row in group.rows:
            table.add_row(*_cells(row))
    if rows:
        Console(width=WIDTH, highlight=False).print(table)
    else:
        click.echo("No consumer group was found.")


def _cells(row: LagRow) -> tuple[str, ...]:
    figures = (row.committed, row.end, row.events, row.seconds, row.pace_in, row.pace_out, row.catch_up)
    return (f"  {row.place}", *figures, row.status, row.rule)


def _values(row: PartitionLag) -> dict[str, Any]:
    """JSON knows no infinity: a lag that does not shrink has a null for the time, and says so."""
    catch_up = row.catch_up_seconds
    endless = catch_up is not None and math.isinf(catch_up)
    told = {"catch_up_seconds": None if endless else catch_up, "shrinks": None if catch_up is None else not endless}
    return asdict(row) | told
