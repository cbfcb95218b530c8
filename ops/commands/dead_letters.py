"""`ringahead dead-letters`: messages that could not become facts."""

import getpass
import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from ops.embedded.installation import opened
from ops.letter_desk import answer, edited_json
from ops.letter_places import in_file, on_kafka
from ops.reports.source import database
from ops.running import ask
from schemas.dead_letters import DeadLetter, Edited, KeptLetter
from schemas.errors import BadInput, DeadLetterReason, NotFound
from schemas.settings import Settings, load_settings
from streams.embedded.lock import hold, owner_of
from streams.letters import in_order

NAME = "ringahead dead-letters"
WIDTH = 160
REPLAYED_AT_ONCE = 10_000
as_json = click.option("--json", "as_values", is_flag=True, help="For programs: JSON on stdout.")
a_reason = click.option("--reason", type=click.Choice([str(reason) for reason in DeadLetterReason]))


@click.group()
def command() -> None:
    """List, edit, replay and discard messages that could not become facts.

    A letter's id is its place: topic, partition, offset. Every change is in the audit, with who made it.
    """


@command.command("list")
@a_reason
@click.option("--limit", type=click.IntRange(1, 100_000), default=50, show_default=True)
@click.option("--settled", is_flag=True, help="Those that were replayed or discarded.")
@as_json
def show_list(reason: str | None, limit: int, settled: bool, as_values: bool) -> None:
    """List letters, newest first."""
    with database(load_settings()) as store, store.read() as tx:
        counts = dict(tx.dead_letters.counts())
        waiting = [KeptLetter(letter) for letter in tx.dead_letters.listed(reason, limit)]
        found = tx.dead_letters.settled(limit) if settled else waiting
    if as_values:
        click.echo(json.dumps({"waiting": counts, "letters": [_values(kept) for kept in found]}, indent=1))
        return
    table = Table(box=None, pad_edge=False)
    for title in ("Letter", "Reason", "First seen", "Bytes", "Detail"):
        table.add_column(title, overflow="fold")
    for kept in found:
        letter = kept.letter
        detail = letter.detail if kept.settled_how is None else kept.settled_how
        seen = f"{letter.first_seen:%Y-%m-%d %H:%M}"
        table.add_row(letter.letter_id, str(letter.reason), seen, f"{len(letter.raw):,}", detail)
    if found:
        Console(width=WIDTH, highlight=False).print(table)
    counted = ", ".join(f"{count:,} {word}" for word, count in sorted(counts.items()))
    click.echo(f"{sum(counts.values()):,} wait{': ' + counted if counted else ''}")


@command.command()
@click.argument("letter_id")
@as_json
def show(letter_id: str, as_values: bool) -> None:
    """Print one letter whole, with what was done with it."""
    with database(load_settings()) as store, store.read() as tx:
        kept = tx.dead_letters.kept(letter_id)
        history = tx.audit.about(subject=f"letter:{letter_id}")
    if kept is None:
        raise NotFound("no_such_letter", letter_id)
    if as_values:
        told = [[one.at.isoformat(), one.actor, one.event, one.before, one.after, one.detail] for one in history]
        click.echo(json.dumps(_values(kept) | {"history": told}, indent=1))
        return
    letter = kept.letter
    click.echo(f"{letter_id}: {letter.reason}: {letter.detail}")
    if letter.replay_of:
        click.echo(f"replay of {letter.replay_of}")
    for entry in history:
        change = f"{entry.before} -> {entry.after}"
        click.echo(f"{entry.at:%Y-%m-%d %H:%M:%S} {entry.actor}: {entry.event} {change} {entry.detail}")
    click.echo(f"key: {kept.to_send.key!r}")
    click.echo(kept.to_send.raw.decode(errors="backslashreplace"))


@command.command()
@click.argument("letter_id")
@click.option("--file", "path", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=True)
@click.option("--key", help="The record's key, the account; else as it is.")
def edit(letter_id: str, path: Path, key: str | None) -> None:
    """Set what a replay of the letter sends; the letter stays as it came."""
    settings = load_settings()
    with database(settings) as store, store.read() as tx:
        kept = tx.dead_letters.kept(letter_id)
    if kept is None:
        raise NotFound("no_such_letter", letter_id)
    edited = Edited(kept.to_send.key if key is None else key.encode(), path.read_bytes())
    _do(settings, {"do": "edit", "letters": [letter_id], **edited_json(edited)})
    click.echo(f"{letter_id} is edited; `ringahead dead-letters replay {letter_id}` sends it")


@command.command()
@click.argument("letter_ids", nargs=-1)
@a_reason
@as_json
def replay(letter_ids: tuple[str, ...], reason: str | None, as_values: bool) -> int:
    """Send letters again to where they came from; with --reason all that wait for it.

    What would be refused again at once is not sent, and waits. Exit code 1: some wait still.
    """
    settings = load_settings()
    ids = _chosen(settings, letter_ids, reason)
    none: Mapping[str, Any] = {"done": 0, "refused": {}}
    found = _do(settings, {"do": "replay", "letters": ids}) if ids else none
    if as_values:
        click.echo(json.dumps(dict(found), indent=1))
    else:
        for letter_id, why in found["refused"].items():
            click.echo(f"{letter_id} waits still: {why}", err=True)
        click.echo(f"{found['done']:,} replayed")
    return 1 if found["refused"] else 0


@command.command()
@click.argument("letter_ids", nargs=-1, required=True)
@click.option("--why", required=True, help="For the audit.")
def discard(letter_ids: tuple[str, ...], why: str) -> None:
    """Give letters up; they stay readable."""
    done = _do(load_settings(), {"do": "discard", "letters": list(letter_ids), "why": why})["done"]
    click.echo(f"{done:,} discarded")


def _chosen(settings: Settings, letter_ids: Sequence[str], reason: str | None) -> list[str]:
    if bool(letter_ids) is (reason is not None):
        raise BadInput("say which letters: their ids, or --reason")
    if reason is None:
        return list(letter_ids)
    with database(settings) as store, store.read() as tx:
        return in_order(tx.dead_letters.listed(reason, REPLAYED_AT_ONCE))


def _do(settings: Settings, asked: Mapping[str, Any]) -> Mapping[str, Any]:
    """Through the running server, or by ourselves."""
    told = {**asked, "actor": f"{NAME} ({getpass.getuser()})"}
    if settings.runtime == "kafka":
        with database(settings) as store:
            return answer(on_kafka(settings, store), told)
    owner = owner_of(settings.data_dir)
    if owner is not None:
        return ask(owner, "letters", told)
    with hold(settings.data_dir, NAME), opened(settings) as installation:
        found = answer(in_file(installation, lambda: None), told)
        installation.runtime.fold_all()
    return found


def _values(kept: KeptLetter) -> dict[str, Any]:
    letter: DeadLetter = kept.letter
    edited = None if kept.edited is None else b64encode(kept.edited.raw).decode()
    settled = None if kept.settled_at is None else kept.settled_at.isoformat()
    more = {"letter_id": letter.letter_id, "edited_base64": edited, "settled_at": settled, "how": kept.settled_how}
    return letter.model_dump(mode="json") | more
