"""One sentence that an agent can say on the phone, true to what is known, for every forecast.

It says how many order days are behind it, the usual gap, the last order, what moved it (silence, quantity, season),
when and how probable; and that it is a guess where it is one. With orders alone the account is "expected to reorder";
only a meter or a level lets us say "run out".
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from forecasting.columns import Floats, PairColumns
    from forecasting.similar import Suggestion

REGULAR_ORDERS = 3  # from here on one may speak of what they usually do
GUESSED_BELOW = 2  # order days: below it nothing of the pair's own pace is known
LONG_SILENCE = 1.5  # usual gaps: from here on it is worth a word
MUCH, LITTLE = 1.75, 0.6  # of the usual quantity
SEASON = 1.15  # times as probable as over the year, or as improbable
SILENCE, QUANTITY, SEASONAL = "silence", "quantity", "season"


def order_sentence(
    *,
    orders: int,
    median_gap_days: float,
    last_day: int,
    as_of_day: int,
    expected_day: float,
    probability: float,
    within_days: int,
    quantity_ratio: float = 1.0,
    season_ratio: float = 1.0,
) -> str:
    """Why now, from orders alone. expected_day: the median of the next order (ordinal, inf: never).

    quantity_ratio: of the last order day against the usual; season_ratio: hazard of an order now against the year's.
    """
    if orders < 1:
        return "They have not ordered this yet."
    moved = moved_by(orders, median_gap_days, as_of_day - last_day, quantity_ratio, season_ratio)
    habit = _habit(orders, median_gap_days, _ago(as_of_day - last_day)) + _moved(moved, quantity_ratio, season_ratio)
    chance = f"a {_percent(probability)} chance of an order within {_days(within_days)}"
    guess = "; a guess from what others do" if orders < GUESSED_BELOW else ""
    if expected_day == float("inf"):
        return f"{habit}; {chance}{guess}."
    return f"{habit}; expected to reorder {_when(expected_day, as_of_day)}, with {chance}{guess}."


def moved_by(
    orders: int, median_gap_days: float, silent_days: float, quantity_ratio: float, season_ratio: float
) -> list[str]:
    """What moved the forecast away from the usual: some of SILENCE, QUANTITY, SEASONAL."""
    regular = orders >= REGULAR_ORDERS
    facts = {
        SILENCE: regular and median_gap_days > 0 and silent_days > LONG_SILENCE * median_gap_days,
        QUANTITY: regular and not LITTLE < quantity_ratio < MUCH,
        SEASONAL: not 1 / SEASON < season_ratio < SEASON,
    }
    return [name for name, true in facts.items() if true]


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


def explanations(
    columns: PairColumns, as_of_day: int, expected_day: Floats, probability: Floats, within_days: int, season: Floats
) -> pd.DataFrame:
    """What stands behind each row's forecast, as columns; `moved_by` is comma-separated, `sentence` for the phone.

    expected_day, probability, season: shape (rows,). A row without two order days is `prior` and degraded.
    """
    ratio = quantity_ratio(columns)
    told = zip(
        columns.orders.astype(int).tolist(),
        columns.median_gap.tolist(),
        columns.last_day.astype(int).tolist(),
        expected_day.tolist(),
        probability.tolist(),
        ratio.tolist(),
        season.tolist(),
        strict=True,
    )
    rows = [
        (
            ",".join(moved_by(orders, gap, as_of_day - last, share, spring)),
            order_sentence(
                orders=orders,
                median_gap_days=gap,
                last_day=last,
                as_of_day=as_of_day,
                expected_day=expected,
                probability=p,
                within_days=within_days,
                quantity_ratio=share,
                season_ratio=spring,
            ),
        )
        for orders, gap, last, expected, p, share, spring in told
    ]
    guessed = columns.orders < GUESSED_BELOW
    return pd.DataFrame(
        {
            "orders": columns.orders.astype(np.int64),
            "usual_gap_days": columns.median_gap,
            "last_order": _dates(columns.last_day),
            "moved_by": [moved for moved, _ in rows],
            "method": np.where(guessed, "prior", "orders"),
            "degraded": guessed,
            "sentence": [sentence for _, sentence in rows],
        }
    )


def quantity_ratio(columns: PairColumns) -> Floats:
    """Quantity of the last order day against the usual one; 1 where none is known. Shape (rows,)."""
    usual = columns.usual_quantity
    return np.divide(columns.last_quantity, usual, out=np.ones(len(usual)), where=usual > 0)


def _habit(orders: int, gap_days: float, ago: str) -> str:
    if orders < REGULAR_ORDERS:
        return f"They ordered this {'once' if orders == 1 else 'twice'}, last {ago}"
    usual = _days(gap_days).removeprefix("1 ")
    return f"They ordered this on {orders} days, usually every {usual}, last {ago}"


def _moved(moved: list[str], quantity: float, season: float) -> str:
    """The same in words, to follow the last order."""
    words = []
    if SILENCE in moved:
        words.append("longer than they usually wait")
    if QUANTITY in moved:
        words.append(f"then {_times(quantity)} the usual quantity")
    if SEASONAL in moved:
        words.append(f"and they order {'more' if season > 1 else 'less'} at this time of the year")
    return "".join(f", {word}" for word in words)


def _times(ratio: float) -> str:
    if ratio < 1:
        return "half" if 0.4 <= ratio <= LITTLE else "only a small part of"
    return f"{ratio:,.0f} times" if ratio >= 10 else f"{ratio:.1f} times".replace(".0 ", " ")


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
    if day == float("inf"):
        return "at no time that can be foreseen"
    ahead = int(min(day, date.max.toordinal() - 1)) - as_of_day
    if ahead <= 0:
        return "any day now"
    if ahead == 1:
        return "tomorrow"
    on = date.fromordinal(as_of_day) + timedelta(days=ahead)
    return f"around {on.day} {on:%B}" if ahead <= 300 else f"around {on:%B %Y}"


def _dates(days: Floats) -> np.ndarray[tuple[int], np.dtype[np.datetime64]]:
    """Ordinals as datetime64[us]; 719,163 is 1970-01-01."""
    return (days.astype(np.int64) - 719_163).astype("datetime64[D]").astype("datetime64[us]")
