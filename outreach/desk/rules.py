"""Numbers of the desk that no policy profile sets."""

from dataclasses import dataclass, field

from outreach.calling.book import RuleBook, standard, with_site
from schemas.errors import Misconfigured
from schemas.settings import Settings


@dataclass(frozen=True, slots=True)
class DeskRules:
    """Defaults of task-lifecycle; leases and timers in database time, all else in business time."""

    lease_seconds: int = 120
    heartbeat_seconds: int = 60
    lease_max_seconds: int = 600
    call_silence_seconds: int = 600
    """An agent in a call who is not heard of for this long is lost."""
    wrap_up_seconds: int = 600
    skip_exclusion_minutes: int = 15
    skips_to_supervisor: int = 3
    expiries_to_away: int = 2
    no_answer_hours: float = 4.0
    busy_minutes: float = 30.0
    callback_max_days: int = 30
    callback_grace_minutes: int = 15
    order_overdue_hours: int = 24
    tick_minutes: int = 60
    """Business time may be this old: a call must be legal for as long."""
    stale_input_seconds: int = 3600
    stale_model_days: int = 7
    kill_switch: bool = False
    holdout_salt: str = "ringahead"
    calls_per_agent_hour: int = 12
    """How many calls an agent makes in an hour: so long is the beginning of the queue that is offered."""
    examined: int = 200
    """Candidates that one claim looks at."""
    book: RuleBook = field(default_factory=standard)
    """When and how often somebody may be called, and by whose leave."""
    registers_required: bool = False
    """Whether official do-not-call registers are asked; a copy that is missing then forbids every number."""
    outbox_days: int = 0
    """Messages that left are forgotten after so many days; 0: never."""
    audit_days: int = 0
    """So is the beginning of the history."""
    assignment_hours: float = 8.0
    """So long a task that a supervisor gave to an agent is his alone (business time)."""


def rules_from(settings: Settings) -> DeskRules:
    """The installation's rules."""
    return DeskRules(
        stale_input_seconds=settings.stale_input_seconds,
        stale_model_days=settings.stale_model_days,
        kill_switch=settings.kill_switch,
        holdout_salt=settings.holdout_salt,
        calls_per_agent_hour=settings.calls_per_agent_hour,
        outbox_days=settings.outbox_days,
        audit_days=settings.audit_days,
        book=book_from(settings),
        registers_required=settings.registers_required,
    )


def book_from(settings: Settings) -> RuleBook:
    """The standard rules, and the site's own where a file is named; raises Misconfigured with the first fault."""
    if settings.rules_file is None:
        return standard()
    try:
        raw = settings.rules_file.read_bytes()
    except OSError as error:
        raise Misconfigured(f"RINGAHEAD_RULES_FILE: {settings.rules_file}: {error.strerror}") from error
    return with_site(raw, settings.rules_file.name)
