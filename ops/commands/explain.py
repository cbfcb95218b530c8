"""`ringahead explain TASK`: why this task."""

import asyncio
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import click
from rich import box
from rich.console import Console
from rich.table import Table

from ops.account_log import records_of
from ops.explaining import Because, Explanation, explain, find_task
from ops.replaying import require_database
from outreach.desk import Desk, rules_from
from outreach.store.migrate import require_current
from outreach.store.sql import SqlTransaction, store_for
from schemas.envelope import Event
from schemas.errors import BadEvent
from schemas.settings import Settings, load_settings
from streams.kafka.log import read_records
from streams.microbatch.ports import Record
from streams.processor import read_event

WIDE = 120


@click.command()
@click.argument("task")
@click.option("--json", "as_json", is_flag=True, help="Plain JSON instead of tables.")
@click.option("--events", type=click.IntRange(0, 10_000), default=12, show_default=True, help="So many of the newest.")
@click.option("--log", "with_log", is_flag=True, help="Kafka runtime: read Kafka's whole log, not its copy by account.")
def command(task: str, as_json: bool, events: int, with_log: bool) -> None:
    """Say why TASK is there: a task id, or an account id for its newest task.

    What opened it and on which forecast, by which versions of model, profiles and calling rules; the events behind it;
    every decision about it and its account since; and what speaks against a call now. It changes nothing, and works
    beside a running installation.
    """
    settings = load_settings()
    require_database(settings)
    store = store_for(settings.sqlalchemy_url)
    try:
        require_current(store.engine)
        with store.read() as tx:
            task_id = find_task(tx, task)
            found = tx.tasks.get(task_id)
            log = _log_of(settings, tx, "" if found is None else found.account_id, with_log)
            said = explain(tx, Desk(rules_from(settings)), task_id, log, events)
    finally:
        store.close()
    if as_json:
        click.echo(json.dumps(said.plain(), default=str, indent=1))
    else:
        _print(Console(width=WIDE, highlight=False), said)


def _log_of(
    settings: Settings, tx: SqlTransaction, account_id: str, with_log: bool
) -> Iterable[tuple[int | None, Event]]:
    """The account's events in the order of its log."""
    if settings.runtime == "kafka" and with_log:
        return asyncio.run(_from_kafka(settings, account_id))
    return _events(records_of(settings, tx, account_id))


async def _from_kafka(settings: Settings, account_id: str) -> list[tuple[int | None, Event]]:
    key = account_id.encode()
    return [one async for chunk in read_records(settings) for one in _events(r for r in chunk if r.key == key)]


def _events(records: Iterable[Record]) -> Iterator[tuple[int | None, Event]]:
    for record in records:
        try:
            yield record.offset, read_event(record)
        except BadEvent:
            continue


def _print(console: Console, said: Explanation) -> None:
    console.print(f"Task {said.task_id} of account {said.account_id}: {said.task_class}, {said.state}")
    console.print(f"opened {_at(said.created_at)}, profile {said.profile}, {said.attempts} attempts, rank {said.rank}")
    parts = [f"{name.replace('_', ' ')} {worth}" for name, worth in said.priority.items()]
    console.print(f"priority: {', '.join(parts) or 'none'}")
    valued = [f"{name.replace('_', ' ')} {worth}" for name, worth in said.value.items()]
    console.print(f"account's value: {', '.join(valued) or 'not known'}")
    if said.as_of is not None:
        blocked = ", ".join(said.blocked_now) or "nothing"
        console.print(f"at business time {_at(said.as_of)} {blocked} speaks against a call")
    models, profiles = ", ".join(said.models) or "none", ", ".join(said.profiles) or "none"
    console.print(f"model {models}; profiles {profiles}; rules {said.rules_version}")
    _rows(console, "Why", ("Product", "Need", "Opened", "Forecast", "Became"), map(_line, said.lines))
    for line in said.lines:
        console.print(f"  {line.name or line.group}: {line.sentence}")
    rules = ((one.rule_id, one.effective_from, one.citation) for one in said.rules)
    _rows(console, "Rules that hold there", ("Rule", "From", "Source"), rules)
    behind = ((str(one.position or ""), _at(one.at), one.type, one.says) for one in said.events)
    _rows(console, "Events behind it", ("Place", "At", "Event", "Says"), behind)
    since = (
        (_at(one.at), one.who, one.what, f"{one.before or '-'} > {one.after or '-'}", one.detail)
        for one in said.decisions
    )
    _rows(console, "Decided since", ("At", "Who", "What", "From > to", "Detail"), since)


def _line(line: Because) -> tuple[str, ...]:
    product = f"{line.name.title()} ({line.group})" if line.name else line.group
    became = line.status if line.cause is None else f"{line.status}: {line.cause}"
    return product, line.kind, _at(line.opened_at), _forecast(line.evidence), became


def _forecast(evidence: Mapping[str, Any]) -> str:
    """``P 0.71 >= 0.5, lead 2 d; 9 order days, gap 28 d; p10 .. p50 .. p90``."""
    if "p_due" not in evidence:
        return str(evidence.get("method", ""))
    parts = [f"P {evidence['p_due']:.2f} >= {evidence.get('service_level', 0):g}"]
    if "lead_time_days" in evidence:
        parts.append(f"lead {evidence['lead_time_days']:g} d")
    if "usual_gap_days" in evidence:
        parts.append(f"{evidence.get('order_days', 0)} order days, gap {evidence['usual_gap_days']:g} d")
    days = [str(evidence[name]) for name in ("p10_on", "p50_on", "p90_on") if name in evidence]
    return "; ".join([*parts, " .. ".join(days)] if days else parts)


def _rows(console: Console, title: str, columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    table = Table(*columns, title=title, title_justify="left", box=box.SIMPLE, pad_edge=False)
    for row in rows:
        table.add_row(*row)
    if table.row_count:
        console.print(table)


def _at(moment: Any) -> str:
    return "" if moment is None else f"{moment:%Y-%m-%d %H:%M}"
