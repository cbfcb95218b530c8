"""`ringahead erase ACCOUNT`: delete an account's people, and never contact it again."""

import getpass
from typing import Any

import click
from rich import box
from rich.console import Console
from rich.table import Table

from ops.replaying import require_database
from outreach.desk import Desk, Erasable, ErasureReason, rules_from
from outreach.store.migrate import require_current
from outreach.store.sql import store_for
from schemas.settings import load_settings

_ROWS = (
    ("contacts", "contacts with their numbers, deleted"),
    ("suggestions", "suggestions, deleted"),
    ("shown", "suggestions that were shown in calls, deleted"),
    ("attempts", "calls that forget whom they reached"),
    ("open_tasks", "open tasks, cancelled"),
    ("pending_reorders", "reorders that were not sent, cancelled"),
)


@click.command()
@click.argument("account")
@click.option("--reason", type=click.Choice([reason.value for reason in ErasureReason]), help="Kept in the history.")
@click.option("--yes", is_flag=True, help="Do it; without it the command only says what would go.")
def command(account: str, reason: str | None, yes: bool) -> None:
    """Erase what identifies people of ACCOUNT, cancel its tasks, never contact it again.

    Without --yes nothing is changed. It works beside a running installation; an agent who talks sees a banner at once.
    The log holds no personal data and stays, as do the do-not-call list and the history, which names the account and
    the reason alone. It cannot be undone.
    """
    if yes and reason is None:
        raise click.UsageError("--yes needs --reason")
    settings = load_settings()
    require_database(settings)
    store = store_for(settings.sqlalchemy_url)
    try:
        require_current(store.engine)
        desk = Desk(rules_from(settings))
        with store.read() as tx:
            found = desk.erasable(tx, account)
        _show(found)
        if found.erased_at is not None:
            return
        if not yes:
            click.echo("Nothing was changed; --yes --reason REASON does it.")
            return
        with store.begin() as tx:
            cancelled = desk.erase_account(tx, account, f"command:{getpass.getuser()}", ErasureReason(str(reason)))
        click.echo(f"erased; {cancelled:,} tasks cancelled")
    finally:
        store.close()


def _show(found: Erasable) -> None:
    if found.erased_at is not None:
        click.echo(f"{found.account_id} was erased on {found.erased_at:%Y-%m-%d}; nothing is left to erase")
        return
    table = Table(box=box.SIMPLE, show_header=False)
    counts: dict[str, Any] = {name: getattr(found, name) for name, _ in _ROWS}
    for name, says in _ROWS:
        table.add_row(f"{counts[name]:,}", says)
    Console(highlight=False).print(table)
