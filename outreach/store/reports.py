"""SQL counts over tasks."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select, type_coerce

from outreach.ports.reports import FirstCall, Handled, QueueLine, QueuePlace, TaskFate
from outreach.store import schema
from outreach.store.tables import counted
from outreach.store.types import UtcMoment
from outreach.task import OPEN, TaskState
from schemas.decisions import TaskClass

_T = schema.tasks.c
_A = schema.attempts.c
_READY = schema.in_state({TaskState.READY})


class SqlReports:
    """See `outreach.ports.Reports`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def queue_lines(self, now: datetime) -> list[QueueLine]:
        """By queue and class; also those that no hint has awake."""
        offered = (_READY, ~_T.supervised, _T.valid_until > now)
        columns = (_T.queue, _T.task_class, func.count(), type_coerce(func.min(_T.created_at), UtcMoment))
        query = select(*columns).where(*offered).group_by(_T.queue, _T.task_class)
        return [QueueLine(*row) for row in self._connection.execute(query.order_by(_T.queue, _T.task_class))]

    def handled(self, since: datetime, until: datetime) -> list[Handled]:
        """By agent, class and disposition, along the index of beginnings."""
        key = (_A.agent_id, _A.task_class, _A.disposition)
        query = select(*key, func.count()).where(_A.started_at >= since, _A.started_at < until).group_by(*key)
        found = [Handled(*row) for row in self._connection.execute(query)]
        return sorted(found, key=lambda one: (one.agent_id, one.task_class, str(one.disposition)))

    def first_calls(self, task_class: TaskClass, since: datetime, until: datetime) -> list[FirstCall]:
        """Oldest first."""
        first = select(func.min(_A.started_at)).where(_A.task_id == _T.task_id).scalar_subquery()
        opened = (_T.task_class == task_class, _T.created_at >= since, _T.created_at < until)
        query = select(_T.created_at, type_coerce(first, UtcMoment), _T.state).where(*opened)
        rows = self._connection.execute(query.order_by(_T.created_at, _T.task_id))
        return [FirstCall(created, started, state in OPEN) for created, started, state in rows]

    def queue(self, skills: Iterable[str], now: datetime, limit: int) -> list[QueuePlace]:
        """Best first; the beginning of each queue and skill is read along the index of claims, then merged."""
        wanted = sorted(set(skills))
        best = select(_T.skill, _T.rank, _T.task_id).where(*_waits(now)).order_by(_T.rank, _T.task_id).limit(limit)
        places = [
            QueuePlace(*row)
            for queue in (self._queues() if wanted else ())
            for skill in wanted
            for row in self._connection.execute(best.where(_T.queue == queue, _T.skill == skill))
        ]
        return sorted(places, key=lambda place: (place.rank, place.task_id))[:limit]

    def _queues(self) -> Iterator[str]:
        """Queues that tasks wait in, by steps along the index: a DISTINCT would walk over all tasks."""
        awake = select(func.min(_T.queue)).where(_READY, schema.AWAKE)
        found = self._connection.scalar(awake)
        while found is not None:
            yield found
            found = self._connection.scalar(awake.where(_T.queue > found))

    def waiting(self, now: datetime) -> Mapping[str, int]:
        """By skill."""
        return counted(self._connection, select(_T.skill, func.count()).where(*_waits(now)).group_by(_T.skill))

    def behind(self, skill: str, place: tuple[int, str], now: datetime) -> int:
        """Behind a place."""
        rank, task_id = place
        later = or_(_T.rank > rank, and_(_T.rank == rank, _T.task_id > task_id))
        query = select(func.count()).where(_T.skill == skill, *_waits(now), later)
        return self._connection.scalar(query) or 0

    def opened(self, since: datetime, until: datetime) -> int:
        """How many, along the index."""
        query = select(func.count()).where(_T.created_at >= since, _T.created_at < until)
        return self._connection.scalar(query) or 0

    def fates(self, since: datetime, until: datetime) -> Iterator[TaskFate]:
        """Oldest first."""
        columns = (_T.account_id, _T.task_class, _T.state, _T.outcome, _T.attempts, _T.created_at, _T.closed_at)
        query = select(*columns).where(_T.created_at >= since, _T.created_at < until)
        for row in self._connection.execute(query.order_by(_T.created_at, _T.task_id)).yield_per(5000):
            yield TaskFate(*row)


def _waits(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """The conditions of a claim that hold for every agent, in the words of its index."""
    return (_READY, schema.AWAKE, _T.task_class == TaskClass.SELLING, ~_T.supervised, _T.valid_until > now)
