"""The demo's generator: what the real orders lack, from a seed, every piece of it marked as generated.

Real: orders, credit notes, product names, countries. Invented: trades, regions, persons, telephone numbers, consents,
do-not-call wishes, lead times, margins, availability, categories, meters, deliveries, invoices, complaints, holds.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import merge

import pandas as pd

from ops.importers.invented import Order
from ops.importers.invented.meters import meters
from ops.importers.invented.paperwork import paperwork
from ops.importers.invented.people import people
from ops.importers.invented.products import products
from ops.importers.invented.relations import relations
from ops.importers.online_retail import CREDITED, ORDERED
from outreach.records import ContactPoint
from schemas.envelope import Event
from schemas.events.accounts import InvoiceDisputed
from schemas.events.orders import OrderPlaced

SEED = 20111209
MASTER_DAYS_BEFORE = 7
"""The product master is there this long before the first order, hence before the first account."""


@dataclass(frozen=True, slots=True)
class Generated:
    """Events by time, and beside them the personal data, which never enter the log."""

    events: list[Event]
    contacts: list[ContactPoint]
    do_not_call: list[tuple[str, datetime]]
    """Numbers (E.164) on the internal list, and since when."""


def generate(orders: Iterable[Event], lines: pd.DataFrame, seed: int = SEED) -> Generated:
    """Invent what is missing around real orders; the same arguments give the same result.

    ``orders``: events by time, as ``online_retail.convert`` gives them. ``lines``: as ``online_retail.read`` does, for
    the names of products and the countries of accounts.
    """
    placed = [_order(event, event.fact) for event in orders if isinstance(event.fact, OrderPlaced)]
    bought = lines[lines["fate"] == ORDERED]
    until = placed[-1].time
    first_orders: dict[str, datetime] = {}
    for order in placed:
        first_orders.setdefault(order.account_id, order.time)
    who = people(seed, _countries(bought), first_orders, until)
    master_at = placed[0].time - timedelta(days=MASTER_DAYS_BEFORE)
    papers = list(paperwork(seed, placed, until))
    disputes = [one for one in papers if isinstance(one.fact, InvoiceDisputed)]
    events = [
        *products(seed, _names(lines[lines["fate"].isin((ORDERED, CREDITED))]), master_at),
        *who.events,
        *meters(seed, placed, until),
        *papers,
        *relations(seed, placed, disputes, until),
    ]
    happened = [event for event in events if event.time <= until]
    return Generated(sorted(happened, key=by_time), who.contacts, who.do_not_call)


def in_order(*streams: Iterable[Event]) -> Iterable[Event]:
    """Several streams of events, each by time, as one; an earlier argument goes first at the same instant."""
    return merge(*streams, key=lambda event: event.time)


def by_time(event: Event) -> tuple[datetime, str]:
    """A total order of generated events."""
    return event.time, event.id


def _order(event: Event, placed: OrderPlaced) -> Order:
    quantities: dict[str, float] = {}
    for line in placed.lines:
        quantities[line.sku] = quantities.get(line.sku, 0.0) + float(line.quantity)
    amount = float(sum(line.quantity * (line.unit_price or 0) for line in placed.lines))
    return Order(placed.order_id, event.subject, event.time, amount, quantities)


def _countries(bought: pd.DataFrame) -> dict[str, str]:
    """The country of each account's latest order; a few accounts have moved."""
    latest = bought.sort_values("ordered_at", kind="stable").drop_duplicates("account_id", keep="last")
    return dict(zip(latest["account_id"], latest["country"], strict=True))


def _names(bought: pd.DataFrame) -> dict[str, str]:
    """The commonest description of each SKU."""
    counted = bought.groupby(["sku", "description"], sort=True).size().reset_index(name="lines")
    best = counted.sort_values(["lines", "description"], ascending=[False, True]).drop_duplicates("sku")
    return dict(zip(best["sku"], best["description"], strict=True))
