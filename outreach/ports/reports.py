"""What is counted over many tasks: the queue, and what became of tasks. Reads only, and locks nothing."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from outreach.task import TaskState
from schemas.decisions import TaskClass
from schemas.events.ours import Disposition


@dataclass(frozen=True, slots=True)
class QueuePlace:
    """A task that could be claimed, at its place."""

    skill: str
    rank: int
    task_id: str


@dataclass(frozen=True, slots=True)
class TaskFate:
    """What became of a task so far."""

    account_id: str
    task_class: TaskClass
    state: TaskState
    outcome: str | None
    attempts: int
    created_at: datetime
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class FirstCall:
    """When a task was opened, and when somebody first called about it; None: nobody has yet."""

    created_at: datetime
    started_at: datetime | None
    open: bool


@dataclass(frozen=True, slots=True)
class QueueLine:
    """What waits in a queue for an agent now, of one class; ``queue`` empty: everybody's."""

    queue: str
    task_class: TaskClass
    waiting: int
    oldest_at: datetime
    """When the oldest of them was opened."""


@dataclass(frozen=True, slots=True)
class Handled:
    """Calls of an agent that ended in one way; ``disposition`` None: not said yet."""

    agent_id: str
    task_class: TaskClass
    disposition: Disposition | None
    calls: int


class Reports(Protocol):
    """Counts and walks."""

    def queue_lines(self, now: datetime) -> list[QueueLine]:
        """Ready tasks of either class that agents may be offered, by queue and class."""
        ...

    def handled(self, since: datetime, until: datetime) -> list[Handled]:
        """Calls that began then, by agent, class and disposition."""
        ...

    def first_calls(self, task_class: TaskClass, since: datetime, until: datetime) -> list[FirstCall]:
        """Tasks of a class that were opened then, oldest first, each with the beginning of its first call."""
        ...

    def queue(self, skills: Iterable[str], now: datetime, limit: int) -> list[QueuePlace]:
        """Selling tasks that wait for an agent with one of these skills, best first."""
        ...

    def waiting(self, now: datetime) -> Mapping[str, int]:
        """How many of them there are, by skill, whoever has it."""
        ...

    def behind(self, skill: str, place: tuple[int, str], now: datetime) -> int:
        """How many of a skill's queue stand behind a place (rank, id)."""
        ...

    def opened(self, since: datetime, until: datetime) -> int:
        """How many tasks were opened, ``since`` included, ``until`` not."""
        ...

    def fates(self, since: datetime, until: datetime) -> Iterator[TaskFate]:
        """Every task that was opened then, oldest first."""
        ...
