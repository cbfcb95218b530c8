"""Several meters of one product: each by itself, late reports in their place, deliveries shared out."""

import math

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import meters as bench
from forecasting.metering import (
    CONSUMED,
    DELIVERY,
    LEVEL,
    RECENT,
    TOTAL,
    Metering,
    Report,
    beside,
    ends_of_days,
    group_due_in_days,
    group_runs_out_within,
    run_out_days,
    stocks,
    take_in,
    total,
)
from forecasting.telemetry import StockState

DAY = 735_000.0


def after(*reports: Report) -> Metering:
    kept = Metering()
    for report in reports:
        take_in(kept, report)
    return kept


def falling(name: str, rate: float, start: float = 300.0, days: int = 20) -> list[Report]:
    """A gauge, read every second day."""
    return [Report(DAY + day, LEVEL, start - rate * day, name) for day in range(0, days + 1, 2)]


class TestTwoMeters:
    """Two meters of one product do not disturb each other."""

    def test_each_has_the_rate_that_it_would_have_alone(self):
        both = after(*sorted(falling("a", 5.0) + falling("b", 1.0), key=lambda one: one.day))
        alone = after(*falling("a", 5.0))
        assert both.now.meters["a"].rate == pytest.approx(alone.now.meters["a"].rate)
        assert both.now.meters["b"].rate == pytest.approx(1.0, rel=0.1)
        assert both.now.meters["a"].level == pytest.approx(200, rel=0.02)

    def test_the_first_that_runs_out_counts(self):
        kept = after(*falling("a", 14.0), *falling("b", 1.0))
        at = DAY + 20
        (a, b), (day,) = stocks(kept.now, at), run_out_days(stocks(kept.now, at), at, [0.5])
        assert (a.level, b.level) == (pytest.approx(20, abs=4), pytest.approx(280, abs=4))
        assert day == pytest.approx(at + 1, abs=1)
        assert group_due_in_days([b], at, 2.0, 0.5) == float("inf")
        assert group_due_in_days([a, b], at, 2.0, 0.5) == 0.0

    def test_counters_of_one_yard_take_their_turns(self):
        reports = [Report(DAY, DELIVERY, 1000.0), Report(DAY, TOTAL, 50.0, "a"), Report(DAY, TOTAL, 900.0, "b")]
        for week in range(1, 5):
            reports.append(Report(DAY + 7 * week, TOTAL, 50.0 + 35 * week, "a"))
            reports.append(Report(DAY + 7 * week + 3, TOTAL, 900.0 + 70 * week, "b"))
        kept = after(*reports)
        assert kept.now.meters["a"].rate == pytest.approx(5, rel=0.05)
        assert kept.now.meters["b"].rate == pytest.approx(9, rel=0.1)
        assert kept.now.pool is not None
        assert kept.now.pool.level == 1000 - 4 * 35 - 4 * 70
        (whole,) = stocks(kept.now, DAY + 31)
        assert whole.level == pytest.approx(1000 - 5 * 31 - 4 * 70, rel=0.05)

    def test_a_counter_beside_a_gauge_touches_no_level(self):
        kept = after(
            *falling("gauge", 5.0), Report(DAY + 20, TOTAL, 7.0, "count"), Report(DAY + 21, TOTAL, 99.0, "count")
        )
        assert kept.now.meters["gauge"] == after(*falling("gauge", 5.0)).now.meters["gauge"]

    def test_a_delivery_is_shared_out_by_use_until_a_reading_tells(self):
        kept = after(*falling("a", 4.0), *falling("b", 1.0), Report(DAY + 20.5, DELIVERY, 100.0))
        assert kept.now.meters["a"].level - kept.now.meters["b"].level == pytest.approx(0, abs=8)
        take_in(kept, Report(DAY + 21, LEVEL, 216.0, "a"))
        assert kept.now.meters["a"].level == pytest.approx(216, abs=4)
        assert kept.now.meters["a"].rate == pytest.approx(4, rel=0.15)


class TestChanges:
    """Meters are changed, filled without a word, and read with errors."""

    def test_a_rise_that_nobody_reported_is_a_delivery_and_teaches_no_rate(self):
        kept = after(*falling("a", 5.0))
        rate = kept.now.meters["a"].rate
        take_in(kept, Report(DAY + 22, LEVEL, 900.0, "a"))
        assert kept.now.meters["a"].level == 900.0
        assert kept.now.meters["a"].rate == pytest.approx(rate)

    def test_a_fall_beyond_all_chance_moves_the_level_wholly_and_the_rate_as_a_chance_of_one_percent_would(self):
        for seen, most in ((100.0, 8.0), (1.0, 8.0)):
            kept = after(*falling("a", 5.0))
            take_in(kept, Report(DAY + 21, LEVEL, seen, "a"))
            assert kept.now.meters["a"].level == pytest.approx(seen, abs=3)
            assert 5.0 < kept.now.meters["a"].rate < most

    def test_another_gauge_says_nothing_of_the_past(self):
        kept = after(*falling("a", 5.0), Report(DAY + 21, LEVEL, 20.0, "a", reset=True))
        assert kept.now.meters["a"].level == 20.0
        assert kept.now.meters["a"].rate == pytest.approx(5, rel=0.1)

    @pytest.mark.parametrize("reset", [True, False])
    def test_another_counter_loses_no_use(self, reset):
        told = [Report(DAY + day, TOTAL, 1000 + 5.0 * day, "a") for day in range(0, 31, 5)]
        new = [Report(DAY + 35, TOTAL, 3.0, "a", reset=reset), Report(DAY + 40, TOTAL, 28.0, "a")]
        kept = after(Report(DAY, DELIVERY, 500.0), *told, *new)
        assert kept.now.pool is not None
        assert kept.now.pool.level == pytest.approx(500 - 5 * 40, abs=1)

    def test_a_gauge_that_also_counts_is_not_lowered_twice(self):
        kept = after(Report(DAY, LEVEL, 300.0, "a"), Report(DAY, TOTAL, 0.0, "a"))
        for day in range(1, 15):
            take_in(kept, Report(DAY + day, LEVEL, 300.0 - 5 * day, "a"))
            take_in(kept, Report(DAY + day + 0.01, TOTAL, 5.0 * day, "a"))
        assert kept.now.meters["a"].level == pytest.approx(230, rel=0.02)
        assert kept.now.meters["a"].rate == pytest.approx(5, rel=0.05)

    def test_the_first_name_becomes_that_of_the_unnamed_meter(self):
        kept = after(Report(DAY, LEVEL, 300.0), Report(DAY + 1, LEVEL, 290.0, "a"), Report(DAY + 2, LEVEL, 280.0))
        assert list(kept.now.meters) == ["a"]
        assert kept.now.meters["a"].level == pytest.approx(280, abs=3)


class TestOrderOfArrival:
    """The state is a function of the set of reports, as long as they are among the last."""

    @settings(max_examples=100, deadline=None)
    @given(
        st.lists(
            st.tuples(
                st.integers(0, 60),
                st.sampled_from([LEVEL, CONSUMED, TOTAL, DELIVERY]),
                st.floats(0, 1000),
                st.sampled_from(["a", "b"]),
            ),
            min_size=1,
            max_size=RECENT,
            unique_by=lambda one: one[0],
        ),
        st.randoms(use_true_random=False),
    )
    def test_does_not_matter(self, told, random):
        reports = [Report(DAY + day, kind, value, name) for day, kind, value, name in told]
        mixed = reports.copy()
        random.shuffle(mixed)
        sent_twice = [*mixed, *mixed[: len(mixed) // 2]]
        straight, other = after(*sorted(reports, key=lambda one: one.day)), after(*sent_twice)
        assert msgspec.msgpack.encode(straight.now) == msgspec.msgpack.encode(other.now)
        assert straight.recent == other.recent

    def test_older_than_all_that_can_be_moved_changes_nothing(self):
        kept = after(*falling("a", 5.0, days=40, start=900.0))
        before = msgspec.msgpack.encode(kept)
        assert not take_in(kept, Report(DAY + 1, DELIVERY, 500.0))
        assert msgspec.msgpack.encode(kept) == before

    def test_a_late_delivery_from_before_a_reading_is_in_that_reading_already(self):
        kept = after(*falling("a", 5.0))
        level = kept.now.meters["a"].level
        assert take_in(kept, Report(DAY + 19, DELIVERY, 50.0))
        assert kept.now.meters["a"].level == pytest.approx(level, abs=3)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.floats(0, 60),
            st.sampled_from([LEVEL, CONSUMED, TOTAL, DELIVERY]),
            st.sampled_from([0.0, 1e-9, 1e9]) | st.floats(0, 1000),
            st.sampled_from(["", "a", "b"]),
            st.booleans(),
        ),
        min_size=1,
        max_size=25,
    )
)
def test_whatever_is_told_chances_are_chances_and_rise(told):
    kept = after(*[Report(DAY + day, kind, value, name, reset) for day, kind, value, name, reset in told])
    found = stocks(kept.now, DAY + 61, 5.0)
    chance = group_runs_out_within(found, DAY + 61, [0, 1, 7, 30, 365])
    assert all(0 <= p <= 1 for p in chance)
    assert chance == sorted(chance)
    days = run_out_days(found, DAY + 61, [0.1, 0.5, 0.9])
    assert days == sorted(days)
    assert total(kept.now).level >= 0
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(kept), type=Metering) == kept


@pytest.mark.parametrize("zone_hours", [-7, 0, 5.5, 13])
@pytest.mark.parametrize("hour", [0, 1, 7, 9, 18, 23])
def test_a_run_out_is_told_for_the_local_day_on_which_it_comes(hour: int, zone_hours: float):
    at, zone_days = DAY + hour / 24, zone_hours / 24
    sure = StockState(at, level=30.2, rate=20.0, level_known=True, scale=1e-6)
    today, empty = (math.floor(round(at + days + zone_days, 6)) for days in (0.0, 1.51))
    assert run_out_days([sure], at, [0.1, 0.5, 0.9], zone_days=zone_days) == [empty] * 3
    left = group_runs_out_within([sure], at, ends_of_days(at, (1, 2, 3), zone_days))
    assert [round(one) for one in left] == [today + days >= empty for days in range(3)]


def test_meters_of_merged_accounts_stand_beside_each_other():
    both = beside(after(*falling("a", 5.0)), after(*falling("b", 1.0)))
    assert sorted(both.now.meters) == ["a", "b"]
    newer = beside(after(*falling("a", 5.0)), after(*falling("a", 1.0, days=10)))
    assert newer.now.meters["a"].rate == pytest.approx(5, rel=0.1)


def test_readings_cut_the_error_of_the_mean_gap_rule():
    rng = bench.np.random.default_rng(bench.SEED)
    tanks = [bench.tank(rng) for _ in range(25)]
    rule = bench.np.concatenate([bench.mean_gap(one) for one in tanks]).mean()
    for name, most in {"weekly": 0.42, "daily": 0.42, "monthly": 0.8}.items():
        errors = bench.np.concatenate([bench.by_meter(one, *bench.WAYS[name])[0] for one in tanks])
        assert errors.mean() / rule < most, name
