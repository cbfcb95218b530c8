"""Samples in the order of time: status, rates, time to catch up, and what is forgotten."""

import math
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.lag.figures import PartitionLag
from streams.lag.status import LagStatus, Rule
from streams.lag.watch import LagWatch


def row(committed: int | None, end: int, partition: int = 0) -> PartitionLag:
    lag = None if committed is None else max(0, end - committed)
    return PartitionLag("g", "t", partition, committed, end, lag, None if lag is None else 0.0)


def watched(points: Iterable[tuple[int | None, int]], window_samples: int = 4) -> PartitionLag:
    """The last row of samples ten seconds apart."""
    watch, seen = LagWatch(window_samples=window_samples), []
    for number, (committed, end) in enumerate(points):
        seen = watch.observe([row(committed, end)], number * 10.0)
    return seen[0]


def test_rates_and_time_to_catch_up() -> None:
    seen = watched([(0, 100), (50, 120), (100, 140)])
    assert (seen.in_per_second, seen.out_per_second) == (2.0, 5.0)
    assert seen.catch_up_seconds == pytest.approx(40 / 3)
    assert seen.window_seconds == 20.0


def test_no_time_to_catch_up_where_the_lag_does_not_shrink_and_none_is_needed_when_caught_up() -> None:
    assert watched([(0, 100), (10, 120)]).catch_up_seconds == math.inf
    assert watched([(0, 100), (120, 120)]).catch_up_seconds == 0.0
    assert watched([(0, 100)]).catch_up_seconds is None
    assert watched([(None, 100), (None, 110)]).catch_up_seconds is None


@pytest.mark.parametrize(
    ("points", "status", "rule"),
    [
        ([(10, 10)] * 6, "ok", Rule.WITHIN),
        ([(10, 10 + n) for n in range(1, 8)], "stop", Rule.SILENT),
        ([(10, 20)] * 6, "stall", Rule.STILL),
        ([(10, 20), (12, 22), (5, 24)], "rewind", Rule.BACK),
        ([(10, 20), (12, 24), (14, 28)], "warn", Rule.NEVER_FELL),
        ([(10, 20), (18, 24), (27, 28)], "ok", Rule.GOES_ON),
        ([(None, 20)] * 6, "ok", Rule.FEW),
    ],
)
def test_what_a_running_console_says(points: list[tuple[int | None, int]], status: str, rule: Rule) -> None:
    seen = watched(points)
    assert (seen.status, seen.rule) == (status, rule)


def test_a_group_that_is_gone_and_comes_back_begins_anew() -> None:
    assert watched([(10, 20)] * 4 + [(None, 20)]).rule is Rule.FEW
    assert watched([(10, 20)] * 4 + [(None, 20)] + [(10, 20)]).rule is Rule.FEW


def test_a_topic_that_was_made_anew_is_no_rewind() -> None:
    assert watched([(90, 100), (95, 100), (100, 100), (1, 4), (2, 4), (3, 4)]).status is LagStatus.OK


def test_what_is_no_longer_measured_is_forgotten() -> None:
    watch = LagWatch(minimum=1)
    watch.observe([row(1, 5), row(1, 5, 1)], 0.0)
    watch.observe([row(1, 5)], 10.0)
    again = watch.observe([row(1, 5), row(1, 5, 1)], 20.0)
    assert [one.window_seconds for one in again] == [20.0, 0.0]


@given(st.lists(st.tuples(st.one_of(st.none(), st.integers(0, 99)), st.integers(0, 99)), min_size=1, max_size=20))
def test_figures_are_never_negative(points: list[tuple[int | None, int]]) -> None:
    seen = watched(points)
    figures = (seen.in_per_second, seen.out_per_second, seen.catch_up_seconds, seen.lag_events, seen.window_seconds)
    assert all(figure is None or figure >= 0 for figure in figures)
