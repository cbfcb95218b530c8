"""The first whole day on which curves of many rows reach a level: regula falsi between two days, all rows at once.

Illinois' rule (Dowell, Jarratt 1971): where one end stays, its height is halved, so that both ends close in. Every
answer is checked on the day itself and on the day before, as bisection would, in about half of its steps.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from forecasting.columns import Floats

    Ask = Callable[[Floats, NDArray[np.intp], Any], tuple[Floats, NDArray[np.bool_]]]

LEAVE_BELOW = 0.5  # share of rows still looked for, below which the others are left out: leaving out costs a copy


@dataclass(slots=True)
class Bracket:
    """The first day lies in (low, high]; heights of the curve above the level: below 0 at low, not below at high."""

    low: Floats
    high: Floats
    at_low: Floats
    at_high: Floats

    def take(self, rows: NDArray[np.intp]) -> Bracket:
        """Some rows."""
        return Bracket(self.low[rows], self.high[rows], self.at_low[rows], self.at_high[rows])

    def guess(self, *, logs: bool) -> Floats:
        """The day on which a straight line between both ends reaches the level, inside the bracket."""
        share = np.clip(self.at_low / np.minimum(self.at_low - self.at_high, -1e-300), 0.0, 1.0)
        if logs:
            day = self.low * np.exp(share * np.log(self.high / self.low))
        else:
            day = self.low + share * (self.high - self.low)
        return np.clip(np.ceil(day), self.low + 1, np.maximum(self.high - 1, self.low + 1))

    def narrow(self, day: Floats, height: Floats, reached: NDArray[np.bool_], before: NDArray[np.int8]) -> None:
        """Put `day` in place of an end. before: which one moved last (1 high, -1 low), brought up to date."""
        self.at_low = np.where(reached, np.where(before == 1, self.at_low / 2, self.at_low), height)
        self.at_high = np.where(reached, height, np.where(before == -1, self.at_high / 2, self.at_high))
        self.low, self.high = np.where(reached, self.low, day), np.where(reached, day, self.high)
        before[:] = np.where(reached, 1, -1)


def first_day(bracket: Bracket, ask: Ask, curve: Any, *, logs: bool = False) -> Floats:
    """The first whole day of each row that reaches its level, shape (rows,).

    ask(days, rows, curve of these rows) -> height above the level, and whether it is reached. logs: days are far apart.
    """
    found, rows = np.empty(len(bracket.low)), np.arange(len(bracket.low))
    before = np.zeros(len(rows), np.int8)
    while len(rows):
        open_ = bracket.high - bracket.low > 1
        if np.count_nonzero(open_) <= LEAVE_BELOW * len(rows):
            found[rows] = bracket.high
            keep = np.flatnonzero(open_)
            rows, before, bracket, curve = rows[keep], before[keep], bracket.take(keep), curve.take(keep)
            if not len(rows):
                break
        day = bracket.guess(logs=logs)
        bracket.narrow(day, *ask(day, rows, curve), before)
    return found
