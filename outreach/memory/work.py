"""In-memory repositories of standings, needs, tasks, reorders and attempts."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from outreach.memory.tables import Journal, MemoryTable
from outreach.ports import ClaimQuery, Hint
from outreach.priority import worth
from outreach.records import REORDER_OPEN, Attempt, Need, NeedStatus, ReorderState, ReorderTask, Task
from outreach.task import HELD, OPEN, WAITING, TaskState
from schemas.decisions import Reason
from schemas.errors import Refused, Unavailable
from schemas.needs import AccountStanding


class MemoryStandings(MemoryTable[str, AccountStanding]):
    """See `outreach.ports.Standings`."""

    def value_at(self, shares: Sequence[float]) -> list[float]:
        """Value at these shares of all accounts."""
        values = sorted(worth(row) for row in self.rows.values())
        return [values[int(share * len(values))] for share in shares] if values else []

    def merged(self) -> Mapping[str, str]:
        """By the account that was merged."""
        return {row.account_id: row.merged_into for row in self.rows.values() if row.merged_into is not None}


class MemoryNeeds(MemoryTable[str, Need]):
    """See `outreach.ports.Needs`."""

    def lines(self, task_ids: Iterable[str]) -> list[Need]:
        """Needs that are lines of these tasks."""
        wanted = set(task_ids)
        return self.where(lambda need: need.task_id in wanted)

    def of_account(self, account_id: str, limit: int = 200) -> list[Need]:
        """Newest first."""
        return _newest(self.where(lambda need: need.account_id == account_id))[:limit]

    def refused(self, reason: Reason | None = None, limit: int = 100, offset: int = 0) -> list[Need]:
        """Needs that nobody acts on."""
        found = self.where(lambda n: n.status is NeedStatus.REFUSED and (reason is None or reason in n.reasons))
        return _newest(found)[offset : offset + limit]

    def refused_counts(self) -> Mapping[Reason, int]:
        """By reason."""
        refused = self.where(lambda need: need.status is NeedStatus.REFUSED)
        return Counter(reason for need in refused for reason in need.reasons)

    def oldest_open(self) -> datetime | None:
        """The earliest of them."""
        return min((need.at for need in self.where(lambda need: need.status is NeedStatus.OPEN)), default=None)


class MemoryTasks(MemoryTable[str, Task]):
    """See `outreach.ports.Tasks`."""

    def __init__(self, journal: Journal) -> None:
        super().__init__(journal, lambda task: task.task_id)
        self.excluded: MemoryTable[tuple[str, str], tuple[str, str, datetime]] = MemoryTable(
            journal, lambda row: (row[0], row[1])
        )

    def open_of(self, account_ids: Iterable[str]) -> list[Task]:
        """Open tasks of these accounts."""
        wanted = set(account_ids)
        return self.where(lambda task: task.account_id in wanted and task.state in OPEN)

    def held_by(self, agent_id: str) -> Task | None:
        """The task that the agent holds."""
        return next(iter(self.where(lambda task: task.agent_id == agent_id and task.state in HELD)), None)

    def candidates(self, query: ClaimQuery, skip: frozenset[str]) -> list[Task]:
        """Ready tasks in order of rank."""
        found = self.where(lambda task: task.task_id not in skip and self._may_be_offered(task, query))
        return sorted(found, key=lambda task: (task.rank, task.task_id))[: query.limit]

    def _may_be_offered(self, task: Task, query: ClaimQuery) -> bool:
        shut_out = self.excluded.get((task.task_id, query.agent_id))
        return (
            task.state is TaskState.READY
            and task.queue in ("", *query.queues)
            and task.skill in query.skills
            and task.task_class in query.classes
            and not task.supervised
            and task.valid_until > query.now
            and task.eligible_from is None
            and (task.eligible_until is None or task.eligible_until > query.now)
            and (task.owner_id in (None, query.agent_id) or task.owner_until is None or task.owner_until <= query.now)
            and (shut_out is None or shut_out[2] <= query.db_now)
        )

    def wake(self, now: datetime, limit: int = 5000) -> int:
        """Whose time has come."""
        due = self.where(
            lambda t: t.state is TaskState.READY and t.eligible_from is not None and t.eligible_from <= now
        )
        due.sort(key=lambda task: (task.eligible_from or now, task.rank))
        self.put([replace(task, eligible_from=None, hint_reason=None) for task in due[:limit]])
        return len(due[:limit])

    def insert(self, rows: Sequence[Task]) -> None:
        """New tasks."""
        for row in rows:
            if row.task_id in self.rows or (row.state in OPEN and self._open_twin(row)):
                raise Unavailable("another transaction has opened a task of this account and class; try again")
            self.put([row])

    def _open_twin(self, row: Task) -> bool:
        return any(task.task_class is row.task_class for task in self.open_of([row.account_id]))

    def replace(self, rows: Sequence[tuple[Task, int]]) -> None:
        """Compare-and-set."""
        for row, version in rows:
            known = self.rows.get(row.task_id)
            if known is None or known.version != version:
                raise Refused("conflict", "somebody else has changed the task")
            self.put([row])

    def due(self, now: datetime, limit: int = 500) -> list[Task]:
        """Whose time has come."""

        def is_due(task: Task) -> bool:
            if task.state not in WAITING:
                return False
            starts = task.state is TaskState.SCHEDULED and task.not_before is not None and task.not_before <= now
            return starts or task.valid_until <= now

        return self.where(is_due)[:limit]

    def timed_out(self, db_now: datetime, limit: int = 500) -> list[Task]:
        """Whose timer has passed."""
        found = self.where(lambda t: t.state in HELD and t.timer_until is not None and t.timer_until <= db_now)
        return found[:limit]

    def outdated_hints(self, now: datetime, limit: int = 500) -> list[Task]:
        """Whose window has closed."""
        found = self.where(
            lambda t: t.state is TaskState.READY and t.eligible_until is not None and t.eligible_until <= now
        )
        return sorted(found, key=lambda task: (task.eligible_until or now, task.rank))[:limit]

    def overdue_orders(self, before: datetime, limit: int = 500) -> list[Task]:
        """That wait too long for an order."""
        found = self.where(
            lambda t: (
                t.state is TaskState.AWAITING_ORDER
                and t.flag is None
                and t.awaiting_since is not None
                and t.awaiting_since <= before
            )
        )
        return found[:limit]

    def page(self, states: Iterable[TaskState], *, after: str = "", limit: int = 500) -> list[Task]:
        """By id."""
        wanted = frozenset(states)
        found = self.where(lambda task: task.state in wanted and task.task_id > after)
        return sorted(found, key=lambda task: task.task_id)[:limit]

    def listed(
        self,
        states: Iterable[TaskState],
        *,
        account_id: str | None = None,
        flagged: bool | None = None,
        limit: int = 100,
        offset: int = 0,
    ) -> list[Task]:
        """For pages."""
        wanted = frozenset(states)
        found = self.where(
            lambda t: (
                t.state in wanted
                and (account_id is None or t.account_id == account_id)
                and (flagged is None or (t.flag is not None) is flagged)
            )
        )
        found.sort(key=lambda task: (task.rank, task.task_id))
        if account_id is not None:
            found.sort(key=lambda task: task.created_at, reverse=True)
        return found[offset : offset + limit]

    def counts(self) -> Mapping[TaskState, int]:
        """By state."""
        return Counter(task.state for task in self.rows.values())

    def missed(self, since: datetime) -> Mapping[str, int]:
        """By what last blocked them."""
        found = self.where(lambda t: t.state is TaskState.EXPIRED and t.closed_at is not None and t.closed_at >= since)
        return Counter(str(task.hint_reason or "") for task in found)

    def owned_by(self, agent_id: str, limit: int = 500) -> list[Task]:
        """Promised or assigned to the agent."""
        return self.where(lambda task: task.owner_id == agent_id and task.state in WAITING)[:limit]

    def ready(self, most: int) -> int:
        """Up to ``most``."""
        return min(most, self.counts().get(TaskState.READY, 0))

    def hint_counts(self, skills: tuple[str, ...], most: int) -> Mapping[Reason, int]:
        """Ready tasks by what blocked them, at most so many."""
        found = self.where(lambda task: task.state is TaskState.READY and task.skill in skills)
        told = [task.hint_reason for task in found if task.hint_reason is not None]
        return Counter(told[:most])

    def exclude(self, task_id: str, agent_id: str, until: datetime) -> None:
        """Not offered to this agent for a while."""
        self.excluded.put([(task_id, agent_id, until)])

    def set_hints(self, hints: Sequence[Hint]) -> None:
        """Remember hints."""
        for hint in hints:
            task = self.rows.get(hint.task_id)
            if task is not None:
                since, until = hint.eligible_from, hint.eligible_until
                self.put([replace(task, eligible_from=since, eligible_until=until, hint_reason=hint.reason)])

    def reset_hints(self, account_ids: Iterable[str]) -> None:
        """Forget hints."""
        wanted = set(account_ids)
        ready = self.where(lambda task: task.state is TaskState.READY and task.account_id in wanted)
        self.set_hints([Hint(task.task_id, None, None, None) for task in ready])


class MemoryReorders(MemoryTable[str, ReorderTask]):
    """See `outreach.ports.Reorders`."""

    def lock_many(self, reorder_ids: Iterable[str]) -> list[ReorderTask]:
        """Those that exist."""
        return self.many(reorder_ids)

    def replace(self, rows: Sequence[tuple[ReorderTask, int]]) -> None:
        """Compare-and-set."""
        for row, version in rows:
            known = self.rows.get(row.reorder_id)
            if known is None or known.version != version:
                raise Refused("conflict", "somebody else has changed the reorder")
            self.put([row])

    def listed(
        self, states: Iterable[ReorderState], *, account_id: str | None = None, limit: int = 100, offset: int = 0
    ) -> list[ReorderTask]:
        """Newest first."""
        wanted = frozenset(states)
        found = self.where(lambda r: r.state in wanted and (account_id is None or r.account_id == account_id))
        found.sort(key=lambda row: row.reorder_id)
        found.sort(key=lambda row: row.created_at, reverse=True)
        return found[offset : offset + limit]

    def counts(self) -> Mapping[ReorderState, int]:
        """By state."""
        return Counter(row.state for row in self.rows.values())

    def past_validity(self, now: datetime, limit: int = 500) -> list[ReorderTask]:
        """Whose time has passed."""
        pending = REORDER_OPEN - {ReorderState.SENT}
        return self.where(lambda row: row.state in pending and row.valid_until <= now)[:limit]


class MemoryAttempts(MemoryTable[str, Attempt]):
    """See `outreach.ports.Attempts`."""

    def of_accounts(self, account_ids: Iterable[str], since: datetime) -> list[Attempt]:
        """Oldest first."""
        wanted = set(account_ids)
        found = self.where(lambda a: a.account_id in wanted and a.started_at >= since)
        return sorted(found, key=lambda attempt: (attempt.started_at, attempt.attempt_id))

    def of_numbers(self, number_keys: Iterable[str], since: datetime) -> list[Attempt]:
        """Oldest first."""
        wanted = set(number_keys)
        found = self.where(lambda a: a.number_key in wanted and a.started_at >= since)
        return sorted(found, key=lambda attempt: (attempt.started_at, attempt.attempt_id))


def _newest(needs: list[Need]) -> list[Need]:
    return sorted(sorted(needs, key=lambda n: n.need_id), key=lambda n: n.at, reverse=True)
