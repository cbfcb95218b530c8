"""Calling hours as data: each rule has an id, a citation and a date from which it holds; the strictest wins.

They are defaults that a lawyer must review. They fail closed: without a known time zone nobody is called, and a US
account without a known state is judged by every state's rule. Hours are those of the called party's wall clock, so
daylight saving is zoneinfo's business.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from schemas.decisions import Reason

MINUTES_A_DAY = 1440
SEARCH_DAYS = 14


@dataclass(frozen=True, slots=True)
class CallingRule:
    """When a called party may be called, by its own clock."""

    rule_id: str
    citation: str
    effective_from: date
    country: str | None
    """ISO 3166 alpha-2; None: wherever no other rule holds."""
    region: str | None
    """State, two letters; None: the whole country."""
    opens_hour: int
    closes_hour: int
    """The first hour in which nobody may be called again."""
    max_calls_24h: int | None = None
    closed_weekdays: frozenset[int] = frozenset()
    """0 is Monday."""
    closed_days: frozenset[tuple[int, int]] = frozenset()
    """(month, day) of every year."""


_FEASTS = frozenset({(12, 25), (1, 1)})
RULES: tuple[CallingRule, ...] = (
    CallingRule("us-federal", "47 CFR 64.1200(c)(1); 16 CFR 310.4(c)", date(1995, 12, 31), "US", None, 8, 21),
    CallingRule("us-fl", "Florida Statutes 501.616(6)", date(2021, 7, 1), "US", "FL", 8, 20, max_calls_24h=3),
    CallingRule("us-ok", "15 Oklahoma Statutes 775C.4", date(2022, 11, 1), "US", "OK", 8, 20, max_calls_24h=3),
    CallingRule(
        "uk-house",
        "house rule; PECR 2003 reg. 21 asks for TPS and CTPS and sets no hours",
        date(2003, 12, 11),
        "GB",
        None,
        8,
        20,
        closed_days=_FEASTS,
    ),
    CallingRule(
        "default",
        "house rule for places without a rule of their own",
        date(1990, 1, 1),
        None,
        None,
        9,
        20,
        max_calls_24h=3,
        closed_weekdays=frozenset({6}),
        closed_days=_FEASTS,
    ),
)

_COUNTRIES = {
    "united kingdom": "GB",
    "great britain": "GB",
    "uk": "GB",
    "england": "GB",
    "united states": "US",
    "united states of america": "US",
    "usa": "US",
}
_STATES = {"florida": "FL", "oklahoma": "OK"}


@dataclass(frozen=True, slots=True)
class CalledParty:
    """Where the phone rings."""

    zone: str | None
    """IANA name."""
    country: str | None = None
    region: str | None = None
    quiet_hours: tuple[tuple[int, int], ...] = ()
    """The profile's, on top of the legal ones: local hours from (included), to (excluded); 22, 6 spans midnight."""


@lru_cache(maxsize=1024)
def known_zone(name: str | None) -> ZoneInfo | None:
    """The zone of an IANA name; None for anything that is none."""
    if not name or "/" not in name:
        return ZoneInfo("UTC") if name == "UTC" else None
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None


def rules_for(party: CalledParty, on: date) -> tuple[CallingRule, ...]:
    """Every rule that holds at the party's place on that day."""
    country = _country(party.country)
    region = _region(party.region)
    in_force = [rule for rule in RULES if rule.effective_from <= on and rule.country is not None]
    found = tuple(
        rule
        for rule in in_force
        if rule.country == country and (rule.region is None or region is None or rule.region == region)
    )
    return found or tuple(rule for rule in RULES if rule.country is None)


def blocked(party: CalledParty, moment: datetime) -> Reason | None:
    """Why the party may not be called at this instant (aware): zone_unknown, holiday, outside_calling_hours."""
    zone = known_zone(party.zone)
    if zone is None:
        return Reason.ZONE_UNKNOWN
    local = moment.astimezone(zone)
    if _is_closed(rules_for(party, local.date()), local.date()):
        return Reason.HOLIDAY
    minute = local.hour * 60 + local.minute
    if any(start <= minute < end for start, end in _open_minutes(party, local.date())):
        return None
    return Reason.OUTSIDE_CALLING_HOURS


def next_window(party: CalledParty, moment: datetime) -> tuple[datetime, datetime] | None:
    """The open interval that holds this instant, or the next one within two weeks, as (from, until) in UTC.

    ``from`` is the instant itself when it lies within. None: no known zone, or never open.
    """
    zone = known_zone(party.zone)
    if zone is None:
        return None
    first = moment.astimezone(zone).date()
    for day in (first + timedelta(days=offset) for offset in range(SEARCH_DAYS)):
        for start, end in _open_minutes(party, day):
            opens, closes = _instant(day, start, zone), _instant(day, end, zone)
            if moment < closes:
                return max(opens, moment), closes
    return None


def moved_into_hours(party: CalledParty, moment: datetime) -> datetime | None:
    """The instant itself when the party may be called then, else the next opening; None: never."""
    window = next_window(party, moment)
    return None if window is None else window[0]


def max_calls_24h(party: CalledParty, on: date) -> int | None:
    """The strictest limit on calls within 24 hours; None: no rule sets one."""
    limits = [rule.max_calls_24h for rule in rules_for(party, on) if rule.max_calls_24h is not None]
    return min(limits, default=None)


def _country(name: str | None) -> str | None:
    if name is None:
        return None
    return _COUNTRIES.get(name.strip().lower(), name.strip().upper())


def _region(name: str | None) -> str | None:
    if name is None:
        return None
    word = name.strip()
    return _STATES.get(word.lower(), word.upper().removeprefix("US-"))


def _is_closed(rules: tuple[CallingRule, ...], day: date) -> bool:
    return any(day.weekday() in rule.closed_weekdays or (day.month, day.day) in rule.closed_days for rule in rules)


@lru_cache(maxsize=4096)
def _open_minutes(party: CalledParty, day: date) -> tuple[tuple[int, int], ...]:
    """Open intervals of a local day, in minutes after its midnight."""
    rules = rules_for(party, day)
    if _is_closed(rules, day):
        return ()
    opens = max(rule.opens_hour for rule in rules) * 60
    closes = min(rule.closes_hour for rule in rules) * 60
    intervals = [(opens, closes)]
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


def _instant(day: date, minute: int, zone: ZoneInfo) -> datetime:
    """That minute of the party's wall clock, in UTC."""
    wall = datetime.combine(day, time(0), tzinfo=zone) + timedelta(minutes=minute)
    return wall.astimezone(UTC)
