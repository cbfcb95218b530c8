"""Hints on ready tasks: between which times they are worth looking at. Cheap to keep, and never the truth."""

from collections.abc import Sequence
from datetime import datetime

from outreach import hours
from outreach.desk import eligibility
from outreach.desk.context import Context
from outreach.ports import Hint
from outreach.records import Task
from outreach.task import TaskState
from schemas.decisions import Reason


def refresh(context: Context, now: datetime, *, woken: int, closed: int) -> int:
    """Ready tasks whose calling window has opened are offered, those whose window has closed get the next; how many.

    At most ``woken`` and ``closed`` of them: rows stay locked until the transaction ends.
    """
    awake = context.tx.tasks.wake(now, woken)
    tasks = context.tx.tasks.outdated_hints(now, closed)
    place(context, tasks, now)
    return awake + len(tasks)


def judge_new(context: Context, tasks: Sequence[Task]) -> None:
    """Tasks that were just opened: what blocks one now is remembered with its reason, so that pages tell it at once."""
    fresh = [task for task in tasks if task.state is TaskState.READY]
    if not fresh or context.now is None:
        return
    known = eligibility.learn(context, fresh)
    blocked = []
    for task in fresh:
        verdict = eligibility.judge(context, task, known)
        if verdict.retry_at is not None:
            blocked.append(Hint(task.task_id, verdict.retry_at, None, verdict.reasons[0]))
    if blocked:
        context.tx.tasks.set_hints(blocked)


def place(context: Context, tasks: Sequence[Task], now: datetime) -> None:
    """The present or next calling window of each of these ready tasks."""
    if not tasks:
        return
    known = eligibility.learn(context, tasks)
    context.tx.tasks.set_hints([_window(context, task, known, now) for task in tasks])


def _window(context: Context, task: Task, known: eligibility.Knowledge, now: datetime) -> Hint:
    standing = known.standings.get(task.account_id)
    contact = eligibility.callable_contact(known, task.account_id)
    party = eligibility.party_of(standing, contact, context.cell(standing))
    window = hours.next_window(party, now, context.rules.book)
    if window is None:
        return Hint(task.task_id, None, None, None)
    if window[0] > now:
        return Hint(task.task_id, window[0], window[1], Reason.OUTSIDE_CALLING_HOURS)
    return Hint(task.task_id, None, window[1], None)
