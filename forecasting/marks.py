"""State of a pair (account x SKU group) as columns of bytes: orders of the last days one by one, older ones in sums.

The recent orders stay separate because they may still be cancelled, changed, returned, or arrive out of order:
as long as all of them are in the ring, the state is a function of the set of orders, whatever the order of
arrival. The same structure with SKU '*' describes an account (orders of anything).

Columns, not objects: a state that nobody asks about is four strings, it is stored as it lies in memory, and thousands
of them become arrays by being put behind each other. What asks for single orders gets them as values.
"""

from __future__ import annotations

import math
from bisect import bisect
from functools import lru_cache
from struct import Struct
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from forecasting.columns import DECAY, GAP_FLOOR_DAYS, HALF_LIVES_DAYS, REMEMBERED

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

RING = REMEMBERED  # recent order days whose orders can still be undone, or arrive out of order
MOST_MARKS = 4 * RING  # orders of these days, of which a pair may have several on one
DAY, KEY, UNITS = Struct("<i"), Struct("<Q"), Struct("<d")  # one mark's place in each column
SUMS = Struct(f"<{7 + len(HALF_LIVES_DAYS)}d")  # Folded, its rates behind the others
_FULL, _MOST = RING * DAY.size, MOST_MARKS * DAY.size
_ONE_MORE = Struct(f"<{RING + 1}i")  # days of a ring that has just one too many
_SUMS_BYTES = (0, SUMS.size)


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
    """Marks of at most RING days, MOST_MARKS in all, a column each; `sums`: empty until the ring overflows.

    Sorted by (day, key), keys distinct.
    """

    days: bytes = b""
    keys: bytes = b""
    quantities: bytes = b""
    sums: bytes = b""

    @classmethod
    def of(cls, ring: Iterable[OrderMark], folded: Folded | None = None) -> PairState:
        """From values; `ring`: sorted."""
        state = cls(sums=b"" if folded is None else packed(folded))
        state.put(list(ring))
        return state

    def put(self, ring: list[OrderMark]) -> None:
        """Exactly these marks, sorted."""
        self.days = b"".join([DAY.pack(mark.day) for mark in ring])
        self.keys = b"".join([KEY.pack(mark.key) for mark in ring])
        self.quantities = b"".join([UNITS.pack(mark.quantity) for mark in ring])

    @property
    def ring(self) -> list[OrderMark]:
        """The marks as values: to change one is to change nothing."""
        if not self.days:
            return []
        columns = DAY.iter_unpack(self.days), KEY.iter_unpack(self.keys), UNITS.iter_unpack(self.quantities)
        return [OrderMark(day, key, units) for (day,), (key,), (units,) in zip(*columns, strict=True)]

    @property
    def folded(self) -> Folded | None:
        """What left the ring, as a value; None while nothing has."""
        if not self.sums:
            return None
        orders, first_day, last_day, n, total, logs, quantity, *rates = SUMS.unpack(self.sums)
        return Folded(int(orders), int(first_day), int(last_day), n, total, logs, quantity, rates)

    @property
    def newest_day(self) -> int | None:
        """Of the ring; None where it is empty."""
        days = self.days
        return DAY.unpack_from(days, len(days) - DAY.size)[0] if days else None


def is_whole(state: PairState) -> bool:
    """Whether the columns hold as many whole values each, and no more than a ring does."""
    size = len(state.days)
    return (
        size & 3 == 0
        and size <= _MOST
        and len(state.keys) == len(state.quantities) == 2 * size
        and len(state.sums) in _SUMS_BYTES
    )


def packed(folded: Folded) -> bytes:
    """The sums as a state keeps them."""
    told = folded.orders, folded.first_day, folded.last_day, folded.n, folded.S, folded.D, folded.quantity
    return SUMS.pack(*told, *(folded.rates or even_rates(folded)))


def place_of(keys: bytes, key: bytes) -> int:
    """Which of the keys, each of KEY.size bytes, it is; -1 where it is none."""
    at = keys.find(key)
    if at < 0:  # nearly always: the order is new
        return -1
    while at & 7:  # found across two keys
        if at < 0:
            return -1
        at = keys.find(key, at + 1)
    return at >> 3


def without(column: bytes, place: int, size: int) -> bytes:
    """A column less one value of so many bytes."""
    return column[: place * size] + column[(place + 1) * size :]


def mark_of(state: PairState, key: int) -> OrderMark | None:
    """The order in the ring, as a value."""
    place = place_of(state.keys, KEY.pack(key))
    if place < 0:
        return None
    (day,), (units,) = DAY.unpack_from(state.days, place * 4), UNITS.unpack_from(state.quantities, place * 8)
    return OrderMark(day, key, units)


def oldest(state: PairState) -> OrderMark:
    """The first order of a ring that has one, as a value."""
    (day,), (key,), (units,) = (
        DAY.unpack_from(state.days),
        KEY.unpack_from(state.keys),
        UNITS.unpack_from(state.quantities),
    )
    return OrderMark(day, key, units)


def set_quantity(state: PairState, key: int, quantity: float) -> None:
    """Another quantity of an order in the ring; one that is not there stays away. Mutates `state`."""
    place = place_of(state.keys, KEY.pack(key))
    if place >= 0:
        old = state.quantities
        state.quantities = old[: place * 8] + UNITS.pack(quantity) + old[place * 8 + 8 :]


def add_order(state: PairState, mark: OrderMark) -> Sequence[OrderMark]:
    """Insert an order, or replace the one with the same key (OrderChanged). Mutates `state`.

    Returns the orders that left the ring for it, oldest first: nearly always none.
    """
    day, key = mark.day, KEY.pack(mark.key)
    if key in state.keys:
        place = place_of(state.keys, key)
        if place >= 0:
            _remove(state, place)
    days = state.days
    if not days or DAY.unpack_from(days, len(days) - 4)[0] < day:  # nearly always the newest
        state.days, state.keys = days + DAY.pack(day), state.keys + key
        state.quantities += UNITS.pack(mark.quantity)
    else:
        _insert(state, mark)
    return _overflow(state) if len(state.days) > _FULL else ()


def _overflow(state: PairState) -> list[OrderMark]:
    """Move what is too much into the sums: the oldest day with all its orders, or of too many the oldest."""
    days: Sequence[int]
    if len(state.days) == _ONE_MORE.size and len(set(days := _ONE_MORE.unpack(state.days))) > RING:
        return [_drop_oldest(state)]  # nearly always: a day more, and one order on each
    days = [day for (day,) in DAY.iter_unpack(state.days)]
    over = days.count(days[0]) if len(set(days)) > RING else max(len(days) - MOST_MARKS, 0)
    if not over:
        return []
    left = state.ring[:over]
    for mark in left:
        state.sums = _fold(state.sums, mark.day, mark.quantity)
    state.days, state.keys = state.days[over * 4 :], state.keys[over * 8 :]
    state.quantities = state.quantities[over * 8 :]
    return left


def _drop_oldest(state: PairState) -> OrderMark:
    left = oldest(state)
    state.sums = _fold(state.sums, left.day, left.quantity)
    state.days, state.keys, state.quantities = state.days[4:], state.keys[8:], state.quantities[8:]
    return left


def remove_order(state: PairState, key: int) -> bool:
    """Undo an order (cancellation). False if it is not, or no longer, in the ring. Mutates `state`."""
    place = place_of(state.keys, KEY.pack(key))
    if place >= 0:
        _remove(state, place)
    return place >= 0


def reduce_order(state: PairState, key: int | None, quantity: float) -> float:
    """Take a returned quantity from the order `key`, or, for None, from the newest orders backwards.

    A mark that reaches 0 is removed: the order counts as never placed. Returns the quantity that found no
    order.
    Mutates `state`.
    """
    ring = state.ring
    for mark in reversed(ring):
        if quantity <= 0:
            break
        if key is None or mark.key == key:
            taken = min(quantity, mark.quantity)
            mark.quantity -= taken
            quantity -= taken
    state.put([mark for mark in ring if mark.quantity > 0])
    return max(quantity, 0.0)


def _insert(state: PairState, mark: OrderMark) -> None:
    ring = [(*day, *key) for day, key in zip(DAY.iter_unpack(state.days), KEY.iter_unpack(state.keys), strict=True)]
    place = bisect(ring, (mark.day, mark.key))
    state.days = state.days[: place * 4] + DAY.pack(mark.day) + state.days[place * 4 :]
    state.keys = state.keys[: place * 8] + KEY.pack(mark.key) + state.keys[place * 8 :]
    state.quantities = state.quantities[: place * 8] + UNITS.pack(mark.quantity) + state.quantities[place * 8 :]


def _remove(state: PairState, place: int) -> None:
    state.days = without(state.days, place, 4)
    state.keys = without(state.keys, place, 8)
    state.quantities = without(state.quantities, place, 8)


def even_rates(folded: Folded) -> list[float]:
    """Rates of a state that was written without: as if its days had lain evenly."""
    gap = (folded.last_day - folded.first_day) / max(folded.orders - 1, 1)
    return [float(np.exp2(np.arange(folded.orders) * -gap / half).sum()) for half in HALF_LIVES_DAYS]


def _fold(sums: bytes, day: int, quantity: float) -> bytes:
    """Move a mark that leaves the ring into the sums."""
    if not sums:
        return SUMS.pack(1, day, day, 0.0, 0.0, 0.0, quantity, *([1.0] * len(HALF_LIVES_DAYS)))
    orders, first_day, last_day, n, total, logs, units, *rates = SUMS.unpack(sums)
    units += quantity
    if day > last_day:
        gap = max(day - last_day, GAP_FLOOR_DAYS)
        rates = [1.0 + rate * fade for rate, fade in zip(rates, _fades(last_day - day), strict=True)]
        n, total, logs = DECAY * n + 1, DECAY * total + gap, DECAY * logs + math.log(gap)
        orders, last_day = orders + 1, day
    elif day not in (first_day, last_day):
        rates = [rate + fade for rate, fade in zip(rates, _fades(day - last_day), strict=True)]
        if day < first_day:  # older than all: exactly one more gap, the oldest
            weight, gap = DECAY ** (orders - 1), first_day - day
            n, total, logs, first_day = n + weight, total + weight * gap, logs + weight * math.log(gap), day
        else:  # its neighbours were folded before: it splits a gap we no longer know, say a usual one
            weight = DECAY ** ((orders - 1) * (last_day - day) / (last_day - first_day))
            usual = (last_day - first_day) / (orders - 1)
            n += weight
            logs += weight * math.log(max(usual / 4, GAP_FLOOR_DAYS))
        orders += 1
    return SUMS.pack(orders, first_day, last_day, n, total, logs, units, *rates)


@lru_cache(maxsize=4096)
def _fades(days: float) -> tuple[float, ...]:
    """What is left of each rate after some days, which are told as a negative number."""
    return tuple([2.0 ** (days / half) for half in HALF_LIVES_DAYS])
