"""The fold: one event into one account, and one broadcast event into a partition.

``fold_event`` changes the account that it is given and returns what that causes. Given equal states and events it does
the same, whatever was folded before in the same batch: batches never matter.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from forecasting.marks import KEY, place_of
from schemas.base import Fact
from schemas.envelope import Event
from schemas.errors import BadEvent
from schemas.events import accounts as account_facts
from schemas.events import orders as order_facts
from schemas.events import ours, usage
from schemas.ids import event_key
from streams.core import accounts, answers, orders, outcomes, promises, recovery, settling, stock
from streams.core.context import Context, Folding
from streams.core.room import make_room
from streams.core.standing import tell_standing
from streams.core.worth import note_margin
from streams.state import REMEMBERED_IDS, Account

_SEEN_BYTES = REMEMBERED_IDS * KEY.size
LATE_DAYS = 90
"""An event this much older than the account's newest does not move the forecast."""

Handler = Callable[[Folding, Event, Any], None]

HANDLERS: dict[type[Fact], Handler] = {
    order_facts.OrderPlaced: orders.placed,
    order_facts.OrderRefused: answers.refused,
    order_facts.OrderChanged: orders.changed,
    order_facts.OrderCancelled: orders.cancelled,
    order_facts.OrderReturned: orders.returned,
    order_facts.OrderDelivered: stock.delivered,
    order_facts.OrderShipped: promises.shipped,
    usage.UsageReported: stock.usage_reported,
    usage.StockCorrected: outcomes.stock_corrected,
    account_facts.AccountRegistered: accounts.registered,
    account_facts.AccountChanged: accounts.registered,
    account_facts.AccountClosed: accounts.closed,
    account_facts.AccountMerged: accounts.merged,
    account_facts.ContactChanged: outcomes.nothing,
    account_facts.CreditChanged: accounts.credit_changed,
    account_facts.ConsentGiven: accounts.consent_given,
    account_facts.ConsentWithdrawn: accounts.consent_withdrawn,
    account_facts.ComplaintOpened: accounts.complaint_opened,
    account_facts.ComplaintResolved: accounts.complaint_resolved,
    account_facts.InvoiceIssued: recovery.invoice_settled,
    account_facts.InvoiceDisputed: recovery.invoice_disputed,
    account_facts.InvoiceCorrected: recovery.invoice_settled,
    account_facts.InvoicePaid: recovery.invoice_settled,
    account_facts.PartnerTouchpoint: settling.touched,
    account_facts.LossExplained: outcomes.nothing,
    ours.CallEnded: outcomes.call_ended,
    ours.NeedOverridden: outcomes.need_overridden,
    ours.SuggestionAnswered: outcomes.nothing,
    ours.ReorderApproved: outcomes.nothing,
    ours.ReorderRejected: outcomes.reorder_rejected,
    ours.ReorderSent: outcomes.nothing,
    ours.ReorderConfirmed: outcomes.nothing,
    ours.StateTransferred: accounts.transferred,
}
FOLLOWERS: dict[type[Fact], tuple[Handler, ...]] = {
    order_facts.OrderPlaced: (promises.ordered, answers.placed),
    order_facts.OrderChanged: (promises.changed,),
    order_facts.OrderCancelled: (promises.called_off,),
    order_facts.OrderDelivered: (promises.delivered,),
    account_facts.AccountRegistered: (settling.registered,),
    account_facts.AccountChanged: (settling.registered,),
    account_facts.CreditChanged: (settling.credit_changed,),
    ours.CallEnded: (recovery.talked_about, settling.talked_about),
}
"""What else an event settles or promises, after its handler."""
MOVES_FORECAST: frozenset[type[Fact]] = frozenset(
    {
        order_facts.OrderPlaced,
        order_facts.OrderChanged,
        order_facts.OrderCancelled,
        order_facts.OrderReturned,
        order_facts.OrderDelivered,
        usage.UsageReported,
    }
)


def fold_event(account: Account, event: Event, context: Context, offset: int) -> Folding | None:
    """Fold one event into its account, which is changed. None: a duplicate, nothing was changed.

    Raises BadEvent, before anything is changed, where the event contradicts what the partition knows.
    """
    key = KEY.pack(event_key(event.source, event.id))
    if place_of(account.seen, key) >= 0:
        return None
    folding = Folding(account, context, offset, event.time)
    account.version += 1
    try:
        _apply(folding, event)
    except BadEvent:
        account.version -= 1
        raise
    _remember(folding, event, key)
    tell_standing(folding)
    return folding


def _apply(folding: Folding, event: Event) -> None:
    account = folding.account
    if account.merged_into is not None:
        if accounts.goes_on(folding, event.fact):
            folding.recorded.append(replace(event, subject=account.merged_into))
    elif _is_late(folding, event):
        account.late_events += 1
    else:
        pairs_before = len(account.pairs)
        fact = event.fact
        HANDLERS[type(fact)](folding, event, fact)
        for follow in FOLLOWERS.get(type(fact), ()):
            follow(folding, event, fact)
        make_room(folding, pairs_before, len(getattr(fact, "lines", ())))
        note_margin(folding, event)


def _is_late(folding: Folding, event: Event) -> bool:
    return type(event.fact) in MOVES_FORECAST and folding.event_seconds < folding.account.newest - LATE_DAYS * 86_400


def _remember(folding: Folding, event: Event, key: bytes) -> None:
    account = folding.account
    seen = account.seen + key
    account.seen = seen if len(seen) <= _SEEN_BYTES else seen[-_SEEN_BYTES:]
    if type(event.fact) in MOVES_FORECAST:  # an account registered today may bring the orders of years
        account.newest = max(account.newest, folding.event_seconds)
