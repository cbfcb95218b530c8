"""Open times as instants: a local day cut where its clock is set, so that every night of a change comes out right."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from outreach.calling.book import WEEKDAYS, ClosureRule, HoursRule, RuleBook, in_force, minute_of
from outreach.calling.closures import public_holidays
from outreach.calling.places import CalledParty, countries_of, known_zone, region_code

MINUTES_A_DAY = 1440
_HOUR = timedelta(hours=1)
_BEFORE, _AFTER = timedelta(hours=16), timedelta(hours=40)
"""No zone is further from UTC: a local day lies within."""

Window = tuple[datetime, datetime]
"""From (included), until (excluded), UTC."""


@dataclass(frozen=True, slots=True)
class Day:
    """One local day of a party by the rules."""

    holiday_by: str | None
    """The rule that makes it a holiday."""
    minutes: tuple[tuple[int, int], ...]
    """Open intervals of the wall clock, minutes after midnight."""


@lru_cache(maxsize=32768)
def day_of(book: RuleBook, party: CalledParty, day: date) -> Day:
    """What the rules make of that local day; the strictest wins."""
    hours = in_force(book.hours, party, day)
    for closure in in_force(book.closures, party, day):
        if _closes(book, closure, party, day):
            return Day(closure.id, ())
    if any(WEEKDAYS[day.weekday()] in rule.closed_weekdays for rule in hours):
        return Day(None, ())
    return Day(None, _open_minutes(hours, party))


@lru_cache(maxsize=32768)
def windows_on(book: RuleBook, party: CalledParty, day: date) -> tuple[Window, ...]:
    """The open instants of a local day, in order. Empty where the zone is not known."""
    zone = known_zone(party.zone)
    if zone is None:
        return ()
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    found = []
    for start, end, offset in spells(zone, day):
        for opens, closes in day_of(book, party, day).minutes:
            first = max(start, midnight + timedelta(minutes=opens) - offset)
            last = min(end, midnight + timedelta(minutes=closes) - offset)
            if first < last:
                found.append((first, last))
    return tuple(sorted(found))


@lru_cache(maxsize=32768)
def spells(zone: ZoneInfo, day: date) -> tuple[tuple[datetime, datetime, timedelta], ...]:
    """The instants of a local day as (from, until, offset), cut where the offset changes; empty for a skipped day."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    cuts = [midnight - _BEFORE, *_changes(zone, midnight - _BEFORE, midnight + _AFTER), midnight + _AFTER]
    found = []
    for start, end in pairwise(cuts):
        offset = _offset(zone, start)
        first, last = max(start, midnight - offset), min(end, midnight + timedelta(days=1) - offset)
        if first < last:
            found.append((first, last, offset))
    return tuple(found)


def _changes(zone: ZoneInfo, start: datetime, end: datetime) -> Iterator[datetime]:
    """Instants at which the offset changes; two changes within an hour would be taken for none or one."""
    here = start
    while here < end:
        after = min(here + _HOUR, end)
        if _offset(zone, here) != _offset(zone, after):
            low, high = here, after
            while high - low > timedelta(seconds=1):
                middle = low + timedelta(seconds=int((high - low).total_seconds()) // 2)
                low, high = (low, middle) if _offset(zone, middle) != _offset(zone, here) else (middle, high)
            yield high
        here = after


def _offset(zone: ZoneInfo, moment: datetime) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta()


def _closes(book: RuleBook, rule: ClosureRule, party: CalledParty, day: date) -> bool:
    if f"{day:%m-%d}" in rule.days or day in rule.dates:
        return True
    if not rule.public_holidays:
        return False
    named = {one.country for one in book.closures}
    countries = [rule.country] if rule.country is not None else sorted(countries_of(party) - named)
    every = rule.unknown_region == "every"
    return any(
        day in public_holidays(country, region_code(country, party.region), day.year, every_region=every)
        for country in countries
    )


def _open_minutes(rules: Sequence[HoursRule], party: CalledParty) -> tuple[tuple[int, int], ...]:
    if not rules:
        return ()
    opens, closes = max(minute_of(rule.opens) for rule in rules), min(minute_of(rule.closes) for rule in rules)
    intervals = [(opens, closes)] if opens < closes else []
    for start, end in _quiet_minutes(party):
        intervals = [piece for interval in intervals for piece in _without(interval, start, end)]
    return tuple(sorted(intervals))


def _quiet_minutes(party: CalledParty) -> Iterator[tuple[int, int]]:
    for start, end in party.quiet_hours:
        if start <= end:
            yield start * 60, end * 60
        else:
            yield start * 60, MINUTES_A_DAY
            yield 0, end * 60


def _without(interval: tuple[int, int], start: int, end: int) -> Iterator[tuple[int, int]]:
    """What is left of an interval when [start, end) is taken out."""
    if interval[0] < min(interval[1], start):
        yield interval[0], min(interval[1], start)
    if max(interval[0], end) < interval[1]:
        yield max(interval[0], end), interval[1]
