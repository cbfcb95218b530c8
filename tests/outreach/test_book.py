"""Rules as data: what stands in the standard file, what a site may add, and what is refused."""

from datetime import UTC, date, datetime

import pytest

from outreach.calling.book import HoursRule, in_force, standard, with_site
from outreach.hours import CalledParty, blocked, frequency_rules, next_window
from schemas.decisions import Reason
from schemas.errors import Misconfigured

LONDON = CalledParty("Europe/London", "GB")
OWN = """
version = "site-1"
[[hours]]
id = "siesta"
citation = "house rule of the site"
effective_from = 2024-03-05
country = "GB"
opens = "10:15"
closes = "16:45"
closed_weekdays = ["friday"]
[[closures]]
id = "stocktaking"
citation = "house rule of the site"
effective_from = 2024-01-01
country = "*"
dates = [2024-03-07]
[[frequency]]
id = "once-a-week"
citation = "house rule of the site"
effective_from = 2024-01-01
country = "GB"
contacts = 1
hours = 168
"""


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """In March 2024, when London is on UTC."""
    return datetime(2024, 3, day, hour, minute, tzinfo=UTC)


def test_every_standard_rule_has_an_id_a_citation_and_a_date() -> None:
    rules = standard().rules
    assert len({rule.id for rule in rules}) == len(rules) > 10
    assert all(len(rule.citation) > 10 and rule.effective_from < date(2026, 1, 1) for rule in rules)
    assert {rule.country for rule in rules} >= {"US", "GB", None}


def test_a_sites_own_rules_come_on_top_and_the_strictest_wins() -> None:
    book = with_site(OWN.encode(), "own.toml")
    assert book.version == f"{standard().version}+site-1"
    assert book.digest != standard().digest
    allowed = [minute for minute in range(0, 1440, 15) if blocked(LONDON, at(5, *divmod(minute, 60)), book) is None]
    assert (min(allowed), max(allowed)) == (10 * 60 + 15, 16 * 60 + 30)
    assert blocked(LONDON, at(8, 12), book) is Reason.OUTSIDE_CALLING_HOURS, "a Friday"
    assert blocked(LONDON, at(7, 12), book) is Reason.HOLIDAY, "a single day"
    assert blocked(LONDON, at(4, 9), book) is None, "before its date it does not hold"
    assert [rule.contacts for rule in frequency_rules(LONDON, date(2024, 3, 5), book)] == [1]
    assert next_window(LONDON, at(5, 20), book) == (at(6, 10, 15), at(6, 16, 45))


def test_a_site_cannot_loosen_the_law() -> None:
    """Longer hours of its own leave the standard ones as they are."""
    wide = OWN.replace("10:15", "00:00").replace("16:45", "24:00")
    book = with_site(wide.encode(), "own.toml")
    assert blocked(LONDON, at(5, 7, 59), book) is Reason.OUTSIDE_CALLING_HOURS
    assert blocked(LONDON, at(5, 20), book) is Reason.OUTSIDE_CALLING_HOURS


def test_rules_that_leave_no_hour_open_allow_no_call() -> None:
    book = with_site(OWN.replace("10:15", "21:00").replace("16:45", "22:00").encode(), "own.toml")
    assert blocked(LONDON, at(5, 12), book) is Reason.OUTSIDE_CALLING_HOURS
    assert next_window(LONDON, at(5, 12), book) is None


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (("opens", "opening"), "hours.0.opens"),
        (("10:15", "25:00"), "hours.0.opens"),
        (("10:15", "16:45"), "opens must come before closes"),
        (('"friday"', '"freitag"'), "closed_weekdays"),
        (('country = "GB"\nopens', 'country = "ZZ"\nopens'), "ZZ is no country"),
        (('country = "GB"\nopens', 'country = "US"\nregion = "QQ"\nopens'), "QQ is no region"),
        (('country = "GB"\nopens', 'region = "FL"\nopens'), "a region needs its country"),
        (("2024-03-05", "2024-03-05\neffective_until = 2024-03-05"), "effective_until"),
        (('id = "siesta"', 'id = "uk-house-hours"'), "the id uk-house-hours is given twice"),
        (('id = "once-a-week"', 'id = "siesta"'), "the id siesta is given twice"),
        (("contacts = 1", "contacts = 0"), "contacts"),
        (("2024-03-05", "yesterday"), "own.toml"),
        (("[[frequency]]", "[[frequencies]]"), "frequencies"),
        (
            ('citation = "house rule of the site"\neffective_from = 2024-03-05', "effective_from = 2024-03-05"),
            "citation",
        ),
    ],
)
def test_a_file_that_is_wrong_is_refused_with_the_place(change: tuple[str, str], place: str) -> None:
    wrong = OWN.replace(*change, 1)
    assert wrong != OWN
    with pytest.raises(Misconfigured, match=r"own\.toml") as told:
        with_site(wrong.encode(), "own.toml")
    assert place in str(told.value)


def test_a_rule_ends_before_its_last_day() -> None:
    ended = OWN.replace("2024-03-05", "2024-03-05\neffective_until = 2024-03-06")
    book = with_site(ended.encode(), "own.toml")
    held = [any(rule.id == "siesta" for rule in in_force(book.hours, LONDON, date(2024, 3, day))) for day in (5, 6)]
    assert held == [True, False]
    assert all(isinstance(rule, HoursRule) for rule in book.hours)
