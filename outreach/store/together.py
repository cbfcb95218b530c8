"""Statements sent to PostgreSQL together: one wait for all answers, as a claim is mostly waiting.

A statement is compiled once and goes to the driver as text. Only PostgreSQL has this path; on SQLite, which is in the
same process, there is nothing to wait for.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Dialect, Executable, Select
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeDecorator, TypeEngine

Row = tuple[Any, ...]


class Prepared:
    """A statement as text, with what its answer's columns need to become values."""

    def __init__(self, statement: Executable, dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect)  # type: ignore[attr-defined]  # every statement here has it
        if not isinstance(compiled, SQLCompiler):
            raise TypeError("only statements of the core are sent")
        self.text = compiled.string
        self._known = dict(compiled.params)
        columns = statement.selected_columns if isinstance(statement, Select) else ()
        self._convert: list[Callable[[Any], Any] | None] = [_converter(column.type, dialect) for column in columns]

    def values(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """What is sent along."""
        return {**self._known, **given}

    def rows(self, raw: Sequence[Row]) -> list[Row]:
        """Driver's values as records have them."""
        if not any(self._convert):
            return list(raw)
        return [
            tuple(value if to is None else to(value) for to, value in zip(self._convert, row, strict=True))
            for row in raw
        ]


def _converter(kind: TypeEngine[Any], dialect: Dialect) -> Callable[[Any], Any] | None:
    """For our own types (outreach/store/types.py); all others come from the driver as they should be."""
    return kind.result_processor(dialect, None) if isinstance(kind, TypeDecorator) else None


Asked = tuple[Prepared, Mapping[str, Any]]


@lru_cache(maxsize=256)
def prepared(make: Callable[..., Executable], *arguments: Any) -> Prepared:
    """The statement that ``make(*arguments)`` builds, compiled once in the life of the process."""
    dialect: Dialect = PGDialect_psycopg()  # type: ignore[no-untyped-call]  # the library has no types here
    return Prepared(make(*arguments), dialect)


def waits(connection: Connection) -> bool:
    """Whether there is a server to wait for."""
    return connection.dialect.name == "postgresql"


def together(connection: Connection, asked: Sequence[Asked], *, commits: bool = False) -> list[list[Row]]:
    """Send all, wait once; the rows of each, in this order. Later ones see what earlier ones wrote and locked.

    ``commits``: and end the transaction behind them. The commit that SQLAlchemy sends then finds nothing to do.
    """
    driver: Any = connection.connection.driver_connection
    with driver.pipeline():
        cursors = [driver.execute(one.text, one.values(given)) for one, given in asked]
        if commits:
            driver.commit()
    found = [cursor.fetchall() if cursor.description is not None else [] for cursor in cursors]
    return [one.rows(raw) for (one, _), raw in zip(asked, found, strict=True)]
