"""`ringahead links`: addresses of an account's own page, for the account."""

import click
from rich.console import Console
from rich.table import Table

from console.links import LINK_DAYS, PREFIX, Signer, new_link, revoke
from ops.at_hand import base_url, transaction
from outreach.ports import Transaction
from outreach.records import AuditEntry
from schemas.base import EARLIEST
from schemas.errors import NotFound
from schemas.settings import load_settings

ACTOR = "ringahead links"


@click.group()
def command() -> None:
    """Make, list and revoke links with which an account sees its own page."""


@command.command()
@click.argument("account_id", metavar="ACCOUNT")
@click.option("--days", type=click.IntRange(1, 730), default=LINK_DAYS, show_default=True, help="Until it ends.")
def account(account_id: str, days: int) -> None:
    """Print a link to the page of ACCOUNT. Whoever has it is the account: send it to nobody else."""
    settings = load_settings()
    signer = Signer(settings.link_secret.get_secret_value())
    with transaction(settings) as tx:
        link = new_link(tx, account_id, days)
        _note(tx, account_id, "link_made", link.link_id)
    click.echo(f"{base_url(settings)}{PREFIX}{signer.token(link)}")
    click.echo(f"It works for {days} days; end it before: ringahead links revoke {account_id} {link.link_id}", err=True)


@command.command(name="list")
@click.argument("account_id", metavar="ACCOUNT")
def list_(account_id: str) -> None:
    """List the links of ACCOUNT, newest first; the addresses themselves are kept nowhere."""
    with transaction(load_settings()) as tx:
        links, now = tx.account_links.of_account(account_id), tx.db_now()
    table = Table("Link", "Made", "Ends", "State", box=None, pad_edge=False)
    for link in links:
        state = "revoked" if link.revoked_at else "ended" if link.expires_at <= now else "in force"
        table.add_row(link.link_id, f"{link.created_at:%Y-%m-%d}", f"{link.expires_at:%Y-%m-%d}", state)
    Console(highlight=False).print(table if links else f"No links of {account_id}.")


@command.command(name="revoke")
@click.argument("account_id", metavar="ACCOUNT")
@click.argument("link_id", metavar="[LINK]", required=False)
def revoke_(account_id: str, link_id: str | None) -> None:
    """End one LINK of ACCOUNT, or all of them, with the next request."""
    with transaction(load_settings()) as tx:
        ended = revoke(tx, account_id, link_id)
        if not ended:
            raise NotFound("no_such_link", f"{account_id} has no such link in force")
        _note(tx, account_id, "link_revoked", link_id or "all")
    click.echo(f"{ended} ended.")


def _note(tx: Transaction, account_id: str, event: str, detail: str) -> None:
    at = min((clock.as_of for clock in tx.clocks.all()), default=EARLIEST)
    tx.audit.append([AuditEntry(0, at, f"account:{account_id}", account_id, ACTOR, event, None, None, 0, detail)])
