"""The state of a pair: a function of its orders while they are in the ring, whatever way they arrive."""

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecasting.columns import CONTEXT, DECAY, HALF_LIVES_DAYS, PairColumns
from forecasting.pair import (
    MOST_MARKS,
    RING,
    OrderMark,
    PairState,
    add_order,
    order_key,
    pulses_of,
    reduce_order,
    remove_order,
    summarise,
)

DAYS = st.integers(700_000, 740_000)
MARKS = st.lists(st.tuples(DAYS, st.floats(0.01, 1e9)), min_size=1, max_size=RING, unique_by=lambda mark: mark[0])


def state_of(marks: list[tuple[int, int, float]]) -> PairState:
    state = PairState()
    for day, key, quantity in marks:
        add_order(state, OrderMark(day, key, quantity))
    return state


def figures(columns: PairColumns, row: int = 0) -> dict[str, float]:
    names = [f for f in PairColumns.__dataclass_fields__ if f not in CONTEXT]
    figures = {name: np.atleast_1d(getattr(columns, name)[row]) for name in names}
    return {f"{name}{i or ''}": float(value) for name, values in figures.items() for i, value in enumerate(values)}


@settings(max_examples=50, deadline=None)
@given(MARKS, st.randoms(use_true_random=False))
def test_order_of_arrival_does_not_matter_inside_the_ring(marks, random):
    keyed = [(day, key, quantity) for key, (day, quantity) in enumerate(marks)]
    shuffled = keyed.copy()
    random.shuffle(shuffled)
    assert state_of(shuffled) == state_of(keyed)


@settings(max_examples=50, deadline=None)
@given(MARKS, st.data())
def test_a_repeated_order_changes_nothing(marks, data):
    keyed = [(day, key, quantity) for key, (day, quantity) in enumerate(marks)]
    again = data.draw(st.sampled_from(keyed))
    assert state_of([*keyed, again]) == state_of(keyed)


@settings(max_examples=50, deadline=None)
@given(MARKS, st.data())
def test_cancelling_undoes_the_order(marks, data):
    keyed = [(day, key, quantity) for key, (day, quantity) in enumerate(marks)]
    gone = data.draw(st.sampled_from(keyed))
    state = state_of(keyed)
    assert remove_order(state, gone[1])
    assert state == state_of([mark for mark in keyed if mark != gone])


@settings(max_examples=50, deadline=None)
@given(st.lists(DAYS, min_size=RING + 1, max_size=40, unique=True), st.data())
def test_swaps_of_recent_orders_leave_an_old_pair_equal(days, data):
    keyed = [(day, key, 1.0) for key, day in enumerate(sorted(days))]
    recent = data.draw(st.permutations(keyed[-RING // 2 :]))
    assert state_of([*keyed[: -RING // 2], *recent]) == state_of(keyed)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(DAYS, st.floats(0.1, 1e6)), min_size=1, max_size=40))
def test_sums_over_folded_orders_equal_the_sums_over_all(orders):
    orders.sort()
    state = state_of([(day, key, quantity) for key, (day, quantity) in enumerate(orders)])
    found = figures(summarise([state]))
    days = sorted({day for day, _ in orders})
    gaps = np.diff(days).astype(float)
    weights = DECAY ** np.arange(len(gaps))[::-1]
    assert found["orders"] == len(days)
    assert (found["first_day"], found["last_day"]) == (days[0], days[-1])
    assert found["n"] == pytest.approx(weights.sum())
    assert found["S"] == pytest.approx(weights @ gaps)
    assert found["D"] == pytest.approx(weights @ np.log(gaps))
    assert found["mean_quantity"] == pytest.approx(sum(q for _, q in orders) / len(days))
    for place, half_life in enumerate(HALF_LIVES_DAYS):
        rate = sum(0.5 ** ((days[-1] - day) / half_life) for day in days)
        assert found[f"rates{place or ''}"] == pytest.approx(rate, rel=1e-9)


@settings(max_examples=50, deadline=None)
@given(st.lists(MARKS, min_size=1, max_size=6))
def test_a_row_does_not_depend_on_its_neighbours(pairs):
    states = [state_of([(day, key, q) for key, (day, q) in enumerate(marks)]) for marks in pairs]
    together = summarise(states)
    for row, state in enumerate(states):
        assert figures(together, row) == figures(summarise([state]))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(DAYS, st.booleans()), min_size=1, max_size=60))
def test_no_figure_is_ever_nan(orders):
    state = state_of([(day, key, 1e12 if big else 1e-9) for key, (day, big) in enumerate(orders)])
    assert all(np.isfinite(list(figures(summarise([state])).values())))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(DAYS, st.integers(1, 3)), min_size=RING, max_size=25, unique_by=lambda one: one[0]))
def test_as_many_days_are_remembered_however_many_orders_they_had(days):
    days.sort()
    several = state_of([(day, 10 * day + n, 2.0) for day, count in days for n in range(count)])
    once = state_of([(day, day, 2.0 * count) for day, count in days])
    assert figures(summarise([several])) == pytest.approx(figures(summarise([once])), rel=1e-12)
    assert len({mark.day for mark in several.ring}) == RING
    pulses = [pulses_of([[state]], np.array([750_000.0])).tolist() for state in (several, once)]
    assert pulses[0] == pulses[1]


def test_of_too_many_orders_the_oldest_leave_one_by_one():
    state, left = PairState(), []
    for number in range(MOST_MARKS + 3):
        left += add_order(state, OrderMark(730_000 + number // 30, number, 2.0))
    assert [mark.key for mark in left] == [0, 1, 2]
    assert len(state.ring) == MOST_MARKS
    found = figures(summarise([state]))
    assert (found["orders"], found["mean_quantity"]) == (2, MOST_MARKS + 3)
    assert pulses_of([[state]], np.array([730_100.0]))[0, 1] == 2


def test_one_day_is_one_order_day():
    found = figures(summarise([state_of([(730_000, 1, 2.0), (730_000, 2, 3.0), (730_010, 3, 4.0)])]))
    assert (found["orders"], found["n"], found["S"]) == (2, 1, 10)
    assert (found["mean_quantity"], found["last_quantity"], found["median_gap"]) == (4.5, 4.0, 10)


def test_median_gap_and_usual_quantity_are_medians():
    days = [0, 1, 3, 13]
    found = figures(
        summarise([state_of([(730_000 + d, d, q) for d, q in zip(days, [1.0, 9.0, 3.0, 2.0], strict=True)])])
    )
    assert found["median_gap"] == 2
    assert found["usual_quantity"] == 2.5


def test_orders_that_come_after_their_time_was_folded_are_counted_once():
    state = state_of([(730_000 + 7 * i, i, 1.0) for i in range(RING + 5)])
    before = figures(summarise([state]))
    add_order(state, OrderMark(729_990, 99, 1.0))
    add_order(state, OrderMark(730_003, 98, 1.0))
    after = figures(summarise([state]))
    assert after["orders"] == before["orders"] + 2
    assert after["first_day"] == 729_990
    assert after["last_day"] == before["last_day"]
    assert after["n"] > before["n"]


def test_the_same_key_replaces_the_order():
    state = state_of([(730_000, 1, 2.0)])
    add_order(state, OrderMark(730_004, 1, 5.0))
    assert state == state_of([(730_004, 1, 5.0)])


def test_a_return_takes_from_its_order_only():
    state = state_of([(730_000, 1, 2.0), (730_010, 2, 5.0)])
    assert reduce_order(state, 1, 3.0) == 1.0
    assert state == state_of([(730_010, 2, 5.0)])
    assert reduce_order(state, 77, 3.0) == 3.0


def test_a_return_without_an_order_takes_from_the_newest():
    state = state_of([(730_000, 1, 2.0), (730_010, 2, 5.0)])
    assert reduce_order(state, None, 6.0) == 0.0
    assert state == state_of([(730_000, 1, 1.0)])


def test_a_pair_without_orders_is_a_row_of_zeros():
    state = state_of([(730_000, 1, 2.0)])
    remove_order(state, 1)
    assert set(figures(summarise([state])).values()) == {0.0}
    assert not remove_order(state, 1)


def test_state_survives_its_encoding():
    state = state_of([(730_000 + 3 * i, order_key(f"o{i}"), 1.5) for i in range(RING + 3)])
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(state), type=PairState) == state


def test_context_goes_with_its_rows():
    one, two = state_of([(730_000, 1, 2.0)]), state_of([(730_000, 1, 2.0), (730_009, 2, 2.0)])
    columns = summarise([one, two], accounts=[two, two], skus=["A", "B"])
    picked = columns.take(np.array([False, True]))
    assert picked.skus == ["B"]
    assert picked.account is not None
    assert picked.account.orders.tolist() == [2]
    assert len(picked) == 1


def test_a_late_order_does_not_move_the_last_day_back():
    state = state_of([(730_000 + 7 * i, i, 1.0) for i in range(RING + 1)])
    for key in range(1, RING + 1):
        remove_order(state, key)
    add_order(state, OrderMark(729_950, 99, 1.0))
    found = figures(summarise([state]))
    assert (found["first_day"], found["last_day"], found["orders"]) == (729_950, 730_000, 2)
