"""Pairs (account x SKU group) as a forecaster sees them: many states become columns. The states are in marks.py."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from forecasting.columns import DUE_SHARE, HALF_LIVES_DAYS, FoldedColumns, PairColumns, columns_of
from forecasting.marks import (
    DAY,
    MOST_MARKS,
    RING,
    SUMS,
    Folded,
    OrderMark,
    PairState,
    add_order,
    mark_of,
    oldest,
    reduce_order,
    remove_order,
    set_quantity,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from forecasting.columns import Floats, Ints

__all__ = [
    "MOST_MARKS",
    "RING",
    "Folded",
    "OrderMark",
    "PairColumns",
    "PairState",
    "add_order",
    "mark_of",
    "oldest",
    "order_key",
    "pulses_of",
    "reduce_order",
    "remove_order",
    "set_quantity",
    "summarise",
]


def order_key(order_id: str) -> int:
    """Unsigned 64-bit key of an order id; stable over processes and versions."""
    return int.from_bytes(hashlib.blake2b(order_id.encode(), digest_size=8).digest(), "big")


def summarise(
    states: Sequence[PairState],
    *,
    accounts: Sequence[PairState] | None = None,
    skus: Sequence[str] | None = None,
) -> PairColumns:
    """Columns of many pairs, one row each.

    accounts: the '*' state of each row's account, same length; skus: each row's SKU group. A model may use
    both; without them it answers from the pair alone.
    """
    sizes = np.array([len(state.days) for state in states], np.int64) // 4
    row = np.repeat(np.arange(len(sizes)), sizes)
    day = np.frombuffer(b"".join([state.days for state in states]), "<i4").astype(float)
    quantity = np.frombuffer(b"".join([state.quantities for state in states]), "<f8").astype(float)
    columns = columns_of(len(sizes), row, day, quantity, _folded_columns(states))
    if accounts is None and skus is None:
        return columns
    account = None if accounts is None else summarise(accounts)
    return replace(columns, account=account, skus=skus)


def pulses_of(accounts: Sequence[Sequence[PairState]], as_of_day: Floats) -> Floats:
    """What each account's pairs amount to at its as_of_day, shape (accounts, PULSE); as_of_day: shape (accounts,)."""
    states = [state for some in accounts for state in some]
    row = np.repeat(np.arange(len(accounts)), np.array([len(some) for some in accounts], np.int64))
    marks = np.array([len(state.days) for state in states], np.int64) // 4
    day = np.frombuffer(b"".join([state.days for state in states]), "<i4").astype(float)
    known = marks > 0
    end = np.cumsum(marks)[known]
    begin = end - marks[known]
    first, last = day[begin], day[end - 1]
    count = _distinct(day, begin)
    lines, older = np.zeros(len(states)), [place for place, state in enumerate(states) if state.sums]
    lines[known] = count
    for place in older:
        orders, _, newest = SUMS.unpack_from(states[place].sums)[:3]
        lines[place] += orders - (states[place].days[:4] == DAY.pack(int(newest)))
    row, lines, span = row[known], lines[known], last - first
    due = (span > 0) & (as_of_day[row] - last > DUE_SHARE * span / np.maximum(count - 1, 1))
    told = (np.ones(len(row)), lines, span > 0, due)
    return np.stack([np.bincount(row, one, len(accounts)).astype(float) for one in told], axis=1)


def _distinct(day: Floats, begin: Ints) -> Floats:
    """How many different days each state has; day: sorted within a state, begin: where each begins, shape (states,)."""
    new = np.ones(len(day), bool)
    new[1:] = day[1:] != day[:-1]
    new[begin] = True
    return np.add.reduceat(new, begin, dtype=float) if len(begin) else np.zeros(0)


def _folded_columns(states: Sequence[PairState]) -> FoldedColumns | None:
    """Accumulators as columns, or None when no state has any."""
    places = [place for place, state in enumerate(states) if state.sums]
    if not places:
        return None
    known = np.frombuffer(b"".join([states[place].sums for place in places]), "<f8").reshape(len(places), -1)
    full = np.zeros((len(states), 7 + len(HALF_LIVES_DAYS)))
    full[places] = known
    orders, first_day, last_day, n, total, logs, quantity = full[:, :7].T.copy()
    return FoldedColumns(orders, first_day, last_day, n, total, logs, quantity, full[:, 7:].copy())
