"""Erasing an account at the desk: its people, its promises, its open tasks. What stays is that nobody contacts it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from outreach.desk.context import Context
from outreach.desk.reorders import Proposals
from outreach.desk.turns import KEPT
from outreach.desk.workspace import LET_GO, Workspace
from outreach.records import AuditEntry, Erasure, ReorderState
from outreach.task import TaskEvent
from schemas.base import EARLIEST
from schemas.errors import NotFound, Refused

_ALL = 100_000
"""More reorders than an account has at once: one a product."""
_PENDING = frozenset({ReorderState.PROPOSED, ReorderState.APPROVED})


class ErasureReason(StrEnum):
    """Why an account's data are erased. A closed list: free words in the history could be personal data themselves."""

    ASKED = "asked_by_them"
    RETENTION = "retention_over"
    ENDED = "contract_ended"
    MISTAKE = "entered_by_mistake"


@dataclass(frozen=True, slots=True)
class Erasable:
    """What of an account goes when it is erased: counts, and nobody's name."""

    account_id: str
    erased_at: datetime | None
    """It was done already."""
    contacts: int
    suggestions: int
    shown: int
    """Suggestions that were shown in calls, with their answers."""
    attempts: int
    """Calls that still say which contact and number were dialled; the calls themselves stay."""
    open_tasks: int
    pending_reorders: int


def erasable(context: Context, account_id: str) -> Erasable:
    """What would go; raises NotFound for an account that the desk knows nothing of, and Refused("merged") for one that
    continues as another: its people are that one's.
    """
    tx = context.tx
    done, standing = tx.erasures.get(account_id), tx.standings.get(account_id)
    into = None if standing is None else standing.merged_into
    if done is None and into is not None:
        raise Refused("merged", f"it continues as {into}, which has its people now: erase that account")
    found = Erasable(
        account_id,
        done.at if done is not None else None,
        contacts=len(tx.contacts.of_accounts([account_id])),
        suggestions=len(tx.suggestions.of_account(account_id)),
        shown=len(tx.showings.of_account(account_id)),
        attempts=sum(1 for one in tx.attempts.of_accounts([account_id], EARLIEST) if one.number_key or one.contact_id),
        open_tasks=len(tx.tasks.open_of([account_id])),
        pending_reorders=len(tx.reorders.listed(_PENDING, account_id=account_id, limit=_ALL)),
    )
    known = done or standing or tx.needs.of_account(account_id, 1)
    if not known and not any((found.contacts, found.suggestions, found.attempts, found.open_tasks)):
        raise NotFound("no_such_account", account_id)
    return found


def erase_account(context: Context, account_id: str, actor: str, reason: ErasureReason) -> int:
    """Delete its contacts and suggestions, cancel every open task at once, also one that is being called; how many.

    Reorders that were not sent are cancelled too, and its calls forget whom they reached. From now on its needs are
    refused with ``data_erased``, and nothing is proposed. Twice is once. An account that nobody knows yet is erased
    beforehand: what arrives of it later is refused. Accounts that continue as this one go with it.
    """
    names = [account_id, *_aliases(context.tx.standings.merged(), account_id)]
    context.tx.take_turns(f"account:{name}" for name in names)
    context.tx.take_turns(KEPT)
    return sum(_erase(context, name, actor, reason) for name in names)


def _aliases(merged: Mapping[str, str], account_id: str) -> list[str]:
    """Accounts that continue as this one, directly or through others."""
    found = [account_id]
    for name in found:
        found += sorted(loser for loser, into in merged.items() if into == name and loser not in found)
    return found[1:]


def _erase(context: Context, account_id: str, actor: str, reason: ErasureReason) -> int:
    tx, at = context.tx, context.now or EARLIEST
    if tx.erasures.get(account_id) is not None:
        return 0
    tx.erasures.put([Erasure(account_id, at, actor)])
    tx.contacts.erase(account_id)
    tx.suggestions.replace([account_id], [])
    tx.showings.erase(account_id)
    tx.account_log.erase(account_id)
    calls = tx.attempts.of_accounts([account_id], EARLIEST)
    tx.attempts.put([replace(one, contact_id=None, number_key=None) for one in calls])
    space = Workspace(context)
    space.load(tx.tasks.open_of([account_id]))
    cancelled = _cancel(space, at, actor)
    _cancel_reorders(context, space, account_id, at, actor)
    note = AuditEntry(0, at, f"account:{account_id}", account_id, actor, "erased", None, None, 1, reason.value)
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
    proposals.take(row.reorder_id for row in context.tx.reorders.listed(_PENDING, account_id=account_id, limit=_ALL))
    for row in list(proposals.rows.values()):
        if row.state in _PENDING:
            proposals.move(row.reorder_id, ReorderState.CANCELLED, actor, at, cause="erased")
    proposals.save()
