"""Stock of metered pairs."""

import msgspec
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from forecasting.telemetry import StockState, consumed, delivered, due_in_days, metered, reading, runs_out_within

DAY = 735_000.0


def emptying(rate: float = 5.0, days: int = 30, every: int = 3) -> StockState:
    state = None
    for passed in range(0, days + 1, every):
        state = reading(state, DAY + passed, 300 - rate * passed)
    assert state is not None
    return state


def test_readings_teach_the_rate():
    state = emptying()
    assert state.rate == pytest.approx(5.0, rel=0.05)
    assert state.level == pytest.approx(150, rel=0.02)


def test_runs_out_about_when_the_level_meets_the_reorder_point():
    state = emptying()
    chance = [float(runs_out_within([state], DAY + 30, 50.0, h)[0]) for h in (5, 15, 20, 25, 60)]
    assert chance[0] < 0.05
    assert chance[2] == pytest.approx(0.5, abs=0.1)
    assert chance[-1] > 0.95


def test_a_delivery_puts_it_off():
    state = emptying()
    fuller = delivered(state, DAY + 30, 200.0)
    before, after = due_in_days([state, fuller], DAY + 30, 50.0, 2.0, 0.5)
    assert fuller.level == state.level + 200
    assert after > before + 30


def test_counted_use_lowers_the_level_and_a_reset_does_not():
    state = metered(delivered(None, DAY, 100.0), DAY, 1000.0)
    used = metered(state, DAY + 10, 1030.0)
    assert used.level == pytest.approx(state.level - 30)
    fallen = metered(used, DAY + 11, 5.0)
    assert fallen.last_total == 5.0
    assert fallen.level == pytest.approx(used.level - used.rate)
    assert metered(fallen, DAY + 12, 9.0, reset=True).last_total == 9.0


def test_reported_use_teaches_the_rate():
    state = delivered(None, DAY, 300.0)
    for week in range(1, 9):
        state = consumed(state, DAY + 7 * week, 21.0)
    assert state.rate == pytest.approx(3.0, rel=0.1)
    assert state.level == pytest.approx(300 - 8 * 21)


def test_an_unknown_level_runs_out_of_nothing():
    state = metered(None, DAY, 10.0)
    assert not state.level_known
    assert runs_out_within([state], DAY + 100, 0.0, 1000.0).tolist() == [0.0]
    assert due_in_days([state], DAY, 0.0, 2.0, 0.5).tolist() == [np.inf]


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["reading", "consumed", "delivered", "metered"]),
        st.floats(-2, 100),
        st.sampled_from([0.0, 1e-9, 1e9]) | st.floats(0, 1000),
    ),
    min_size=1,
    max_size=20,
)
APPLY = {"reading": reading, "consumed": consumed, "delivered": delivered, "metered": metered}


@settings(max_examples=100, deadline=None)
@given(EVENTS, st.floats(0, 500))
@example([("consumed", 0.0, 0.0), ("consumed", 1.0, 5e-324), ("delivered", 1.0, 1000.0)], 0.0)  # a rate near zero
@example([("consumed", 0.0, 0.0), ("consumed", 1.0, 1e-306), ("reading", 1.0, 1000.0)], 500.0)
def test_whatever_is_heard_the_chance_is_one_and_rises_with_the_horizon(events, reorder_point):
    state, day = None, DAY
    for kind, days, quantity in events:
        day += days
        state = APPLY[kind](state, day, quantity)
    assert state is not None
    chance = [float(runs_out_within([state], day, reorder_point, h)[0]) for h in (0, 1, 7, 30, 365, 10_000)]
    assert all(0 <= p <= 1 for p in chance)
    assert chance == sorted(chance)
    assert state.level >= 0
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(state), type=StockState) == state
