"""Records in tables: one generic repository for all that is read by key and written in bulk."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import fields
from functools import lru_cache
from operator import attrgetter
from typing import Any, Generic, TypeVar

from sqlalchemy import Column, Connection, Executable, Insert, Select, Table, bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import Insert as PostgresInsert
from sqlalchemy.dialects.sqlite import Insert as SqliteInsert

from schemas.errors import Refused

R = TypeVar("R")
CHUNK = 500
"""Values in one IN list."""


def chunks(values: Iterable[Any]) -> Iterator[list[Any]]:
    """Distinct values in lists that fit into a statement."""
    distinct = list(dict.fromkeys(values))
    for start in range(0, len(distinct), CHUNK):
        yield distinct[start : start + CHUNK]


def counted(connection: Connection, query: Select[Any]) -> dict[Any, int]:
    """A query of (word, count) as a mapping."""
    return {row[0]: row[1] for row in connection.execute(query)}


@lru_cache(maxsize=256)
def upsert(table: Table, dialect: str, replaced: bool = True) -> Insert:
    """Insert or replace by primary key; with ``replaced`` False the row that is there stays."""
    insert: SqliteInsert | PostgresInsert
    insert = postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)
    keys = list(table.primary_key.columns)
    others = {column.name: insert.excluded[column.name] for column in table.columns if not column.primary_key}
    if replaced and others:
        return insert.on_conflict_do_update(index_elements=keys, set_=others)
    return insert.on_conflict_do_nothing()


class SqlTable(Generic[R]):
    """Rows by one key column; the record's fields are the table's columns, in the same order."""

    def __init__(self, connection: Connection, table: Table, record: type[R]) -> None:
        self.connection = connection
        self.table = table
        self.names = tuple(field.name for field in fields(record))  # type: ignore[arg-type]  # R is a dataclass
        self.columns = [table.c[name] for name in self.names]
        self.key: Column[Any] = next(iter(table.primary_key.columns))
        self._make: Callable[..., R] = record
        self.foreseen: dict[str, list[R]] | None = None
        """Rows that were read before they are asked for, see `outreach.store.ahead`; forgotten with the first write."""
        self._values = attrgetter(*self.names)

    def get(self, key: str) -> R | None:
        """The row, or None."""
        return self.one(self.query().where(self.key == key))

    def lock(self, key: str) -> R | None:
        """The row, locked until the end of the transaction."""
        return self.one(self.query().where(self.key == key).with_for_update())

    def many(self, keys: Iterable[str]) -> list[R]:
        """The rows that exist."""
        return [row for chunk in chunks(keys) for row in self.all_of(self.query().where(self.key.in_(chunk)))]

    def put(self, rows: Iterable[R]) -> None:
        """Insert or replace in bulk."""
        self.foreseen = None
        distinct = {row[self.key.name]: row for row in map(self.row_of, rows)}
        if distinct:
            self.connection.execute(upsert(self.table, self.connection.dialect.name), list(distinct.values()))

    def replace(self, rows: Sequence[tuple[R, int]]) -> None:
        """Compare-and-set on ``version``, in bulk; raises Refused("conflict")."""
        self.foreseen = None
        values = [{**self.row_of(row), "the_key": getattr(row, self.key.name), "seen": seen} for row, seen in rows]
        for value in values:
            del value[self.key.name]
        if not values:
            return
        done = self.connection.execute(_compare_and_set(self.table), values)
        if done.rowcount != len(values):
            raise Refused("conflict", "somebody else has changed it")

    def query(self) -> Select[Any]:
        """All rows, as records' fields."""
        return select(*self.columns)

    def all_of(self, query: Select[Any]) -> list[R]:
        """The records that a query finds."""
        return [self._make(*row) for row in self.connection.execute(query)]

    def one(self, query: Select[Any]) -> R | None:
        """The first record, or None."""
        row = self.connection.execute(query).first()
        return None if row is None else self._make(*row)

    def made(self, rows: Iterable[Sequence[Any]]) -> list[R]:
        """Records of rows that somebody else has read."""
        return [self._make(*row) for row in rows]

    def known(self, keys: Iterable[str]) -> list[R] | None:
        """What was foreseen of all these keys, or None where one of them was not."""
        if self.foreseen is None:
            return None
        found = [self.foreseen.get(key) for key in dict.fromkeys(keys)]
        return None if None in found else [row for rows in found if rows is not None for row in rows]

    def run(self, statement: Executable) -> int:
        """Execute; how many rows it touched."""
        self.foreseen = None
        return int(self.connection.execute(statement).rowcount)

    def row_of(self, record: R) -> dict[str, Any]:
        """Column values of a record."""
        return dict(zip(self.names, self._values(record), strict=True))


@lru_cache(maxsize=16)
def _compare_and_set(table: Table) -> Executable:
    key = next(iter(table.primary_key.columns))
    values = {column.name: bindparam(column.name, type_=column.type) for column in table.c if not column.primary_key}
    return (
        update(table)
        .where(key == bindparam("the_key", type_=key.type), table.c.version == bindparam("seen"))
        .values(values)
    )
