"""What becomes due without anybody's doing: leases, timers, schedules, validity, the order of calling.

A round is one short transaction that does a bounded part of each; `Upkept.more` asks for the next one. A million tasks
may become due in one instant, and what a transaction has locked or written, claims wait for.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from outreach.desk import hints, lines, pacing, reorders, retention
from outreach.desk.context import Context
from outreach.desk.ranking import find_edges, ranked, value_edges
from outreach.desk.results import Upkept
from outreach.desk.workspace import LET_GO, Workspace
from outreach.records import Agent, AuditEntry, Task
from outreach.task import WAITING, TaskEvent, TaskState

UPKEEP = "upkeep"
DUE, WOKEN, CLOSED, RANKED = 100, 500, 250, 250
"""At most so many tasks a round: become due or expire; are offered as their calling window has opened; get their next
window; are ranked anew."""
IDLE_SECONDS = 5.0
_REST = 2.0
"""Upkeep that goes on rests so many times as long as a round took: people claim in between."""
_RANKED = "ranked_at"
_FINISHED = "finished"
_CUT = "books_cut"


def seconds_to_next(done: Upkept, took_seconds: float) -> float:
    """How long to wait after a round that took so long."""
    return took_seconds * _REST if done.more else IDLE_SECONDS


def upkeep(context: Context, db_now: datetime) -> Upkept:
    """One round; see `Desk.upkeep`.

    What waits for locks comes first, in the order in which effects lock: tasks by id, then reorders. Everything else
    passes over what others have locked: two that hold what the other waits for never meet.
    """
    now, expired, (ranked_anew, unranked) = context.now, 0, (0, False)
    if now is not None:
        ranked_anew, unranked = _rank_hourly(context, now)
        expired = _reorders(context, now)
    expired_leases, lost = _timers(context, db_now)
    uncut = _cut_books(context, db_now)
    if now is None:
        return Upkept(leases_expired=expired_leases, agents_lost=lost, more=uncut)
    ready, over = _schedule(context, now)
    expired += over
    flagged = _flag_overdue(context, now)
    refreshed = hints.refresh(context, now, woken=WOKEN, closed=CLOSED)
    pacing.renew(context, now)
    due = max(ready + expired, expired_leases + lost, flagged) >= DUE
    more = uncut or unranked or due or refreshed >= min(WOKEN, CLOSED)
    return Upkept(expired_leases, lost, ready, expired, flagged, ranked_anew, more)


def _reorders(context: Context, now: datetime) -> int:
    """Those past their validity are closed, those that waited and may go now are sent; how many were closed."""
    space = Workspace(context)
    proposals = reorders.Proposals(context, space)
    expired = reorders.expire(proposals, now)
    reorders.send_waiting(proposals, now)
    proposals.save()
    space.save()
    return expired


def _cut_books(context: Context, db_now: datetime) -> bool:
    """Once an hour of database time, a piece a round; whether more is left."""
    tx, rules, hour = context.tx, context.rules, f"{db_now:%Y-%m-%dT%H}"
    if not (rules.outbox_days or rules.audit_days) or tx.facts.get(_CUT) == hour:
        return False
    more = retention.cut(tx, db_now, outbox_days=rules.outbox_days, audit_days=rules.audit_days).more
    if not more:
        tx.facts.put(_CUT, hour)
    return more


def _timers(context: Context, db_now: datetime) -> tuple[int, int]:
    """Leases that ran out go back; calls whose agent fell silent go to a supervisor and are never redialled."""
    tasks = context.tx.tasks.timed_out(db_now, DUE)
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
    tasks = context.tx.tasks.due(now, DUE)
    if not tasks:
        return 0, 0
    ready = expired = 0
    space = Workspace(context)
    space.load(tasks)
    standings = {s.account_id: s for s in context.tx.standings.many({task.account_id for task in tasks})}
    edges = value_edges(context.tx)
    for task in tasks:
        if task.valid_until <= now:
            lines.expire(space, task, UPKEEP)
            expired += 1
        elif not space.open_lines(task.task_id):
            space.move(task.task_id, TaskEvent.NEED_GONE, at=now, actor=UPKEEP, outcome="merged")
            expired += 1
        else:
            due = space.move(task.task_id, TaskEvent.DUE, at=task.not_before or now, actor=UPKEEP, eligible_until=None)
            space.touch(
                ranked(due, standings.get(task.account_id), context, edges, callback_due=due.callback_at is not None)
            )
            ready += 1
    space.save()
    return ready, expired


def _flag_overdue(context: Context, now: datetime) -> int:
    """An order that was promised on the phone and has not come is a supervisor's business."""
    before = now - timedelta(hours=context.rules.order_overdue_hours)
    tasks = context.tx.tasks.overdue_orders(before, DUE)
    space = Workspace(context)
    space.load(tasks)
    for task in tasks:
        space.move(task.task_id, TaskEvent.FLAGGED, at=now, actor=UPKEEP, detail="order_overdue", flag="order_overdue")
    space.save()
    return len(tasks)


def _rank_hourly(context: Context, now: datetime) -> tuple[int, bool]:
    """Once an hour of business time, or when profiles change: value deciles, then every waiting task's rank.

    A slice a round; the place where it stopped is kept. How many changed, and whether some are left.
    """
    tx = context.tx
    mark = f"{now:%Y-%m-%dT%H} {context.profiles.version}"
    stored = (tx.facts.get(_RANKED) or "").rpartition("|")
    after = stored[2] if stored[0] == mark else ""
    if after == _FINISHED:
        return 0, False
    edges = value_edges(tx) if after else find_edges(tx)
    tasks = tx.tasks.page(WAITING, after=after, limit=RANKED)
    changed = _rank(context, tasks, edges, now)
    left = len(tasks) == RANKED
    tx.facts.put(_RANKED, f"{mark}|{tasks[-1].task_id if left else _FINISHED}")
    return changed, left


def _rank(context: Context, tasks: Sequence[Task], edges: Sequence[float], now: datetime) -> int:
    standings = {s.account_id: s for s in context.tx.standings.many({task.account_id for task in tasks})}
    space = Workspace(context)
    changed = 0
    for task in tasks:
        due = task.callback_at is not None and task.state is TaskState.READY
        fresh = ranked(task, standings.get(task.account_id), context, edges, callback_due=due)
        if fresh != task:
            space.rerank(task, fresh)
            changed += 1
    space.save()
    unhinted = [task for task in tasks if task.state is TaskState.READY and task.hint_reason is None]
    hints.place(context, unhinted, now)
    return changed
