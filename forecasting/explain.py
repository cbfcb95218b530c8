"""One sentence that an agent can say on the phone, true to what is known.

With orders alone the account is "expected to reorder"; only a meter or a level lets us say "run out".
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from forecasting.similar import Suggestion

REGULAR_ORDERS = 3  # from here on one may speak of what they usually do


def order_sentence(
    *,
    orders: int,
    median_gap_days: float,
    last_day: int,
    as_of_day: int,
    expected_day: float,
    probability: float,
    within_days: int,
) -> str:
    """Why now, from orders alone. expected_day: the median of the next order (ordinal, inf: never)."""
    silent = _ago(as_of_day - last_day)
    if orders < 1:
        return "They have not ordered this yet."
    if orders < REGULAR_ORDERS:
        past = "They ordered this once" if orders == 1 else "They ordered this twice"
        habit = f"{past}, last {silent}"
    else:
        habit = f"They usually order every {_days(median_gap_days).removeprefix('1 ')} and last ordered {silent}"
    chance = f"a {_percent(probability)} chance of an order within {_days(within_days)}"
    if expected_day == float("inf"):
        return f"{habit}; {chance}."
    return f"{habit}; expected to reorder {_when(expected_day, as_of_day)}, with {chance}."


def level_sentence(
    *, level_units: float, units_a_day: float, unit: str, as_of_day: int, probability: float, within_days: int
) -> str:
    """Why now, where a level is known."""
    stock = f"By the meter they have {level_units:,.0f} {unit} left".replace("  ", " ")
    if units_a_day <= 0:
        return f"{stock} and have used none lately."
    lasts = level_units / units_a_day
    chance = f"a {_percent(probability)} chance within {_days(within_days)}"
    when = _when(as_of_day + lasts, as_of_day)
    return f"{stock} and use {units_a_day:,.1f} a day; expected to run out {when}, with {chance}."


def suggestion_sentence(suggestion: Suggestion, product: str, kind: str = "accounts") -> str | None:
    """'34 of 60 similar welders buy it ...', or None where the figures do not carry it."""
    if not suggestion.explained:
        return None
    s = suggestion
    return f"{s.buyers} of {s.neighbours} similar {kind} buy {product}; of all {kind} {_percent(s.base_rate)} do."


def _percent(probability: float) -> str:
    if probability < 0.01:
        return "less than 1 %"
    return "more than 99 %" if probability > 0.99 else f"{100 * probability:.0f} %"


def _days(days: float) -> str:
    whole = max(round(days), 1)
    return "1 day" if whole == 1 else f"{whole} days"


def _ago(days: int) -> str:
    return "today" if days <= 0 else "yesterday" if days == 1 else f"{days} days ago"


def _when(day: float, as_of_day: int) -> str:
    """A day from now, in words near by and as a date further off."""
    ahead = int(day) - as_of_day
    if ahead <= 0:
        return "any day now"
    if ahead == 1:
        return "tomorrow"
    on = date.fromordinal(as_of_day) + timedelta(days=ahead)
    return f"around {on.day} {on:%B}" if ahead <= 300 else f"around {on:%B %Y}"
