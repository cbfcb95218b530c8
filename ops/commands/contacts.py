"""`ringahead contacts FILE`: whom to call, and which numbers nobody calls."""

from datetime import UTC, datetime
from pathlib import Path

import click

from ops.contacts_file import read_contacts, read_numbers
from ops.contacts_in import send, send_register
from ops.importers.report import Report
from schemas.settings import load_settings


@click.command()
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option(
    "--do-not-call", "unwanted", type=click.Path(path_type=Path), help="Numbers that nobody calls, one a line."
)
@click.option("--register", metavar="NAME", help="FILE is a whole copy of this register: tps, ctps, us-national.")
@click.option("--copied", type=click.DateTime(), metavar="DATE", help="With --register: when it was copied (UTC).")
@click.option("--check", is_flag=True, help="Only say what would be kept and what left out.")
def command(
    file: Path | None, unwanted: Path | None, register: str | None, copied: datetime | None, check: bool
) -> None:
    """Bring in contacts from a CSV file, and the do-not-call list.

    Needs the columns contact_id, account_id, person, number; zone (an IANA name; else the account's own), channel (else
    phone) and rank (1 is tried first; else 1) may be missing or empty. Lines that cannot be used are left out and
    counted by reason, never shown; a file that cannot be used at all ends with exit code 2.

    A contact with a known contact_id is replaced; nothing is ever deleted. Numbers of --do-not-call are listed first,
    and open tasks that would call them are cancelled. Write numbers with + and country code in both files: they are
    compared by their digits.

    --register NAME --copied DATE puts FILE, one number a line, in force as the copy of an official register. It takes
    the place of the copy before; a copy that is too old by the calling rules counts as if everybody stood on it.
    """
    if register is not None:
        _register(file, register, copied, check)
        return
    if file is None and unwanted is None:
        raise click.UsageError("name a FILE of contacts, or --do-not-call FILE, or both")
    numbers = read_numbers(unwanted) if unwanted else None
    contacts = read_contacts(file) if file else None
    for read in (numbers, contacts):
        if read is not None:
            _show(read.report)
    if check:
        click.echo("Nothing was changed.")
        return
    kept, place = send(load_settings(), contacts.points if contacts else [], numbers.numbers if numbers else [])
    if numbers is not None:
        click.echo(f"{kept.listed:,} numbers are new on the do-not-call list; {kept.cancelled:,} tasks cancelled")
    if contacts is not None:
        click.echo(f"{kept.contacts:,} contacts kept in {place}")


def _register(file: Path | None, register: str, copied: datetime | None, check: bool) -> None:
    if file is None or copied is None:
        raise click.UsageError("--register needs FILE and --copied DATE")
    read = read_numbers(file)
    _show(read.report)
    if check:
        click.echo("Nothing was changed.")
        return
    place = send_register(load_settings(), register, read.numbers, copied.replace(tzinfo=UTC))
    click.echo(f"register {register} of {copied:%Y-%m-%d}: {len(read.numbers):,} numbers in force in {place}")


def _show(report: Report) -> None:
    for what, lines in report.rows():
        click.echo(f"{lines:>12,}  {what}")
