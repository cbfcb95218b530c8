"""What the desk keeps, as frozen values: the stores write them, the pages read them.

``*_at``: business time in UTC, or as the field says. Nothing is personal but `ContactPoint` and our own users' names.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from outreach.task import OPEN, TaskState
from schemas.decisions import NeedKind, Reason, TaskClass
from schemas.events.accounts import Channel
from schemas.events.ours import Disposition
from schemas.ids import stable_hash
from schemas.needs import Evidence


@dataclass(frozen=True, slots=True)
class Task:
    """A call task of an account and class; its needs are its lines."""

    task_id: str
    account_id: str
    task_class: TaskClass
    state: TaskState
    version: int
    """+1 with every change, a compare-and-set."""
    created_at: datetime
    changed_at: datetime
    valid_until: datetime
    """The latest of its lines."""
    skill: str
    rank: int
    """Sortable priority, smaller first; see outreach.priority."""
    p_due: float
    attempts: int = 0
    not_before: datetime | None = None
    callback_at: datetime | None = None
    owner_id: str | None = None
    """Who promised the callback."""
    agent_id: str | None = None
    """Who holds it."""
    token: str | None = None
    held_since: datetime | None = None
    """Database time."""
    timer_until: datetime | None = None
    """Database time: end of the lease, of the patience with a silent agent, of the wrap-up."""
    attempt_id: str | None = None
    contact_id: str | None = None
    skips: int = 0
    supervised: bool = False
    """Only a supervisor decides; agents are not offered it."""
    banner: str | None = None
    """What the agent must see: ``already_ordered``, ``order_booked``, ``account_closed``, ``no_consent`` and so on."""
    flag: str | None = None
    """Why a supervisor should look: ``skipped``, ``data_fix``, ``order_overdue``, ``exhausted``, ``agent_lost``."""
    eligible_from: datetime | None = None
    eligible_until: datetime | None = None
    hint_reason: Reason | None = None
    """Hints that make the claim cheap; the truth is computed at the claim."""
    awaiting_since: datetime | None = None
    """When the order was taken on the phone."""
    closed_at: datetime | None = None
    outcome: str | None = None
    """How it ended: a disposition, or the cause of the withdrawal."""
    owner_until: datetime | None = None
    """Until then it is offered to its owner alone; afterwards to the team."""
    queue: str = ""
    """The queue that takes it; empty: everybody's."""
    queue_kept: bool = False
    """A supervisor chose it: it stays, whatever the criteria, while there is such a queue."""

    @property
    def is_open(self) -> bool:
        """Whether it still counts as the account's one task of its class."""
        return self.state in OPEN


class NeedStatus(StrEnum):
    """A need goes forward through these and never back."""

    REFUSED = "refused"
    OPEN = "open"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Need:
    """A need that the fold spoke of; with a task id it is a line of that task."""

    need_id: str
    account_id: str
    account_version: int
    status: NeedStatus
    group: str
    at: datetime
    """When it was last spoken of."""
    group_name: str = ""
    cycle: int = 0
    kind: NeedKind | None = None
    task_class: TaskClass | None = None
    task_id: str | None = None
    quantity_units: float = 0.0
    p_due: float = 0.0
    """How urgent it is, 0 to 1."""
    attempt_id: str | None = None
    """The call in which its order was taken."""
    valid_until: datetime | None = None
    opened_at: datetime | None = None
    ended_at: datetime | None = None
    cause: str | None = None
    order_id: str | None = None
    reasons: tuple[Reason, ...] = ()
    evidence_json: str = ""

    @property
    def evidence(self) -> Evidence | None:
        """What it was decided on; None for a need that is only known to have ended."""
        return Evidence.model_validate_json(self.evidence_json) if self.evidence_json else None


class ReorderState(StrEnum):
    """Where a reorder proposal stands."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    REJECTED = "rejected"
    SENT = "sent"
    CONFIRMED = "confirmed"
    SUPERSEDED = "superseded"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


REORDER_OPEN = frozenset({ReorderState.PROPOSED, ReorderState.APPROVED, ReorderState.SENT})


@dataclass(frozen=True, slots=True)
class ReorderTask:
    """An order to be proposed to the account's procurement."""

    reorder_id: str
    need_id: str
    account_id: str
    state: ReorderState
    version: int
    account_version: int
    group: str
    group_name: str
    quantity_units: float
    edited: bool
    created_at: datetime
    changed_at: datetime
    valid_until: datetime
    command_id: str | None = None
    order_id: str | None = None
    cause: str | None = None
    evidence_json: str = ""

    @property
    def evidence(self) -> Evidence | None:
        """What it was decided on."""
        return Evidence.model_validate_json(self.evidence_json) if self.evidence_json else None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One dialling, written before it."""

    attempt_id: str
    task_id: str
    account_id: str
    task_class: TaskClass
    agent_id: str
    started_at: datetime
    contact_id: str | None = None
    ended_at: datetime | None = None
    disposition: Disposition | None = None
    override_reason: str | None = None
    channel: Channel = Channel.PHONE
    number_key: str | None = None
    """Hash of the number: limits hold for who is called, also where accounts share a number."""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One change; ids are gapless and in the order of commits, each digest covers the one before."""

    audit_id: int
    at: datetime
    subject: str
    """``task:<id>``, ``reorder:<id>``, ``agent:<id>`` ..."""
    account_id: str | None
    actor: str
    """A user's id, or ``fold``, or ``upkeep``."""
    event: str
    before: str | None
    after: str | None
    version: int
    detail: str = ""
    digest: str = ""


def chained(entry: AuditEntry, audit_id: int, previous_digest: str) -> AuditEntry:
    """The entry at its place: its digest covers its content and the digest before it, so that a change shows."""
    content = (entry.at.isoformat(), entry.subject, entry.account_id, entry.actor, entry.event, entry.before)
    parts = (previous_digest, str(audit_id), *map(str, content), str(entry.after), str(entry.version), entry.detail)
    return replace(entry, audit_id=audit_id, digest=stable_hash(*parts, size_bytes=16).hex())


@dataclass(frozen=True, slots=True)
class OutboxMessage:
    """Something that must leave the desk: to ``log``, ``task-events`` or ``commands``."""

    outbox_id: int
    dedup_key: str
    destination: str
    key: str
    payload: bytes
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ContactPoint:
    """Whom to reach, and how. Personal data: erased with the account."""

    contact_id: str
    account_id: str
    person: str
    number: str | None
    channel: Channel = Channel.PHONE
    zone: str | None = None
    valid: bool = True
    rank: int = 1
    """1 is tried first."""
    origin: str | None = None
    """``generated`` marks demo data."""


class AgentState(StrEnum):
    """What an agent is doing; only who is available is offered tasks."""

    AVAILABLE = "available"
    BREAK = "break"
    AWAY = "away"
    """Also set by the desk, after leases that ran out in a row."""
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Agent:
    """A person at the phone, as the desk sees him."""

    agent_id: str
    state: str = "available"
    """A word of `AgentState`."""
    skills: tuple[str, ...] = ("sales", "key_accounts")
    expiries: int = 0
    """Leases that ran out in a row."""
    queues: tuple[str, ...] = ()
    """Queues that he works in, besides the tasks that no queue takes."""
    shifts: tuple[str, ...] = ()
    """``mon 08:00-16:30`` ...; none: always on shift."""
    zone: str = "UTC"
    """IANA zone of the shifts."""


@dataclass(frozen=True, slots=True)
class Queue:
    """A part of the work for a part of the team. An empty list of criteria takes everything."""

    queue_id: str
    name: str = ""
    classes: tuple[str, ...] = ()
    skills: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    sizes: tuple[str, ...] = ()
    place: int = 1
    """Of several that take a task the one with the smallest place does."""


@dataclass(frozen=True, slots=True)
class RegisterCopy:
    """A copy of an official do-not-call register. The numbers are kept beside it, by generation."""

    register: str
    generation: str
    copied_at: datetime
    """When the register was copied (business time), not when it was loaded."""
    numbers: int


@dataclass(frozen=True, slots=True)
class Erasure:
    """An account whose data are erased: nobody contacts it any more."""

    account_id: str
    at: datetime
    actor: str


@dataclass(frozen=True, slots=True)
class ProductCard:
    """What an agent may say of a product: the product master's newest word."""

    sku: str
    group: str
    as_of: datetime
    name: str = ""
    available: bool = True
    lead_time_days: float | None = None
    unit_price: str | None = None
    """Decimal as text; the list price of one unit."""
    currency: str | None = None
    unit_factor: float = 1.0
    """Units of the group in one unit of this SKU."""


class AnswerState(StrEnum):
    """What the ERP said of an order that it was asked to book."""

    ASKED = "asked"
    ACCEPTED = "accepted"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class AskedOrder:
    """An order that an agent asked the ERP to book, and the ERP's answer."""

    command_id: str
    account_id: str
    task_id: str
    agent_id: str
    currency: str
    lines_json: str
    """`schemas.commands.CommandLine`s."""
    asked_at: datetime
    state: AnswerState = AnswerState.ASKED
    order_id: str | None = None
    promised_at: datetime | None = None
    total: str | None = None
    """Decimal as text, in the order's currency."""
    reason: str | None = None
    answered_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A further product for an account, with its place in each objective's list; 0: not on it. Replaced whole."""

    account_id: str
    rank: int
    sku: str
    """A group of the product master, which is the unit of forecasting."""
    name: str
    sentence: str
    version: str
    efficiency: int = 0
    variety: int = 0
    innovation: int = 0
    is_new: bool = False
    probability: float | None = None
    """That the account buys it within 60 days; None where nothing could be learnt."""
    buyers: int | None = None
    neighbours: int | None = None
    base_rate: float | None = None
    """So many of so many similar accounts buy it, and this share of all; None where the figures may not be shown."""
    as_of: datetime | None = None

    def place(self, objective: str) -> int:
        """From 1 in the objective's list; 0: not on it. A row of before there were objectives stands in each."""
        if not (self.efficiency or self.variety or self.innovation):
            return self.rank
        return int(getattr(self, objective))


@dataclass(frozen=True, slots=True)
class Showing:
    """A suggestion that was on the card when a call began, and what was said to it."""

    showing_id: str
    attempt_id: str
    task_id: str
    account_id: str
    agent_id: str
    sku: str
    name: str
    objective: str
    profile: str
    rank: int
    version: str
    shown_at: datetime
    answer: str | None = None
    """A word of `schemas.events.ours.SuggestionAnswer`; None: not spoken of."""
    why: str | None = None
    answered_at: datetime | None = None
    drawn: bool = False
    """Whether the objective was drawn at random instead of being the profile's."""
