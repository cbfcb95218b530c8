"""How much to reorder: (s, S), net of stock and open orders, in quantities that may be ordered."""

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from outreach.quantities import (
    Pack,
    Stock,
    Use,
    days_until_wanted,
    left_of_last_order,
    orderable,
    reorder_quantity,
    use_of_orders,
)

USE = Use(units_a_day=2.0, deviation_units=1.0, cover_days=30.0)
EMPTY = Stock(0.0, known=True)
ANY = Pack()


def test_by_hand() -> None:
    parts = reorder_quantity(USE, 4.0, 0.975, Stock(5.0, known=True, open_order_units=3.0), ANY)
    assert parts.demand_units == 68.0
    assert parts.safety_units == pytest.approx(1.959964 * 1.0 * 2.0, abs=1e-5)
    assert parts.net_units == pytest.approx(68 + 3.919928 - 8, abs=1e-5)
    assert parts.quantity_units == 64.0


def test_no_safety_at_even_odds_and_none_below() -> None:
    for level in (0.5, 0.2, 0.0):
        assert reorder_quantity(USE, 4.0, level, EMPTY, ANY).safety_units == 0.0


def test_stock_and_open_orders_that_are_enough_leave_nothing_to_propose() -> None:
    parts = reorder_quantity(USE, 4.0, 0.5, Stock(60.0, known=True, open_order_units=20.0), Pack(10.0, 5.0))
    assert (parts.net_units, parts.quantity_units) == (0.0, 0.0)
    assert days_until_wanted(parts) == pytest.approx((80 - 68) / 2)


@pytest.mark.parametrize(
    ("wanted", "pack", "quantity"),
    [
        (0.0, Pack(10, 5), 0.0),
        (3.0, Pack(10, 5), 10.0),
        (11.0, Pack(10, 5), 15.0),
        (15.0, Pack(10, 5), 15.0),
        (3.0, Pack(7, 5), 10.0),
        (2.4, ANY, 2.0),
        (2.5, ANY, 3.0),
        (0.3, ANY, 0.3),
        (0.3, Pack(0.5, 0), 0.5),
        (0.3, Pack(0, 0.1), 0.3),
    ],
)
def test_minimum_and_multiple(wanted: float, pack: Pack, quantity: float) -> None:
    assert orderable(wanted, pack) == pytest.approx(quantity)
    assert quantity == 0 or pack.allows(quantity)


@pytest.mark.parametrize(("quantity", "allowed"), [(10, True), (15, True), (9.9, False), (12, False), (5, False)])
def test_what_may_be_ordered(quantity: float, allowed: bool) -> None:
    assert Pack(10, 5).allows(quantity) is allowed


def test_use_of_orders_is_the_usual_order_over_the_usual_gap() -> None:
    found = use_of_orders([0, 30, 30, 60, 90], [10, 6, 4, 10, 10])
    assert found == Use(pytest.approx(1 / 3), 0.0, 30.0)
    assert use_of_orders([5, 5], [1, 1]) is None
    assert use_of_orders([], []) is None


def test_irregular_orders_vary_more() -> None:
    regular, ragged = use_of_orders([0, 30, 60, 90], [10] * 4), use_of_orders([0, 10, 60, 90], [10, 20, 5, 10])
    assert regular is not None
    assert ragged is not None
    assert ragged.deviation_units > regular.deviation_units == 0.0


def test_renewal_reward_variance_by_hand() -> None:
    found = use_of_orders([0, 20, 60], [8, 12, 10])
    rate, var_q, var_g = 10 / 30, 8 / 3, 100.0
    assert found is not None
    assert found.deviation_units == pytest.approx(math.sqrt((var_q + rate**2 * var_g) / 30))


def test_what_is_left_of_the_last_order() -> None:
    assert [left_of_last_order(USE, 60.0, days) for days in (0, 10, 30, 99)] == [60.0, 40.0, 0.0, 0.0]


@pytest.mark.parametrize("wrong", [{"units": -1.0}, {"units": 0.0, "open_order_units": -1.0}])
def test_less_than_nothing_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="cannot be negative"):
        reorder_quantity(USE, 4.0, 0.5, Stock(known=True, **wrong), ANY)


positive = st.floats(0.01, 1e4)


@given(positive, st.floats(0, 100), st.floats(0.5, 100), st.floats(0, 60), st.floats(0, 1), st.floats(0, 1e5))
def test_more_in_stock_is_never_more_to_order(
    rate: float, deviation: float, cover: float, lead: float, level: float, stock: float
) -> None:
    use = Use(rate, deviation, cover)
    less = reorder_quantity(use, lead, level, Stock(stock, known=True), Pack(3.0, 2.0))
    more = reorder_quantity(use, lead, level, Stock(stock + 1, known=True), Pack(3.0, 2.0))
    assert more.quantity_units <= less.quantity_units
    assert less.quantity_units == 0 or Pack(3.0, 2.0).allows(less.quantity_units)
    assert less.quantity_units >= less.net_units - 1e-6


@given(st.floats(0.1, 50), st.floats(0, 5), st.floats(1, 60), st.floats(0, 30), st.floats(0.5, 0.99))
def test_proposals_do_not_grow(rate: float, spread: float, cover: float, lead: float, level: float) -> None:
    """Ordered again and again at the reorder point, the quantity stays what is used between two orders."""
    use = Use(rate, spread, cover)
    first = reorder_quantity(use, lead, level, EMPTY, Pack(0, 1e-9))
    at_the_point = rate * lead + first.safety_units
    again = reorder_quantity(use, lead, level, Stock(at_the_point, known=True), ANY)
    assume(again.net_units > 1e-3)
    assert again.net_units == pytest.approx(rate * cover, rel=1e-3, abs=1e-3)
