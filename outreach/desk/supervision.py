"""What supervisors do: end or release tasks, set agents, keep contacts; each with an audit entry."""

from collections.abc import Iterable
from dataclasses import replace

from outreach.desk.context import Context
from outreach.desk.numbers import normalised
from outreach.desk.workspace import Workspace
from outreach.records import Agent, AuditEntry, ContactPoint, Task
from outreach.task import TaskEvent
from schemas.base import EARLIEST
from schemas.errors import NotFound, Refused

AGENT_STATES = ("available", "away")


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


def set_agent(context: Context, agent_id: str, state: str, skills: tuple[str, ...] | None) -> None:
    """Create an agent, or set him available or away."""
    if state not in AGENT_STATES:
        raise Refused("bad_state", f"an agent is {' or '.join(AGENT_STATES)}")
    known = context.tx.agents.lock(agent_id)
    agent = replace(known or Agent(agent_id), state=state, expiries=0)
    context.tx.agents.put([agent if skills is None else replace(agent, skills=skills)])
    if known is None or known.state != state:
        before = known.state if known else None
        context.tx.audit.append([_about(context, f"agent:{agent_id}", agent_id, f"set_{state}", before, state)])


def set_kill_switch(context: Context, actor: str, on: bool) -> None:
    """Stop every new call at once, or allow them again."""
    after = "on" if on else "off"
    before = context.tx.facts.get("kill_switch")
    context.tx.facts.put("kill_switch", after)
    context.tx.audit.append([_about(context, "desk:kill_switch", actor, f"kill_switch_{after}", before, after)])


def put_contacts(context: Context, points: Iterable[ContactPoint]) -> int:
    """Keep contacts, their numbers normalised; what blocked their accounts for want of one is looked at again.

    Raises Refused("bad_number").
    """
    rows = [replace(point, number=normalised(point.number) if point.number else None) for point in points]
    context.tx.contacts.put(rows)
    context.tx.tasks.reset_hints({row.account_id for row in rows})
    return len(rows)


def _locked(context: Context, task_id: str) -> tuple[Workspace, Task]:
    task = context.tx.tasks.lock(task_id)
    if task is None:
        raise NotFound("no_such_task", task_id)
    space = Workspace(context)
    space.load([task])
    return space, task


def _about(context: Context, subject: str, actor: str, event: str, before: str | None, after: str | None) -> AuditEntry:
    return AuditEntry(0, context.now or EARLIEST, subject, None, actor, event, before, after, 1)
