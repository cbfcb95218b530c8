"""Operational time: days on which nobody can order do not count, and weekdays count as they are used.

A trade's week is a weight for each weekday, mean 1, from everybody's order days; a day on which nobody ever orders
weighs nothing. An account's week is the trade's, moved by its own newest order days as far as accounts of the trade
differ (a Dirichlet-multinomial). Closed days of the calendar ahead lose the share of orders that they lost before.
The cumulated hazard runs in this time, so no chance falls on a closed day, no quantile is one, and what is expected of
whole weeks without closed days stays what it was. Source of the weights: Minka (2000), "Estimating a Dirichlet
distribution".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from forecasting.columns import Floats, PairColumns
    from forecasting.model import Days

WEEK_DAYS = 7


class Clock(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """week: weight of each weekday (Monday first), mean 1; concentration: order days that it is worth in an account.

    closed: share of its orders that a day (ordinal) loses, in (0, 1].
    """

    week: tuple[float, ...]
    concentration: float
    closed: dict[int, float] = msgspec.field(default_factory=dict)


FLAT = Clock((1.0,) * WEEK_DAYS, 1e9)


def fits(clock: Clock) -> bool:
    """Whether the figures are those of a clock."""
    week, lost = np.array(clock.week), np.array([*clock.closed.values()])
    good = len(week) == WEEK_DAYS and bool(np.isfinite(week).all()) and bool((week >= 0).all())
    return good and abs(week.mean() - 1) < 1e-3 and clock.concentration > 0 and bool(((lost > 0) & (lost <= 1)).all())


def weekday_of(day: Days) -> NDArray[np.intp]:
    """0 is Monday."""
    return np.asarray((np.asarray(day, float) + WEEK_DAYS - 1) % WEEK_DAYS, np.intp)


@dataclass(frozen=True, slots=True)
class Closings:
    """Closed days (ordinals, rising) and the share of its orders that each loses; shape (closings,)."""

    days: Floats
    share: Floats


NONE = Closings(np.zeros(0), np.zeros(0))


def closings_of(clock: Clock) -> Closings:
    """The clock's closed days."""
    days = sorted(clock.closed)
    return Closings(np.array(days, float), np.array([clock.closed[day] for day in days]))


@dataclass(frozen=True, slots=True)
class RowClock:
    """Operational days of many rows from their own moment on; rows of one account share its figures.

    row: place of each row's account, shape (rows,). Of accounts, shape (..., accounts): begun, that moment (ordinal);
    weeks: weights by weekday; ahead: their sums from the weekday of the moment on, 8 of them, ahead[7] being 7; lost:
    operational days lost to the first closings after the moment, cumulated.
    """

    row: NDArray[np.intp]
    begun: Floats
    weeks: Floats
    ahead: Floats
    lost: Floats
    closings: Closings

    @property
    def week(self) -> Floats:
        """Weights by weekday, Monday first, shape (rows, 7)."""
        return self.weeks.T[self.row]

    def take(self, rows: NDArray[np.bool_] | NDArray[np.intp]) -> RowClock:
        """The given rows (indices or a mask)."""
        return RowClock(self.row[rows], self.begun, self.weeks, self.ahead, self.lost, self.closings)

    def passed(self, days: Days) -> float | Floats:
        """Operational days in the next `days` calendar days; a number where it is one for all rows."""
        if isinstance(days, float | int):
            return self._all_passed(float(days))
        weeks = np.floor_divide(days, WEEK_DAYS)
        rest = np.asarray(days - WEEK_DAYS * weeks, float)
        low = np.floor(rest).astype(np.intp)
        begin, end = self.ahead[low, self.row], self.ahead[np.minimum(low + 1, WEEK_DAYS), self.row]
        found = WEEK_DAYS * weeks + begin + (rest - low) * (end - begin)
        return np.asarray(found - self._lost(self.begun[self.row] + days, self.row), float)

    def slack(self) -> Floats:
        """Calendar days, whole weeks, that may pass for closed ones beside as many as are asked for; shape (rows,)."""
        return np.asarray((WEEK_DAYS * np.ceil(self.lost[-1] / WEEK_DAYS))[self.row], float)

    def _all_passed(self, days: float) -> float | Floats:
        """As `passed`: asked of each account once."""
        lost = self._lost(self.begun + days, np.arange(len(self.begun)))
        if days % WEEK_DAYS == 0 and not lost.any():
            return days
        weeks = days // WEEK_DAYS
        rest = days - WEEK_DAYS * weeks
        low = int(rest)
        begin, end = self.ahead[low], self.ahead[min(low + 1, WEEK_DAYS)]
        return np.asarray((WEEK_DAYS * weeks + begin + (rest - low) * (end - begin) - lost)[self.row], float)

    def _lost(self, until: Floats, account: NDArray[np.intp]) -> Floats:
        """Operational days that closed days took until some day (ordinal, with fraction) of an account."""
        days = self.closings.days
        if not len(days):
            return np.zeros(1)
        over = np.searchsorted(days + 1, until, "right")  # closings that are over by then
        at = np.minimum(over, len(days) - 1)
        begin, end = self.lost[over, account], self.lost[at + 1, account]
        return np.asarray(begin + np.clip(until - days[at], 0.0, 1.0) * np.maximum(end - begin, 0.0), float)


def row_clock(clock: Clock, closings: Closings, columns: PairColumns, as_of_day: Days) -> RowClock:
    """The clock of each row from as_of_day on, by the newest order days of its account (or its own, without one)."""
    if columns.account is None:
        return _of_accounts(clock, closings, columns, as_of_day)
    accounts, asks, row = columns.accounts(as_of_day)  # each account's week is made once
    day = as_of_day[asks] if isinstance(as_of_day, np.ndarray) else as_of_day
    return _of_accounts(clock, closings, accounts, day).take(row)


def _of_accounts(clock: Clock, closings: Closings, accounts: PairColumns, as_of_day: Days) -> RowClock:
    """The clock of accounts by their own newest order days."""
    recent, count = accounts.recent, len(accounts)
    cell = WEEK_DAYS * np.arange(count)[:, None] + weekday_of(recent)
    seen = np.bincount(cell.ravel(), (recent > 0).ravel(), WEEK_DAYS * count).reshape(count, WEEK_DAYS).T
    own = clock.concentration
    weeks = own * np.array(clock.week)[:, None] + WEEK_DAYS * seen
    weeks *= WEEK_DAYS / weeks.sum(0)
    begun = np.broadcast_to(np.asarray(as_of_day, float), count)
    turned = (weekday_of(begun) + np.arange(WEEK_DAYS)[:, None]) % WEEK_DAYS
    ahead = np.zeros((WEEK_DAYS + 1, count))
    np.cumsum(np.take_along_axis(weeks, turned, axis=0), axis=0, out=ahead[1:])
    ahead[WEEK_DAYS] = WEEK_DAYS
    lost = np.zeros((len(closings.days) + 1, count))
    left = np.clip(closings.days[:, None] + 1 - begun, 0.0, 1.0)  # of each closed day, after the moment
    np.cumsum(weeks[weekday_of(closings.days)] * closings.share[:, None] * left, axis=0, out=lost[1:])
    return RowClock(np.arange(count), begun, weeks, ahead, lost, closings)


class Ticks:
    """A model's clock, ready to be asked; without one, days of the calendar."""

    def __init__(self, clock: Clock | None) -> None:
        self._clock = clock
        self._closings = NONE if clock is None else closings_of(clock)

    def of(self, columns: PairColumns, as_of_day: Days) -> RowClock | None:
        """Of each row from as_of_day on; None where all days are alike."""
        return None if self._clock is None else row_clock(self._clock, self._closings, columns, as_of_day)
