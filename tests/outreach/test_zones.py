"""Calling hours in every zone there is, on both nights on which its clock is set, against a plain second opinion."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outreach.calling.book import RuleBook, with_site
from outreach.hours import CalledParty, blocked, known_zone, next_window
from schemas.decisions import Reason

FIRST = datetime(2026, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ZONES = sorted(name for name in available_timezones() if known_zone(name))
AT_NIGHT = """
version = "night"
[[hours]]
id = "night"
citation = "a test's own"
effective_from = 1990-01-01
opens = "%s"
closes = "%s"
"""
"""Hours in which clocks are set."""


@lru_cache
def at_night(opens: str, closes: str) -> RuleBook:
    """A book whose only rule is this one."""
    book = with_site((AT_NIGHT % (opens, closes)).encode(), "test")
    own = tuple(rule for rule in book.hours if rule.id in book.own)
    return RuleBook(book.version, book.digest, own, (), (), (), ())


@cache
def changes(zone: str) -> tuple[datetime, ...]:
    """Hours of 2026 in which the zone's clock is set: days are compared, then the hours of a day that differs."""
    known = ZoneInfo(zone)
    found = []
    days = [FIRST + timedelta(days=number) for number in range(366)]
    offsets = [day.astimezone(known).utcoffset() for day in days]
    for day, before, after in zip(days, offsets, offsets[1:], strict=False):
        if before != after:
            hours = (day + timedelta(hours=number) for number in range(1, 25))
            found.append(next(hour for hour in hours if hour.astimezone(known).utcoffset() != before))
    return tuple(found)


def second_opinion(zone: str, at: datetime, opens: int, closes: int) -> bool:
    """By the wall clock alone, minutes after midnight."""
    there = at.astimezone(ZoneInfo(zone))
    return opens <= there.hour * 60 + there.minute < closes


def nights() -> Iterator[tuple[str, datetime]]:
    return ((zone, change) for zone in ZONES for change in changes(zone))


def test_there_are_zones_and_nights_to_test() -> None:
    assert len(ZONES) > 540
    assert sum(1 for _ in nights()) >= 360, "forward once and back once, in 180 zones and more"


def test_the_standard_rules_never_ring_at_night_in_any_zone() -> None:
    """Every zone, three days around each change and one quiet week: nobody is called before 8 or from 21 on."""
    for zone in ZONES:
        party = CalledParty(zone)
        around = [*changes(zone), datetime(2026, 6, 3, tzinfo=UTC)]
        for change in around:
            for step in range(-36, 37):
                at = change + step * timedelta(minutes=47)
                if blocked(party, at) is None:
                    assert second_opinion(zone, at, 8 * 60, 21 * 60), (zone, at)


@pytest.mark.parametrize(("opens", "closes"), [("00:00", "04:00"), ("01:30", "02:30"), ("00:00", "24:00")])
def test_on_both_nights_of_every_zone_windows_are_what_the_wall_clock_says(opens: str, closes: str) -> None:
    """Minute by minute for ten hours around the change: an hour that is skipped is not called in, one that is repeated
    counts twice, and what `next_window` promises is what `blocked` allows."""
    book = at_night(opens, closes)
    first, last = (int(clock[:2]) * 60 + int(clock[3:]) for clock in (opens, closes))
    for zone, change in nights():
        party = CalledParty(zone)
        at = change - timedelta(hours=5)
        window = next_window(party, at, book)
        assert window is not None, zone
        for minute in range(0, 600, 7):
            moment = at + minute * MINUTE
            allowed = second_opinion(zone, moment, first, last)
            assert (blocked(party, moment, book) is None) == allowed, (zone, moment)
            if moment >= window[1]:
                window = next_window(party, moment, book)
                assert window is not None, zone
            assert (window[0] <= moment < window[1]) == allowed, (zone, moment, window)


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(ZONES),
    st.datetimes(datetime(2024, 1, 1), datetime(2027, 12, 31)).map(lambda wall: wall.replace(tzinfo=UTC)),  # noqa: DTZ001
    st.sampled_from(["00:00", "01:59", "02:00", "23:00"]),
)
def test_the_next_window_is_the_first_that_is_open(zone: str, at: datetime, opens: str) -> None:
    """Any zone at any instant: nothing between the instant and its window is open, the window is open to its end."""
    party, book = CalledParty(zone), at_night(opens, "24:00")
    window = next_window(party, at, book)
    assert window is not None
    start, end = window
    assert blocked(party, start, book) is None
    assert blocked(party, end - MINUTE / 60, book) is None
    for part in range(40):
        between = at + (start - at) * part / 40
        assert between >= start or blocked(party, between, book) is not None


def test_a_day_that_a_zone_left_out_has_no_window() -> None:
    """Samoa went from 29 to 31 December 2011."""
    party = CalledParty("Pacific/Apia")
    eve = datetime(2011, 12, 29, 20, 30, tzinfo=UTC)
    window = next_window(party, eve + timedelta(hours=10))
    assert window is not None
    assert window[0].astimezone(ZoneInfo("Pacific/Apia")).strftime("%m-%d %H:%M") == "12-31 09:00"


@pytest.mark.parametrize("name", sorted(available_timezones() - set(ZONES) - {"UTC"}))
def test_a_name_that_is_no_place_is_no_zone(name: str) -> None:
    """Abbreviations and old short names: they say an offset, not whose clock."""
    assert blocked(CalledParty(name, "US"), datetime(2026, 3, 3, 15, tzinfo=UTC)) is Reason.ZONE_UNKNOWN
