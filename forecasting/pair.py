"""State of a pair (account x SKU group): the last orders one by one, everything older in a few sums.

The recent orders stay separate because they may still be cancelled, changed, returned, or arrive out of order:
as long as all of them are in the ring, the state is a function of the set of orders, whatever the order of
arrival. The same structure with SKU '*' describes an account (orders of anything).
"""

from __future__ import annotations

import bisect
import hashlib
import math
from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from forecasting.columns import (
    DECAY,
    DUE_SHARE,
    GAP_FLOOR_DAYS,
    HALF_LIVES_DAYS,
    REMEMBERED,
    FoldedColumns,
    PairColumns,
    columns_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = [
    "RING",
    "Folded",
    "OrderMark",
    "PairColumns",
    "PairState",
    "add_order",
    "order_key",
    "pulse_of",
    "reduce_order",
    "remove_order",
    "summarise",
]

RING = REMEMBERED  # recent orders that can still be undone, or arrive out of order


class OrderMark(msgspec.Struct, array_like=True, gc=False):
    """One order of the pair: local day (ordinal), 64-bit hash of its id, quantity summed over its lines."""

    day: int
    key: int
    quantity: float


class Folded(msgspec.Struct, array_like=True, gc=False):
    """Orders that left the ring: `orders` distinct days, sums as in PairColumns, all as of `last_day`."""

    orders: int
    first_day: int
    last_day: int
    n: float
    S: float
    D: float
    quantity: float
    rates: list[float] = msgspec.field(default_factory=list)
    """Sums of 2^(-age / half-life) over the days, by HALF_LIVES_DAYS; empty in states of before there were any."""


class PairState(msgspec.Struct, array_like=True, gc=False):
    """`ring`: at most RING marks sorted by (day, key), keys distinct. `folded`: None until it overflows."""

    ring: list[OrderMark] = msgspec.field(default_factory=list)
    folded: Folded | None = None


def order_key(order_id: str) -> int:
    """Unsigned 64-bit key of an order id; stable over processes and versions."""
    return int.from_bytes(hashlib.blake2b(order_id.encode(), digest_size=8).digest(), "big")


def add_order(state: PairState, mark: OrderMark) -> None:
    """Insert an order, or replace the one with the same key (OrderChanged). Mutates `state`."""
    remove_order(state, mark.key)
    bisect.insort(state.ring, mark, key=lambda m: (m.day, m.key))
    while len(state.ring) > RING:
        state.folded = _fold(state.folded, state.ring.pop(0))


def remove_order(state: PairState, key: int) -> bool:
    """Undo an order (cancellation). False if it is not, or no longer, in the ring. Mutates `state`."""
    for place, mark in enumerate(state.ring):
        if mark.key == key:
            del state.ring[place]
            return True
    return False


def reduce_order(state: PairState, key: int | None, quantity: float) -> float:
    """Take a returned quantity from the order `key`, or, for None, from the newest orders backwards.

    A mark that reaches 0 is removed: the order counts as never placed. Returns the quantity that found no
    order.
    Mutates `state`.
    """
    for mark in reversed(state.ring.copy()):
        if quantity <= 0:
            break
        if key is None or mark.key == key:
            taken = min(quantity, mark.quantity)
            mark.quantity -= taken
            quantity -= taken
            if mark.quantity <= 0:
                state.ring.remove(mark)
    return max(quantity, 0.0)


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
    sizes = [len(s.ring) for s in states]
    row = np.repeat(np.arange(len(sizes)), sizes)
    day = np.array([m.day for s in states for m in s.ring], float)
    quantity = np.array([m.quantity for s in states for m in s.ring], float)
    columns = columns_of(len(sizes), row, day, quantity, _folded_columns(states))
    if accounts is None and skus is None:
        return columns
    account = None if accounts is None else summarise(accounts)
    return replace(columns, account=account, skus=skus)


def pulse_of(states: Iterable[PairState], as_of_day: float) -> tuple[float, ...]:
    """What an account's pairs amount to at as_of_day, as forecasting.columns.PULSE names it.

    A day with several orders counts as often as it has marks; files count it once.
    """
    pairs, lines, repeated, due = 0, 0, 0, 0
    for state in states:
        ring = state.ring
        if not ring:
            continue
        pairs += 1
        lines += len(ring) + (0 if state.folded is None else state.folded.orders)
        span, silence = ring[-1].day - ring[0].day, as_of_day - ring[-1].day
        if span > 0:
            repeated += 1
            due += silence > DUE_SHARE * span / (len(ring) - 1)
    return float(pairs), float(lines), float(repeated), float(due)


def _folded_columns(states: Sequence[PairState]) -> FoldedColumns | None:
    """Accumulators as columns, or None when no state has any."""
    places = [i for i, s in enumerate(states) if s.folded is not None]
    if not places:
        return None
    full = np.zeros((7, len(states)))
    rates = np.zeros((len(states), len(HALF_LIVES_DAYS)))
    for place in places:
        folded = states[place].folded
        if folded is not None:
            *sums, kept = msgspec.structs.astuple(folded)
            full[:, place] = sums
            rates[place] = kept or _even_rates(folded)
    orders, first_day, last_day, n, total, logs, quantity = full
    return FoldedColumns(orders, first_day, last_day, n, total, logs, quantity, rates)


def _even_rates(folded: Folded) -> list[float]:
    """Rates of a state that was written without: as if its days had lain evenly."""
    gap = (folded.last_day - folded.first_day) / max(folded.orders - 1, 1)
    return [float(np.exp2(np.arange(folded.orders) * -gap / half).sum()) for half in HALF_LIVES_DAYS]


def _fold(folded: Folded | None, mark: OrderMark) -> Folded:
    """Move a mark that leaves the ring into the sums."""
    if folded is None:
        return Folded(1, mark.day, mark.day, 0.0, 0.0, 0.0, mark.quantity, [1.0] * len(HALF_LIVES_DAYS))
    folded.quantity += mark.quantity
    _count_rates(folded, mark.day)
    if mark.day > folded.last_day:
        gap = max(mark.day - folded.last_day, GAP_FLOOR_DAYS)
        folded.n = DECAY * folded.n + 1
        folded.S = DECAY * folded.S + gap
        folded.D = DECAY * folded.D + math.log(gap)
        folded.orders += 1
        folded.last_day = mark.day
    elif mark.day < folded.first_day:
        _fold_before(folded, mark.day)
    elif folded.first_day < mark.day < folded.last_day:
        _fold_between(folded, mark.day)
    return folded


def _count_rates(folded: Folded, day: int) -> None:
    """Count an order day into the decayed rates, before the sums are moved on to it."""
    kept = folded.rates or _even_rates(folded)
    if day > folded.last_day:
        later = folded.last_day - day
        folded.rates = [1.0 + rate * 2.0 ** (later / half) for rate, half in zip(kept, HALF_LIVES_DAYS, strict=True)]
    elif day not in (folded.first_day, folded.last_day):
        age = day - folded.last_day
        folded.rates = [rate + 2.0 ** (age / half) for rate, half in zip(kept, HALF_LIVES_DAYS, strict=True)]


def _fold_before(folded: Folded, day: int) -> None:
    """An order day older than all: exactly one more gap, the oldest."""
    weight, gap = DECAY ** (folded.orders - 1), folded.first_day - day
    folded.n += weight
    folded.S += weight * gap
    folded.D += weight * math.log(gap)
    folded.orders += 1
    folded.first_day = day


def _fold_between(folded: Folded, day: int) -> None:
    """An order day that came after its neighbours were folded: it splits a gap we no longer know, say a usual one."""
    span = folded.last_day - folded.first_day
    newer = (folded.orders - 1) * (folded.last_day - day) / span
    weight = DECAY**newer
    folded.n += weight
    folded.D += weight * math.log(max(span / (folded.orders - 1) / 4, GAP_FLOOR_DAYS))  # log(x/2) twice, less log(x)
    folded.orders += 1
