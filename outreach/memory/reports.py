"""In-memory counts over tasks."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from outreach.memory.work import MemoryAttempts, MemoryTasks
from outreach.ports.reports import FirstCall, Handled, QueueLine, QueuePlace, TaskFate
from outreach.records import Task
from outreach.task import TaskState
from schemas.decisions import TaskClass


class MemoryReports:
    """See `outreach.ports.Reports`."""

    def __init__(self, tasks: MemoryTasks, attempts: MemoryAttempts) -> None:
        self._tasks = tasks
        self._attempts = attempts

    def queue_lines(self, now: datetime) -> list[QueueLine]:
        """By queue and class."""
        found: defaultdict[tuple[str, TaskClass], list[datetime]] = defaultdict(list)
        for task in self._tasks.where(lambda task: _is_offered(task, now)):
            found[task.queue, task.task_class].append(task.created_at)
        return [QueueLine(*key, len(times), min(times)) for key, times in sorted(found.items())]

    def handled(self, since: datetime, until: datetime) -> list[Handled]:
        """By agent, class and disposition."""
        began = self._attempts.where(lambda one: since <= one.started_at < until)
        found = Counter((one.agent_id, one.task_class, one.disposition) for one in began)
        return [Handled(*key, calls) for key, calls in sorted(found.items(), key=lambda one: tuple(map(str, one[0])))]

    def first_calls(self, task_class: TaskClass, since: datetime, until: datetime) -> list[FirstCall]:
        """Oldest first."""
        tasks = [task for task in self._opened(since, until) if task.task_class is task_class]
        first: dict[str, datetime] = {}
        for one in sorted(self._attempts.where(lambda _: True), key=lambda one: one.started_at):
            first.setdefault(one.task_id, one.started_at)
        tasks.sort(key=lambda one: (one.created_at, one.task_id))
        return [FirstCall(task.created_at, first.get(task.task_id), task.is_open) for task in tasks]

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
            lambda task: task.task_class is TaskClass.SELLING and task.eligible_from is None and _is_offered(task, now)
        )

    def _opened(self, since: datetime, until: datetime) -> list[Task]:
        return self._tasks.where(lambda task: since <= task.created_at < until)


def _is_offered(task: Task, now: datetime) -> bool:
    return task.state is TaskState.READY and not task.supervised and task.valid_until > now
