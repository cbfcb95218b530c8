"""Order days of a whole population, as arrays: what models are learnt from and files are forecast from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from forecasting.columns import Labels, PairColumns, columns_of
from forecasting.features import is_due

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from forecasting.columns import Floats, Ints
    from forecasting.pair import PairState

UNIX_EPOCH_DAY = 719_163  # date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True)
class OrderDays:
    """One row an order day of a pair, sorted by (account, sku, day); shape (order days,).

    account and sku are places in the lists of names; day is the local-day ordinal; quantity the day's total.
    """

    account_ids: Sequence[str]
    skus: Sequence[str]
    account: Ints
    sku: Ints
    day: Floats
    quantity: Floats

    def __len__(self) -> int:
        return len(self.day)

    def where(self, rows: NDArray[np.bool_]) -> OrderDays:
        """The given order days only."""
        return replace(
            self, account=self.account[rows], sku=self.sku[rows], day=self.day[rows], quantity=self.quantity[rows]
        )

    def before(self, day: float) -> OrderDays:
        """What was known when `day` (ordinal) began."""
        return self.where(self.day < day)

    def of_accounts(self) -> OrderDays:
        """The same orders with every SKU as '*': order days of anything."""
        return _merged(self.account_ids, ["*"], self.account, np.zeros_like(self.sku), self.day, self.quantity)

    def starts(self) -> NDArray[np.bool_]:
        """True at the first order day of each pair."""
        new = np.ones(len(self), bool)
        new[1:] = (self.account[1:] != self.account[:-1]) | (self.sku[1:] != self.sku[:-1])
        return new

    def pairs(self) -> Pairs:
        """One row a pair, with its columns and its account's."""
        new = self.starts()
        first = np.flatnonzero(new)
        columns = columns_of(len(first), np.cumsum(new) - 1, self.day, self.quantity)
        return Pairs(self, self.account[first], self.sku[first], columns)

    def accounts_in_context(self, as_of_day: float, pairs: Pairs | None = None) -> Pairs:
        """One row an account (SKU '*'), with the pulse of its pairs at as_of_day."""
        return accounts_in_context(self.of_accounts().pairs(), pairs or self.pairs(), as_of_day)

    def pairs_in_context(self, as_of_day: float) -> Pairs:
        """As `pairs`, with their SKUs, and the columns of each one's account with its pulse at as_of_day."""
        pairs = self.pairs()
        found = with_accounts(pairs, self.accounts_in_context(as_of_day, pairs))
        return replace(found, columns=replace(found.columns, skus=Labels(self.skus, pairs.sku)))


@dataclass(frozen=True, slots=True)
class Pairs:
    """The pairs of a history: places of account and SKU in its lists of names, and columns; shape (pairs,)."""

    history: OrderDays
    account: Ints
    sku: Ints
    columns: PairColumns

    def __len__(self) -> int:
        return len(self.account)

    def take(self, rows: NDArray[np.bool_] | NDArray[np.intp]) -> Pairs:
        """The given pairs (indices or a mask)."""
        return Pairs(self.history, self.account[rows], self.sku[rows], self.columns.take(rows))

    def account_names(self) -> list[str]:
        """Account id of each pair."""
        return [self.history.account_ids[i] for i in self.account]

    def sku_names(self) -> list[str]:
        """SKU of each pair."""
        return [self.history.skus[i] for i in self.sku]


def accounts_in_context(whole: Pairs, pairs: Pairs, as_of_day: float) -> Pairs:
    """Accounts (one row each) with the pulse of their pairs at as_of_day."""
    place = _places(whole)
    at, columns = place[pairs.account], pairs.columns
    counts = [None, columns.orders, columns.orders > 1, is_due(columns, as_of_day)]
    pulse = np.column_stack([np.bincount(at, weights, len(whole)) for weights in counts])
    return replace(whole, columns=replace(whole.columns, pulse=pulse.astype(float)))


def with_accounts(pairs: Pairs, accounts: Pairs) -> Pairs:
    """Pairs with the columns of each one's account."""
    place = _places(accounts)[pairs.account]
    return replace(pairs, columns=replace(pairs.columns, account=accounts.columns, account_row=place))


def _places(whole: Pairs) -> Ints:
    """Row of each account, by its place in the history's list of names."""
    place = np.zeros(len(whole.history.account_ids), np.int64)
    place[whole.account] = np.arange(len(whole))
    return place


def order_days(lines: pd.DataFrame) -> OrderDays:
    """Order days of order lines with columns account_id, sku (strings), quantity (> 0), ordered_at (naive datetimes).

    Lines of one pair on one calendar day of `ordered_at` are one order day. The order of the lines does not matter.
    """
    account, account_ids = pd.factorize(lines["account_id"], sort=True)
    sku, skus = pd.factorize(lines["sku"], sort=True)
    day = lines["ordered_at"].to_numpy("datetime64[D]").astype(np.int64) + UNIX_EPOCH_DAY
    names = [str(a) for a in account_ids], [str(s) for s in skus]
    return _merged(*names, account, sku, day.astype(float), lines["quantity"].to_numpy(float))


def order_days_of(states: Iterable[tuple[str, str, PairState]]) -> OrderDays:
    """Order days still remembered one by one in (account_id, sku, state) triples: a running system's own history."""
    marks = [(a, s, m.day, m.quantity) for a, s, state in states for m in state.ring]
    account, account_ids = pd.factorize(np.array([m[0] for m in marks], object), sort=True)
    sku, skus = pd.factorize(np.array([m[1] for m in marks], object), sort=True)
    day, quantity = np.array([m[2] for m in marks], float), np.array([m[3] for m in marks], float)
    return _merged(list(account_ids), list(skus), account, sku, day, quantity)


def _merged(
    account_ids: Sequence[str], skus: Sequence[str], account: Ints, sku: Ints, day: Floats, quantity: Floats
) -> OrderDays:
    """Sorted, one row for each (account, sku, day)."""
    order = np.lexsort((day, sku, account))
    history = OrderDays(account_ids, skus, account[order], sku[order], day[order], quantity[order])
    new = history.starts()
    new[1:] |= history.day[1:] != history.day[:-1]
    total = np.bincount(np.cumsum(new) - 1, history.quantity, int(new.sum())).astype(float)
    return replace(history.where(new), quantity=total)
