"""Calling hours: whether a party may be called at an instant, and when next. The rules are `outreach.calling`'s.

They fail closed: without a known time zone nobody is called. Hours are those of the called party's wall clock: in the
hour that is repeated when clocks are set back both runs count, and an hour that is skipped does not exist.
"""

from datetime import date, datetime, timedelta

from outreach.calling.book import FrequencyRule, HoursRule, RuleBook, in_force, standard
from outreach.calling.places import CalledParty, known_zone
from outreach.calling.windows import Window, day_of, windows_on
from schemas.decisions import Reason

__all__ = [
    "CalledParty",
    "blocked",
    "blocking_rules",
    "frequency_rules",
    "known_zone",
    "moved_into_hours",
    "next_window",
    "rules_for",
]

SEARCH_DAYS = 21
_DAY = timedelta(days=1)


def rules_for(party: CalledParty, on: date, book: RuleBook | None = None) -> tuple[HoursRule, ...]:
    """Every rule of hours that holds at the party's place on that local day."""
    return in_force((book or standard()).hours, party, on)


def blocked(party: CalledParty, moment: datetime, book: RuleBook | None = None) -> Reason | None:
    """Why the party may not be called at this instant (aware): zone_unknown, holiday, outside_calling_hours."""
    zone = known_zone(party.zone)
    if zone is None:
        return Reason.ZONE_UNKNOWN
    local = moment.astimezone(zone)
    day = day_of(book or standard(), party, local.date())
    if day.holiday_by is not None:
        return Reason.HOLIDAY
    minute = local.hour * 60 + local.minute
    return None if any(start <= minute < end for start, end in day.minutes) else Reason.OUTSIDE_CALLING_HOURS


def blocking_rules(party: CalledParty, moment: datetime, book: RuleBook | None = None) -> tuple[str, ...]:
    """Ids of the rules by which the party may not be called at this instant; empty also where a quiet hour is why."""
    zone = known_zone(party.zone)
    if zone is None or blocked(party, moment, book) is None:
        return ()
    local = moment.astimezone(zone)
    holiday = day_of(book or standard(), party, local.date()).holiday_by
    if holiday is not None:
        return (holiday,)
    return tuple(rule.id for rule in rules_for(party, local.date(), book) if not rule.allows(local))


def next_window(party: CalledParty, moment: datetime, book: RuleBook | None = None) -> Window | None:
    """The open interval that holds this instant, or the next one within three weeks, as (from, until) in UTC.

    ``from`` is the instant itself when it lies within. None: no known zone, or never open.
    """
    zone = known_zone(party.zone)
    if zone is None:
        return None
    rules = book or standard()
    first = moment.astimezone(zone).date() - _DAY
    for offset in range(SEARCH_DAYS + 1):
        two = (first + offset * _DAY, first + (offset + 1) * _DAY)
        ahead = [window for day in two for window in windows_on(rules, party, day) if moment < window[1]]
        if ahead:
            opens, closes = min(ahead)
            return max(opens, moment), closes
    return None


def moved_into_hours(party: CalledParty, moment: datetime, book: RuleBook | None = None) -> datetime | None:
    """The instant itself when the party may be called then, else the next opening; None: never."""
    window = next_window(party, moment, book)
    return None if window is None else window[0]


def frequency_rules(party: CalledParty, on: date, book: RuleBook | None = None) -> tuple[FrequencyRule, ...]:
    """Every rule on how often the party may be reached; each holds."""
    return in_force((book or standard()).frequency, party, on)
