"""What becomes due without anybody's doing: leases, timers, schedules, validity, the order of calling."""

from dataclasses import replace
from datetime import datetime, timedelta

from outreach import hours
from outreach.desk import eligibility, lines, reorders
from outreach.desk.context import Context
from outreach.desk.ranking import find_edges, ranked, spend_edges
from outreach.desk.results import Upkept
from outreach.desk.workspace import LET_GO, Workspace
from outreach.ports import Hint
from outreach.records import Agent, AuditEntry, Task
from outreach.task import WAITING, TaskEvent, TaskState

UPKEEP = "upkeep"
_RANKED = "ranked_at"


def upkeep(context: Context, db_now: datetime) -> Upkept:
    """Do all that is due; see `Desk.upkeep`."""
    expired_leases, lost = _timers(context, db_now)
    if context.now is None:
        return Upkept(leases_expired=expired_leases, agents_lost=lost)
    ready, expired = _schedule(context, context.now)
    flagged = _flag_overdue(context, context.now)
    space = Workspace(context)
    proposals = reorders.Proposals(context, space)
    expired += reorders.expire(proposals, context.now)
    proposals.save()
    space.save()
    _refresh_hints(context, context.now)
    return Upkept(expired_leases, lost, ready, expired, flagged, _rank_hourly(context, context.now))


def _timers(context: Context, db_now: datetime) -> tuple[int, int]:
    """Leases that ran out go back; calls whose agent fell silent go to a supervisor and are never redialled."""
    tasks = context.tx.tasks.timed_out(db_now)
    if not tasks:
        return 0, 0
    space = Workspace(context)
    space.load(tasks)
    leases = [task for task in tasks if task.state is TaskState.LEASED]
    for task in leases:
        _expire_lease(context, space, task)
    for task in tasks:
        if task.state is not TaskState.LEASED:
            at = context.now or task.changed_at
            space.move(
                task.task_id,
                TaskEvent.AGENT_LOST,
                at=at,
                actor=UPKEEP,
                detail=task.agent_id or "",
                **LET_GO,
                flag="agent_lost",
            )
    space.save()
    return len(leases), len(tasks) - len(leases)


def _expire_lease(context: Context, space: Workspace, task: Task) -> None:
    at = context.now or task.changed_at
    space.move(
        task.task_id,
        TaskEvent.LEASE_EXPIRED,
        at=at,
        actor=UPKEEP,
        detail=task.agent_id or "",
        **LET_GO,
        contact_id=None,
    )
    agent = context.tx.agents.lock(task.agent_id or "")
    if agent is None:
        return
    expiries = agent.expiries + 1
    away = expiries >= context.rules.expiries_to_away
    context.tx.agents.put([replace(agent, expiries=0 if away else expiries, state="away" if away else agent.state)])
    if away:
        space.note(_set_away(agent, at))


def _set_away(agent: Agent, at: datetime) -> AuditEntry:
    return AuditEntry(
        audit_id=0,
        at=at,
        subject=f"agent:{agent.agent_id}",
        account_id=None,
        actor=UPKEEP,
        event="set_away",
        before=agent.state,
        after="away",
        version=1,
        detail="leases ran out in a row",
    )


def _schedule(context: Context, now: datetime) -> tuple[int, int]:
    """Scheduled ones become ready; waiting ones past their validity expire."""
    ready = expired = 0
    while tasks := context.tx.tasks.due(now):
        space = Workspace(context)
        space.load(tasks)
        standings = {s.account_id: s for s in context.tx.standings.many({task.account_id for task in tasks})}
        edges = spend_edges(context.tx)
        for task in tasks:
            if task.valid_until <= now:
                lines.expire(space, task, UPKEEP)
                expired += 1
                continue
            due = space.move(task.task_id, TaskEvent.DUE, at=task.not_before or now, actor=UPKEEP, eligible_until=None)
            callback_due = due.callback_at is not None
            space.touch(ranked(due, standings.get(task.account_id), context, edges, callback_due=callback_due))
            ready += 1
        space.save()
    return ready, expired


def _flag_overdue(context: Context, now: datetime) -> int:
    """An order that was promised on the phone and has not come is a supervisor's business."""
    before = now - timedelta(hours=context.rules.order_overdue_hours)
    tasks = context.tx.tasks.overdue_orders(before)
    space = Workspace(context)
    space.load(tasks)
    for task in tasks:
        space.move(task.task_id, TaskEvent.FLAGGED, at=now, actor=UPKEEP, detail="order_overdue", flag="order_overdue")
    space.save()
    return len(tasks)


def _refresh_hints(context: Context, now: datetime) -> None:
    """Ready tasks whose calling window has closed get the next one."""
    while tasks := context.tx.tasks.outdated_hints(now):
        known = eligibility.learn(context, tasks)
        context.tx.tasks.set_hints([_window_hint(context, task, known, now) for task in tasks])


def _window_hint(context: Context, task: Task, known: eligibility.Knowledge, now: datetime) -> Hint:
    standing = known.standings.get(task.account_id)
    contact = eligibility.callable_contact(known, task.account_id)
    party = eligibility.party_of(standing, contact, context.cell(standing))
    window = hours.next_window(party, now)
    if window is None:
        return Hint(task.task_id, None, None, None)
    return Hint(task.task_id, window[0] if window[0] > now else None, window[1], None)


def _rank_hourly(context: Context, now: datetime) -> int:
    """Once an hour of business time, or when profiles change: value deciles, then every waiting task's rank."""
    tx = context.tx
    mark = f"{now:%Y-%m-%dT%H} {context.profiles.version}"
    if tx.facts.get(_RANKED) == mark:
        return 0
    edges = find_edges(tx)
    after, changed = "", 0
    while tasks := tx.tasks.page(WAITING, after=after):
        after = tasks[-1].task_id
        standings = {s.account_id: s for s in tx.standings.many({task.account_id for task in tasks})}
        space = Workspace(context)
        space.load(tasks)
        for task in tasks:
            due = task.callback_at is not None and task.state is TaskState.READY
            fresh = ranked(task, standings.get(task.account_id), context, edges, callback_due=due)
            if fresh != task:
                space.touch(fresh)
                changed += 1
        space.save()
    tx.facts.put(_RANKED, mark)
    return changed
