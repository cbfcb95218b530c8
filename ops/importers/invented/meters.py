"""Meters at a few accounts: readings that follow the consumption which the account's real orders imply.

Between two real orders of a product the stock falls, unevenly, from what is there after the delivery to a small rest
just before the next order. So the readings know the future, as the truth does; a forecast that reads them does not.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

import numpy as np

from ops.importers.invented import Order, event, invented, rng
from schemas.envelope import Event
from schemas.events.orders import OrderDelivered
from schemas.events.usage import UsageKind, UsageReported

METERED_PAIRS = 20
MIN_ORDERS = 8
DELIVERY_DAYS = 1
READING_DAYS = 7
REST_SHARE = 0.1
"""What is left of a delivery when the next order is placed."""
KINDS = (UsageKind.LEVEL, UsageKind.LEVEL, UsageKind.LEVEL, UsageKind.METER_TOTAL, UsageKind.CONSUMED)


@dataclass(frozen=True, slots=True)
class Metered:
    """A pair with a meter: its orders by time."""

    account_id: str
    sku: str
    orders: tuple[Order, ...]

    @property
    def asset_id(self) -> str:
        """The meter's id."""
        return f"meter-{self.account_id}-{self.sku}"


def meters(seed: int, orders: Sequence[Order], until: datetime) -> Iterator[Event]:
    """Readings and deliveries of the metered pairs; deliveries, as a metered stock rises only then."""
    delivered: set[str] = set()
    for number, pair in enumerate(metered_pairs(orders)):
        kind = KINDS[number % len(KINDS)]
        yield from _readings(pair, kind, until, rng(seed, pair.asset_id))
        for order in pair.orders:
            if order.order_id not in delivered:
                delivered.add(order.order_id)
                time = order.time + timedelta(days=DELIVERY_DAYS)
                fact = invented(OrderDelivered, order_id=order.order_id)
                yield event(f"delivered-{order.order_id}", pair.account_id, time, fact)


def metered_pairs(orders: Sequence[Order]) -> list[Metered]:
    """The pairs with the most regular orders, one an account."""
    by_pair: dict[tuple[str, str], list[Order]] = {}
    for order in orders:
        for sku in order.quantities:
            by_pair.setdefault((order.account_id, sku), []).append(order)
    pairs = [Metered(*pair, tuple(found)) for pair, found in sorted(by_pair.items()) if len(found) >= MIN_ORDERS]
    best: dict[str, Metered] = {}
    for pair in sorted(pairs, key=_irregularity):
        best.setdefault(pair.account_id, pair)
    return list(best.values())[:METERED_PAIRS]


def _irregularity(pair: Metered) -> float:
    """Coefficient of variation of the gaps."""
    gaps = np.diff(np.array([order.time.timestamp() for order in pair.orders], dtype=np.float64))
    return float(gaps.std()) / max(float(gaps.mean()), 1.0)


def _readings(pair: Metered, kind: UsageKind, until: datetime, random: np.random.Generator) -> Iterator[Event]:
    """One reading a week, the first one a week after the first delivery."""
    weeks = list(_weeks(pair, until, random))
    for week, (time, level, used, before) in enumerate(weeks):
        # Half of the way through, a counting meter is exchanged for a new one.
        reset = kind is UsageKind.METER_TOTAL and week == len(weeks) // 2
        base = weeks[len(weeks) // 2].used if week >= len(weeks) // 2 else 0.0
        value = {UsageKind.LEVEL: level, UsageKind.METER_TOTAL: used - base, UsageKind.CONSUMED: used - before}[kind]
        reading = invented(
            UsageReported,
            asset_id=pair.asset_id,
            sku=pair.sku,
            kind=kind,
            value=Decimal(str(round(value, 2))),
            reset=reset,
        )
        yield event(f"reading-{pair.asset_id}-{week}", pair.account_id, time, reading)


class _Week(NamedTuple):
    """What a meter could show at the end of a week."""

    time: datetime
    level: float
    used: float
    """Since the first order."""
    before: float
    """The same a week ago."""


def _weeks(pair: Metered, until: datetime, random: np.random.Generator) -> Iterator[_Week]:
    stock = _Stock(pair)
    first = pair.orders[0].time + timedelta(days=DELIVERY_DAYS, hours=1)
    before = stock.used_until(first)
    for week in range(1, int((until - first) / timedelta(days=READING_DAYS)) + 1):
        time = first + timedelta(days=READING_DAYS * week)
        used = stock.used_until(time)
        noise = float(random.normal(1.0, 0.02))
        yield _Week(time, max(stock.level_at(time) * noise, 0.0), used, before)
        before = used


class _Stock:
    """Stock as a function of time: up at a delivery, down evenly between orders to a rest; after the last one to 0."""

    def __init__(self, pair: Metered) -> None:
        times = [order.time.timestamp() for order in pair.orders]
        quantities = [order.quantities[pair.sku] for order in pair.orders]
        rests = [0.0, *(REST_SHARE * quantity for quantity in quantities)]
        used = [quantity + rests[i] - rests[i + 1] for i, quantity in enumerate(quantities)]
        mean_rate = sum(used[:-1]) / (times[-1] - times[0])
        self._orders = times
        self._delivered = np.cumsum(quantities)
        last = quantities[-1] + rests[-2]
        self._times = [*times, times[-1] + last / mean_rate]
        self._used = np.cumsum([0.0, *used[:-1], last])

    def used_until(self, time: datetime) -> float:
        """Units used since the first order."""
        return float(np.interp(time.timestamp(), self._times, self._used))

    def level_at(self, time: datetime) -> float:
        """Units on hand; an order counts from its delivery on."""
        orders = int(np.searchsorted(self._orders, time.timestamp() - DELIVERY_DAYS * 86_400, side="right"))
        return float(self._delivered[orders - 1] if orders else 0.0) - self.used_until(time)
