"""What a forecaster sees: one row a pair, one float64 column a figure, computed from ragged arrays of orders.

A row depends on its own orders only: sums run in the order of the marks (`numpy.bincount`), so the same pair
gives the same bits alone and among a million others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, overload

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    Rows = NDArray[np.bool_] | NDArray[np.intp] | slice

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

DECAY = 0.9  # weight of a gap against the next newer one; .85 to .95 score alike on the wholesaler
GAP_FLOOR_DAYS = 0.5  # contracts.md: a gap is at least half a day
DUE_SHARE = 0.8  # of its usual gap a pair has been silent for when it counts as due in the pulse
REMEMBERED = 12  # newest order days that a state keeps one by one; a file's rows are cut to the same
HALF_LIVES_DAYS = (7.0, 14.0, 30.0, 60.0, 120.0, 365.0)  # of the order rates that a state keeps


PULSE = ("pairs", "lines", "repeated", "due")  # pairs, their order days, pairs ordered twice, pairs due by their gap
CONTEXT = ("pulse", "account", "account_row", "skus")  # what a row is told beside its own orders


class Labels(Sequence[str]):
    """A name a row, as places in a list of names: many rows share few of them. Reads as a sequence of strings."""

    def __init__(self, names: Sequence[str], at: Ints) -> None:
        self.names, self.at = names, at

    def __len__(self) -> int:
        return len(self.at)

    @overload
    def __getitem__(self, row: int) -> str: ...
    @overload
    def __getitem__(self, row: slice) -> Labels: ...
    def __getitem__(self, row: int | slice) -> str | Labels:
        return Labels(self.names, self.at[row]) if isinstance(row, slice) else self.names[self.at[row]]

    def take(self, rows: Rows) -> Labels:
        """The given rows (indices, a mask or a slice)."""
        return Labels(self.names, self.at[rows])


@dataclass(frozen=True, slots=True)
class PairColumns:
    """Columns of shape (rows,). Days are local-day ordinals (`date.toordinal()`), gaps are in days.

    A row without any order (all cancelled) has orders 0 and days 0; forecasters answer "never" for it.
    """

    orders: Floats  # distinct order days, undecayed
    first_day: Floats
    last_day: Floats
    n: Floats  # sum of DECAY^j over the gaps, newest j = 0
    S: Floats  # sum of DECAY^j * gap
    D: Floats  # sum of DECAY^j * log(gap)
    mean_quantity: Floats  # a day's quantity, mean over all order days
    last_quantity: Floats  # quantity of the newest order day
    usual_quantity: Floats  # median over the remembered order days
    median_gap: Floats  # over the remembered gaps; 0 where there is none
    rates: Floats  # shape (rows, HALF_LIVES_DAYS): sum of 2^(-age / half-life) over order days, as of last_day
    recent: Floats  # shape (rows, REMEMBERED): newest order days, newest first; 0 where there are fewer
    pulse: Floats | None = None  # shape (rows, PULSE), of an account's row: of all its pairs, at the moment asked for
    account: PairColumns | None = None  # the account's own row ('*': order of anything), repeated for each of its pairs
    account_row: Ints | None = None  # or once for each account, and then the place of each pair's, shape (rows,)
    skus: Sequence[str] | None = None  # the row's SKU group, for models that know products

    def __len__(self) -> int:
        return len(self.orders)

    def take(self, rows: Rows) -> PairColumns:
        """The given rows (indices, a mask or a slice, which copies nothing), context included."""
        parts = {f.name: getattr(self, f.name)[rows] for f in fields(self) if f.name not in CONTEXT}
        pulse = None if self.pulse is None else self.pulse[rows]
        account, place = self.account, None if self.account_row is None else self.account_row[rows]
        if account is not None and place is None:
            account = account.take(rows)
        return PairColumns(**parts, pulse=pulse, account=account, account_row=place, skus=_taken(self.skus, rows))

    def accounts(
        self, as_of_day: float | Floats | Ints = 0.0
    ) -> tuple[PairColumns, NDArray[np.intp], NDArray[np.intp]]:
        """Accounts of these rows, each about once; a row of these that asks for each; and the account of each row.

        Raises ValueError for rows without one. With a day for each row, an account is there once for each run of days.
        """
        if self.account is None:
            raise ValueError("a pair's features need the columns of its account")
        if self.account_row is None or isinstance(as_of_day, np.ndarray):
            every = self.account if self.account_row is None else self.account.take(self.account_row)
            first, row = every.runs(as_of_day)
            return every.take(first), first, row
        used = np.zeros(len(self.account), bool)
        used[self.account_row] = True
        place, asks = np.cumsum(used) - 1, np.zeros(len(self.account), np.intp)
        asks[self.account_row] = np.arange(len(self))
        return self.account.take(used), asks[used], place[self.account_row]

    def runs(self, as_of_day: float | Floats | Ints) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """First row of each run of equal rows, shape (runs,), and the run of each row, shape (rows,)."""
        new = np.zeros(len(self), bool)
        new[:1] = True
        told = [getattr(self, f.name) for f in fields(self) if f.name not in CONTEXT]
        for values in (*told, as_of_day if isinstance(as_of_day, np.ndarray) else None, self.pulse):
            if values is not None:
                apart = values[1:] != values[:-1]
                new[1:] |= apart.any(1) if apart.ndim > 1 else apart
        return np.flatnonzero(new), np.cumsum(new) - 1


def _taken(skus: Sequence[str] | None, rows: Rows) -> Sequence[str] | None:
    if skus is None:
        return None
    if isinstance(rows, slice):
        return skus[rows]
    if isinstance(skus, Labels):
        return skus.take(rows)
    return [skus[i] for i in (np.flatnonzero(rows) if rows.dtype == np.bool_ else rows)]


@dataclass(frozen=True, slots=True)
class FoldedColumns:
    """Sums over orders no longer remembered one by one; shape (rows,), zeros where there are none."""

    orders: Floats
    first_day: Floats
    last_day: Floats
    n: Floats
    S: Floats
    D: Floats
    quantity: Floats
    rates: Floats  # shape (rows, HALF_LIVES_DAYS), as of last_day


def columns_of(rows: int, row: Ints, day: Floats, quantity: Floats, folded: FoldedColumns | None = None) -> PairColumns:
    """Columns of `rows` pairs from their order marks.

    row, day, quantity: shape (marks,), sorted by (row, day); several marks of one day are one order day.
    folded: what went before the marks of each row, if anything did.
    """
    row, day, quantity = _merge_days(row, day, quantity)
    starts = np.ones(len(row), bool)
    starts[1:] = row[1:] != row[:-1]
    previous = np.concatenate([day[:1], day[:-1]])
    if folded is not None:
        previous = np.where(starts, np.where(folded.orders[row] > 0, folded.last_day[row], day), previous)
        opens = (day != previous) | (folded.orders[row] == 0) & starts  # an order day not counted in `folded`
        is_gap = day > previous
    else:
        opens, is_gap = np.ones(len(row), bool), ~starts
    gap = np.maximum(day - previous, GAP_FLOOR_DAYS)
    return _accumulate(rows, row, day, quantity, starts, opens, is_gap, gap, folded)


def _merge_days(row: Ints, day: Floats, quantity: Floats) -> tuple[Ints, Floats, Floats]:
    """One mark for each (row, day), quantities summed."""
    if not len(row):
        return row, day, quantity
    new = np.ones(len(row), bool)
    new[1:] = (row[1:] != row[:-1]) | (day[1:] != day[:-1])
    if new.all():
        return row, day, quantity
    return row[new], day[new], np.bincount(np.cumsum(new) - 1, quantity).astype(float)


def _accumulate(
    rows: int,
    row: Ints,
    day: Floats,
    quantity: Floats,
    starts: NDArray[np.bool_],
    opens: NDArray[np.bool_],
    is_gap: NDArray[np.bool_],
    gap: Floats,
    folded: FoldedColumns | None,
) -> PairColumns:
    """Sums over each row's order days; arrays of shape (order days,)."""

    def total(weights: Floats | NDArray[np.bool_]) -> Floats:
        return np.bincount(row, weights, rows).astype(float)

    gaps = total(is_gap)
    later: Ints = np.cumsum(is_gap[::-1])[::-1] - is_gap  # gaps after this one, over all rows ...
    last = np.append(np.flatnonzero(starts)[1:] - 1, len(row) - 1) if len(row) else np.empty(0, np.intp)
    at = row[last]
    after = np.zeros(rows)
    after[at] = later[last]
    weight = np.where(is_gap, DECAY ** (later - after[row]), 0.0)  # ... less those of the rows behind
    kept, first_day, last_day, last_quantity = np.zeros(rows), np.zeros(rows), np.zeros(rows), np.zeros(rows)
    kept[row[starts]], first_day[row[starts]] = 1, day[starts]
    last_day[at], last_quantity[at] = day[last], quantity[last]
    orders, sums = total(opens), [total(weight), total(weight * gap), total(weight * np.log(gap))]
    spent = total(quantity)
    if folded is not None:
        fade, before = DECAY**gaps, folded.orders > 0
        orders, spent = orders + folded.orders, spent + folded.quantity
        sums = [s + fade * f for s, f in zip(sums, (folded.n, folded.S, folded.D), strict=True)]
        first_day = np.where(
            before, np.where(kept > 0, np.minimum(folded.first_day, first_day), folded.first_day), first_day
        )
        last_day = np.where(before, np.maximum(folded.last_day, last_day), last_day)
    mean = spent / np.maximum(orders, 1)
    newest = np.zeros(rows, np.int64)
    newest[at] = last
    place = newest[row] - np.arange(len(row))  # 0 is a row's newest order day
    lately = place < REMEMBERED
    recent = np.zeros((rows, REMEMBERED))
    recent[row[lately], place[lately]] = day[lately]
    return PairColumns(
        orders=orders,
        first_day=first_day,
        last_day=last_day,
        n=sums[0],
        S=sums[1],
        D=sums[2],
        mean_quantity=mean,
        last_quantity=np.where(kept > 0, last_quantity, mean),
        usual_quantity=np.where(kept > 0, _medians(rows, row[lately], quantity[lately]), mean),
        median_gap=_medians(rows, row[is_gap & lately], gap[is_gap & lately]),
        rates=_rates(rows, row[opens], (last_day[row] - day)[opens], last_day, folded),
        recent=recent,
    )


def _rates(rows: int, row: Ints, age_days: Floats, last_day: Floats, folded: FoldedColumns | None) -> Floats:
    """Decayed numbers of order days as of each row's last day; age_days: of the order days, before that day."""
    rates = np.empty((rows, len(HALF_LIVES_DAYS)))
    for place, half_life in enumerate(HALF_LIVES_DAYS):
        rates[:, place] = np.bincount(row, np.exp2(age_days / -half_life), rows)
        if folded is not None:
            rates[:, place] += folded.rates[:, place] * np.exp2((folded.last_day - last_day) / half_life)
    return rates


def _medians(rows: int, row: Ints, value: Floats) -> Floats:
    """Median of the values of each row (the lower and upper middle averaged), 0 for a row without any."""
    value = value[np.lexsort((value, row))]  # `row` is sorted already: only the values move, inside their row
    count = np.bincount(row, minlength=rows)
    start = np.cumsum(count) - count
    some = count > 0
    result = np.zeros(rows)
    low, high = start + (count - 1) // 2, start + count // 2
    result[some] = (value[low[some]] + value[high[some]]) / 2
    return result
