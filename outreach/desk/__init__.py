"""The task desk: the only writer of tasks. Use cases over `outreach.ports`; every method runs inside the caller's
transaction, and a refusal (`schemas.errors.Refused`, `StaleToken`, `NotFound`) leaves nothing changed.

    desk = Desk(rules_from(settings))
    with store.begin() as tx:
        card = desk.next_task(tx, "anna", tx.db_now())
"""

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from outreach.desk import (
    answering,
    cards,
    claims,
    effects,
    erasing,
    numbers,
    ordering,
    outcomes,
    reorders,
    suggesting,
    supervision,
    teams,
)
from outreach.desk import upkeep as due
from outreach.desk.context import Context, ProfileBook, read_clocks
from outreach.desk.emission import Emission, emission
from outreach.desk.erasing import Erasable, ErasureReason
from outreach.desk.numbers import normalised
from outreach.desk.results import (
    COUNTED_AT_MOST,
    AccountRecord,
    Applied,
    Blocked,
    NothingToDo,
    Outcome,
    TaskCard,
    Upkept,
)
from outreach.desk.rules import DeskRules, rules_from
from outreach.desk.upkeep import seconds_to_next
from outreach.desk.workspace import Trace, Workspace, carried
from outreach.ports import Transaction
from outreach.profiles import ProfileSet
from outreach.records import Attempt, AuditEntry, ContactPoint, Queue, ReorderTask, Showing, Suggestion, Task
from schemas.base import EARLIEST
from schemas.commands import CommandLine
from schemas.errors import NotFound
from schemas.events.ours import OverrideReason, SuggestionAnswer, SuggestionWhy
from schemas.needs import Effect

__all__ = [
    "COUNTED_AT_MOST",
    "AccountRecord",
    "Applied",
    "Blocked",
    "Desk",
    "DeskRules",
    "Emission",
    "Erasable",
    "ErasureReason",
    "NothingToDo",
    "Outcome",
    "TaskCard",
    "Upkept",
    "rules_from",
    "seconds_to_next",
]


class Desk:
    """All use cases. Holds its rules and a cache of policy profiles, no connection and no clock."""

    def __init__(self, rules: DeskRules, new_token: Callable[[], str] = secrets.token_urlsafe) -> None:
        self.rules = rules
        self._new_token = new_token
        self._book = ProfileBook()
        self.trace: Trace = carried
        """Goes on with the traces of effects; see `streams.telemetry.tracing`."""

    def _context(self, tx: Transaction) -> Context:
        clocks = read_clocks(tx.clocks.all())
        return Context(tx, self.rules, clocks, self._book.get(tx, clocks.profiles_digest), self._new_token)

    def apply_effects(self, tx: Transaction, batch: Iterable[Effect]) -> Applied:
        """Turn effects of the fold, in log order, into tasks, reorders and standings. Twice is once."""
        return effects.apply_effects(self._context(tx), batch, self.trace)

    def business_time(self, tx: Transaction) -> datetime | None:
        """The desk's business time: the least of all partitions'; None before the first."""
        return read_clocks(tx.clocks.all()).now

    def next_task(self, tx: Transaction, agent_id: str, db_now: datetime) -> TaskCard | NothingToDo:
        """Claim the best task that may be called now; raises Refused("holds_task") and Refused("away")."""
        tx.foresee_claim(agent_id)
        return claims.next_task(self._context(tx), agent_id, db_now)

    def claim_task(self, tx: Transaction, agent_id: str, task_id: str, db_now: datetime) -> TaskCard:
        """Claim this task; raises Refused with the first blocking reason."""
        return claims.claim_task(self._context(tx), agent_id, task_id, db_now)

    def card(self, tx: Transaction, task_id: str) -> TaskCard:
        """A task with all that belongs to it, and its blocking reasons now; raises NotFound."""
        return cards.card(self._context(tx), task_id)

    def current_task(self, tx: Transaction, agent_id: str) -> TaskCard | None:
        """What the agent holds."""
        return cards.current(self._context(tx), agent_id)

    def heartbeat(self, tx: Transaction, task_id: str, token: str, db_now: datetime) -> Task:
        """Keep what is held; raises StaleToken when it is held no more, or longer than allowed."""
        return claims.heartbeat(self._context(tx), task_id, token, db_now)

    def skip(self, tx: Transaction, task_id: str, token: str, reason: str, db_now: datetime) -> Task:
        """Give it back without an attempt; raises StaleToken."""
        return claims.skip(self._context(tx), task_id, token, reason, db_now)

    def start_call(self, tx: Transaction, task_id: str, token: str, key: str, db_now: datetime) -> Attempt | Blocked:
        """Judge once more, then write the attempt; dial only after the commit. The same ``key`` gives the same attempt
        again. Blocked: the lease is rescinded, and nobody is dialled."""
        return claims.start_call(self._context(tx), task_id, token, key, db_now)

    def end_call(self, tx: Transaction, task_id: str, token: str, db_now: datetime) -> Task:
        """The call is over: wrap-up begins."""
        return claims.end_call(self._context(tx), task_id, token, db_now)

    def place_order(
        self,
        tx: Transaction,
        task_id: str,
        token: str,
        key: str,
        lines: Sequence[CommandLine],
        currency: str,
        db_now: datetime,
        reasons: Mapping[str, OverrideReason] | None = None,
    ) -> str:
        """Ask the ERP to book an order; returns the command id, the same for the same key.

        ``reasons`` by SKU say why another quantity than was proposed; Refused("reason_missing") without one,
        Refused("key_used") for other lines with the same key. Its answer is among the card's orders."""
        told = reasons or {}
        return ordering.place_order(self._context(tx), task_id, token, key, lines, currency, db_now, told)

    def not_needed(
        self, tx: Transaction, task_id: str, token: str, need_id: str, reason: OverrideReason, db_now: datetime
    ) -> Task:
        """One of the products is not needed now: its line ends, with an event to learn from. Raises StaleToken,
        NotFound("no_such_line")."""
        return ordering.not_needed(self._context(tx), task_id, token, need_id, reason, db_now)

    def suggestions(
        self, tx: Transaction, account_id: str, objective: str | None = None, most: int | None = None
    ) -> tuple[str, tuple[Suggestion, ...]]:
        """The objective (by default the account's), and what may be suggested to the account by it now.

        Raises NotFound for an account that the desk knows nothing of."""
        context = self._context(tx)
        standing = tx.standings.get(account_id)
        rows = tx.suggestions.of_account(account_id)
        if standing is None and not rows:
            raise NotFound("no_such_account", account_id)
        cell = context.cell(standing)
        wanted = objective or suggesting.objective_of(account_id, cell, rows)[0]
        number = cell.suggestions if most is None else most
        return wanted, suggesting.of_account(context, account_id, rows, wanted, number)

    def answer_suggestion(
        self,
        tx: Transaction,
        task_id: str,
        token: str,
        sku: str,
        answer: SuggestionAnswer,
        why: SuggestionWhy | None,
        db_now: datetime,
    ) -> Showing:
        """What the customer said to a suggestion of this call; a refused product rests. The same again changes nothing.

        Raises StaleToken, NotFound("not_suggested"), Refused("reason_missing"), Refused("already_answered")."""
        return answering.answer(self._context(tx), task_id, token, sku, answer, why, db_now)

    def dispose(self, tx: Transaction, task_id: str, token: str, outcome: Outcome, db_now: datetime) -> Task:
        """What came of the call (from in_call or wrap_up); raises StaleToken, Refused for an illegal callback."""
        return outcomes.dispose(self._context(tx), task_id, token, outcome, db_now)

    def settle(self, tx: Transaction, task_id: str, supervisor_id: str, outcome: Outcome) -> Task:
        """A supervisor says what came of a call whose agent was lost (needs_disposition)."""
        return outcomes.settle(self._context(tx), task_id, supervisor_id, outcome)

    def cancel(self, tx: Transaction, task_id: str, supervisor_id: str, reason: str) -> Task:
        """A supervisor ends a task that nobody is calling."""
        return supervision.cancel(self._context(tx), task_id, supervisor_id, reason)

    def release(self, tx: Transaction, task_id: str, supervisor_id: str) -> Task:
        """A supervisor offers a flagged task to the team again."""
        return supervision.release(self._context(tx), task_id, supervisor_id)

    def reassign(self, tx: Transaction, task_id: str, supervisor_id: str, agent_id: str | None) -> Task:
        """Offer a waiting task to this agent first, None: to the team; a leased one is taken back for it.

        Raises NotFound, Refused("not_waiting"), Refused("skill_missing"), Refused("queue_missing")."""
        return teams.reassign(self._context(tx), task_id, supervisor_id, agent_id)

    def give_to_queue(self, tx: Transaction, task_id: str, supervisor_id: str, queue_id: str | None) -> Task:
        """Offer a waiting task to those who work in this queue, and keep it there whatever the queues' criteria; None:
        to the queue that takes it by its criteria. A leased one is taken back for it.

        Raises NotFound (no_such_task, no_such_queue), Refused("not_waiting")."""
        return teams.give_to_queue(self._context(tx), task_id, supervisor_id, queue_id)

    def hand_over(self, tx: Transaction, agent_id: str, supervisor_id: str, to_agent_id: str | None) -> int:
        """Every promise of an agent who is not there passes to another one, or to the team; how many."""
        return teams.hand_over(self._context(tx), agent_id, supervisor_id, to_agent_id)

    def set_agent(
        self,
        tx: Transaction,
        agent_id: str,
        state: str,
        skills: tuple[str, ...] | None = None,
        *,
        queues: tuple[str, ...] | None = None,
        shifts: tuple[str, ...] | None = None,
        zone: str | None = None,
    ) -> None:
        """Create an agent, or change what is given: a state of `AgentState`, skills, queues, shifts and their zone.
        Raises Refused("bad_state"), Refused("zone_unknown"), NotFound, and BadInput for a shift that is none."""
        teams.set_agent(self._context(tx), agent_id, state, skills, queues, shifts, zone)

    def put_queues(self, tx: Transaction, queues: Iterable[Queue], actor: str) -> int:
        """These are now all queues; tasks move at their next ranking. How many."""
        return teams.put_queues(self._context(tx), queues, actor)

    def erasable(self, tx: Transaction, account_id: str) -> Erasable:
        """What `erase_account` would delete and cancel; raises NotFound for an account that nobody knows."""
        return erasing.erasable(self._context(tx), account_id)

    def erase_account(
        self, tx: Transaction, account_id: str, actor: str, reason: ErasureReason = ErasureReason.ASKED
    ) -> int:
        """Delete the account's people, cancel its open tasks at once, and never contact it again; how many tasks."""
        return erasing.erase_account(self._context(tx), account_id, actor, reason)

    def supervisor_queue(self, tx: Transaction, limit: int = 100) -> list[Task]:
        """What waits for a supervisor: calls nobody finished first, then by how long the task has waited."""
        return supervision.supervisor_queue(self._context(tx), limit)

    def missed(self, tx: Transaction, since: datetime) -> Mapping[str, int]:
        """Tasks whose call nobody made in time since then (business time), by what last blocked them."""
        return tx.tasks.missed(since)

    def load_register(
        self, tx: Transaction, register: str, numbers: Iterable[str], copied_at: datetime, actor: str
    ) -> int:
        """Put a whole copy of an official do-not-call register in force; how many numbers. Raises as `put_register`."""
        generation, rows = self._new_token(), {normalised(number) for number in numbers}
        tx.registers.add_numbers(register, generation, rows)
        self.put_register(tx, register, generation, copied_at, len(rows), actor)
        return len(rows)

    def put_register(
        self, tx: Transaction, register: str, generation: str, copied_at: datetime, count: int, actor: str
    ) -> None:
        """Numbers that were added under this generation are now the copy in force.

        Raises NotFound("no_such_register"), Refused("copied_in_future"), Refused("no_time_zone")."""
        supervision.put_register(self._context(tx), register, generation, copied_at, count, actor)

    def block_number(self, tx: Transaction, number: str, actor: str) -> int:
        """Put a number on the do-not-call list and cancel its open tasks; how many."""
        return numbers.block_number(self._context(tx), number, actor)

    def approve_reorder(
        self, tx: Transaction, reorder_id: str, actor: str, quantity_units: float | None = None
    ) -> ReorderTask:
        """Approve, perhaps with another quantity."""
        return self._reorder(tx, reorder_id, lambda p, at: reorders.approve(p, reorder_id, actor, at, quantity_units))

    def reject_reorder(self, tx: Transaction, reorder_id: str, actor: str, cause: str) -> ReorderTask:
        """Turn it down."""
        return self._reorder(tx, reorder_id, lambda p, at: reorders.reject(p, reorder_id, actor, at, cause))

    def send_reorder(self, tx: Transaction, reorder_id: str, actor: str) -> ReorderTask:
        """Hand an approved one to the ERP: SendReorder on ``commands``."""
        return self._reorder(tx, reorder_id, lambda p, at: reorders.send(p, reorder_id, actor, at))

    def confirm_reorder(self, tx: Transaction, reorder_id: str, actor: str, order_id: str | None = None) -> ReorderTask:
        """The ERP took it."""
        return self._reorder(tx, reorder_id, lambda p, at: reorders.confirm(p, reorder_id, actor, at, order_id))

    def upkeep(self, tx: Transaction, db_now: datetime) -> Upkept:
        """One round of what is due: leases, timers, schedules, validity, priorities, a bounded part of each. Call it
        every few seconds, and after `seconds_to_next` while it says that there is ``more``."""
        return due.upkeep(self._context(tx), db_now)

    def emission(self, tx: Transaction) -> Emission | None:
        """How many tasks open against what is normal, and how many wait for want of people; None before the first
        word of business time."""
        return emission(self._context(tx))

    def changes_since(self, tx: Transaction, audit_id: int, limit: int = 500) -> list[AuditEntry]:
        """For live pages: what changed after this entry."""
        return tx.audit.since(audit_id, limit)

    def account(self, tx: Transaction, account_id: str) -> AccountRecord:
        """Everything held of one account."""
        return cards.account(self._context(tx), account_id)

    def profiles(self, tx: Transaction) -> ProfileSet:
        """The policy profiles in force."""
        return self._context(tx).profiles

    def set_kill_switch(self, tx: Transaction, actor: str, on: bool) -> None:
        """Stop every new call at once, or allow them again."""
        supervision.set_kill_switch(self._context(tx), actor, on)

    def put_contacts(self, tx: Transaction, points: Iterable[ContactPoint]) -> int:
        """Keep contacts, their numbers normalised; how many. Raises Refused("bad_number")."""
        return supervision.put_contacts(self._context(tx), points)

    def _reorder(
        self, tx: Transaction, reorder_id: str, change: Callable[[reorders.Proposals, datetime], ReorderTask]
    ) -> ReorderTask:
        context = self._context(tx)
        space = Workspace(context)
        proposals = reorders.Proposals(context, space)
        proposals.take([reorder_id])
        after = change(proposals, context.now or EARLIEST)
        proposals.save()
        space.save()
        return after
