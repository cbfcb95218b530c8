"""Days on which a backtest stands: chosen from the data, far enough from both ends."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from schemas.errors import BadInput

if TYPE_CHECKING:
    from forecasting.history import OrderDays

LEAST_ORIGINS = 6
LONGEST_HORIZON_DAYS = 28
USUAL_STEP_DAYS = 28
STRAY_HOLE_DAYS, STRAY_SHARE = 90, 0.001
LEAST_PAST_DAYS = 56
"""Before the first origin: below this no window has closed that anything could be learnt from."""


def choose_origins(history: OrderDays, count: int = LEAST_ORIGINS) -> list[int]:
    """`count` ordinals, the last LONGEST_HORIZON_DAYS before the end of the data, four weeks apart where there is room.

    A shorter history has them closer together, by whole weeks where possible. At most half of the data lies behind the
    first origin, so that there is something to learn from. Raises BadInput where the data are too short for that.
    """
    first, last = _span(history)
    latest = last + 1 - LONGEST_HORIZON_DAYS
    earliest = max(first + LEAST_PAST_DAYS, first + (latest - first) // 2)
    if latest - earliest < count - 1:
        raise BadInput(
            f"the orders span {last - first + 1} days, too few for {count} origins with {LEAST_PAST_DAYS} days before "
            f"the first and {LONGEST_HORIZON_DAYS} after the last; bring a longer history, or ask for fewer origins"
        )
    step = min((latest - earliest) // max(count - 1, 1), USUAL_STEP_DAYS)
    if step >= 7:  # whole weeks, on Mondays: weeks are planned on them
        step -= step % 7
        latest = max(latest - (latest + 6) % 7, earliest + step * (count - 1))
    return [latest - step * back for back in range(count - 1, -1, -1)]


def check_origins(history: OrderDays, days: list[int]) -> list[int]:
    """The given ordinals, sorted and once each. Raises BadInput for one with nothing before or too little after it."""
    first, last = _span(history)
    for day in days:
        if not first < day <= last + 1 - LONGEST_HORIZON_DAYS:
            raise BadInput(
                f"origin {date.fromordinal(day)} cannot be judged: orders run from {date.fromordinal(first)} to "
                f"{date.fromordinal(last)}, and {LONGEST_HORIZON_DAYS} days after the origin must be known"
            )
    return sorted(set(days))


def without_strays(history: OrderDays) -> OrderDays:
    """Without the few order days (under one in a thousand) behind a hole of a quarter at the end: mistyped dates.

    One order in 2099 would otherwise put every origin where nothing was ordered.
    """
    days = np.unique(history.day)
    for hole in np.flatnonzero(np.diff(days) > STRAY_HOLE_DAYS)[::-1]:
        if (history.day > days[hole]).mean() < STRAY_SHARE:
            history = history.where(history.day <= days[hole])
    return history


def _span(history: OrderDays) -> tuple[int, int]:
    """First and last order day."""
    if not len(history):
        raise BadInput("there is no order to look back on")
    return int(np.min(history.day)), int(np.max(history.day))
