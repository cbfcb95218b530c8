"""The rules give what Burrow's own cases say, in the order of the design; properties hold for any window."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.lag.status import RULES, LagStatus, Rule, Sample, Window, judge, worst
from tests.lag.burrow import CASES, Case


def window(offsets: list[int], lags: list[int | None], *, lag: int | None = None, now: float | None = None, **more):
    """Samples ten seconds apart, in which a changed offset is a commit."""
    samples: list[Sample] = []
    for number, (offset, behind) in enumerate(zip(offsets, lags, strict=True)):
        moved = not samples or samples[-1].committed != offset
        since = number * 10.0 if moved else samples[-1].committed_seconds
        samples.append(Sample(number * 10.0, offset, behind, since))
    ends = more.pop("ends", [offset + (behind or 0) for offset, behind in zip(offsets, lags, strict=True)])
    at = (len(offsets) - 1) * 10.0 if now is None else now
    return Window(samples, ends, lags[-1] if lag is None else lag, at, **more)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"burrow-{case.number}")
def test_burrows_own_cases(case: Case) -> None:
    samples = [Sample(ms / 1000, offset, lag, ms / 1000) for offset, ms, lag in case.commits]
    assert judge(Window(samples, case.ends, case.lag, float(case.now))).status == case.status


@pytest.mark.parametrize(
    ("seen", "rule"),
    [
        (window([10, 10], [5, 5]), Rule.FEW),
        (Window([], [], None, 0.0), Rule.FEW),
        (window([10, 10, 10], [5, 5, 0]), Rule.WITHIN),
        (window([10, 10, 10], [3, 3, 3], allowance_events=3), Rule.WITHIN),
        (window([10, 10, 10], [5, 6, 7], now=21.0), Rule.SILENT),
        (window([10, 9, 12], [5, 6, 7]), Rule.BACK),
        (window([10, 9, 12], [5, 0, 7]), Rule.BACK),
        (window([10, 12, 13], [5, 0, 7]), Rule.CAUGHT_UP),
        (window([10, 10, 10], [5, 5, 5], now=99.0), Rule.STILL),
        (window([10, 11, 12], [5, 6, 6]), Rule.NEVER_FELL),
        (window([10, 11, 12], [5, 6, 5]), Rule.GOES_ON),
    ],
)
def test_each_rule_in_its_place(seen: Window, rule: Rule) -> None:
    found = judge(seen)
    assert (found.rule, found.status) == (rule, {name: status for name, status, _ in RULES}[rule])


def test_a_slow_topics_newest_record_is_no_alarm() -> None:
    """The last commit is hours old because nothing came; now one record is there and will be read in a moment."""
    quiet = [Sample(number * 10.0, 10, 0, -9000.0) for number in range(11)]
    assert judge(Window([*quiet, Sample(110.0, 10, 1, -9000.0)], [10] * 11 + [11], 1, 110.0)).status is LagStatus.OK
    waits = [Sample(number * 10.0, 10, 1, -9000.0) for number in range(12)]
    assert judge(Window(waits, [11] * 12, 1, 110.0)).status is LagStatus.STALL, "it waited for the whole window"


def test_a_group_is_as_bad_as_its_worst_partition() -> None:
    assert worst([LagStatus.OK, LagStatus.REWIND, LagStatus.WARN]) is LagStatus.REWIND
    assert worst([]) is LagStatus.OK


steps = st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=3, max_size=15)


@given(steps, st.floats(0, 1000))
def test_nothing_to_read_is_ok_whatever_was_before(made: list[tuple[int, int]], later: float) -> None:
    seen = window([offset for offset, _ in made], [lag for _, lag in made], lag=0, now=len(made) * 10.0 + later)
    assert judge(seen).status is LagStatus.OK


@given(steps, st.integers(1, 50))
def test_a_group_that_reads_faster_than_records_come_is_never_bad(made: list[tuple[int, int]], first: int) -> None:
    """Offsets only go forward and the lag falls at each step."""
    offsets, lags, at = [], [], 0
    for number, (step, _) in enumerate(made):
        at += step + 1
        offsets.append(at)
        lags.append(first + len(made) - number)
    assert judge(window(offsets, lags)).status is LagStatus.OK


@given(steps)
def test_exactly_one_rule_decides_and_rewind_needs_an_offset_that_went_back(made: list[tuple[int, int]]) -> None:
    offsets = [offset for offset, _ in made]
    found = judge(window(offsets, [lag for _, lag in made]))
    fell = any(later < before for before, later in itertools.pairwise(offsets))
    assert found.rule in Rule
    assert fell or found.status is not LagStatus.REWIND


@given(steps, st.integers(1, 1000))
def test_shifting_all_offsets_changes_no_verdict(made: list[tuple[int, int]], by: int) -> None:
    offsets, lags = [offset for offset, _ in made], [lag for _, lag in made]
    assert judge(window(offsets, lags)) == judge(window([offset + by for offset in offsets], lags))
