"""What is settled between the wholesaler and its accounts: terms of payment, channel, named people, joint days."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import numpy as np

from ops.importers.invented import Order, event, invented, rng
from schemas.envelope import Event
from schemas.events.accounts import AccountChanged, Channel, CreditChanged, InvoiceCorrected, PartnerTouchpoint

TERMS_SHARE, CHANNEL_SHARE = 0.9, 0.9
"""Accounts whose terms and channel are settled with the first order; the others are asked."""
CHANNELS, CHANNEL_SHARES = ("phone", "mail", "text", "web"), (0.45, 0.3, 0.15, 0.1)
TERMS_DAYS = (7, 14, 30)
LARGE_YEARLY = 12_000.0
MANAGER_SHARE, EDI_SHARE, JOINT_DAY_SHARE = 0.85, 0.7, 0.75
CORRECTED_SHARE = 0.8
"""Of disputed invoices; the others are still disputed at the end."""
MANAGERS = ("key-accounts-1", "key-accounts-2", "key-accounts-3")


def relations(seed: int, orders: Sequence[Order], disputes: Sequence[Event], until: datetime) -> Iterator[Event]:
    """Some of the events lie after ``until``. ``disputes``: the invoices that were disputed."""
    random = rng(seed, "relations")
    by_account: dict[str, list[Order]] = defaultdict(list)
    for order in orders:
        by_account[order.account_id].append(order)
    for account_id in sorted(by_account):
        yield from _new(account_id, by_account[account_id][0].time, random)
        if sum(order.amount for order in by_account[account_id]) >= LARGE_YEARLY:
            yield from _large(account_id, by_account[account_id][0].time, until, random)
    for dispute in disputes:
        days, mended = int(random.integers(2, 15)), random.random() < CORRECTED_SHARE
        if mended:
            fact = invented(InvoiceCorrected, invoice_id=dispute.fact.invoice_id, cause="credited")  # type: ignore[attr-defined]
            yield event(f"corrected-{dispute.id}", dispute.subject, dispute.time + timedelta(days=days), fact)


def _new(account_id: str, since: datetime, random: np.random.Generator) -> Iterator[Event]:
    terms, channel = int(random.choice(TERMS_DAYS)), str(random.choice(CHANNELS, p=CHANNEL_SHARES))
    at = since + timedelta(hours=int(random.integers(1, 5)))
    if random.random() < TERMS_SHARE:
        yield event(f"terms-{account_id}", account_id, at, invented(CreditChanged, hold=False, terms_days=terms))
    if random.random() < CHANNEL_SHARE:
        told = invented(AccountChanged, preferred_channel=Channel(channel))
        yield event(f"channel-{account_id}", account_id, at, told)


def _large(account_id: str, since: datetime, until: datetime, random: np.random.Generator) -> Iterator[Event]:
    at = since + timedelta(days=int(random.integers(5, 40)))
    if random.random() < MANAGER_SHARE:
        told = invented(AccountChanged, account_manager=str(random.choice(MANAGERS)))
        yield event(f"manager-{account_id}", account_id, at, told)
    if random.random() < EDI_SHARE:
        yield event(f"edi-{account_id}", account_id, at, invented(AccountChanged, edi_connected=True))
    if random.random() < JOINT_DAY_SHARE:
        day = until - timedelta(days=int(random.integers(20, 250)))
        told_day = invented(PartnerTouchpoint, partner_id="head-office", kind="innovation_day")
        if day > since:
            yield event(f"joint-day-{account_id}", account_id, day, told_day)
