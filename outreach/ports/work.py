"""Repositories of what the desk works on: standings, needs, tasks, reorders, attempts."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from outreach.ports.keyed import Keyed
from outreach.records import AskedOrder, Attempt, Need, ProductCard, ReorderState, ReorderTask, Task
from outreach.task import TaskState
from schemas.decisions import Reason, TaskClass
from schemas.needs import AccountStanding


class Standings(Keyed[str, AccountStanding], Protocol):
    """What the fold says of each account."""

    def value_at(self, shares: Sequence[float]) -> list[float]:
        """Value (outreach.priority.worth) at these shares (0 to 1) of all accounts, ascending; empty without any."""
        ...

    def merged(self) -> Mapping[str, str]:
        """Every account that continues as another one, and as which; all standings are looked at."""
        ...


class Needs(Keyed[str, Need], Protocol):
    """All needs ever spoken of."""

    def lines(self, task_ids: Iterable[str]) -> list[Need]:
        """Every need that was ever a line of these tasks, open and ended."""
        ...

    def of_account(self, account_id: str, limit: int = 200) -> list[Need]:
        """Newest first."""
        ...

    def refused(self, reason: Reason | None = None, limit: int = 100, offset: int = 0) -> list[Need]:
        """Needs that nobody acts on, newest first."""
        ...

    def refused_counts(self) -> Mapping[Reason, int]:
        """How many needs are refused for each reason; a need with two reasons counts twice."""
        ...

    def oldest_open(self) -> datetime | None:
        """When the open need was last spoken of that was told longest ago: its forecast is the oldest in use."""
        ...


@dataclass(frozen=True, slots=True)
class ClaimQuery:
    """What a candidate must fulfil before its blocking reasons are computed."""

    agent_id: str
    skills: tuple[str, ...]
    now: datetime
    """Business time."""
    db_now: datetime
    classes: tuple[TaskClass, ...] = tuple(TaskClass)
    limit: int = 20
    queues: tuple[str, ...] = ()
    """Besides the tasks that no queue takes."""


@dataclass(frozen=True, slots=True)
class Hint:
    """When a ready task is worth looking at again, business time."""

    task_id: str
    eligible_from: datetime | None
    eligible_until: datetime | None
    reason: Reason | None


class Tasks(Protocol):
    """Call tasks."""

    def get(self, task_id: str) -> Task | None:
        """The task, or None."""
        ...

    def lock(self, task_id: str) -> Task | None:
        """The task, locked."""
        ...

    def open_of(self, account_ids: Iterable[str]) -> list[Task]:
        """Open tasks of these accounts, locked."""
        ...

    def held_by(self, agent_id: str) -> Task | None:
        """The task that the agent holds (leased, in call, wrap-up)."""
        ...

    def candidates(self, query: ClaimQuery, skip: frozenset[str]) -> list[Task]:
        """Ready tasks in order of rank, locked; rows that others have locked are passed over, and so are those that
        have an eligible_from, until `wake` takes it from them."""
        ...

    def wake(self, now: datetime, limit: int = 5000) -> int:
        """Forget the eligible_from of ready ones for which it has come, earliest first, then by rank; how many."""
        ...

    def insert(self, rows: Sequence[Task]) -> None:
        """New tasks; raises Unavailable when another transaction has just opened one of the account and class."""
        ...

    def replace(self, rows: Sequence[tuple[Task, int]]) -> None:
        """Compare-and-set in bulk: each row with the version it must still have; raises Refused("conflict")."""
        ...

    def due(self, now: datetime, limit: int = 500) -> list[Task]:
        """Scheduled ones whose not_before is reached and waiting ones past valid_until, locked."""
        ...

    def timed_out(self, db_now: datetime, limit: int = 500) -> list[Task]:
        """Held ones whose timer has passed, locked."""
        ...

    def outdated_hints(self, now: datetime, limit: int = 500) -> list[Task]:
        """Ready ones whose eligible_until has passed, locked; earliest first, then by rank."""
        ...

    def page(
        self,
        states: Iterable[TaskState],
        *,
        after: str = "",
        limit: int = 500,
    ) -> list[Task]:
        """By id, those after ``after``: for walking over all of them. Locked."""
        ...

    def listed(
        self,
        states: Iterable[TaskState],
        *,
        account_id: str | None = None,
        flagged: bool | None = None,
        limit: int = 100,
        offset: int = 0,
    ) -> list[Task]:
        """For pages: by rank; of an account newest first."""
        ...

    def counts(self) -> Mapping[TaskState, int]:
        """How many tasks are in each state."""
        ...

    def missed(self, since: datetime) -> Mapping[str, int]:
        """Tasks that expired since then (business time), by what last blocked them; empty word: nothing did."""
        ...

    def ready(self, most: int) -> int:
        """How many tasks are ready, counted up to ``most``."""
        ...

    def hint_counts(self, skills: tuple[str, ...], most: int) -> Mapping[Reason, int]:
        """Of at most so many ready tasks: by the reason that blocked them when they were last looked at."""
        ...

    def owned_by(self, agent_id: str, limit: int = 500) -> list[Task]:
        """Waiting tasks that are promised or assigned to the agent, locked."""
        ...

    def exclude(self, task_id: str, agent_id: str, until: datetime) -> None:
        """Not offered to this agent before ``until`` (database time)."""
        ...

    def set_hints(self, hints: Sequence[Hint]) -> None:
        """Remember; a hint is no transition and leaves the version as it is."""
        ...

    def overdue_orders(self, before: datetime, limit: int = 500) -> list[Task]:
        """Those that await an order since before then and are not flagged, locked."""
        ...

    def reset_hints(self, account_ids: Iterable[str]) -> None:
        """Forget what made the claim cheap for these accounts' ready tasks."""
        ...


class Reorders(Keyed[str, ReorderTask], Protocol):
    """Reorder proposals; saved under the compare-and-set of `save`."""

    def lock_many(self, reorder_ids: Iterable[str]) -> list[ReorderTask]:
        """Those that exist, locked."""
        ...

    def replace(self, rows: Sequence[tuple[ReorderTask, int]]) -> None:
        """Compare-and-set in bulk; raises Refused("conflict")."""
        ...

    def listed(
        self, states: Iterable[ReorderState], *, account_id: str | None = None, limit: int = 100, offset: int = 0
    ) -> list[ReorderTask]:
        """Newest first."""
        ...

    def counts(self) -> Mapping[ReorderState, int]:
        """How many are in each state."""
        ...

    def past_validity(self, now: datetime, limit: int = 500) -> list[ReorderTask]:
        """Proposed or approved ones past valid_until, locked."""
        ...


class Attempts(Keyed[str, Attempt], Protocol):
    """Every dialling."""

    def of_accounts(self, account_ids: Iterable[str], since: datetime) -> list[Attempt]:
        """Started since then, oldest first."""
        ...

    def of_numbers(self, number_keys: Iterable[str], since: datetime) -> list[Attempt]:
        """To these numbers, whichever account they were for, oldest first."""
        ...


class AskedOrders(Keyed[str, AskedOrder], Protocol):
    """Orders that the ERP was asked to book."""

    def of_task(self, task_id: str) -> list[AskedOrder]:
        """Newest first."""
        ...

    def of_account(self, account_id: str, limit: int = 50) -> list[AskedOrder]:
        """Newest first."""
        ...


class Products(Keyed[str, ProductCard], Protocol):
    """What may be said of products; an older word changes nothing."""

    def of_groups(self, groups: Iterable[str]) -> list[ProductCard]:
        """Products of these groups, in order of their numbers."""
        ...
