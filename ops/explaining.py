"""Why a task is there: its needs with the evidence that opened them, the events behind it, every decision since.

Nothing is computed anew but what speaks against a call now: all else is what was kept when it was decided.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any

from outreach import hours, priority
from outreach.calling.book import RuleBook, in_force
from outreach.desk import Desk, TaskCard
from outreach.desk.eligibility import party_of
from outreach.ports import Transaction
from outreach.records import AuditEntry, Need, NeedStatus
from outreach.task import TaskState
from outreach.wording import sentence_on
from schemas.envelope import Event
from schemas.errors import NotFound
from schemas.events.orders import OrderChanged, OrderPlaced, OrderReturned

HISTORY = 1000
Position = int


@dataclass(frozen=True, slots=True)
class Because:
    """One line of the task: a need, and what it was decided on."""

    need_id: str
    group: str
    name: str
    kind: str
    cycle: int
    status: str
    opened_at: datetime | None
    ended_at: datetime | None
    cause: str | None
    order_id: str | None
    quantity_units: float
    sentence: str
    """What an agent can say today."""
    evidence: Mapping[str, Any]
    """As it was when the need was opened: forecast, model version, profiles version, cell."""


@dataclass(frozen=True, slots=True)
class InForce:
    """A rule that holds where the phone rings."""

    rule_id: str
    citation: str
    effective_from: str


@dataclass(frozen=True, slots=True)
class Decision:
    """Something that was decided about the task, the account or one of its other needs."""

    at: datetime
    who: str
    what: str
    before: str | None
    after: str | None
    detail: str


@dataclass(frozen=True, slots=True)
class Behind:
    """An event of the account's log."""

    position: Position | None
    at: datetime
    type: str
    says: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """All of it; ``asdict`` makes plain values of it."""

    task_id: str
    account_id: str
    task_class: str
    state: str
    version: int
    created_at: datetime
    profile: str
    rank: int
    priority: Mapping[str, Any]
    """The rank taken apart: callback due, floor(10 P), value decile, both tiers, day of opening."""
    value: Mapping[str, Any]
    """What the account is worth from now on, with its parts; empty where it was never valued."""
    attempts: int
    outcome: str | None
    as_of: datetime | None
    """The desk's business time."""
    blocked_now: tuple[str, ...]
    """Reasons that speak against a call at this moment; empty: none, or it is over."""
    models: tuple[str, ...]
    profiles: tuple[str, ...]
    rules_version: str
    rules: tuple[InForce, ...]
    lines: tuple[Because, ...]
    events: tuple[Behind, ...]
    """Before the task was opened, and since; the newest last."""
    decisions: tuple[Decision, ...]
    """Oldest first."""

    def plain(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def find_task(tx: Transaction, named: str) -> str:
    """A task id as it is, or the newest task of an account; raises NotFound."""
    if tx.tasks.get(named) is not None:
        return named
    newest = tx.tasks.listed(TaskState, account_id=named, limit=1)
    if not newest:
        raise NotFound("no_such_task", f"there is no task and no account with a task named {named}")
    return newest[0].task_id


def explain(
    tx: Transaction, desk: Desk, task_id: str, log: Iterable[tuple[Position | None, Event]], last: int
) -> Explanation:
    """Everything about one task; ``log``: the account's events in their order, of which the ``last`` are kept."""
    card = desk.card(tx, task_id)
    task, now = card.task, desk.business_time(tx)
    zone = hours.known_zone(card.standing.zone if card.standing else None) or UTC
    lines = sorted(tx.needs.lines([task_id]), key=lambda need: (need.opened_at or need.at, need.need_id))
    told = [need.evidence for need in lines if need.evidence is not None]
    groups = {need.group for need in lines}
    return Explanation(
        task_id=task_id,
        account_id=task.account_id,
        task_class=str(task.task_class),
        state=str(task.state),
        version=task.version,
        created_at=task.created_at,
        profile=card.profile,
        rank=task.rank,
        priority=asdict(priority.parts(task.rank)) if task.rank else {},
        value=_value(card),
        attempts=task.attempts,
        outcome=task.outcome,
        as_of=now,
        blocked_now=tuple(map(str, card.reasons)) if task.is_open else (),
        models=tuple(sorted({one.model_version for one in told})),
        profiles=tuple(sorted({one.profiles_version for one in told})),
        rules_version=desk.rules.book.version,
        rules=tuple(_rules(desk.rules.book, card, tx, desk, now)),
        lines=tuple(_because(need, now, zone) for need in lines),
        events=tuple(_behind(log, groups))[-last:],
        decisions=tuple(_decisions(tx, task_id, task.account_id, task.created_at)),
    )


def _value(card: TaskCard) -> dict[str, Any]:
    value = card.standing.value if card.standing else None
    return {} if value is None else value.model_dump(mode="json", exclude_none=True)


def _because(need: Need, now: datetime | None, zone: tzinfo) -> Because:
    evidence, today = need.evidence, (now or need.at).astimezone(zone).date()
    return Because(
        need_id=need.need_id,
        group=need.group,
        name=need.group_name,
        kind=str(need.kind or ""),
        cycle=need.cycle,
        status=str(need.status),
        opened_at=need.opened_at,
        ended_at=need.ended_at,
        cause=need.cause,
        order_id=need.order_id,
        quantity_units=need.quantity_units,
        sentence="" if evidence is None else sentence_on(evidence, today, zone),
        evidence={} if evidence is None else evidence.model_dump(mode="json", exclude_none=True),
    )


def _rules(book: RuleBook, card: TaskCard, tx: Transaction, desk: Desk, now: datetime | None) -> Iterator[InForce]:
    """Those that hold at the called party's place today."""
    party = party_of(card.standing, card.contact, desk.profiles(tx).cells[card.profile])
    zone = hours.known_zone(party.zone)
    if now is None or zone is None:
        return
    for rule in in_force(book.rules, party, now.astimezone(zone).date()):
        yield InForce(rule.id, rule.citation, rule.effective_from.isoformat())


def _decisions(tx: Transaction, task_id: str, account_id: str, since: datetime) -> Iterator[Decision]:
    """The audit of task and account since it was opened, and what was refused of the account."""
    own = tx.audit.about(subject=f"task:{task_id}", limit=HISTORY)
    others = [one for one in tx.audit.about(account_id=account_id, limit=HISTORY) if one.at >= since]
    entries = {entry.audit_id: entry for entry in (*own, *others)}
    found = [(entry.at, number, _decided(entry, task_id)) for number, entry in entries.items()]
    refused = [need for need in tx.needs.of_account(account_id, HISTORY) if need.status is NeedStatus.REFUSED]
    found += [(need.at, 0, _refused(need)) for need in refused]
    for _, _, decision in sorted(found, key=lambda one: one[:2]):
        yield decision


def _decided(entry: AuditEntry, task_id: str) -> Decision:
    subject = "" if entry.subject == f"task:{task_id}" else f"{entry.subject}: "
    return Decision(entry.at, entry.actor, f"{subject}{entry.event}", entry.before, entry.after, entry.detail)


def _refused(need: Need) -> Decision:
    why = ", ".join(map(str, need.reasons))
    return Decision(need.at, "fold", f"need for {need.group} refused", None, "refused", why)


def _behind(log: Iterable[tuple[Position | None, Event]], groups: set[str]) -> Iterator[Behind]:
    for position, event in log:
        name = event.type.removeprefix("ringahead.").removesuffix(".v1")
        yield Behind(position, event.time, name, says(event, groups))


def says(event: Event, groups: AbstractSet[str]) -> str:
    """An order's lines of the task's own products first; of anything else what it says."""
    fact = event.fact
    if not isinstance(fact, OrderPlaced | OrderChanged | OrderReturned):
        told = fact.model_dump(mode="json", exclude_unset=True)
        return ", ".join(f"{name} {value}" for name, value in told.items() if value not in (None, [], ()))[:160]
    mine = [f"{line.quantity:g} x {line.sku}" for line in fact.lines if line.sku in groups]
    rest = len(fact.lines) - len(mine)
    others = f"{rest} other line{'' if rest == 1 else 's'}" if rest else ""
    return f"{fact.order_id}: " + ", ".join(part for part in (*_few(mine), others) if part)


def _few(words: Sequence[str], most: int = 4) -> Sequence[str]:
    return words if len(words) <= most else (*words[:most], f"and {len(words) - most} more of its products")
