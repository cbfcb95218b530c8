"""Phone numbers: those that nobody calls any more, and those that are wrong."""

from dataclasses import replace
from datetime import datetime

from outreach.desk.context import Context
from outreach.desk.workspace import Workspace
from outreach.records import AuditEntry
from outreach.task import TALKING, TaskEvent, TaskState
from schemas.base import EARLIEST
from schemas.errors import Refused
from schemas.events.accounts import Channel
from schemas.ids import stable_hash


def normalised(number: str) -> str:
    """Digits with a leading plus where there was one: how numbers are stored and compared.

    Raises Refused("bad_number") when there are fewer than 5 or more than 15 digits (E.164).
    """
    digits = "".join(sign for sign in number if sign.isdecimal() and sign.isascii())
    if not 5 <= len(digits) <= 15:
        raise Refused("bad_number", "a phone number has 5 to 15 digits")
    return ("+" if number.strip().startswith("+") else "") + digits


def block_number(context: Context, number: str, actor: str) -> int:
    """Nobody calls it any more; see `Desk.block_number`."""
    space = Workspace(context)
    at = context.now or EARLIEST
    count = _block(context, space, normalised(number), actor, at)
    space.save()
    return count


def block_contact(context: Context, space: Workspace, contact_id: str | None, actor: str, at: datetime) -> int:
    """The number that was just called asked not to be called again."""
    contact = context.tx.contacts.get(contact_id) if contact_id is not None else None
    if contact is None or contact.number is None:
        return 0
    return _block(context, space, contact.number, actor, at)


def invalidate(context: Context, contact_id: str | None, account_id: str) -> str | None:
    """A wrong number: no contact of the account with it is tried again. The flag: ``data_fix`` when none is left."""
    contact = context.tx.contacts.get(contact_id) if contact_id is not None else None
    points = context.tx.contacts.of_accounts([account_id])
    if contact is not None:
        wrong = [one for one in points if one.number == contact.number or one.contact_id == contact_id]
        context.tx.contacts.put(replace(one, valid=False) for one in wrong)
        points = [one for one in points if one not in wrong]
    return None if any(one.valid and one.number and one.channel is Channel.PHONE for one in points) else "data_fix"


def _block(context: Context, space: Workspace, number: str, actor: str, at: datetime) -> int:
    """List the number, cancel every open task of accounts that have it; who is talking is told. How many cancelled."""
    tx = context.tx
    tx.do_not_call.add(number, at, actor)
    space.load(task for task in tx.tasks.open_of(tx.contacts.accounts_with(number)))
    cancelled = 0
    for task in sorted(space.tasks.values(), key=lambda task: task.task_id):
        if task.state in TALKING:
            space.move(task.task_id, TaskEvent.FLAGGED, at=at, actor=actor, detail="do_not_call", banner="do_not_call")
        elif task.is_open and task.state is not TaskState.AWAITING_ORDER:
            space.move(task.task_id, TaskEvent.DO_NOT_CALL, at=at, actor=actor, outcome="do_not_call")
            cancelled += 1
    space.note(
        AuditEntry(
            audit_id=0,
            at=at,
            subject=f"number:{stable_hash('number', number).hex()}",
            account_id=None,
            actor=actor,
            event="do_not_call",
            before=None,
            after=None,
            version=1,
            detail=f"{cancelled} tasks cancelled",
        )
    )
    return cancelled
