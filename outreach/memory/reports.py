"""In-memory counts over tasks."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from outreach.memory.work import MemoryTasks
from outreach.ports.reports import QueuePlace, TaskFate
from outreach.records import Task
from outreach.task import TaskState
from schemas.decisions import TaskClass


class MemoryReports:
    """See `outreach.ports.Reports`."""

    def __init__(self, tasks: MemoryTasks) -> None:
        self._tasks = tasks

    def queue(self, skills: Iterable[str], now: datetime, limit: int) -> list[QueuePlace]:
        """Best first."""
        wanted = set(skills)
        found = [QueuePlace(t.skill, t.rank, t.task_id) for t in self._queue(now) if t.skill in wanted]
        return sorted(found, key=lambda place: (place.rank, place.task_id))[:limit]

    def waiting(self, now: datetime) -> Mapping[str, int]:
        """By skill."""
        return Counter(task.skill for task in self._queue(now))

    def behind(self, skill: str, place: tuple[int, str], now: datetime) -> int:
        """Behind a place."""
        return sum(1 for task in self._queue(now) if task.skill == skill and (task.rank, task.task_id) > place)

    def opened(self, since: datetime, until: datetime) -> int:
        """How many."""
        return len(self._opened(since, until))

    def fates(self, since: datetime, until: datetime) -> Iterator[TaskFate]:
        """Oldest first."""
        for task in sorted(self._opened(since, until), key=lambda one: (one.created_at, one.task_id)):
            yield TaskFate(
                task.account_id,
                task.task_class,
                task.state,
                task.outcome,
                task.attempts,
                task.created_at,
                task.closed_at,
            )

    def _queue(self, now: datetime) -> list[Task]:
        return self._tasks.where(
            lambda task: (
                task.state is TaskState.READY
                and task.task_class is TaskClass.SELLING
                and not task.supervised
                and task.eligible_from is None
                and task.valid_until > now
            )
        )

    def _opened(self, since: datetime, until: datetime) -> list[Task]:
        return self._tasks.where(lambda task: since <= task.created_at < until)
