"""Order days of everybody, collected from the log of record: what the population's loop learns from."""

from collections.abc import Iterable
from datetime import date, datetime

import pandas as pd

from forecasting.history import OrderDays, order_days
from schemas.envelope import Event
from schemas.events.accounts import AccountRegistered
from schemas.events.orders import OrderCancelled, OrderChanged, OrderLine, OrderPlaced, OrderReturned
from schemas.events.ours import ProductChanged
from streams.core.context import zone_of


class OrderHistory:
    """Fed with the log from its beginning, once; may be asked at any time. Memory: one row an order line."""

    def __init__(self, default_zone: str = "UTC") -> None:
        self._default_zone = default_zone
        self._zones: dict[str, str] = {}
        self._groups: dict[str, tuple[str, float]] = {}
        self._orders: dict[tuple[str, str], tuple[date, dict[str, float]]] = {}

    def add(self, events: Iterable[Event]) -> None:
        """Take in what changes order days; everything else is passed over."""
        for event in events:
            match event.fact:
                case OrderPlaced(order_id=order_id, lines=lines):
                    day = self._local_date(event.subject, event.time)
                    self._orders[event.subject, order_id] = (day, self._quantities(lines))
                case OrderChanged(order_id=order_id, lines=lines):
                    day = self._local_date(event.subject, event.time)
                    day = self._orders.get((event.subject, order_id), (day, {}))[0]  # a change moves no order
                    self._orders[event.subject, order_id] = (day, self._quantities(lines))
                case OrderCancelled(order_id=order_id):
                    self._orders.pop((event.subject, order_id), None)
                case OrderReturned(order_id=order_id, lines=lines) if order_id is not None:
                    self._reduce((event.subject, order_id), self._quantities(lines))
                case AccountRegistered(zone=zone) if zone is not None:
                    self._zones[event.subject] = zone
                case ProductChanged(sku=sku, group=group, unit_factor=factor):
                    self._groups[sku] = (group or sku, float(factor))
                case _:
                    pass

    def order_days(self) -> OrderDays:
        """Everything so far, one row an order day of a pair."""
        rows = [
            (account, sku, quantity, day)
            for (account, _), (day, quantities) in self._orders.items()
            for sku, quantity in quantities.items()
        ]
        frame = pd.DataFrame(rows, columns=["account_id", "sku", "quantity", "ordered_at"])
        frame["ordered_at"] = pd.to_datetime(frame["ordered_at"])
        return order_days(frame)

    def __len__(self) -> int:
        return len(self._orders)

    def _quantities(self, lines: Iterable[OrderLine]) -> dict[str, float]:
        totals: dict[str, float] = {}
        for line in lines:
            group, factor = self._groups.get(line.sku, (line.sku, 1.0))
            totals[group] = totals.get(group, 0.0) + float(line.quantity) * factor
        return totals

    def _reduce(self, key: tuple[str, str], returned: dict[str, float]) -> None:
        if key not in self._orders:
            return
        day, quantities = self._orders[key]
        left = {sku: quantity - returned.get(sku, 0.0) for sku, quantity in quantities.items()}
        self._orders[key] = (day, {sku: quantity for sku, quantity in left.items() if quantity > 0})

    def _local_date(self, account_id: str, at: datetime) -> date:
        return at.astimezone(zone_of(self._zones.get(account_id), self._default_zone)).date()
