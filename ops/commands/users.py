"""`ringahead users`: who may log in to the console, and which programs may send events."""

import sys

import click
from rich.console import Console
from rich.table import Table

from console.access import LINK_MINUTES, add_user, disable_user, one_time_link, set_password
from console.passwords import MINIMUM_LENGTH, Passwords
from console.roles import PEOPLE
from console.scopes import Scope
from ops.at_hand import base_url, transaction
from ops.commands.keys import print_key
from schemas.errors import BadInput
from schemas.settings import load_settings

ROLES = sorted(role.value for role in PEOPLE)


@click.group()
def command() -> None:
    """Add people, make login links and API keys.

    Roles: agent calls, supervisor also decides on flagged tasks and reorders, operator watches the stream, erp sends
    events, admin may do all of it.
    """


@command.command()
@click.argument("name")
@click.option("--role", type=click.Choice(ROLES), required=True)
@click.option("--no-password", is_flag=True, help="Only by one-time links: ringahead users link NAME.")
def add(name: str, role: str, no_password: bool) -> None:
    """Add a user; asks for the password, or reads its first line from stdin."""
    encoded = None if no_password else Passwords().hash(_password())
    settings = load_settings()
    with transaction(settings) as tx:
        user = add_user(tx, name, role, encoded)
    click.echo(f"{user.name} may log in as {user.role}: {base_url(settings)}/login")
    if role == "erp":
        click.echo(f"For a program make a key: ringahead keys add {name}")


@command.command(name="list")
def list_() -> None:
    """List users, their roles, and whether they may log in."""
    with transaction(load_settings()) as tx:
        users, now = tx.users.all(), tx.db_now()
    table = Table("Name", "Role", "Login", box=None, pad_edge=False)
    for user in users:
        locked = user.locked_until is not None and user.locked_until > now
        able = "password" if user.password_hash else "links only"
        table.add_row(user.name, user.role, "disabled" if user.disabled else "locked out" if locked else able)
    Console(highlight=False).print(table if users else "No users yet. Add one: ringahead users add NAME --role agent")


@command.command()
@click.argument("name")
def disable(name: str) -> None:
    """Switch a user off; open sessions and keys end with their next request."""
    with transaction(load_settings()) as tx:
        disable_user(tx, name)
    click.echo(f"{name} may not log in any more.")


@command.command()
@click.argument("name")
def password(name: str) -> None:
    """Set a new password; ends a lock-out."""
    encoded = Passwords().hash(_password())
    with transaction(load_settings()) as tx:
        set_password(tx, name, encoded)
    click.echo(f"{name} has a new password.")


@command.command()
@click.argument("name")
@click.option("--minutes", type=click.IntRange(1, 1440), default=LINK_MINUTES, show_default=True)
def link(name: str, minutes: int) -> None:
    """Print an address that logs this user in once."""
    settings = load_settings()
    with transaction(settings) as tx:
        address = one_time_link(tx, name, base_url(settings), minutes)
    click.echo(address)
    click.echo(f"It works once, within {minutes} minutes.", err=True)


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
def key(name: str, scopes: tuple[str, ...], days: int) -> None:
    """Print an API key for a program of this user; it is shown once. The same as `ringahead keys add`.

    With --scope it may do that part of the API alone; without, all that the user's role may.
    """
    print_key(name, scopes, days)


def _password() -> str:
    if sys.stdin.isatty():
        given = str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
    else:
        given = sys.stdin.readline().rstrip("\r\n")
    if len(given) < MINIMUM_LENGTH:
        raise BadInput(f"a password has at least {MINIMUM_LENGTH} characters; a short sentence is a good one")
    return given
