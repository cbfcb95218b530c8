"""Order days of everybody, collected from the log of record: what the population's loop learns from.

What is told of an order may come in any order: cancellations and returns are kept beside the orders and applied when
order days are asked for. An account that was merged is counted under its survivor, once: the fold writes whatever is
still said of it to the log again, under the survivor, so the original is passed over.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime

import pandas as pd

from forecasting.history import OrderDays, order_days
from forecasting.weather import Follows
from schemas.envelope import Event
from schemas.events.accounts import AccountClosed, AccountMerged, AccountRegistered
from schemas.events.orders import OrderCancelled, OrderChanged, OrderLine, OrderPlaced, OrderReturned
from schemas.events.ours import ProductChanged
from schemas.ids import event_key
from streams.core.context import zone_of

Units = dict[str, float]
"""By SKU group."""
OrderName = tuple[str, str]
"""Account and order id."""


@dataclass(slots=True)
class _Order:
    """What was told of an order. `placed_on`: None while only changes of it came."""

    placed_on: date | None = None
    changed_on: date | None = None
    units: Units = field(default_factory=dict)

    @property
    def day(self) -> date:
        """A change moves no order."""
        return self.placed_on or self.changed_on or date.max

    def joined(self, later: "_Order") -> "_Order":
        """The same order as its account's survivor knows it: the lines of the later word, the day of the first."""
        days = [day for day in (self.placed_on, later.placed_on) if day is not None]
        changes = [day for day in (self.changed_on, later.changed_on) if day is not None]
        return _Order(min(days, default=None), min(changes, default=None), later.units)


class OrderHistory:
    """Fed with the log from its beginning, once; may be asked at any time. Memory: one row an order line."""

    def __init__(self, default_zone: str = "UTC") -> None:
        self._default_zone = default_zone
        self._zones: dict[str, str] = {}
        self._groups: dict[str, tuple[str, float]] = {}
        self._orders: dict[OrderName, _Order] = {}
        self._cancelled: set[OrderName] = set()
        self._returned: dict[OrderName, dict[int, Units]] = {}
        self._returned_somewhere: dict[str, dict[int, tuple[date, Units]]] = {}
        self._merged: dict[str, str] = {}
        self.follows: dict[str, Follows] = {}
        """Groups whose use follows degree days, by the newest word on one of their products."""
        self._closed: set[str] = set()

    def add(self, events: Iterable[Event]) -> None:
        """Take in what changes order days; everything else is passed over."""
        for event in events:
            if event.subject not in self._merged:
                self._take(event)

    def order_days(self) -> OrderDays:
        """Everything so far, one row an order day of a pair."""
        orders = self._present()
        rows = [
            (account, sku, quantity, order.day)
            for (account, _), order in orders.items()
            for sku, quantity in order.units.items()
            if quantity > 0
        ]
        frame = pd.DataFrame(rows, columns=["account_id", "sku", "quantity", "ordered_at"])
        frame["ordered_at"] = pd.to_datetime(frame["ordered_at"])
        return order_days(frame)

    def __len__(self) -> int:
        return len(self._orders)

    def _take(self, event: Event) -> None:
        account, fact = event.subject, event.fact
        match fact:
            case OrderPlaced() | OrderChanged():
                self._order(event, fact)
            case OrderCancelled(order_id=order_id):
                self._cancelled.add((account, order_id))
            case OrderReturned():
                self._return(event, fact)
            case AccountRegistered():
                if fact.zone is not None:
                    self._zones[account] = fact.zone
                if type(fact) is AccountRegistered:
                    self._closed.discard(account)
            case AccountClosed():
                self._closed.add(account)
            case AccountMerged(into_account_id=into) if account not in self._closed and self._survivor(into) != account:
                self._merged[account] = into
            case ProductChanged(sku=sku, group=group, unit_factor=factor):
                self._groups[sku] = (group or sku, float(factor))
                self._follow(group or sku, fact)
            case _:
                pass

    def _follow(self, group: str, fact: ProductChanged) -> None:
        self.follows.pop(group, None)
        if fact.follows is not None:
            self.follows[group] = Follows(fact.base_celsius, fact.follows == "cooling")

    def _order(self, event: Event, fact: OrderPlaced | OrderChanged) -> None:
        order = self._orders.setdefault((event.subject, fact.order_id), _Order())
        day = self._local_date(event.subject, event.time)
        if isinstance(fact, OrderPlaced):
            order.placed_on = day
            if order.changed_on is None:
                order.units = self._units(fact.lines)
        else:
            order.changed_on = day if order.changed_on is None else min(order.changed_on, day)
            order.units = self._units(fact.lines)
            self._returned.pop((event.subject, fact.order_id), None)

    def _return(self, event: Event, fact: OrderReturned) -> None:
        key, units = event_key(event.source, event.id), self._units(fact.lines)
        if fact.order_id is not None:
            self._returned.setdefault((event.subject, fact.order_id), {})[key] = units
        else:
            day = self._local_date(event.subject, event.time)
            self._returned_somewhere.setdefault(event.subject, {})[key] = (day, units)

    def _present(self) -> dict[OrderName, _Order]:
        """What is left of every order, under the account that it belongs to now."""
        orders: dict[OrderName, _Order] = {}
        for (account, order_id), order in sorted(self._orders.items(), key=lambda one: one[0][0] not in self._merged):
            name = (self._survivor(account), order_id)
            orders[name] = orders[name].joined(order) if name in orders else order
        for account, order_id in self._cancelled:
            orders.pop((self._survivor(account), order_id), None)
        for (account, order_id), back in self._returned.items():
            name = (self._survivor(account), order_id)
            if name in orders:
                orders[name] = _less(orders[name], back.values())
        self._take_back_newest(orders)
        return orders

    def _take_back_newest(self, orders: dict[OrderName, _Order]) -> None:
        """Returns that name no order are taken from the newest ones before them."""
        if not self._returned_somewhere:
            return
        accounts = {self._survivor(account) for account in self._returned_somewhere}
        by_account: dict[str, list[OrderName]] = {account: [] for account in accounts}
        for name in orders:
            if name[0] in accounts:
                by_account[name[0]].append(name)
        for account, returns in self._returned_somewhere.items():
            names = sorted(by_account[self._survivor(account)], key=lambda one: (orders[one].day, one), reverse=True)
            for day, units in returns.values():
                _take_units(orders, [name for name in names if orders[name].day <= day], dict(units))

    def _survivor(self, account: str) -> str:
        """Who an account is now."""
        passed = {account}
        while (following := self._merged.get(account)) is not None and following not in passed:
            account = following
            passed.add(account)
        return account

    def _units(self, lines: Iterable[OrderLine]) -> Units:
        totals: Units = {}
        for line in lines:
            group, factor = self._groups.get(line.sku, (line.sku, 1.0))
            totals[group] = totals.get(group, 0.0) + float(line.quantity) * factor
        return totals

    def _local_date(self, account_id: str, at: datetime) -> date:
        return at.astimezone(zone_of(self._zones.get(account_id), self._default_zone)).date()


def _less(order: _Order, returns: Iterable[Units]) -> _Order:
    """The order without what came back of it."""
    left = dict(order.units)
    for back in returns:
        for group, units in back.items():
            if group in left:
                left[group] -= min(units, left[group])
    return _Order(order.placed_on, order.changed_on, left)


def _take_units(orders: dict[OrderName, _Order], names: Iterable[OrderName], wanted: Units) -> None:
    """Take units from the orders named, in their turn, as long as any are wanted. Changes both."""
    for name in names:
        here = {group: min(units, orders[name].units.get(group, 0.0)) for group, units in wanted.items()}
        if any(here.values()):
            orders[name] = _less(orders[name], [here])
            for group, units in here.items():
                wanted[group] -= units
