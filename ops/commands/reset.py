"""`ringahead reset`: a group's offsets."""

import getpass
import json
from dataclasses import asdict
from datetime import UTC, datetime

import click
from rich.console import Console
from rich.table import Table

from ops.reports.source import database
from ops.resets import KafkaResets
from schemas.errors import BadInput, Refused
from schemas.settings import load_settings
from streams.lag.resets import ResetAsked, ResetPlan, Where

WIDTH = 120
TIMES = click.DateTime(["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d"])


@click.command()
@click.argument("group")
@click.option("--to-beginning", is_flag=True, help="What is left of the beginning.")
@click.option("--to-end", is_flag=True, help="Skip everything that waits.")
@click.option("--to-offset", type=click.IntRange(min=0), metavar="N", help="In each partition that is meant.")
@click.option("--to-time", type=TIMES, metavar="TIME", help="The first record stamped then or later; UTC.")
@click.option("--topic", "topics", multiple=True, help="Only this topic; may be repeated.")
@click.option("--partition", "partitions", multiple=True, type=click.IntRange(min=0), help="Only this one.")
@click.option("--yes", is_flag=True, help="Do it; without, it is a dry run.")
@click.option("--json", "as_values", is_flag=True, help="For programs: JSON on stdout.")
def command(
    group: str,
    to_beginning: bool,
    to_end: bool,
    to_offset: int | None,
    to_time: datetime | None,
    topics: tuple[str, ...],
    partitions: tuple[int, ...],
    yes: bool,
    as_values: bool,
) -> None:
    """Set a group's offsets, after a dry run.

    Says what will be read again and what is skipped, and what that means for GROUP; changes nothing without --yes, and
    nothing while the group has members. What was done is in the audit.
    """
    settings = load_settings()
    if settings.runtime != "kafka":
        raise Refused(
            "no_offsets", "the embedded log's position is part of its state; `ringahead rebuild` folds it anew"
        )
    ways: dict[Where, bool] = {
        "beginning": to_beginning,
        "end": to_end,
        "offset": to_offset is not None,
        "time": to_time is not None,
    }
    chosen = [where for where, meant in ways.items() if meant]
    if len(chosen) != 1:
        raise BadInput("say one of --to-beginning, --to-end, --to-offset, --to-time")
    at = None if to_time is None else to_time.replace(tzinfo=UTC)
    asked = ResetAsked(group, chosen[0], to_offset, at, topics, partitions)
    with database(settings) as store:
        resets = KafkaResets(settings, store)
        plan = resets.reset(asked, f"ringahead reset ({getpass.getuser()})") if yes else resets.plan(asked)
    if as_values:
        click.echo(json.dumps(asdict(plan) | {"done": yes, "refused": plan.refused}, indent=1))
    else:
        _tell(plan, yes)


def _tell(plan: ResetPlan, done: bool) -> None:
    table = Table(box=None, pad_edge=False)
    for title in ("Topic / partition", "Committed", "To", "Read again", "Skipped"):
        table.add_column(title, justify="left" if title.startswith("Topic") else "right")
    for one in plan.partitions:
        committed = "no commits" if one.committed is None else f"{one.committed:,}"
        place = f"{one.topic} / {one.partition}"
        table.add_row(place, committed, f"{one.to:,}", f"{one.read_again:,}", f"{one.skipped:,}")
    Console(width=WIDTH, highlight=False).print(table)
    for sentence in plan.says:
        click.echo(sentence)
    counted = f"{plan.read_again:,} offsets are read again, {plan.skipped:,} skipped"
    if done:
        click.echo(f"Done: {counted}.")
    else:
        click.echo(plan.refused or f"A dry run: {counted}; nothing was changed. With --yes it is done.")
