"""SQL repository of the log by account."""

from collections.abc import Iterable, Sequence
from functools import cache

from sqlalchemy import Connection, TextClause, delete, select, text

from outreach.ports.log import LoggedRecord
from outreach.store import log_schema
from outreach.store.tables import upsert

_NAMES = ("partition", "position", "account_id", "recorded_ms", "value")


class SqlAccountLog:
    """See `outreach.ports.AccountLog`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._table = log_schema.account_log

    def put(self, records: Iterable[LoggedRecord]) -> int:
        """Those at a new place; on PostgreSQL in one statement."""
        rows = list(records)
        if not rows:
            return 0
        if self._connection.dialect.name == "postgresql":
            return self._connection.execute(_unnested(), _columns(rows)).rowcount
        values = [{name: getattr(row, name) for name in _NAMES} for row in rows]
        statement = upsert(self._table, self._connection.dialect.name, replaced=False)
        return sum(self._connection.execute(statement, value).rowcount for value in values)

    def of_account(self, account_id: str, limit: int) -> list[LoggedRecord]:
        """In the order of the log."""
        columns = self._table.c
        query = select(*(columns[name] for name in _NAMES)).where(columns.account_id == account_id)
        query = query.order_by(columns.partition.desc(), columns.position.desc()).limit(limit)
        rows = self._connection.execute(query).all()
        return [LoggedRecord(row[0], row[1], row[2], row[3], bytes(row[4])) for row in reversed(rows)]

    def erase(self, account_id: str) -> int:
        """All of an account."""
        return self._connection.execute(delete(self._table).where(self._table.c.account_id == account_id)).rowcount

    def end_before(self, recorded_ms: int, limit: int = 5000) -> int:
        """From the beginning of each partition, along the primary key: nothing else is looked at."""
        return sum(self._end_before(number, recorded_ms, limit) for number in self._partitions())

    def _partitions(self) -> Sequence[int]:
        """Each of them by one step along the primary key."""
        columns, found = self._table.c, list[int]()
        while True:
            query = select(columns.partition).order_by(columns.partition).limit(1)
            following = self._connection.scalar(query.where(columns.partition > found[-1]) if found else query)
            if following is None:
                return found
            found.append(following)

    def _end_before(self, partition: int, recorded_ms: int, limit: int) -> int:
        columns = self._table.c
        first = select(columns.position, columns.recorded_ms).where(columns.partition == partition)
        rows = self._connection.execute(first.order_by(columns.position).limit(limit)).all()
        kept = next((position for position, at in rows if at >= recorded_ms), rows[-1][0] + 1 if rows else 0)
        ended = delete(self._table).where(columns.partition == partition, columns.position < kept)
        return self._connection.execute(ended).rowcount


@cache
def _unnested() -> TextClause:
    kinds = ("int[]", "bigint[]", "text[]", "bigint[]", "bytea[]")
    arrays = ", ".join(f"CAST(:{name} AS {kind})" for name, kind in zip(_NAMES, kinds, strict=True))
    names = ", ".join(f'"{name}"' for name in _NAMES)
    return text(f"INSERT INTO account_log ({names}) SELECT * FROM unnest({arrays}) ON CONFLICT DO NOTHING")  # noqa: S608


def _columns(rows: Sequence[LoggedRecord]) -> dict[str, list[object]]:
    return {name: [getattr(row, name) for row in rows] for name in _NAMES}
