"""What an agent says: true, and no word about stock where none is known."""

from datetime import date

import pytest

from forecasting.explain import level_sentence, order_sentence

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
        "They usually order every 21 days and last ordered 19 days ago; "
        "expected to reorder around 4 March, with a 61 % chance of an order within 7 days."
    )


@pytest.mark.parametrize(
    ("changed", "part"),
    [
        ({"orders": 1}, "They ordered this once, last 19 days ago"),
        ({"orders": 2}, "They ordered this twice"),
        ({"orders": 0}, "They have not ordered this yet."),
        ({"last_day": AS_OF - 1}, "last ordered yesterday"),
        ({"last_day": AS_OF}, "last ordered today"),
        ({"expected_day": float(AS_OF)}, "any day now"),
        ({"expected_day": AS_OF + 1.0}, "expected to reorder tomorrow"),
        ({"expected_day": AS_OF + 700.0}, "around January 2024"),
        ({"median_gap_days": 1.0}, "every day and"),
        ({"probability": 0.001}, "a less than 1 % chance"),
        ({"probability": 0.999}, "a more than 99 % chance"),
        ({"within_days": 1}, "within 1 day."),
    ],
)
def test_words_for(changed, part):
    assert part in said(**changed)


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
