"""`ringahead audit`: whether the history is whole, and what it says."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict

import click
from rich import box
from rich.console import Console
from rich.table import Table

from ops.replaying import require_database
from outreach.desk.retention import verify as walk
from outreach.ports import Anchor, Transaction
from outreach.store.migrate import require_current
from outreach.store.sql import store_for
from schemas.errors import BadInput
from schemas.settings import Settings, load_settings

WIDE = 150


@click.group()
def command() -> None:
    """Verify the history of decisions and acts, and read it."""


@command.command()
@click.option("--noted", metavar="ID:DIGEST", help="An entry that you noted at an earlier verification.")
@click.option("--json", "as_values", is_flag=True, help="For programs: JSON on stdout.")
def verify(noted: str | None, as_values: bool) -> int:
    """Walk the whole history: no entry missing, none changed. Exit code 1 where one is.

    Every entry's digest covers the one before. Whoever can write to the database can also make a new chain: note the
    head that is printed outside of it, and give it with --noted the next time.
    """
    settings = load_settings()
    expected = None if noted is None else _noted(noted)
    with _reading(settings) as tx:
        found = walk(tx, expected)
    if as_values:
        click.echo(json.dumps(asdict(found), indent=1))
    else:
        cut = found.began.audit_id
        begins = f"after entry {cut}, the older ones were cut" if cut else "at entry 1"
        click.echo(f"{found.entries} entries, beginning {begins}; head {found.head.audit_id}:{found.head.digest}")
        click.echo(found.fault or "whole: none is missing, none was changed")
    return 1 if found.fault else 0


@command.command(name="list")
@click.option("--account", help="Only what is about this account.")
@click.option("--subject", help="As task:ID, key:ID, group:NAME.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
def list_(account: str | None, subject: str | None, limit: int) -> None:
    """The newest entries, newest first."""
    with _reading(load_settings()) as tx:
        if account is None and subject is None:
            found = tx.audit.since(max(0, tx.audit.newest() - limit), limit)[::-1]
        else:
            found = tx.audit.about(account_id=account, subject=subject, limit=limit)
    table = Table("Entry", "At", "Who", "What", "About", "From", "To", "Detail", box=box.SIMPLE, pad_edge=False)
    for one in found:
        moved = (one.before or "", one.after or "", one.detail)
        table.add_row(str(one.audit_id), f"{one.at:%Y-%m-%d %H:%M}", one.actor, one.event, one.subject, *moved)
    Console(width=WIDE, highlight=False).print(table if found else "Nothing.")


@contextmanager
def _reading(settings: Settings) -> Iterator[Transaction]:
    require_database(settings)
    store = store_for(settings.sqlalchemy_url)
    try:
        require_current(store.engine)
        with store.read() as tx:
            yield tx
    finally:
        store.close()


def _noted(told: str) -> Anchor:
    audit_id, _, digest = told.partition(":")
    if not (audit_id.isascii() and audit_id.isdigit()) or not digest:
        raise BadInput(f"{told!r} is not ID:DIGEST, as `ringahead audit verify` prints the head")
    return Anchor(int(audit_id), digest)
