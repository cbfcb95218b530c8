"""SQL repositories of standings, needs, reorders and attempts."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, Select, func, select

from outreach.priority import worth
from outreach.records import Attempt, Need, NeedStatus, ReorderState, ReorderTask
from outreach.store import schema
from outreach.store.tables import SqlTable, chunks, counted, upsert
from schemas.decisions import Reason
from schemas.needs import AccountStanding

_READ_AT_MOST = 10_000
"""Standings in memory under the very text that is stored: written a moment ago, most are asked for again."""


class _Read(dict[str, AccountStanding]):
    """What a stored text means; it is frozen, and the text says all of it, so that it can never be old."""

    def __missing__(self, body: str) -> AccountStanding:
        return self.know(body, AccountStanding.model_validate_json(body))

    def know(self, body: str, standing: AccountStanding) -> AccountStanding:
        """Remember what a text means."""
        if len(self) >= _READ_AT_MOST:
            self.clear()
        self[body] = standing
        return standing


_KNOWN = _Read()


class SqlStandings:
    """See `outreach.ports.Standings`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._table = schema.standings
        self.foreseen: dict[str, list[AccountStanding]] | None = None

    def get(self, key: str) -> AccountStanding | None:
        """The account's, or None."""
        return next(iter(self.many([key])), None)

    def many(self, keys: Iterable[str]) -> list[AccountStanding]:
        """Those that exist."""
        table, wanted = self._table, list(keys)
        if self.foreseen is not None and self.foreseen.keys() >= set(wanted):
            return [row for key in dict.fromkeys(wanted) for row in self.foreseen[key]]
        queries = (select(table.c.body).where(table.c.account_id.in_(chunk)) for chunk in chunks(wanted))
        return [_KNOWN[body] for query in queries for body in self._connection.scalars(query)]

    def put(self, rows: Iterable[AccountStanding]) -> None:
        """Insert or replace."""
        self.foreseen = None
        distinct = {row.account_id: row for row in rows}
        values = [
            {
                "account_id": row.account_id,
                "account_version": row.account_version,
                "yearly_spend": row.yearly_spend,
                "body": row.model_dump_json(exclude_defaults=True),
                "value": worth(row),
            }
            for row in distinct.values()
        ]
        for value in values:
            _KNOWN.know(str(value["body"]), distinct[str(value["account_id"])])
        if values:
            self._connection.execute(upsert(self._table, self._connection.dialect.name), values)

    def value_at(self, shares: Sequence[float]) -> list[float]:
        """Value at these shares, by walking the index."""
        value = self._table.c.value
        count = self._connection.scalar(select(func.count()).select_from(self._table)) or 0
        if not count:
            return []
        queries = (select(value).order_by(value).offset(int(share * count)).limit(1) for share in shares)
        return [self._connection.scalar(query) or 0.0 for query in queries]

    def merged(self) -> Mapping[str, str]:
        """Only what is not usual is in the text."""
        body = self._table.c.body
        told = [_KNOWN[one] for one in self._connection.scalars(select(body).where(body.contains('"merged_into":"')))]
        return {one.account_id: one.merged_into for one in told if one.merged_into is not None}


class SqlNeeds(SqlTable[Need]):
    """See `outreach.ports.Needs`."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection, schema.needs, Need)

    def lines(self, task_ids: Iterable[str]) -> list[Need]:
        """Needs that are lines of these tasks."""
        column, wanted = self.table.c.task_id, list(task_ids)
        known = self.known(wanted)
        if known is not None:
            return known
        return [row for chunk in chunks(wanted) for row in self.all_of(self.query().where(column.in_(chunk)))]

    def of_account(self, account_id: str, limit: int = 200) -> list[Need]:
        """Newest first."""
        return self.all_of(self._newest(self.query().where(self.table.c.account_id == account_id)).limit(limit))

    def refused(self, reason: Reason | None = None, limit: int = 100, offset: int = 0) -> list[Need]:
        """Needs that nobody acts on."""
        query = self.query().where(self.table.c.status == NeedStatus.REFUSED)
        if reason is not None:
            query = query.where(schema.reason_of(self.table.c.reasons, reason))
        return self.all_of(self._newest(query).limit(limit).offset(offset))

    def refused_counts(self) -> Mapping[Reason, int]:
        """By reason."""
        reasons = self.table.c.reasons
        query = select(reasons, func.count()).where(self.table.c.status == NeedStatus.REFUSED).group_by(reasons)
        counts: Counter[Reason] = Counter()
        for told, count in self.connection.execute(query):
            counts.update(dict.fromkeys(told, count))
        return counts

    def oldest_open(self) -> datetime | None:
        """The first along the index by status and time."""
        table = self.table.c
        query = select(table.at).where(table.status == NeedStatus.OPEN).order_by(table.at).limit(1)
        return self.connection.scalar(query)

    def _newest(self, query: Select[tuple[object, ...]]) -> Select[tuple[object, ...]]:
        return query.order_by(self.table.c.at.desc(), self.table.c.need_id)


class SqlReorders(SqlTable[ReorderTask]):
    """See `outreach.ports.Reorders`."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection, schema.reorders, ReorderTask)

    def lock_many(self, reorder_ids: Iterable[str]) -> list[ReorderTask]:
        """Those that exist, locked in the order of their ids."""
        found: list[ReorderTask] = []
        for chunk in chunks(sorted(set(reorder_ids))):
            found += self.all_of(self.query().where(self.key.in_(chunk)).order_by(self.key).with_for_update())
        return found

    def listed(
        self, states: Iterable[ReorderState], *, account_id: str | None = None, limit: int = 100, offset: int = 0
    ) -> list[ReorderTask]:
        """Newest first."""
        query = self.query().where(self.table.c.state.in_(sorted(states)))
        if account_id is not None:
            query = query.where(self.table.c.account_id == account_id)
        return self.all_of(query.order_by(self.table.c.created_at.desc(), self.key).limit(limit).offset(offset))

    def counts(self) -> Mapping[ReorderState, int]:
        """By state."""
        state = self.table.c.state
        return counted(self.connection, select(state, func.count()).group_by(state))

    def past_validity(self, now: datetime, limit: int = 500) -> list[ReorderTask]:
        """Whose time has passed, locked."""
        pending = [ReorderState.PROPOSED, ReorderState.APPROVED]
        query = self.query().where(self.table.c.state.in_(pending), self.table.c.valid_until <= now)
        return self.all_of(query.order_by(self.key).limit(limit).with_for_update())


class SqlAttempts(SqlTable[Attempt]):
    """See `outreach.ports.Attempts`."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection, schema.attempts, Attempt)
        self.foreseen_since: datetime | None = None

    def of_accounts(self, account_ids: Iterable[str], since: datetime) -> list[Attempt]:
        """Oldest first."""
        table, wanted = self.table.c, list(account_ids)
        known = self.known(wanted)
        if known is not None and self.foreseen_since is not None and self.foreseen_since <= since:
            found = [attempt for attempt in known if attempt.started_at >= since]
        else:
            query = self.query().where(table.started_at >= since)
            found = [row for chunk in chunks(wanted) for row in self.all_of(query.where(table.account_id.in_(chunk)))]
        return sorted(found, key=lambda attempt: (attempt.started_at, attempt.attempt_id))

    def of_numbers(self, number_keys: Iterable[str], since: datetime) -> list[Attempt]:
        """Oldest first."""
        table = self.table.c
        found: list[Attempt] = []
        for chunk in chunks(number_keys):
            found += self.all_of(self.query().where(table.number_key.in_(chunk), table.started_at >= since))
        return sorted(found, key=lambda attempt: (attempt.started_at, attempt.attempt_id))
