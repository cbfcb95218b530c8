"""SQL counts over tasks."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from outreach.ports.reports import QueuePlace, TaskFate
from outreach.store import schema
from outreach.store.tables import counted
from outreach.task import TaskState
from schemas.decisions import TaskClass

_T = schema.tasks.c
_READY = schema.in_state({TaskState.READY})


class SqlReports:
    """See `outreach.ports.Reports`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

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
