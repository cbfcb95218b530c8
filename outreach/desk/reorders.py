"""Reorder proposals: proposed -> approved / edited / rejected -> sent -> confirmed, superseded by an order."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from outreach.desk.context import Context
from outreach.desk.messages import command, to_log
from outreach.desk.offers import cards_of_groups, units_of
from outreach.desk.sendable import blocking, require_orderable
from outreach.desk.workspace import Workspace
from outreach.records import AuditEntry, NeedStatus, ReorderState, ReorderTask
from schemas import ids
from schemas.base import Fact
from schemas.commands import CommandLine, SendReorder
from schemas.errors import NotFound, Refused
from schemas.events.ours import ReorderApproved, ReorderConfirmed, ReorderRejected, ReorderSent
from schemas.needs import ProposeReorder, WithdrawReorder

S = ReorderState
FOLD = "fold"
WAITS = "waits_"
"""Begins the cause of an approved reorder that would go by itself and may not yet; the reason follows."""
_NEXT: dict[ReorderState, frozenset[ReorderState]] = {
    S.PROPOSED: frozenset({S.APPROVED, S.REJECTED, S.SUPERSEDED, S.CANCELLED, S.EXPIRED}),
    S.APPROVED: frozenset({S.APPROVED, S.REJECTED, S.SENT, S.SUPERSEDED, S.CANCELLED, S.EXPIRED}),
    S.SENT: frozenset({S.CONFIRMED}),
}
"""What may follow what; the other states are final."""


def reorder_id(need_id: str) -> str:
    """A need has at most one reorder."""
    return ids.reorder_id(need_id)


class Proposals:
    """Reorders as they will be; history and messages go through the workspace."""

    def __init__(self, context: Context, space: Workspace) -> None:
        self.context = context
        self.space = space
        self.rows: dict[str, ReorderTask] = {}
        self._versions: dict[str, int] = {}
        self._dirty: dict[str, None] = {}

    def load(self, need_ids: Iterable[str]) -> None:
        """Lock and read those of these needs."""
        self.take({reorder_id(need_id) for need_id in need_ids})

    def take(self, reorder_ids: Iterable[str]) -> None:
        """Lock and read these."""
        wanted = sorted(set(reorder_ids))
        for row in self.context.tx.reorders.lock_many(wanted) if wanted else ():
            self.rows[row.reorder_id] = row
            self._versions[row.reorder_id] = row.version

    def propose(self, effect: ProposeReorder) -> bool:
        """A new proposal; with automation "send" it goes out at once. False: the need had one already."""
        key = reorder_id(effect.need_id)
        need = self.space.needs.get(effect.need_id)
        if key in self.rows or (need is not None and need.status is not NeedStatus.REFUSED):
            return False
        if need is not None:
            self.space.put_need(replace(need, status=NeedStatus.ENDED, ended_at=effect.at, cause="reorder"))
        row = ReorderTask(
            reorder_id=key,
            need_id=effect.need_id,
            account_id=effect.account_id,
            state=S.PROPOSED,
            version=1,
            account_version=effect.account_version,
            group=effect.group,
            group_name=effect.group_name,
            quantity_units=effect.quantity_units,
            edited=False,
            created_at=effect.at,
            changed_at=effect.at,
            valid_until=effect.valid_until,
            evidence_json=effect.evidence.model_dump_json(exclude_none=True),
        )
        self._write(row, None, "fold", "")
        if effect.automation == "send":
            approve(self, key, FOLD, effect.at, None)
            send_by_itself(self, key, FOLD, effect.at)
        return True

    def withdraw(self, effect: WithdrawReorder) -> bool:
        """The proposal is over; one that was sent is confirmed by the order that covers it."""
        key = reorder_id(effect.need_id)
        row = self.rows.get(key)
        if row is None:
            self._write(_unknown(key, effect), None, "fold", effect.cause)
            return True
        if row.state is S.SENT and effect.cause == "covered":
            confirm(self, key, "fold", effect.at, effect.order_id)
            return True
        if row.state not in (S.PROPOSED, S.APPROVED):
            return False
        state = {"covered": S.SUPERSEDED, "expired": S.EXPIRED}.get(effect.cause, S.CANCELLED)
        at = min(effect.at, row.valid_until) if state is S.EXPIRED else effect.at
        self.move(key, state, "fold", at, cause=effect.cause, order_id=effect.order_id)
        return True

    def move(self, key: str, state: ReorderState, actor: str, at: datetime, **changes: Any) -> ReorderTask:
        """One transition; raises NotFound, and Refused("illegal_transition")."""
        row = self.rows.get(key)
        if row is None:
            raise NotFound("no_such_reorder", key)
        if state not in _NEXT.get(row.state, frozenset()):
            raise Refused("illegal_transition", f"a reorder that is {row.state} cannot become {state}")
        after = replace(row, state=state, version=row.version + 1, changed_at=at, **changes)
        self._write(after, row.state, actor, after.cause or "")
        return after

    def touch(self, row: ReorderTask) -> None:
        """Why it waits: no transition, no history."""
        self.rows[row.reorder_id] = row
        self._dirty[row.reorder_id] = None

    def save(self) -> None:
        """Write what changed."""
        rows = [self.rows[key] for key in self._dirty]
        old = [(row, self._versions[row.reorder_id]) for row in rows if row.reorder_id in self._versions]
        new = [row for row in rows if row.reorder_id not in self._versions]
        if old:
            self.context.tx.reorders.replace(old)
        if new:
            self.context.tx.reorders.put(new)

    def _write(self, row: ReorderTask, before: ReorderState | None, actor: str, detail: str) -> None:
        self.rows[row.reorder_id] = row
        self._dirty[row.reorder_id] = None
        self.space.note(
            AuditEntry(
                audit_id=0,
                at=row.changed_at,
                subject=f"reorder:{row.reorder_id}",
                account_id=row.account_id,
                actor=actor,
                event=str(row.state),
                before=before,
                after=row.state,
                version=row.version,
                detail=detail,
            )
        )


def approve(proposals: Proposals, key: str, actor: str, at: datetime, quantity_units: float | None) -> ReorderTask:
    """It may be sent, perhaps with another quantity."""
    row = proposals.rows.get(key)
    if quantity_units is not None and row is not None and quantity_units != row.quantity_units:
        require_orderable(row, quantity_units)
    edited = row is not None and quantity_units is not None and quantity_units != row.quantity_units
    changes: dict[str, Any] = {"quantity_units": quantity_units, "edited": True} if edited else {}
    after = proposals.move(key, S.APPROVED, actor, at, **changes)
    _log(proposals, after, f"approved/{after.version}", ReorderApproved(reorder_id=key, edited=after.edited), at)
    return after


def reject(proposals: Proposals, key: str, actor: str, at: datetime, cause: str) -> ReorderTask:
    """Turned down."""
    after = proposals.move(key, S.REJECTED, actor, at, cause=cause)
    fact = ReorderRejected(reorder_id=key, group=after.group, need_id=after.need_id, cause=cause[:64] or None)
    _log(proposals, after, "rejected", fact, at)
    return after


def send(proposals: Proposals, key: str, actor: str, at: datetime) -> ReorderTask:
    """Hand it to the ERP; raises Refused with the first reason that speaks against it now."""
    row = proposals.rows.get(key)
    why = blocking(proposals.context, row, by_itself=False) if row is not None else ()
    if why:
        raise Refused(why[0], ", ".join(why))
    return _sent(proposals, key, actor, at)


def send_by_itself(proposals: Proposals, key: str, actor: str, at: datetime) -> bool:
    """The same without anybody's doing: what may not be sent now waits, approved, for `send_waiting`."""
    row = proposals.rows[key]
    why = blocking(proposals.context, row, by_itself=True)
    if not why:
        _sent(proposals, key, actor, at)
    elif row.cause != (cause := f"{WAITS}{why[0]}"):
        proposals.touch(replace(row, cause=cause))
    return not why


def send_waiting(proposals: Proposals, now: datetime) -> int:
    """Send what waited and may go now; how many."""
    approved = proposals.context.tx.reorders.listed({S.APPROVED}, limit=500)
    waiting = [row.reorder_id for row in approved if _waits(row, now) and row.reorder_id not in proposals.rows]
    proposals.take(waiting)
    ready = [key for key in waiting if _waits(proposals.rows[key], now)]
    return sum(send_by_itself(proposals, key, "upkeep", now) for key in ready)


def _waits(row: ReorderTask, now: datetime) -> bool:
    return row.state is S.APPROVED and (row.cause or "").startswith(WAITS) and row.valid_until > now


def _sent(proposals: Proposals, key: str, actor: str, at: datetime) -> ReorderTask:
    command_id = ids.stable_hash("send_reorder", key, size_bytes=16).hex()
    after = proposals.move(key, S.SENT, actor, at, command_id=command_id, cause=None)
    card = cards_of_groups(proposals.context.tx, [after.group]).get(after.group)
    units = after.quantity_units if card is None else units_of(card, after.quantity_units)
    quantity = Decimal(str(round(units, 6)))
    if quantity <= 0:
        raise Refused("bad_quantity", "nothing would be ordered")
    line = CommandLine(sku=after.group if card is None else card.sku, quantity=quantity)
    proposals.space.send(
        command(
            SendReorder(
                command_id=command_id, account_id=after.account_id, reorder_id=key, lines=(line,), requested_at=at
            )
        )
    )
    _log(proposals, after, "sent", ReorderSent(reorder_id=key, command_id=command_id), at)
    return after


def confirm(proposals: Proposals, key: str, actor: str, at: datetime, order_id: str | None) -> ReorderTask:
    """The ERP took it."""
    after = proposals.move(key, S.CONFIRMED, actor, at, order_id=order_id)
    _log(proposals, after, "confirmed", ReorderConfirmed(reorder_id=key, order_id=order_id), at)
    return after


def expire(proposals: Proposals, now: datetime) -> int:
    """Close those past their validity; how many."""
    rows = proposals.context.tx.reorders.past_validity(now)
    proposals.take([row.reorder_id for row in rows])
    for row in rows:
        proposals.move(row.reorder_id, S.EXPIRED, "upkeep", row.valid_until, cause="expired")
    return len(rows)


def _log(proposals: Proposals, row: ReorderTask, what: str, fact: Fact, at: datetime) -> None:
    proposals.space.send(to_log(row.account_id, f"{row.reorder_id}/{what}", fact, at))


def _unknown(key: str, effect: WithdrawReorder) -> ReorderTask:
    """The end of one that was never seen is kept, so that a late proposal opens nothing."""
    return ReorderTask(
        reorder_id=key,
        need_id=effect.need_id,
        account_id=effect.account_id,
        state=S.CANCELLED,
        version=1,
        account_version=effect.account_version,
        group=effect.group,
        group_name="",
        quantity_units=0.0,
        edited=False,
        created_at=effect.at,
        changed_at=effect.at,
        valid_until=effect.at,
        cause=effect.cause,
        order_id=effect.order_id,
    )
