"""Fitting the operational clock: the trade's week, how much accounts differ from it, and the closed days ahead."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import gammaln

from forecasting.clock import FLAT, WEEK_DAYS, Clock, weekday_of
from forecasting.columns import REMEMBERED

if TYPE_CHECKING:
    from collections.abc import Collection

    from forecasting.columns import Floats
    from forecasting.history import OrderDays

LOOK_BACK_WEEKS = 52
LEAST_WEEKS = 4  # fewer say nothing of a week either: one holiday would close its weekday
LEAST_ORDER_DAYS = 30  # of all accounts: fewer say nothing of a week
FLAT_DAYS = 20.0  # order days that an even week is worth in the trade's
SHUT_FROM = 10.0  # expected order days from which none at all means closed
CONCENTRATIONS = np.geomspace(2.0, 2000.0, 25)  # among these the likeliest is taken
AROUND_WEEKS = 4  # on either side of a day that say what was to be expected of it
AHEAD_DAYS = 400  # for which closed days are foretold
PRIOR_CLOSED, PRIOR_ORDER_DAYS = 0.9, 5.0  # of its orders a public holiday is taken to lose, worth so many order days
DIGITS = 4


def fit_clock(accounts: OrderDays, as_of_day: int, holidays: Collection[int] = ()) -> Clock:
    """The clock of order days of accounts (SKU '*') before as_of_day. holidays: ordinals, of the past and ahead."""
    known = int(as_of_day - accounts.day.min()) // WEEK_DAYS if len(accounts) else 0
    weeks = min(known, LOOK_BACK_WEEKS)  # whole ones, so that every weekday is counted as often as any other
    late = accounts.where(accounts.day >= as_of_day - WEEK_DAYS * weeks)
    if len(late) < LEAST_ORDER_DAYS or weeks < LEAST_WEEKS:
        return FLAT
    count = np.bincount(weekday_of(late.day), minlength=WEEK_DAYS).astype(float)
    share = (count + FLAT_DAYS / WEEK_DAYS) / (count.sum() + FLAT_DAYS)
    share[(count == 0) & (count.sum() / WEEK_DAYS >= SHUT_FROM)] = 0.0
    week = np.round(WEEK_DAYS * share / share.sum(), DIGITS)
    closed = closed_ahead(accounts, week, as_of_day, frozenset(holidays))
    return Clock(tuple(week.tolist()), round(_concentration(accounts, share / share.sum()), DIGITS), closed)


def closed_ahead(accounts: OrderDays, week: Floats, as_of_day: int, holidays: frozenset[int]) -> dict[int, float]:
    """Share of its orders that each day ahead is expected to lose; days that lose nothing are left out."""
    first = int(accounts.day.min())
    seen = np.bincount((accounts.day - first).astype(np.intp), minlength=as_of_day - first).astype(float)
    expected = _expected(seen, np.array([week[weekday_of(first + place)] for place in range(len(seen))]))
    of_year = _of_year(seen, expected, first)
    known = [day - first for day in holidays if 0 <= day - first < len(seen)]
    had, due = float(seen[known].sum()), float(expected[known].sum())
    holiday = 1 - (had + (1 - PRIOR_CLOSED) * PRIOR_ORDER_DAYS) / (due + PRIOR_ORDER_DAYS)
    found = {}
    for day in range(as_of_day, as_of_day + AHEAD_DAYS):
        lost = max(holiday if day in holidays else 0.0, of_year.get(_name(day), 0.0))
        if week[weekday_of(day)] > 0 and lost > 0:
            found[day] = round(min(lost, 1.0), DIGITS)
    return found


def _of_year(seen: Floats, expected: Floats, first: int) -> dict[tuple[int, int], float]:
    """Days of the year on which nobody ordered whenever orders were due: n years of n + 1 are believed to be closed."""
    closed: dict[tuple[int, int], int] = {}
    opened: set[tuple[int, int]] = set()
    for place in np.flatnonzero(expected >= SHUT_FROM).tolist():
        name = _name(first + place)
        if seen[place]:
            opened.add(name)
        else:
            closed[name] = closed.get(name, 0) + 1
    return {name: years / (years + 1) for name, years in closed.items() if name not in opened}


def _expected(seen: Floats, weight: Floats) -> Floats:
    """Order days to be expected of each day: the usual of its weekday in the weeks around it; shape (days,)."""
    around = [week * WEEK_DAYS for week in range(-AROUND_WEEKS, AROUND_WEEKS + 1) if week]
    place = np.arange(len(seen))[:, None] + np.array(around)
    inside = (place >= 0) & (place < len(seen))
    told = np.where(inside, seen[np.clip(place, 0, len(seen) - 1)], np.nan)
    told[~inside.any(1)] = 0.0
    return np.asarray(np.where(weight > 0, np.nanmedian(told, axis=1), 0.0), float)


def _concentration(accounts: OrderDays, share: Floats) -> float:
    """How many order days the trade's week is worth in an account's: likeliest for everybody's newest order days."""
    starts = np.flatnonzero(accounts.starts())
    ends = np.append(starts[1:], len(accounts))
    row = np.repeat(np.arange(len(starts)), ends - starts)
    newest = np.arange(len(accounts)) >= ends[row] - REMEMBERED
    used = newest & (share[weekday_of(accounts.day)] > 0)
    cell = row[used] * WEEK_DAYS + weekday_of(accounts.day[used])
    count = np.bincount(cell, minlength=len(starts) * WEEK_DAYS).reshape(-1, WEEK_DAYS).astype(float)
    total, kept = count.sum(1), share > 0
    likelihood = [
        float((gammaln(a) - gammaln(a + total)).sum() + (gammaln(a * share[kept] + count[:, kept])).sum())
        - len(count) * float(gammaln(a * share[kept]).sum())
        for a in CONCENTRATIONS
    ]
    return float(CONCENTRATIONS[int(np.argmax(likelihood))])


def _name(day: int) -> tuple[int, int]:
    on = date(1, 1, 1) + timedelta(days=day - 1)
    return on.month, on.day
