"""The lines of a task: how needs open one, join one, and leave one."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from outreach.desk import merging
from outreach.desk.ranking import ranked
from outreach.desk.workspace import LET_GO, Workspace
from outreach.records import Need, Task
from outreach.task import HELD, TALKING, TaskEvent, TaskState
from schemas import ids
from schemas.base import LATEST
from schemas.decisions import Reason, TaskClass
from schemas.needs import AccountStanding

_BANNERS = {"covered": "already_ordered", "closed": "account_closed", "merged": "account_merged"}
_EVENTS = {
    "covered": TaskEvent.COVERED,
    "expired": TaskEvent.EXPIRED,
    "closed": TaskEvent.ACCOUNT_CLOSED,
}


def open_task(
    space: Workspace,
    needs: Sequence[Need],
    standing: AccountStanding | None,
    edges: Sequence[float],
    actor: str,
    not_before: datetime | None = None,
) -> Task:
    """A new task of these needs, all of one account and class; named after the first."""
    first = needs[0]
    task_class = first.task_class or TaskClass.SELLING
    at = first.at
    task_id = ids.task_id(first.account_id, task_class, first.need_id)
    task = Task(
        task_id=task_id,
        account_id=first.account_id,
        task_class=task_class,
        state=TaskState.READY,
        version=1,
        created_at=at,
        changed_at=at,
        valid_until=_valid_until(needs),
        skill="",
        rank=0,
        p_due=_p_due(needs),
        not_before=not_before if not_before is not None and not_before > at else None,
    )
    space.insert(ranked(task, standing, space.context, edges), actor)
    for need in needs:
        space.put_need(replace(need, task_id=task_id))
    return space.tasks[task_id]


def merge(
    space: Workspace,
    task: Task,
    need: Need,
    standing: AccountStanding | None,
    edges: Sequence[float],
    actor: str,
) -> None:
    """The account's open task of the class is for this need too."""
    awake = _awake(space, task, need.at)
    space.put_need(replace(need, task_id=task.task_id))
    space.merged += 1
    space.move(
        task.task_id,
        TaskEvent.MERGED,
        at=need.at,
        actor=actor,
        detail=need.group,
        valid_until=max(task.valid_until, _valid_until([need])),
        p_due=max(task.p_due, _p_due([need])),
        eligible_until=None,
        **awake,
    )
    _rerank(space, task.task_id, standing, edges)


def _awake(space: Workspace, task: Task, at: datetime) -> dict[str, Any]:
    """A task that was parked when its account was merged is one to call about again."""
    if not merging.is_parked(space, task):
        return {}
    return {"not_before": task.callback_at or at, "banner": None}


def line_gone(
    space: Workspace, ended: Need, standing: AccountStanding | None, edges: Sequence[float], actor: str
) -> None:
    """A line was withdrawn: the task goes on with the others, or ends."""
    task = space.tasks[ended.task_id or ""]
    cause, at = ended.cause or "", ended.at
    if task.state is TaskState.AWAITING_ORDER and cause == "covered":
        _order_came(space, task, ended, standing, edges, actor)
        return
    rest = space.open_lines(task.task_id)
    if rest:
        space.move(
            task.task_id,
            TaskEvent.LINE_REMOVED,
            at=at,
            actor=actor,
            detail=f"{ended.group}: {cause}",
            valid_until=_kept_validity(task, rest),
            p_due=_p_due(rest),
            eligible_until=None,
        )
        _rerank(space, task.task_id, standing, edges)
        return
    if task.state in TALKING:
        banner = _BANNERS.get(cause, cause)
        space.move(task.task_id, TaskEvent.COVERED_IN_CALL, at=at, actor=actor, detail=cause, banner=banner)
        return
    if cause == "merged":
        merging.park(space, task, at, actor)
        return
    event = _EVENTS.get(cause, TaskEvent.NEED_GONE)
    if task.state is TaskState.AWAITING_ORDER and event is TaskEvent.EXPIRED:
        event = TaskEvent.NEED_GONE
    closed_at = min(at, task.valid_until) if event is TaskEvent.EXPIRED else at
    space.move(
        task.task_id,
        event,
        at=closed_at,
        actor=actor,
        detail=ended.order_id or cause,
        outcome=cause,
        banner=_BANNERS.get(cause),
    )


def expire(space: Workspace, task: Task, actor: str = "upkeep") -> None:
    """Nobody called in time; it ended when its validity did, whenever that is noticed."""
    space.move(task.task_id, TaskEvent.EXPIRED, at=task.valid_until, actor=actor, outcome="expired")


def account_closed(space: Workspace, task: Task, at: datetime, actor: str) -> None:
    """The account was closed: the task ends, or tells the agent who is talking."""
    banner = _BANNERS["closed"]
    if task.state in HELD and task.state in TALKING:
        if task.banner != banner:
            space.move(task.task_id, TaskEvent.FLAGGED, at=at, actor=actor, detail="closed", banner=banner)
        return
    space.move(task.task_id, TaskEvent.ACCOUNT_CLOSED, at=at, actor=actor, outcome="closed", banner=banner)


def consent_withdrawn(space: Workspace, task: Task, at: datetime, actor: str) -> None:
    """Nobody may call them about this class any more: a hold ends before the call, who is talking is told."""
    if task.state is TaskState.LEASED:
        event, more = TaskEvent.START_REFUSED, {**LET_GO, "contact_id": None}
    elif task.state in HELD and task.banner != Reason.NO_CONSENT:
        event, more = TaskEvent.FLAGGED, {}
    else:
        return
    why = str(Reason.NO_CONSENT)
    space.move(task.task_id, event, at=at, actor=actor, detail=why, banner=why, **more)


def _order_came(
    space: Workspace,
    task: Task,
    ended: Need,
    standing: AccountStanding | None,
    edges: Sequence[float],
    actor: str,
) -> None:
    """The order that was taken on the phone is there. Needs that were found after the call open a new task."""
    later = [need for need in space.open_lines(task.task_id) if need.attempt_id is None]
    for need in later:
        space.put_need(replace(need, task_id=None))
    space.move(
        task.task_id,
        TaskEvent.COVERED,
        at=ended.at,
        actor=actor,
        detail=ended.order_id or "",
        outcome="order_taken",
        flag=None,
    )
    if later:
        later.sort(key=lambda need: (need.opened_at or need.at, need.need_id))
        open_task(space, [replace(need, task_id=None, at=ended.at) for need in later], standing, edges, actor)


def _rerank(space: Workspace, task_id: str, standing: AccountStanding | None, edges: Sequence[float]) -> None:
    task = space.tasks[task_id]
    due = task.callback_at is not None and task.state is TaskState.READY
    space.touch(ranked(task, standing, space.context, edges, callback_due=due))


def _valid_until(needs: Sequence[Need]) -> datetime:
    return max(need.valid_until or LATEST for need in needs)


def _kept_validity(task: Task, rest: Sequence[Need]) -> datetime:
    """A promised callback outlives the lines' own validity."""
    ends = [_valid_until(rest)]
    if task.callback_at is not None:
        ends.append(min(task.valid_until, max(task.callback_at, ends[0])))
    return max(ends)


def _p_due(needs: Sequence[Need]) -> float:
    return max(need.p_due for need in needs)
