"""What is counted over many tasks: the queue, and what became of tasks. Reads only, and locks nothing."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from outreach.task import TaskState
from schemas.decisions import TaskClass


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


class Reports(Protocol):
    """Counts and walks."""

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
