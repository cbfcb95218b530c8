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
CLOSE = 1e-9  # operational days that rounding may lose


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
    """`lost`: what the closed days before first + i take off each weekday, cumulated; shape (days + 1, 7)."""

    first: int
    lost: Floats

    def before(self, day: Floats) -> Floats:
        """Until the beginning of each day (ordinal, with fraction), shape (rows, 7)."""
        at = np.clip(np.asarray(day, float) - self.first, 0.0, len(self.lost) - 1.0)
        low = np.floor(at).astype(np.intp)
        high = np.minimum(low + 1, len(self.lost) - 1)
        part = (at - low)[..., None]
        return np.asarray(self.lost[low] * (1 - part) + self.lost[high] * part, float)


def closings_of(clock: Clock) -> Closings | None:
    """The clock's closed days; None without any."""
    if not clock.closed:
        return None
    first, last = min(clock.closed), max(clock.closed)
    lost = np.zeros((last - first + 2, WEEK_DAYS))
    for day, share in clock.closed.items():
        lost[day - first + 1, weekday_of(day)] = share
    return Closings(first, np.cumsum(lost, axis=0))


@dataclass(frozen=True, slots=True)
class RowClock:
    """Operational days of many rows from their own moment on.

    begun: that moment (ordinal), shape (rows,); week: weights by weekday, shape (rows, 7); ahead: their sums from the
    weekday of the moment on, shape (8, rows), ahead[7] being 7.
    """

    begun: Floats
    week: Floats
    ahead: Floats
    closings: Closings | None

    def take(self, rows: NDArray[np.bool_] | NDArray[np.intp]) -> RowClock:
        """The given rows (indices or a mask)."""
        return RowClock(self.begun[rows], self.week[rows], self.ahead[:, rows], self.closings)

    def passed(self, days: Days) -> float | Floats:
        """Operational days in the next `days` calendar days; a number where it is one for all rows."""
        if isinstance(days, float | int) and days % WEEK_DAYS == 0:
            return float(days) if self.closings is None else float(days) - self._lost(days)
        weeks = np.floor_divide(days, WEEK_DAYS)
        found = WEEK_DAYS * weeks + self._of_week(np.asarray(days - WEEK_DAYS * weeks, float))
        return np.asarray(found if self.closings is None else found - self._lost(days), float)

    def first_day(self, passed: float | Floats) -> Floats:
        """The fewest whole calendar days in which so many operational days pass, at least 1; inf for inf.

        Shape (rows,), or (levels, rows), as is the answer.
        """
        finite = np.isfinite(passed)
        wanted = np.asarray(np.where(finite, passed, 1.0), float)
        days = self._first_open(wanted)
        while self.closings is not None:
            later = self._first_open(wanted + self._lost(days))
            if (later <= days).all():
                break
            days = np.maximum(days, later)
        return np.where(finite, days, np.inf)

    def _of_week(self, days: Floats) -> Floats:
        """Operational days in less than a week, whole weeks taken off."""
        rows, low = np.arange(len(self.begun)), np.floor(days).astype(np.intp)
        begin, end = self.ahead[low, rows], self.ahead[np.minimum(low + 1, WEEK_DAYS), rows]
        return np.asarray(begin + (days - low) * (end - begin), float)

    def _first_open(self, passed: Floats) -> Floats:
        """As `first_day`, without closed days."""
        least = np.maximum(passed - CLOSE, 0.0)
        weeks = np.maximum(np.ceil(least / WEEK_DAYS) - 1, 0.0)
        rest = least - WEEK_DAYS * weeks
        whole = np.ones(rest.shape)
        for sums in self.ahead[1:WEEK_DAYS]:
            whole += sums < rest
        return np.asarray(WEEK_DAYS * weeks + whole, float)

    def _lost(self, days: Days) -> Floats:
        if self.closings is None:
            return np.zeros(len(self.begun))
        shut = self.closings.before(self.begun + days) - self.closings.before(self.begun)
        return np.asarray((self.week * shut).sum(-1), float)


def row_clock(clock: Clock, closings: Closings | None, columns: PairColumns, as_of_day: Days) -> RowClock:
    """The clock of each row from as_of_day on, by the newest order days of its account (or its own, without one)."""
    if columns.account is None:
        return _of_accounts(clock, closings, columns, as_of_day)
    accounts, asks, row = columns.accounts(as_of_day)  # each account's week is made once
    day = as_of_day[asks] if isinstance(as_of_day, np.ndarray) else as_of_day
    return _of_accounts(clock, closings, accounts, day).take(row)


def _of_accounts(clock: Clock, closings: Closings | None, accounts: PairColumns, as_of_day: Days) -> RowClock:
    """The clock of accounts by their own newest order days."""
    recent, count = accounts.recent, len(accounts)
    rows = np.repeat(np.arange(count), recent.shape[1])
    place = WEEK_DAYS * rows + weekday_of(recent).ravel()
    seen = np.bincount(place, recent.ravel() > 0, WEEK_DAYS * count).reshape(count, WEEK_DAYS)
    own = clock.concentration
    week = (own * np.array(clock.week) + WEEK_DAYS * seen) / (own + seen.sum(1))[:, None]
    week *= WEEK_DAYS / week.sum(1)[:, None]
    begun = np.broadcast_to(np.asarray(as_of_day, float), count)
    turned = (weekday_of(begun)[:, None] + np.arange(WEEK_DAYS)) % WEEK_DAYS
    ahead = np.zeros((WEEK_DAYS + 1, count))
    np.cumsum(np.take_along_axis(week, turned, axis=1).T, axis=0, out=ahead[1:])
    ahead[WEEK_DAYS] = WEEK_DAYS
    return RowClock(begun, week, ahead, closings)


class Ticks:
    """A model's clock, ready to be asked; without one, days of the calendar."""

    def __init__(self, clock: Clock | None) -> None:
        self._clock = clock
        self._closings = None if clock is None else closings_of(clock)

    def of(self, columns: PairColumns, as_of_day: Days) -> RowClock | None:
        """Of each row from as_of_day on; None where all days are alike."""
        return None if self._clock is None else row_clock(self._clock, self._closings, columns, as_of_day)
