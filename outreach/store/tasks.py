"""The SQL repository of call tasks. On PostgreSQL rows are locked; on SQLite the whole database is."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from functools import lru_cache
from itertools import product
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Text,
    bindparam,
    exists,
    func,
    insert,
    or_,
    select,
    union_all,
    update,
)
from sqlalchemy.exc import IntegrityError

from outreach.ports import ClaimQuery, Hint
from outreach.records import Task
from outreach.store import schema
from outreach.store.tables import SqlTable, chunks, counted, upsert
from outreach.store.together import prepared, together, waits
from outreach.store.types import UtcMoment
from outreach.task import HELD, OPEN, WAITING, TaskState
from schemas.decisions import Reason, TaskClass
from schemas.errors import Unavailable

_T = schema.tasks.c
_X = schema.exclusions.c


_READY = schema.in_state({TaskState.READY})


def _among(states: Iterable[TaskState]) -> ColumnElement[bool]:
    return schema.in_state(frozenset(states))


@lru_cache(maxsize=256)
def best_ready(kinds: tuple[tuple[str, str, TaskClass], ...], limit: int, skipping: bool) -> Select[Any]:
    """The best of these queues, skills and classes, locked. Given later: ``now``, ``db_now``, ``agent``, ``skip``."""
    now, agent = bindparam("now", type_=UtcMoment), bindparam("agent", type_=Text)
    until = _X.until > bindparam("db_now", type_=UtcMoment)
    wanted = select(*(schema.tasks.c[field.name] for field in fields(Task))).where(
        _READY,
        schema.AWAKE,
        ~_T.supervised,
        _T.valid_until > now,
        or_(_T.eligible_until.is_(None), _T.eligible_until > now),
        or_(_T.owner_id.is_(None), _T.owner_id == agent, _T.owner_until.is_(None), _T.owner_until <= now),
        ~exists().where(_X.task_id == _T.task_id, _X.agent_id == agent, until),
    )
    if skipping:
        wanted = wanted.where(_T.task_id.not_in(bindparam("skip", expanding=True, type_=Text)))
    locked = wanted.order_by(_T.rank, _T.task_id).limit(limit).with_for_update(skip_locked=True, of=schema.tasks)
    parts = [
        select(locked.where(_T.queue == queue, _T.skill == skill, _T.task_class == kind).subquery())
        for queue, skill, kind in kinds
    ]
    found = union_all(*parts).subquery()
    return select(found).order_by(found.c.rank, found.c.task_id).limit(limit)


class SqlTasks(SqlTable[Task]):
    """See `outreach.ports.Tasks`."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection, schema.tasks, Task)

    def open_of(self, account_ids: Iterable[str]) -> list[Task]:
        """Open tasks of these accounts, locked in the order of their ids."""
        found: list[Task] = []
        for chunk in chunks(sorted(set(account_ids))):
            query = self.query().where(_T.account_id.in_(chunk), _among(OPEN))
            found += self.all_of(query.order_by(_T.task_id).with_for_update())
        return found

    def held_by(self, agent_id: str) -> Task | None:
        """The task that the agent holds."""
        known = self.known([agent_id])
        if known is not None:
            return next(iter(known), None)
        return self.one(self.query().where(_T.agent_id == agent_id, _among(HELD)))

    def candidates(self, query: ClaimQuery, skip: frozenset[str]) -> list[Task]:
        """Ready tasks in order of rank; rows that others have locked are passed over.

        The best of each queue, skill and class are read apart, each along the index, and merged: who lacks a skill does
        not walk over the tasks that need it.
        """
        kinds = product(sorted({"", *query.queues}), sorted(set(query.skills)), sorted(set(query.classes)))
        asked = tuple(kinds), query.limit
        if not asked[0]:
            return []
        told = {"now": query.now, "db_now": query.db_now, "agent": query.agent_id}
        if waits(self.connection) and not skip:
            return self.made(together(self.connection, [(prepared(best_ready, *asked, False), told)])[0])
        rows = self.connection.execute(best_ready(*asked, bool(skip)), {**told, "skip": sorted(skip)} if skip else told)
        return self.made(rows)

    def wake(self, now: datetime, limit: int = 5000) -> int:
        """Ready ones whose eligible_from has come are walked by claims again, the best of an hour first; how many."""
        due = select(_T.task_id).where(_READY, schema.ASLEEP, _T.eligible_from <= now)
        chosen = due.order_by(_T.eligible_from, _T.rank).limit(limit).with_for_update(skip_locked=True)
        awake = update(schema.tasks).where(_T.task_id.in_(chosen)).values(eligible_from=None, hint_reason=None)
        return self.run(awake)

    def insert(self, rows: Sequence[Task]) -> None:
        """New tasks; the database refuses a second open one of an account and class."""
        try:
            self.connection.execute(insert(schema.tasks), [self.row_of(row) for row in rows])
        except IntegrityError as error:
            raise Unavailable("another transaction has opened a task of this account and class; try again") from error

    def due(self, now: datetime, limit: int = 500) -> list[Task]:
        """Whose time has come, locked."""
        starts = self.query().where(_among({TaskState.SCHEDULED}), _T.not_before <= now)
        ends = self.query().where(_among(WAITING), _T.valid_until <= now)
        found: dict[str, Task] = {}
        for query, column in ((starts, _T.not_before), (ends, _T.valid_until)):
            for task in self.all_of(query.order_by(column).limit(limit).with_for_update(skip_locked=True)):
                found[task.task_id] = task
        return list(found.values())

    def timed_out(self, db_now: datetime, limit: int = 500) -> list[Task]:
        """Whose timer has passed, locked."""
        query = self.query().where(_among(HELD), _T.timer_until <= db_now)
        return self.all_of(query.order_by(_T.timer_until).limit(limit).with_for_update(skip_locked=True))

    def outdated_hints(self, now: datetime, limit: int = 500) -> list[Task]:
        """Whose window has closed, locked."""
        query = self.query().where(_READY, _T.eligible_until <= now)
        return self.all_of(query.order_by(_T.eligible_until, _T.rank).limit(limit).with_for_update(skip_locked=True))

    def overdue_orders(self, before: datetime, limit: int = 500) -> list[Task]:
        """That wait too long for an order, locked."""
        query = self.query().where(_among({TaskState.AWAITING_ORDER}), _T.flag.is_(None), _T.awaiting_since <= before)
        return self.all_of(query.order_by(_T.awaiting_since).limit(limit).with_for_update(skip_locked=True))

    def page(self, states: Iterable[TaskState], *, after: str = "", limit: int = 500) -> list[Task]:
        """By id, locked."""
        query = self.query().where(_among(states), _T.task_id > after)
        return self.all_of(query.order_by(_T.task_id).limit(limit).with_for_update())

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
        query = self.query().where(_among(states))
        if account_id is not None:
            query = query.where(_T.account_id == account_id).order_by(_T.created_at.desc())
        if flagged is not None:
            query = query.where(_T.flag.is_not(None) if flagged else _T.flag.is_(None))
        return self.all_of(query.order_by(_T.rank, _T.task_id).limit(limit).offset(offset))

    def counts(self) -> Mapping[TaskState, int]:
        """By state."""
        query = select(_T.state, func.count()).group_by(_T.state)
        return counted(self.connection, query)

    def missed(self, since: datetime) -> Mapping[str, int]:
        """By what last blocked them."""
        late = (_among({TaskState.EXPIRED}), _T.closed_at >= since)
        query = select(_T.hint_reason, func.count()).where(*late).group_by(_T.hint_reason)
        return {str(why or ""): count for why, count in counted(self.connection, query).items()}

    def owned_by(self, agent_id: str, limit: int = 500) -> list[Task]:
        """Promised or assigned to the agent, locked."""
        query = self.query().where(_among(WAITING), _T.owner_id == agent_id)
        return self.all_of(query.order_by(_T.task_id).limit(limit).with_for_update())

    def ready(self, most: int) -> int:
        """Up to ``most``: an answer to an agent must not cost what a million tasks do."""
        some = select(_T.task_id).where(_READY).limit(most).subquery()
        return self.connection.scalar(select(func.count()).select_from(some)) or 0

    def hint_counts(self, skills: tuple[str, ...], most: int) -> Mapping[Reason, int]:
        """Ready tasks by what blocked them, at most so many."""
        told = select(_T.hint_reason).where(_READY, _T.skill.in_(skills), _T.hint_reason.is_not(None))
        some = told.limit(most).subquery()
        return counted(self.connection, select(some.c.hint_reason, func.count()).group_by(some.c.hint_reason))

    def exclude(self, task_id: str, agent_id: str, until: datetime) -> None:
        """Not offered to this agent for a while."""
        row = {"task_id": task_id, "agent_id": agent_id, "until": until}
        self.connection.execute(upsert(schema.exclusions, self.connection.dialect.name), [row])

    def set_hints(self, hints: Sequence[Hint]) -> None:
        """Remember hints."""
        if not hints:
            return
        statement = (
            update(schema.tasks)
            .where(_T.task_id == bindparam("the_task"))
            .values(eligible_from=bindparam("since"), eligible_until=bindparam("until"), hint_reason=bindparam("why"))
        )
        values = [
            {"the_task": hint.task_id, "since": hint.eligible_from, "until": hint.eligible_until, "why": hint.reason}
            for hint in hints
        ]
        self.connection.execute(statement, values)

    def reset_hints(self, account_ids: Iterable[str]) -> None:
        """Forget hints."""
        nothing = {"eligible_from": None, "eligible_until": None, "hint_reason": None}
        for chunk in chunks(sorted(set(account_ids))):
            ready = update(schema.tasks).where(_T.account_id.in_(chunk), _READY)
            self.run(ready.values(nothing))
