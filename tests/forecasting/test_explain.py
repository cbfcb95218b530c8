"""What an agent says: true, and no word about stock where none is known."""

from datetime import date

import numpy as np
import pytest

from forecasting.explain import explanations, level_sentence, moved_by, order_sentence
from forecasting.pair import OrderMark, PairState, summarise
from ops.commands.forecast import season_of

AS_OF = date(2022, 3, 1).toordinal()


def said(**changed):
    told = {
        "orders": 9,
        "median_gap_days": 21.0,
        "last_day": AS_OF - 19,
        "as_of_day": AS_OF,
        "expected_day": AS_OF + 3.0,
        "probability": 0.614,
        "within_days": 7,
    }
    return order_sentence(**(told | changed))


def test_a_regular_pair():
    assert said() == (
        "They ordered this on 9 days, usually every 21 days, last 19 days ago; "
        "expected to reorder around 4 March, with a 61 % chance of an order within 7 days."
    )


@pytest.mark.parametrize(
    ("changed", "part"),
    [
        ({"orders": 1}, "They ordered this once, last 19 days ago"),
        ({"orders": 2}, "They ordered this twice"),
        ({"orders": 0}, "They have not ordered this yet."),
        ({"last_day": AS_OF - 1}, ", last yesterday;"),
        ({"last_day": AS_OF}, ", last today;"),
        ({"expected_day": float(AS_OF)}, "any day now"),
        ({"expected_day": AS_OF + 1.0}, "expected to reorder tomorrow"),
        ({"expected_day": AS_OF + 700.0}, "around January 2024"),
        ({"median_gap_days": 1.0}, "usually every day, last"),
        ({"last_day": AS_OF - 31}, "last 31 days ago; "),
        ({"last_day": AS_OF - 32}, "last 32 days ago, longer than they usually wait; "),
        ({"quantity_ratio": 2.5}, "19 days ago, then 2.5 times the usual quantity; "),
        ({"quantity_ratio": 3.0}, "then 3 times the usual quantity"),
        ({"quantity_ratio": 6749.6}, "then 6,750 times the usual quantity"),
        ({"quantity_ratio": 0.5}, "then half the usual quantity"),
        ({"quantity_ratio": 0.1}, "then only a small part of the usual quantity"),
        ({"quantity_ratio": 1.7}, "19 days ago; "),
        ({"season_ratio": 1.3}, "19 days ago, and they order more at this time of the year; "),
        ({"season_ratio": 0.5}, "and they order less at this time of the year"),
        ({"orders": 1, "quantity_ratio": 9.0}, "once, last 19 days ago; "),
        ({"orders": 1}, "; a guess from what others do."),
        ({"orders": 2, "last_day": AS_OF - 300}, "twice, last 300 days ago; "),
        ({"probability": 0.001}, "a less than 1 % chance"),
        ({"probability": 0.999}, "a more than 99 % chance"),
        ({"within_days": 1}, "within 1 day."),
    ],
)
def test_words_for(changed, part):
    assert part in said(**changed)


def test_what_moved_it_is_named_in_a_fixed_order():
    assert moved_by(9, 21.0, 40, 3.0, 2.0) == ["silence", "quantity", "season"]
    assert moved_by(9, 21.0, 20, 1.0, 1.0) == []
    assert moved_by(2, 21.0, 400, 9.0, 1.0) == [], "two orders make no habit"


def test_every_row_of_a_table_is_explained():
    days = [[AS_OF - 63, AS_OF - 42, AS_OF - 21], [AS_OF - 300], [AS_OF - 80, AS_OF - 70, AS_OF - 60]]
    states = [PairState.of([OrderMark(day, n, 4.0 if n == 2 else 2.0) for n, day in enumerate(one)]) for one in days]
    columns, half = summarise(states), np.full(3, 0.5)
    told = explanations(columns, AS_OF, np.array([AS_OF + 2.0, np.inf, AS_OF + 9]), half, 14, np.ones(3))
    assert told.orders.tolist() == [3, 1, 3]
    assert told.usual_gap_days.tolist() == [21, 0, 10]
    assert told.last_order.dt.date.tolist() == [date.fromordinal(one[-1]) for one in days]
    assert told.moved_by.tolist() == ["quantity", "", "silence,quantity"]
    assert told.method.tolist() == ["orders", "prior", "orders"]
    assert told.degraded.tolist() == [False, True, False]
    assert told.sentence[0].startswith(
        "They ordered this on 3 days, usually every 21 days, last 21 days ago, then 2 times"
    )
    assert told.sentence[1].endswith(
        "300 days ago; a 50 % chance of an order within 14 days; a guess from what others do."
    )


def test_never_has_no_date():
    assert said(expected_day=float("inf")).endswith("19 days ago; a 61 % chance of an order within 7 days.")


def test_running_out_is_said_of_a_metered_stock_only():
    told = {"unit": "litres", "as_of_day": AS_OF, "probability": 0.7, "within_days": 14}
    metered = level_sentence(level_units=640.0, units_a_day=49.6, **told)
    assert metered == (
        "By the meter they have 640 litres left and use 49.6 a day; "
        "expected to run out around 13 March, with a 70 % chance within 14 days."
    )
    assert "run out" not in said()
    assert level_sentence(level_units=5.0, units_a_day=0.0, **told).endswith("have used none lately.")


class Seasonal:
    """A forecaster that knows the time of the year, and nothing else."""

    def season_effect(self, columns, as_of_day, horizon_days):
        return np.full(len(columns), 1.4)


def test_a_model_that_knows_the_season_is_asked_for_it():
    columns = summarise([PairState.of([OrderMark(AS_OF - 20, 1, 2.0)])])
    assert season_of(Seasonal(), columns, AS_OF).tolist() == [1.4]
    assert season_of(object(), columns, AS_OF).tolist() == [1.0]
