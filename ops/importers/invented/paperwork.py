"""Invoices, disputes, complaints and credit holds around the real orders of the last weeks."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

import numpy as np

from ops.importers.invented import Order, chosen, event, invented, rng
from schemas.envelope import Event
from schemas.events.accounts import (
    ComplaintOpened,
    ComplaintResolved,
    CreditChanged,
    InvoiceDisputed,
    InvoiceIssued,
    InvoicePaid,
)

RECENT_DAYS = 90
COMPLAINT_SHARE = 0.006
DISPUTE_SHARE = 0.008
UNRESOLVED_SHARE = 0.15
HOLD_SHARE = 0.003
CURRENCY = "GBP"
COMPLAINTS = ("late_delivery", "damaged", "wrong_item", "missing_item")
COMPLAINT_SHARES = (0.5, 0.2, 0.2, 0.1)


def paperwork(seed: int, orders: Sequence[Order], until: datetime) -> Iterator[Event]:
    """Papers of the orders of the last 90 days; some of the events lie after ``until``."""
    recent = [order for order in orders if order.time >= until - timedelta(days=RECENT_DAYS)]
    yield from _invoices(seed, recent)
    yield from _complaints(seed, recent)
    yield from _holds(seed, recent, until)


def _invoices(seed: int, orders: Sequence[Order]) -> Iterator[Event]:
    random = rng(seed, "invoices")
    for order in orders:
        invoice_id = f"invoice-{order.order_id}"
        amount = Decimal(f"{order.amount:.2f}")
        issued = invented(
            InvoiceIssued, invoice_id=invoice_id, order_id=order.order_id, amount=amount, currency=CURRENCY
        )
        time = order.time + timedelta(hours=4)
        yield event(f"issued-{order.order_id}", order.account_id, time, issued)
        if random.random() < DISPUTE_SHARE:
            disputed = invented(InvoiceDisputed, invoice_id=invoice_id, cause="price")
            yield event(f"disputed-{order.order_id}", order.account_id, _later(time, 2, 10, random), disputed)
        else:
            paid = invented(InvoicePaid, invoice_id=invoice_id)
            yield event(f"paid-{order.order_id}", order.account_id, _later(time, 12, 45, random), paid)


def _complaints(seed: int, orders: Sequence[Order]) -> Iterator[Event]:
    random = rng(seed, "complaints")
    accounts = {order.order_id: order for order in orders}
    for order_id in chosen(random, accounts, COMPLAINT_SHARE) if accounts else ():
        order = accounts[order_id]
        complaint_id = f"complaint-{order_id}"
        category = str(random.choice(COMPLAINTS, p=COMPLAINT_SHARES))
        opened_at = _later(order.time, 1, 6, random)
        opened = invented(ComplaintOpened, complaint_id=complaint_id, category=category)
        yield event(f"opened-{order_id}", order.account_id, opened_at, opened)
        if random.random() >= UNRESOLVED_SHARE:
            resolved = invented(ComplaintResolved, complaint_id=complaint_id, outcome="replaced")
            yield event(f"resolved-{order_id}", order.account_id, _later(opened_at, 1, 12, random), resolved)


def _holds(seed: int, orders: Sequence[Order], until: datetime) -> Iterator[Event]:
    random = rng(seed, "holds")
    accounts = {order.account_id for order in orders}
    for account_id in chosen(random, accounts, HOLD_SHARE) if accounts else ():
        hold = invented(CreditChanged, hold=True, limit=Decimal(500), currency=CURRENCY)
        time = until - timedelta(days=int(random.integers(1, 40)))
        yield event(f"hold-{account_id}", account_id, time, hold)


def _later(time: datetime, low_days: int, high_days: int, random: np.random.Generator) -> datetime:
    return time + timedelta(days=int(random.integers(low_days, high_days)), hours=int(random.integers(0, 6)))
