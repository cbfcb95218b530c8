"""Promotions and bulk orders: a value beyond the predictive 1 to 99 % of its own row counts as the limit.

Values are judged on a logarithmic scale around the row's median, with a spread between the row's own and the usual
one; so one order of 80,995 pieces among dozens neither becomes the habit nor makes room for itself. What is on hand
keeps the full quantity. Source: predictive interval of a normal sample, with the median and the median absolute
deviation in place of mean and standard deviation (Rousseeuw, Croux 1993).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

TAIL = 2.326  # standard deviations of the predictive 1 and 99 %
USUAL_SPREAD = 0.5  # standard deviation of log quantity inside a row, where nobody has learnt it
OWN_AFTER = 4.0  # values after which a row's own spread counts as much as the usual one
LEAST_VALUES = 3  # fewer say nothing of a habit
MAD_TO_SD = 1.4826
SMALLEST = 1e-12  # a value of nothing has no logarithm


def winsorised(rows: int, row: Ints, value: Floats, spread: float = USUAL_SPREAD) -> Floats:
    """Values (>= 0) drawn to their row's predictive 1 to 99 %; shape (values,), as `row`, which is sorted.

    Rows with fewer than LEAST_VALUES values are left as they are. A row depends on its own values and `spread` alone.
    """
    low, high = limits(rows, row, value, spread)
    return np.clip(value, low[row], high[row])


def believed(quantities: Sequence[float]) -> list[float]:
    """The quantities of one pair's order days as a habit sees them: see `winsorised`."""
    value = np.array(quantities, float)
    return [float(one) for one in winsorised(1, np.zeros(len(value), np.int64), value)]


def limits(rows: int, row: Ints, value: Floats, spread: float = USUAL_SPREAD) -> tuple[Floats, Floats]:
    """Lowest and highest value that each row believes; 0 and inf where it has no habit. Shape (rows,)."""
    logs = np.log(np.maximum(value, SMALLEST))
    count = np.bincount(row, minlength=rows).astype(float)
    middle = _medians(rows, row, logs)
    own = MAD_TO_SD * _medians(rows, row, np.abs(logs - middle[row]))
    pooled = np.sqrt((OWN_AFTER * spread**2 + count * own**2) / (OWN_AFTER + count))
    width = TAIL * pooled * np.sqrt(1 + 1 / np.maximum(count, 1))
    habit = count >= LEAST_VALUES
    with np.errstate(over="ignore"):
        low, high = np.exp(middle - width), np.exp(middle + width)
    return np.where(habit & (low > SMALLEST), low, 0.0), np.where(habit, high, np.inf)


def spread_of(rows: int, row: Ints, value: Floats) -> float:
    """The usual spread inside a row, learnt from a population: the root of the mean square over rows with a habit."""
    logs = np.log(np.maximum(value, SMALLEST))
    count = np.bincount(row, minlength=rows)
    own = MAD_TO_SD * _medians(rows, row, np.abs(logs - _medians(rows, row, logs)[row]))
    habits = own[count >= LEAST_VALUES]
    return float(np.sqrt(np.mean(habits**2))) if len(habits) else USUAL_SPREAD


def _medians(rows: int, row: Ints, value: Floats) -> Floats:
    """Median of each row, 0 for one without any."""
    value = value[np.lexsort((value, row))]
    count = np.bincount(row, minlength=rows)
    start, some = np.cumsum(count) - count, count > 0
    result = np.zeros(rows)
    low, high = start + (count - 1) // 2, start + count // 2
    result[some] = (value[low[some]] + value[high[some]]) / 2
    return result
