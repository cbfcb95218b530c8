"""`ringahead rules`: the calling rules in force, where each comes from, and what they make of one place."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from outreach import hours
from outreach.calling.book import RuleBook, in_force, with_site
from outreach.calling.windows import day_of
from outreach.calling.words import says, where
from outreach.desk.rules import book_from
from outreach.hours import CalledParty, known_zone
from schemas.errors import BadFile, Misconfigured
from schemas.settings import load_settings


@click.command()
@click.option("--check", type=click.Path(path_type=Path), metavar="FILE", help="Only say whether FILE could be used.")
@click.option("--zone", help="Say what holds at one place: its IANA time zone.")
@click.option("--country", help="With --zone: the account's country.")
@click.option("--region", help="With --zone: the account's state or region.")
@click.option("--at", type=click.DateTime(), metavar="TIME", help="With --zone: there, on its wall clock; else now.")
def command(check: Path | None, zone: str | None, country: str | None, region: str | None, at: datetime | None) -> None:
    """List the calling rules: when, how often and by whose leave somebody may be called.

    Each rule has an id, the text that it comes from and the day from which it holds; of several the strictest counts.
    They are defaults that a lawyer must review. A site's own rules (RINGAHEAD_RULES_FILE) come on top.
    """
    if check is not None:
        book = _checked(check)
        click.echo(f"{check.name} can be used: {len(book.own)} rules, version {book.version}")
        return
    book = book_from(load_settings())
    if zone is None:
        _list(book)
        return
    for line in _judged(book, CalledParty(zone, country, region), at):
        click.echo(line)


def _checked(path: Path) -> RuleBook:
    try:
        return with_site(path.read_bytes(), path.name)
    except OSError as error:
        raise BadFile(f"{path}: {error.strerror}") from error
    except Misconfigured as error:
        raise BadFile(str(error)) from error


def _list(book: RuleBook) -> None:
    wide = max(len(rule.id) for rule in book.rules)
    for rule in book.rules:
        mark = "own " if rule.id in book.own else ""
        click.echo(f"{rule.id:<{wide}}  {where(rule):<10} from {rule.effective_from}  {mark}{says(rule)}")
        click.echo(f"{'':<{wide}}  {rule.citation}")
    click.echo(f"\n{len(book.rules)} rules, version {book.version}. Defaults that a lawyer must review.")


def _judged(book: RuleBook, party: CalledParty, at: datetime | None) -> Iterator[str]:
    zone = known_zone(party.zone)
    if zone is None:
        yield f"zone_unknown: {party.zone!r} is no IANA zone of a place; nobody is called there"
        return
    there = at.replace(tzinfo=zone) if at is not None else datetime.now(zone)
    why = hours.blocked(party, there.astimezone(UTC), book)
    yield f"{there:%Y-%m-%d %H:%M} {zone.key}: {'calls are allowed' if why is None else why}"
    holiday = day_of(book, party, there.date()).holiday_by
    names = [rule.id for rule in hours.rules_for(party, there.date(), book)]
    yield f"by {', '.join([*names, *([holiday] if holiday else [])])}"
    yield _next(book, party, there, zone)
    for rules in (book.frequency, book.registers, book.consent):
        yield from (f"{rule.id}: {says(rule)}" for rule in in_force(rules, party, there.date()))


def _next(book: RuleBook, party: CalledParty, there: datetime, zone: ZoneInfo) -> str:
    window = hours.next_window(party, there.astimezone(UTC), book)
    if window is None:
        return "not within three weeks"
    opens, closes = (moment.astimezone(zone) for moment in window)
    return f"open from {opens:%Y-%m-%d %H:%M} until {closes:%Y-%m-%d %H:%M}"
