"""Who bought what, when first, when last and how often: what suggestions are learnt from, as of any day of the past."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Sequence

    from forecasting.history import OrderDays

Floats32 = NDArray[np.float32]
Places = NDArray[np.int32]
FLOOR_UNITS = 1e-6


@dataclass(frozen=True, slots=True)
class Baskets:
    """Pairs known on a day, sorted by (account, sku); arrays of shape (pairs,) and (accounts,).

    account, sku: places in account_ids and skus. Ages are days before the day; an age of an account without any order
    is 0, its order days 0. quantity: mean log units of an order day.
    """

    account_ids: Sequence[str]
    skus: Sequence[str]
    account: Places
    sku: Places
    first_age: Floats32
    last_age: Floats32
    order_days: Floats32
    quantity: Floats32
    account_order_days: Floats32
    account_first_age: Floats32
    account_last_age: Floats32
    unwanted: sp.csr_array | None = None  # 1 at what was refused for good, shape (accounts, skus)
    rests: sp.csr_array | None = None  # 1 at what was refused lately

    @property
    def accounts(self) -> int:
        """How many accounts, with or without orders."""
        return len(self.account_order_days)

    @property
    def buyers(self) -> int:
        """How many accounts ever bought anything."""
        return int(np.count_nonzero(self.account_order_days))

    def active(self) -> NDArray[np.int64]:
        """Places of the accounts that ever bought anything."""
        return np.flatnonzero(self.account_order_days > 0)

    def matrix(self, values: Floats32 | None = None, rows: NDArray[np.bool_] | None = None) -> sp.csr_array:
        """Shape (accounts, skus): 1, or `values`, at each pair (those of the mask `rows` only)."""
        data = np.ones(len(self.account), np.float32) if values is None else values
        column, account = self.sku, self.account
        if rows is not None:
            data, column, account = data[rows], column[rows], account[rows]
        start = np.zeros(self.accounts + 1, np.int64)
        np.cumsum(np.bincount(account, minlength=self.accounts), out=start[1:])
        return sp.csr_array((data, column, start), (self.accounts, len(self.skus)))

    def decayed(self, half_life_days: float) -> sp.csr_array:
        """As `matrix`: 1 for what was bought today, half for what was last bought a half-life ago."""
        return self.matrix(np.exp2(-self.last_age / np.float32(half_life_days)))

    def take(self, rows: NDArray[np.int64]) -> Baskets:
        """The given accounts only, in increasing order of `rows`."""
        start = np.searchsorted(self.account, np.arange(self.accounts + 1))
        count = (start[1:] - start[:-1])[rows]
        place = np.repeat(start[:-1][rows] - (np.cumsum(count) - count), count) + np.arange(count.sum())
        return Baskets(
            [self.account_ids[i] for i in rows],
            self.skus,
            np.repeat(np.arange(len(rows), dtype=np.int32), count),
            self.sku[place],
            self.first_age[place],
            self.last_age[place],
            self.order_days[place],
            self.quantity[place],
            self.account_order_days[rows],
            self.account_first_age[rows],
            self.account_last_age[rows],
            None if self.unwanted is None else self.unwanted[rows],
            None if self.rests is None else self.rests[rows],
        )

    def with_refusals(self, unwanted: sp.csr_array, rests: sp.csr_array) -> Baskets:
        """The same baskets, with what their accounts refused."""
        return replace(self, unwanted=unwanted, rests=rests)


def baskets_of(history: OrderDays, as_of_day: float) -> Baskets:
    """Baskets of the order days before as_of_day (ordinal); the history is not copied."""
    accounts = len(history.account_ids)
    if not len(history):
        none, places = np.zeros(0, np.float32), np.zeros(0, np.int32)
        empty = np.zeros(accounts, np.float32)
        return Baskets(history.account_ids, history.skus, places, places, none, none, none, none, empty, empty, empty)
    start = np.flatnonzero(history.starts())
    known = history.day < as_of_day
    count = np.add.reduceat(known, start, dtype=np.int32)
    some = count > 0
    log_units = np.where(known, np.log(np.maximum(history.quantity, FLOOR_UNITS)), 0.0)
    quantity = (np.add.reduceat(log_units, start)[some] / count[some]).astype(np.float32)
    start, count = start[some], count[some]  # within a pair days increase: what is known comes first
    account = history.account[start].astype(np.int32)
    days, first, last = _account_days(history, known, as_of_day)
    return Baskets(
        history.account_ids,
        history.skus,
        account,
        history.sku[start].astype(np.int32),
        (as_of_day - history.day[start]).astype(np.float32),
        (as_of_day - history.day[start + count - 1]).astype(np.float32),
        count.astype(np.float32),
        quantity,
        days,
        first,
        last,
    )


def _account_days(
    history: OrderDays, known: NDArray[np.bool_], as_of_day: float
) -> tuple[Floats32, Floats32, Floats32]:
    """Order days of anything, age of the first and of the last, by account."""
    accounts = len(history.account_ids)
    account, day = history.account[known], history.day[known]
    span = int(day.max() - day.min()) + 1 if len(day) else 1
    lowest = day.min() if len(day) else 0.0
    both = np.unique(account * span + (day - lowest).astype(np.int64))
    whose, when = both // span, (as_of_day - lowest) - both % span
    count = np.bincount(whose, minlength=accounts)
    first, last = np.zeros(accounts, np.float32), np.zeros(accounts, np.float32)
    first[whose[::-1]] = when[::-1]  # the earliest day of an account is written last
    last[whose] = when
    return count.astype(np.float32), first, last
