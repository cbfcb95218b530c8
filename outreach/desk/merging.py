"""An account continues as another one: its open tasks go on there, with their promises; a duplicate ends.

First the fold withdraws the lines, as the survivor's own needs are other ones: a waiting task is parked without lines.
Then the loser's standing names the survivor. What the survivor needs joins the parked task; if nothing does, it ends.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from outreach.desk.workspace import LET_GO, Workspace
from outreach.ports import Transaction
from outreach.records import Task
from outreach.task import TALKING, TaskEvent, TaskState
from schemas.base import EARLIEST
from schemas.decisions import TaskClass

BANNER = "account_merged"
PATIENCE = timedelta(hours=24)
"""So long a parked task waits for the survivor's needs; they are looked at within the hour."""


def park(space: Workspace, task: Task, at: datetime, actor: str) -> None:
    """The last line went to the survivor: nobody is called about nothing."""
    if task.state is TaskState.AWAITING_ORDER:
        space.move(task.task_id, TaskEvent.ACCOUNT_MERGED, at=at, actor=actor, outcome="order_taken")
        return
    space.move(
        task.task_id,
        TaskEvent.ACCOUNT_MERGED,
        at=at,
        actor=actor,
        **LET_GO,
        banner=BANNER,
        not_before=max(task.callback_at or at, at + PATIENCE),
        valid_until=max(task.valid_until, at + PATIENCE),
    )


def is_parked(space: Workspace, task: Task) -> bool:
    """Whether a scheduled task waits for the survivor's needs."""
    return task.state is TaskState.SCHEDULED and task.banner == BANNER and not space.open_lines(task.task_id)


def rekey(space: Workspace, task: Task, survivor: str, at: datetime, actor: str) -> None:
    """The task goes on under the survivor, or ends where that has one of the class."""
    other = space.open_task(survivor, task.task_class)
    if other is None:
        _move_over(space, task, survivor, at, actor)
    elif task.state not in TALKING:
        _end_duplicate(space, task, other, at, actor)
    elif other.state not in TALKING:
        for need in space.open_lines(other.task_id):
            space.put_need(replace(need, task_id=task.task_id))
        _end_duplicate(space, other, task, at, actor)
        _move_over(space, task, survivor, at, actor)
    elif task.banner != BANNER:  # both are being called: each ends with its call
        space.move(task.task_id, TaskEvent.FLAGGED, at=at, actor=actor, detail="merged", banner=BANNER)


def take_people(tx: Transaction, loser: str, survivor: str) -> None:
    """The loser's contacts and calls are the survivor's; a phone goes on ringing where it rang before the merge.

    An account that is merged into an erased one is erased with it. It is our turn (`outreach.desk.turns`).
    """
    calls = tx.attempts.of_accounts([loser], EARLIEST)
    tx.suggestions.replace([loser], [])
    erased = tx.erasures.get(survivor)
    if erased is not None:
        tx.erasures.put([replace(erased, account_id=loser)])
        tx.contacts.erase(loser)
        tx.account_log.erase(loser)
        tx.showings.erase(survivor)
        tx.attempts.put([replace(one, account_id=survivor, contact_id=None, number_key=None) for one in calls])
        return
    known = tx.standings.get(loser)
    zone = None if known is None else known.zone
    points = tx.contacts.of_accounts([loser])
    tx.contacts.put([replace(point, account_id=survivor, zone=point.zone or zone) for point in points])
    tx.attempts.put([replace(one, account_id=survivor) for one in calls])


def rekey_all(space: Workspace, loser: str, survivor: str, at: datetime, actor: str) -> None:
    """Every open task of the loser."""
    space.context.tx.showings.rekey(loser, survivor)
    for task_class in TaskClass:
        task = space.open_task(loser, task_class)
        if task is not None:
            rekey(space, task, survivor, at, actor)


def _move_over(space: Workspace, task: Task, survivor: str, at: datetime, actor: str) -> None:
    loser = task.account_id
    space.move(
        task.task_id,
        TaskEvent.REKEYED,
        at=at,
        actor=actor,
        detail=f"{loser} is now {survivor}",
        account_id=survivor,
        banner=BANNER,
        eligible_from=None,
        eligible_until=None,
        hint_reason=None,
    )


def _end_duplicate(space: Workspace, task: Task, stays: Task, at: datetime, actor: str) -> None:
    """One live callback a task: the earlier promise stays."""
    promise = task.callback_at
    if promise is not None and (stays.callback_at is None or promise < stays.callback_at):
        carried = {"callback_at": promise, "owner_id": task.owner_id, "owner_until": task.owner_until}
        waits = stays.state in {TaskState.SCHEDULED, TaskState.READY}
        event = TaskEvent.RESCHEDULED if waits else TaskEvent.FLAGGED
        valid = max(stays.valid_until, promise + timedelta(days=1))
        more = {"not_before": promise} if waits else {"flag": "callback_moved"}
        space.move(stays.task_id, event, at=at, actor=actor, detail="merged", valid_until=valid, **carried, **more)
    space.move(
        task.task_id, TaskEvent.DUPLICATE, at=at, actor=actor, detail=stays.task_id, outcome="merged", banner=BANNER
    )
