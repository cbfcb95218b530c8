"""What supervisors do: end or release tasks, keep contacts and registers; each with an audit entry."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from outreach.desk.context import Context
from outreach.desk.numbers import normalised
from outreach.desk.turns import CONTACTS
from outreach.desk.workspace import Workspace
from outreach.hours import known_zone
from outreach.records import AuditEntry, ContactPoint, RegisterCopy, Task
from outreach.task import OPEN, TaskEvent, TaskState
from schemas.base import EARLIEST
from schemas.errors import NotFound, Refused


def cancel(context: Context, task_id: str, supervisor_id: str, reason: str) -> Task:
    """End a task that nobody is calling."""
    space, task = _locked(context, task_id)
    at = context.now or task.changed_at
    after = space.move(
        task_id, TaskEvent.CANCELLED, at=at, actor=supervisor_id, detail=reason[:200], outcome="cancelled", flag=None
    )
    space.save()
    return after


def release(context: Context, task_id: str, supervisor_id: str) -> Task:
    """Offer a flagged task to the team again."""
    space, task = _locked(context, task_id)
    at = context.now or task.changed_at
    after = space.move(task_id, TaskEvent.RELEASED, at=at, actor=supervisor_id, supervised=False, skips=0, flag=None)
    space.save()
    return after


def set_kill_switch(context: Context, actor: str, on: bool) -> None:
    """Stop every new call at once, or allow them again."""
    after = "on" if on else "off"
    before = context.tx.facts.get("kill_switch")
    context.tx.facts.put("kill_switch", after)
    context.tx.audit.append([_about(context, "desk:kill_switch", actor, f"kill_switch_{after}", before, after)])


def put_contacts(context: Context, points: Iterable[ContactPoint]) -> int:
    """Keep contacts, their numbers normalised; what blocked their accounts for want of one is looked at again.

    Raises Refused: bad_number, zone_unknown, data_erased; then none is kept.
    """
    rows = [replace(point, number=normalised(point.number) if point.number else None) for point in points]
    strange = next((row.zone for row in rows if row.zone is not None and known_zone(row.zone) is None), None)
    if strange is not None:
        raise Refused("zone_unknown", f"{strange[:64]!r} is no IANA zone of a place")
    context.tx.take_turns([CONTACTS])
    if any(True for _ in context.tx.erasures.many({row.account_id for row in rows})):
        raise Refused("data_erased", "an account of these contacts is erased")
    context.tx.contacts.put(rows)
    context.tx.tasks.reset_hints({row.account_id for row in rows})
    return len(rows)


def supervisor_queue(context: Context, limit: int) -> list[Task]:
    """Calls nobody finished first, then flagged tasks, each by age."""
    tx = context.tx
    lost = tx.tasks.listed({TaskState.NEEDS_DISPOSITION}, limit=limit)
    flagged = tx.tasks.listed((OPEN - {TaskState.NEEDS_DISPOSITION}) | {TaskState.EXHAUSTED}, flagged=True, limit=limit)
    oldest = [sorted(some, key=lambda task: (task.changed_at, task.task_id)) for some in (lost, flagged)]
    return [*oldest[0], *oldest[1]][:limit]


def put_register(context: Context, register: str, generation: str, copied_at: datetime, count: int, actor: str) -> None:
    """A copy that was filled is in force; see `Desk.put_register`."""
    now = context.now
    if copied_at.tzinfo is None:
        raise Refused("no_time_zone", "say when it was copied, with a time zone")
    if now is not None and copied_at > now + timedelta(days=1):
        raise Refused("copied_in_future", "a register is copied before it is loaded")
    if register not in {rule.register_name for rule in context.rules.book.registers}:
        raise NotFound("no_such_register", "no calling rule asks for it: see `ringahead rules`")
    context.tx.registers.put_in_force(RegisterCopy(register, generation, copied_at, count))
    told = _about(context, f"register:{register}", actor, "register_loaded", None, copied_at.isoformat())
    context.tx.audit.append([told])


def _locked(context: Context, task_id: str) -> tuple[Workspace, Task]:
    task = context.tx.tasks.lock(task_id)
    if task is None:
        raise NotFound("no_such_task", task_id)
    space = Workspace(context)
    space.load([task])
    return space, task


def _about(context: Context, subject: str, actor: str, event: str, before: str | None, after: str | None) -> AuditEntry:
    return AuditEntry(0, context.now or EARLIEST, subject, None, actor, event, before, after, 1)
