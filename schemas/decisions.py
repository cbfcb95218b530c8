"""What the core can decide about a pair or an account, and the closed list of reasons for a "no"."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Reason(StrEnum):
    """Why nobody is contacted now. Closed: a new word needs a rule, a text and a test."""

    ZONE_UNKNOWN = "zone_unknown"
    OUTSIDE_CALLING_HOURS = "outside_calling_hours"
    HOLIDAY = "holiday"
    DO_NOT_CALL = "do_not_call"
    NO_CONSENT = "no_consent"
    CHANNEL_NOT_ALLOWED = "channel_not_allowed"
    ATTEMPT_CAP = "attempt_cap"
    FREQUENCY_CAP = "frequency_cap"
    COOL_DOWN = "cool_down"
    OPEN_COMPLAINT = "open_complaint"
    CREDIT_HOLD = "credit_hold"
    ALREADY_ORDERED = "already_ordered"
    FORECAST_STALE = "forecast_stale"
    DATA_ERASED = "data_erased"
    HOLDOUT = "holdout"
    KILL_SWITCH = "kill_switch"
    NOT_DUE = "not_due"
    NO_VALID_CONTACT = "no_valid_contact"
    ACCOUNT_CLOSED = "account_closed"
    OUT_OF_STOCK = "out_of_stock"
    CAPACITY = "capacity"


class TaskClass(StrEnum):
    """An account has at most one open call task of each."""

    SELLING = "selling"
    SERVICE = "service"


class NeedKind(StrEnum):
    """What a need is about; a profile names the kinds that it opens."""

    RUN_OUT = "run_out"
    """A known level or usage says when stock ends."""
    EXPECTED_REORDER = "expected_reorder"
    """Orders alone say when the next one is usual."""
    WIN_BACK = "win_back"
    RECOVERY = "recovery"
    """An open complaint to be mended: service."""
    LATE_DELIVERY = "late_delivery"
    """A promised day passed without the goods: service."""
    DISPUTED_INVOICE = "disputed_invoice"
    """The account says that an invoice is wrong: service."""
    CREDIT_TERMS = "credit_terms"
    """A new account without terms of payment: service."""
    FIRST_ORDER_FOLLOW_UP = "first_order_follow_up"
    """Some days after the first order: did all go well; service."""
    CHANNEL_PREFERENCE = "channel_preference"
    """Nobody knows how a new account likes to be reached: service."""
    ACCOUNT_MANAGER = "account_manager"
    """A large account has no named person: service."""
    EDI_CONNECTION = "edi_connection"
    """The procurement of a large account is not connected: service."""
    INNOVATION_DAY = "innovation_day"
    """A joint day with a large account, by interval: selling."""
    NEW_PARTNERSHIP = "new_partnership"
    """A large account fell silent: a joint day with its account manager; selling."""


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody should call about this need."""

    kind: NeedKind
    task_class: TaskClass


@dataclass(frozen=True, slots=True)
class Reorder:
    """Propose an order to the account's procurement instead of calling."""

    quantity_units: float


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing to do before ``until``; None: until something happens."""

    until: datetime | None
    reason: Reason = Reason.NOT_DUE


@dataclass(frozen=True, slots=True)
class Suppress:
    """The need exists and is not acted on, for these reasons."""

    reasons: tuple[Reason, ...]


Decision = Contact | Reorder | Wait | Suppress
