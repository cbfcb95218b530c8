"""The task desk: the only writer of tasks. Use cases over `outreach.ports`; every method runs inside the caller's
transaction, and a refusal (`schemas.errors.Refused`, `StaleToken`, `NotFound`) leaves nothing changed.

    desk = Desk(rules_from(settings))
    with store.begin() as tx:
        card = desk.next_task(tx, "anna", tx.db_now())
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from outreach.desk.results import (
    AccountRecord,
    Applied,
    Blocked,
    NothingToDo,
    Outcome,
    TaskCard,
    Upkept,
)
from outreach.desk.rules import DeskRules, rules_from
from outreach.ports import Transaction
from outreach.records import Attempt, AuditEntry, ReorderTask, Task
from schemas.commands import CommandLine
from schemas.needs import Effect

__all__ = [
    "AccountRecord",
    "Applied",
    "Blocked",
    "Desk",
    "DeskRules",
    "NothingToDo",
    "Outcome",
    "TaskCard",
    "Upkept",
    "rules_from",
]


class Desk:
    """All use cases. Holds its rules and a cache of policy profiles, no connection and no clock."""

    def __init__(self, rules: DeskRules) -> None:
        self.rules = rules

    def apply_effects(self, tx: Transaction, effects: Iterable[Effect]) -> Applied:
        """Turn effects of the fold, in log order, into tasks, reorders and standings. Twice is once."""
        raise NotImplementedError

    def business_time(self, tx: Transaction) -> datetime | None:
        """The desk's business time: the least of all partitions'; None before the first."""
        raise NotImplementedError

    def next_task(self, tx: Transaction, agent_id: str, db_now: datetime) -> TaskCard | NothingToDo:
        """Claim the best task that may be called now; raises Refused("holds_task") and Refused("away")."""
        raise NotImplementedError

    def claim_task(self, tx: Transaction, agent_id: str, task_id: str, db_now: datetime) -> TaskCard:
        """Claim this task; raises Refused with the first blocking reason."""
        raise NotImplementedError

    def card(self, tx: Transaction, task_id: str) -> TaskCard:
        """A task with all that belongs to it, and its blocking reasons now; raises NotFound."""
        raise NotImplementedError

    def current_task(self, tx: Transaction, agent_id: str) -> TaskCard | None:
        """What the agent holds."""
        raise NotImplementedError

    def heartbeat(self, tx: Transaction, task_id: str, token: str, db_now: datetime) -> Task:
        """Keep what is held; raises StaleToken when it is held no more, or longer than allowed."""
        raise NotImplementedError

    def skip(self, tx: Transaction, task_id: str, token: str, reason: str, db_now: datetime) -> Task:
        """Give it back without an attempt; raises StaleToken."""
        raise NotImplementedError

    def start_call(self, tx: Transaction, task_id: str, token: str, key: str, db_now: datetime) -> Attempt | Blocked:
        """Judge once more, then write the attempt; dial only after the commit. The same ``key`` gives the same attempt
        again. Blocked: the lease is rescinded, and nobody is dialled."""
        raise NotImplementedError

    def end_call(self, tx: Transaction, task_id: str, token: str, db_now: datetime) -> Task:
        """The call is over: wrap-up begins."""
        raise NotImplementedError

    def place_order(
        self, tx: Transaction, task_id: str, token: str, key: str, lines: Sequence[CommandLine], currency: str
    ) -> str:
        """Ask the ERP to book an order; returns the command id, the same for the same key."""
        raise NotImplementedError

    def dispose(self, tx: Transaction, task_id: str, token: str, outcome: Outcome, db_now: datetime) -> Task:
        """What came of the call (from in_call or wrap_up); raises StaleToken, Refused for an illegal callback."""
        raise NotImplementedError

    def settle(self, tx: Transaction, task_id: str, supervisor_id: str, outcome: Outcome, db_now: datetime) -> Task:
        """A supervisor says what came of a call whose agent was lost (needs_disposition)."""
        raise NotImplementedError

    def cancel(self, tx: Transaction, task_id: str, supervisor_id: str, reason: str) -> Task:
        """A supervisor ends a task that nobody is calling."""
        raise NotImplementedError

    def release(self, tx: Transaction, task_id: str, supervisor_id: str) -> Task:
        """A supervisor offers a flagged task to the team again."""
        raise NotImplementedError

    def set_agent(self, tx: Transaction, agent_id: str, state: str, skills: tuple[str, ...] | None = None) -> None:
        """Create an agent, or set him available or away."""
        raise NotImplementedError

    def block_number(self, tx: Transaction, number: str, actor: str) -> int:
        """Put a number on the do-not-call list and cancel its open tasks; how many."""
        raise NotImplementedError

    def approve_reorder(
        self, tx: Transaction, reorder_id: str, actor: str, quantity_units: float | None = None
    ) -> ReorderTask:
        """Approve, perhaps with another quantity."""
        raise NotImplementedError

    def reject_reorder(self, tx: Transaction, reorder_id: str, actor: str, cause: str) -> ReorderTask:
        """Turn it down."""
        raise NotImplementedError

    def send_reorder(self, tx: Transaction, reorder_id: str, actor: str) -> ReorderTask:
        """Hand an approved one to the ERP: SendReorder on ``commands``."""
        raise NotImplementedError

    def confirm_reorder(self, tx: Transaction, reorder_id: str, actor: str, order_id: str | None = None) -> ReorderTask:
        """The ERP took it."""
        raise NotImplementedError

    def upkeep(self, tx: Transaction, db_now: datetime) -> Upkept:
        """Do all that is due: leases, timers, schedules, validity, priorities. Call it every few seconds."""
        raise NotImplementedError

    def changes_since(self, tx: Transaction, audit_id: int, limit: int = 500) -> list[AuditEntry]:
        """For live pages: what changed after this entry."""
        raise NotImplementedError

    def account(self, tx: Transaction, account_id: str) -> AccountRecord:
        """Everything held of one account."""
        raise NotImplementedError
