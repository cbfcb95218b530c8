"""`ringahead keys`: which programs may use the API, for what, until when, and when they last did."""

from datetime import datetime

import click
from rich.console import Console
from rich.table import Table

from console.access import KeyShown, api_keys, new_api_key, revoke_key
from console.scopes import Scope
from ops.at_hand import transaction
from schemas.settings import load_settings

WIDE = 140


@click.group()
def command() -> None:
    """Make, list and revoke API keys. Making and revoking are in the audit."""


@command.command()
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    type=click.Choice([scope.value for scope in Scope]),
    multiple=True,
    help="May be given more than once.",
)
@click.option("--days", type=click.IntRange(1, 3650), default=365, show_default=True)
def add(name: str, scopes: tuple[str, ...], days: int) -> None:
    """Print an API key for a program of the user NAME; it is shown once.

    With --scope it may do that part of the API alone; without, all that the user's role may.
    """
    print_key(name, scopes, days)


@command.command(name="list")
@click.option("--user", "name", help="Only this user's.")
def list_(name: str | None) -> None:
    """List keys by the beginning of their hash: whose, what for, until when, when last used."""
    with transaction(load_settings()) as tx:
        found = api_keys(tx, name)
    table = Table("Key", "User", "Scopes", "Made", "Ends", "Last used", box=None, pad_edge=False)
    for one in found:
        table.add_row(*_row(one))
    none = "No keys. Make one: ringahead keys add NAME --scope events:write"
    Console(width=WIDE, highlight=False).print(table if found else none)


@command.command()
@click.argument("key")
def revoke(key: str) -> None:
    """End a key at once; KEY is its first six or more characters as `ringahead keys list` shows them."""
    with transaction(load_settings()) as tx:
        user_id = revoke_key(tx, key.lower())
    click.echo(f"The key {key} of {user_id} has ended.")


def print_key(name: str, scopes: tuple[str, ...], days: int) -> None:
    """Make a key and print it, on stdout alone."""
    with transaction(load_settings()) as tx:
        made = new_api_key(tx, name, days, scopes or None)
    click.echo(made)
    click.echo(f"Send it as a header: Authorization: Bearer KEY. It ends in {days} days.", err=True)


def _row(one: KeyShown) -> tuple[str, ...]:
    ends = f"{_day(one.expires_at)}{' (ended)' if one.ended else ''}"
    used = "never" if one.used_at is None else f"{one.used_at:%Y-%m-%d %H:%M} UTC"
    return one.key_id, one.user_id, " ".join(one.scopes or ("all of the role",)), _day(one.created_at), ends, used


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}"
