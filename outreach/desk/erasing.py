"""Erasing an account at the desk: its people, its promises, its open tasks. What stays is that nobody contacts it."""

from datetime import datetime

from outreach.desk.context import Context
from outreach.desk.reorders import Proposals
from outreach.desk.workspace import LET_GO, Workspace
from outreach.records import AuditEntry, Erasure, ReorderState
from outreach.task import TaskEvent
from schemas.base import EARLIEST

_ALL = 100_000
"""More reorders than an account has at once: one a product."""


def erase_account(context: Context, account_id: str, actor: str) -> int:
    """Delete its contacts and suggestions, cancel every open task at once, also one that is being called; how many.

    Reorders that were not sent are cancelled too. From now on its needs are refused with ``data_erased``, and nothing
    is proposed. Twice is once.
    """
    tx, at = context.tx, context.now or EARLIEST
    if tx.erasures.get(account_id) is not None:
        return 0
    tx.erasures.put([Erasure(account_id, at, actor)])
    tx.contacts.erase(account_id)
    tx.suggestions.replace([account_id], [])
    tx.showings.erase(account_id)
    space = Workspace(context)
    space.load(tx.tasks.open_of([account_id]))
    cancelled = _cancel(space, at, actor)
    _cancel_reorders(context, space, account_id, at, actor)
    note = AuditEntry(0, at, f"account:{account_id}", account_id, actor, "erased", None, None, 1)
    space.note(note)
    space.save()
    return cancelled


def _cancel(space: Workspace, at: datetime, actor: str) -> int:
    for task in sorted(space.tasks.values(), key=lambda task: task.task_id):
        space.move(
            task.task_id,
            TaskEvent.ERASED,
            at=at,
            actor=actor,
            **LET_GO,
            contact_id=None,
            outcome="erased",
            banner="data_erased",
        )
    return len(space.tasks)


def _cancel_reorders(context: Context, space: Workspace, account_id: str, at: datetime, actor: str) -> None:
    proposals = Proposals(context, space)
    pending = {ReorderState.PROPOSED, ReorderState.APPROVED}
    proposals.take(row.reorder_id for row in context.tx.reorders.listed(pending, account_id=account_id, limit=_ALL))
    for row in list(proposals.rows.values()):
        if row.state in pending:
            proposals.move(row.reorder_id, ReorderState.CANCELLED, actor, at, cause="erased")
    proposals.save()
