"""One predicate a reason: why an account is not contacted now. Computed whenever it matters, never stored.

The fold judges what the log says of an account; the desk adds what only it knows (hours, contacts, caps, lag).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from schemas.decisions import Reason, TaskClass


@dataclass(frozen=True, slots=True)
class Facts:
    """What the predicates look at. A field left at its default never blocks."""

    now: datetime
    task_class: TaskClass = TaskClass.SELLING
    closed: bool = False
    open_complaints: int = 0
    credit_hold: bool = False
    cool_down_until: datetime | None = None
    held_out: bool = False
    ordered_today: bool = False
    """The account ordered of this group on its present local day."""
    available: bool = True
    """The product can be delivered."""
    attempts: int = 0
    attempt_cap: int | None = None
    withdrawn_consent: bool = False
    channels_allowed: bool = True
    desk: Mapping[Reason, bool] = field(default_factory=dict)
    """What the desk found out by itself: True blocks."""


def _selling(facts: Facts) -> bool:
    return facts.task_class is TaskClass.SELLING


RULES: Mapping[Reason, Callable[[Facts], bool]] = {
    Reason.ACCOUNT_CLOSED: lambda f: f.closed,
    Reason.HOLDOUT: lambda f: _selling(f) and f.held_out,
    Reason.OPEN_COMPLAINT: lambda f: _selling(f) and f.open_complaints > 0,
    Reason.CREDIT_HOLD: lambda f: _selling(f) and f.credit_hold,
    Reason.NO_CONSENT: lambda f: f.withdrawn_consent,
    Reason.CHANNEL_NOT_ALLOWED: lambda f: not f.channels_allowed,
    Reason.COOL_DOWN: lambda f: _selling(f) and f.cool_down_until is not None and f.now < f.cool_down_until,
    Reason.ALREADY_ORDERED: lambda f: _selling(f) and f.ordered_today,
    Reason.OUT_OF_STOCK: lambda f: _selling(f) and not f.available,
    Reason.ATTEMPT_CAP: lambda f: f.attempt_cap is not None and f.attempts >= f.attempt_cap,
}
"""In the order in which they are told."""


def blocking_reasons(facts: Facts) -> tuple[Reason, ...]:
    """Every reason that blocks, in the order of the rules; empty means: may be contacted."""
    told = [reason for reason, blocks in RULES.items() if blocks(facts)]
    told += [reason for reason, blocks in facts.desk.items() if blocks and reason not in told]
    return tuple(told)
