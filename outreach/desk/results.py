"""What the desk answers: closed sets of values, and what it is told of a call."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from outreach.records import AskedOrder, Attempt, AuditEntry, ContactPoint, Need, ReorderTask, Showing, Suggestion, Task
from schemas.decisions import Reason
from schemas.events.accounts import LossReason
from schemas.events.ours import Disposition
from schemas.needs import AccountStanding

COUNTED_AT_MOST = 10_000
"""What waits is counted so far for an agent; counting a million for everybody who asks would stop the claims."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What an agent may say of a product that is needed."""

    need_id: str
    sku: str
    name: str
    suggested_units: float
    """Of the SKU; 0: not known."""
    unit_price: str | None
    """Decimal as text: the list price."""
    currency: str | None
    available: bool | None
    """None: the product master says nothing of it."""
    promised_on: date | None
    """First working day on which it can arrive, by the lead time; the ERP's answer counts."""


@dataclass(frozen=True, slots=True)
class TaskCard:
    """All that an agent sees of a task."""

    task: Task
    lines: tuple[Need, ...]
    """Open needs; their ``evidence`` says why now."""
    standing: AccountStanding | None
    contact: ContactPoint | None
    """Whom to call: the first valid one that may be called."""
    local_time: datetime | None
    """There, aware, in the called party's zone."""
    suggestions: tuple[Suggestion, ...]
    attempts: tuple[Attempt, ...]
    """Earlier ones of the account, newest last, within 60 days."""
    reasons: tuple[Reason, ...] = ()
    """Why it may not be called now; empty for a task that was just claimed."""
    profile: str = ""
    """The policy cell, e.g. ``small-maintenance``."""
    rules: tuple[str, ...] = ()
    """Ids of the calling rules among those reasons."""
    offers: tuple[Offer, ...] = ()
    """For the lines that are about a product; not in the answer to a claim."""
    orders: tuple[AskedOrder, ...] = ()
    """What the ERP was asked in this task, newest first, with its answers; not in the answer to a claim."""
    answered: tuple[Showing, ...] = ()
    """Suggestions that were answered in this task; not in the answer to a claim."""
    orderable: Mapping[str, str] = field(default_factory=dict)
    """By suggestion, the product of its group that an order would name, where that is another word."""


@dataclass(frozen=True, slots=True)
class NothingToDo:
    """No task may be called now, and why, by reason; ``ready`` tasks wait in all. Counted up to COUNTED_AT_MOST."""

    reasons: Mapping[Reason, int] = field(default_factory=dict)
    ready: int = 0
    next_at: datetime | None = None
    """The earliest time (business) at which one of the examined becomes eligible, where known."""


@dataclass(frozen=True, slots=True)
class Blocked:
    """The call was not allowed after all; the lease was rescinded and nothing was dialled."""

    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a call."""

    disposition: Disposition
    callback_at: datetime | None = None
    """With CALLBACK: when, aware."""
    stock_until: datetime | None = None
    """With HAS_STOCK: until when."""
    override_reason: str | None = None
    """Why the agent did other than proposed."""
    loss_reason: LossReason | None = None
    """Why the account buys no more, where the call found out."""


@dataclass(frozen=True, slots=True)
class AccountRecord:
    """Everything the desk holds of one account."""

    account_id: str
    standing: AccountStanding | None
    contacts: tuple[ContactPoint, ...]
    tasks: tuple[Task, ...]
    needs: tuple[Need, ...]
    reorders: tuple[ReorderTask, ...]
    attempts: tuple[Attempt, ...]
    suggestions: tuple[Suggestion, ...]
    history: tuple[AuditEntry, ...]


@dataclass(frozen=True, slots=True)
class Applied:
    """What a batch of effects did."""

    effects: int = 0
    repeated: int = 0
    """Known already, or older than what is known: nothing changed."""
    opened: int = 0
    merged: int = 0
    closed: int = 0


@dataclass(frozen=True, slots=True)
class Upkept:
    """What a round of upkeep did, by kind."""

    leases_expired: int = 0
    agents_lost: int = 0
    made_ready: int = 0
    expired: int = 0
    flagged: int = 0
    ranked: int = 0
    more: bool = False
    """Something may be left: another round should follow, in a transaction of its own."""
