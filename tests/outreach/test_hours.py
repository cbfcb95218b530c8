"""Calling hours: by the called party's wall clock, strictest rule, closed when in doubt."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.calling.book import standard
from outreach.hours import (
    CalledParty,
    blocked,
    frequency_rules,
    known_zone,
    moved_into_hours,
    next_window,
    rules_for,
)
from schemas.decisions import Reason

NEW_YORK = CalledParty("America/New_York", "US", "NY")
MIAMI = CalledParty("America/New_York", "US", "FL")
TULSA = CalledParty("America/Chicago", "US", "OK")
LONDON = CalledParty("Europe/London", "GB")


def local(zone: str, *moment: int) -> datetime:
    return datetime(*moment, tzinfo=ZoneInfo(zone)).astimezone(UTC)  # type: ignore[arg-type, misc]


@pytest.mark.parametrize(
    ("party", "hour", "minute", "allowed"),
    [
        (NEW_YORK, 7, 59, False),
        (NEW_YORK, 8, 0, True),
        (NEW_YORK, 20, 59, True),
        (NEW_YORK, 21, 0, False),
        (MIAMI, 19, 59, True),
        (MIAMI, 20, 0, False),
        (TULSA, 20, 0, False),
        (LONDON, 7, 59, False),
        (LONDON, 8, 0, True),
    ],
)
def test_edges_of_the_day(party: CalledParty, hour: int, minute: int, allowed: bool) -> None:
    at = local(party.zone or "", 2024, 3, 5, hour, minute)
    assert blocked(party, at) is (None if allowed else Reason.OUTSIDE_CALLING_HOURS)


@pytest.mark.parametrize(
    "zone", [None, "", "Nowhere/Land", "EST5EDT", "GMT+1", "../etc/passwd", "Europe/../Europe", "Etc"]
)
def test_an_unknown_zone_is_told_never_skipped(zone: str | None) -> None:
    if zone is not None and known_zone(zone) is not None:
        pytest.fail(f"{zone!r} was taken for a zone")
    assert blocked(CalledParty(zone, "US"), datetime(2024, 3, 5, 15, tzinfo=UTC)) is Reason.ZONE_UNKNOWN
    assert next_window(CalledParty(zone, "US"), datetime(2024, 3, 5, 15, tzinfo=UTC)) is None


def test_the_same_wall_clock_before_and_after_daylight_saving() -> None:
    before, after = datetime(2024, 3, 8, 13, 30, tzinfo=UTC), datetime(2024, 3, 12, 13, 30, tzinfo=UTC)
    at_eight_thirty = blocked(NEW_YORK, before)
    assert at_eight_thirty is None
    assert blocked(NEW_YORK, after) is None
    assert blocked(NEW_YORK, before - timedelta(hours=1)) is Reason.OUTSIDE_CALLING_HOURS
    assert blocked(NEW_YORK, after - timedelta(hours=1)) is None, "08:30 in summer time is 12:30 UTC"


def test_an_unknown_state_is_judged_by_every_state() -> None:
    found = {rule.id for rule in rules_for(CalledParty("America/Denver", "US"), date(2024, 3, 5))}
    assert found == {"us-federal-hours", "us-fl-hours", "us-ok-hours"}


def test_a_rule_holds_from_its_date() -> None:
    assert "us-fl-hours" not in {rule.id for rule in rules_for(MIAMI, date(2021, 6, 30))}
    assert "us-fl-hours" in {rule.id for rule in rules_for(MIAMI, date(2021, 7, 1))}


def test_limits_in_a_day() -> None:
    day = date(2024, 3, 5)
    limits = [[(rule.contacts, rule.hours) for rule in frequency_rules(at, day)] for at in (MIAMI, TULSA, NEW_YORK)]
    assert limits == [[(3, 24)], [(3, 24)], []]


def test_names_of_countries_and_states_are_understood() -> None:
    day = date(2024, 3, 5)
    assert rules_for(CalledParty("Europe/London", "United Kingdom"), day) == rules_for(LONDON, day)
    assert rules_for(CalledParty("America/New_York", "usa", "Florida"), day) == rules_for(MIAMI, day)
    assert [rule.id for rule in rules_for(CalledParty("Europe/Berlin", "Germany"), day)] == ["elsewhere-house-hours"]


@pytest.mark.parametrize(
    ("party", "day", "holiday"),
    [
        (LONDON, (2024, 12, 25), True),
        (LONDON, (2024, 4, 1), True),  # Easter Monday, which Scotland does not keep
        (CalledParty("Europe/London", "GB", "Scotland"), (2024, 4, 1), False),
        (CalledParty("Europe/London", "GB", "Wessex"), (2024, 4, 1), True),  # no region that is known: every region's
        (LONDON, (2024, 12, 24), False),
        (NEW_YORK, (2024, 7, 4), True),
        (NEW_YORK, (2022, 12, 26), True),  # Christmas was a Sunday: the day on which it is kept
        (CalledParty("Europe/Berlin", "DE"), (2024, 10, 3), True),
        (CalledParty("Europe/Paris", "DE"), (2024, 7, 14 + 1), False),
        (CalledParty("Europe/Paris", "DE"), (2025, 7, 14), True),  # the phone rings in France
        (CalledParty("Antarctica/Troll", "Atlantis"), (2024, 12, 25), True),
    ],
)
def test_holidays_have_their_own_word(party: CalledParty, day: tuple[int, int, int], holiday: bool) -> None:
    noon = local(party.zone or "", *day, 12)
    assert (blocked(party, noon) is Reason.HOLIDAY) == holiday


def test_a_sunday_is_outside_of_hours_where_the_house_rule_says_so() -> None:
    noon = datetime(2024, 3, 3, 12, tzinfo=UTC)
    assert blocked(CalledParty("Europe/Berlin", "DE"), noon) is Reason.OUTSIDE_CALLING_HOURS
    assert blocked(LONDON, noon) is None


def test_a_party_at_two_places_has_the_rules_of_both() -> None:
    """An account in Britain whose contact's phone rings in New York, in a state that nobody named."""
    party = CalledParty("America/New_York", "GB")
    assert {rule.id for rule in rules_for(party, date(2024, 3, 5))} == {
        "uk-house-hours",
        "us-federal-hours",
        "us-fl-hours",
        "us-ok-hours",
    }
    assert blocked(party, local("America/New_York", 2024, 3, 5, 20, 30)) is Reason.OUTSIDE_CALLING_HOURS


def test_a_party_of_no_known_country_has_every_rule() -> None:
    day = date(2024, 3, 5)
    assert {rule.id for rule in rules_for(CalledParty("UTC"), day)} == {rule.id for rule in standard().hours}, (
        "nobody knows where that is"
    )
    assert [rule.id for rule in rules_for(CalledParty("Europe/London"), day)] == ["uk-house-hours"], "the zone says it"
    assert rules_for(CalledParty("US/Eastern", None, "FL"), day) == rules_for(MIAMI, day), "an old name of a zone"


def test_quiet_hours_come_on_top_and_may_span_midnight() -> None:
    lunch = CalledParty("Europe/London", "GB", quiet_hours=((12, 13), (18, 9)))
    day = [hour for hour in range(24) if blocked(lunch, datetime(2024, 3, 5, hour, tzinfo=UTC)) is None]
    assert day == [9, 10, 11, 13, 14, 15, 16, 17]


def test_an_evening_is_moved_to_the_next_morning() -> None:
    assert moved_into_hours(LONDON, datetime(2024, 3, 5, 22, tzinfo=UTC)) == datetime(2024, 3, 6, 8, tzinfo=UTC)
    assert moved_into_hours(LONDON, datetime(2024, 3, 5, 12, tzinfo=UTC)) == datetime(2024, 3, 5, 12, tzinfo=UTC)


@given(
    st.sampled_from([NEW_YORK, MIAMI, TULSA, LONDON, CalledParty("Australia/Lord_Howe", "AU")]),
    st.timedeltas(timedelta(0), timedelta(days=1400)).map(lambda past: datetime(2023, 1, 1, tzinfo=UTC) + past),
)
def test_what_is_moved_into_hours_may_be_called(party: CalledParty, at: datetime) -> None:
    window = next_window(party, at)
    assert window is not None
    opens, closes = window
    assert opens >= at
    assert blocked(party, opens) is None
    assert blocked(party, closes - timedelta(microseconds=1)) is None
    assert blocked(party, closes) is not None or next_window(party, closes) == (closes, next_window(party, closes)[1])
    if opens > at:
        assert blocked(party, at) is not None
