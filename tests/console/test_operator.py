"""The operator's page: lag, what is in force, what was refused; and that it admits what it does not know."""

import pytest

from console.lag_view import Measured, lag_groups, overall
from console.letter_view import printable
from console.ports import PartitionLag
from schemas.needs import ClockMoved
from tests.console.conftest import Site
from tests.console.seeds import NOW


def lag(events: int | None, seconds: float | None, status: str = "ok", group: str = "worker") -> PartitionLag:
    return PartitionLag(group, "t", 0, None if events is None else 10, 10, events, seconds, status)


def test_the_page_answers_what_an_operator_asks(site: Site) -> None:
    page = site.as_role("operator").get("/operator").text
    for said in (
        "150 events",
        "3.2 min behind, 1 without commits",
        "ringahead.account-events / 1",
        "caught up",
        "no commits",
        "2011-12-05",
        "4.0 days old in business time",
        "2011-01",
        "Embedded",
        "held out to measure the effect of calls",
        "quantity not positive",
        "ringahead.orders/1/4711",
        "{&#34;quantity&#34;: -6}",
        "ready",
    ):
        assert said in page, said


def test_lag_that_cannot_be_measured_is_not_shown_as_none(site: Site) -> None:
    site.lag.failure = "Kafka does not answer"
    page = site.as_role("operator").get("/operator").text
    assert "Lag cannot be measured now: Kafka does not answer" in page
    assert "caught up" not in page.lower()


def test_before_anything_was_published_the_page_says_so(make_site, site: Site) -> None:
    with site.store.begin() as tx:
        tx.clocks.put([ClockMoved(partition=1, as_of=NOW)])
    site.lag.rows = ()
    page = site.as_role("operator").get("/operator/board").text
    assert "No consumer group has reported yet" in page
    assert "not known" in page


def test_a_stale_model_and_the_kill_switch_stand_out(make_site) -> None:
    site = make_site(kill_switch=True)
    with site.store.begin() as tx:
        clock = tx.clocks.all()[0]
        later = clock.model_copy(update={"as_of": clock.as_of.replace(day=20)})
        tx.clocks.put([later])
    page = site.as_role("operator").get("/operator/board").text
    assert "15.0 days old: new selling tasks are stopped" in page
    assert "On: no new calls" in page


@pytest.mark.parametrize(
    ("rows", "value", "tone"),
    [
        ((), "not known", "warn"),
        ((lag(None, None),), "no commits", "warn"),
        ((lag(0, 0.0),), "Caught up", ""),
        ((lag(-3, -1.0),), "Caught up", ""),
        ((lag(1_000, 61.0, "stall"), lag(5, 2.0)), "1,005 events", "danger"),
    ],
)
def test_the_stream_in_one_line(rows: tuple[PartitionLag, ...], value: str, tone: str) -> None:
    said = overall(Measured(rows))
    assert (said.value, said.tone) == (value, tone)


def test_a_group_is_as_bad_as_its_worst_partition_and_a_new_word_is_bad() -> None:
    rows = [lag(1, 1.0, "ok"), lag(1, 1.0, "rewind"), lag(1, 1.0, "odd", "desk")]
    groups = {group.name: (group.status, group.tone) for group in lag_groups(rows)}
    assert groups == {"desk": ("ODD", "danger"), "worker": ("REWIND", "danger")}


def test_nothing_hides_in_a_raw_message() -> None:
    assert printable(b"a\x00b\xff\x1b[31m\xe2\x80\xae\n") == "a\\u0000b\\xff\\u001b[31m\\u202e\n"
