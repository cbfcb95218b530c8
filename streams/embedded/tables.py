"""The log of record and the state of its only partition, in SQLite.

Plain SQL on a SQLAlchemy connection: the caller owns the transaction, so that an event, its new state and its effects
become durable together or not at all.
"""

from collections.abc import Iterable, Iterator, Sequence

from sqlalchemy import Connection

from schemas.topics import Topic
from streams.ingest import LogEntry
from streams.microbatch.ports import Record, Write

PARTITION = 0
"""The embedded log has one partition."""

_TABLES = (
    "CREATE TABLE IF NOT EXISTS stream_log ("
    "position INTEGER PRIMARY KEY AUTOINCREMENT, key BLOB NOT NULL, value BLOB NOT NULL, recorded_ms INTEGER NOT NULL)",
    "CREATE TABLE IF NOT EXISTS stream_state (key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS stream_watermark (one INTEGER PRIMARY KEY CHECK (one = 1), position INTEGER NOT NULL)",
    "INSERT OR IGNORE INTO stream_watermark (one, position) VALUES (1, 0)",
)


def create_tables(connection: Connection) -> None:
    """Make what is missing; harmless when all is there."""
    for statement in _TABLES:
        connection.exec_driver_sql(statement)


def append(connection: Connection, entries: Iterable[LogEntry], recorded_ms: int) -> int:
    """Append to the log; how many. Positions are given in this order and never again."""
    rows = [(entry.key, entry.value, recorded_ms) for entry in entries]
    if rows:
        connection.exec_driver_sql("INSERT INTO stream_log (key, value, recorded_ms) VALUES (?, ?, ?)", rows)
    return len(rows)


def read(connection: Connection, after: int, limit: int) -> list[Record]:
    """Records behind a position, in order."""
    rows = connection.exec_driver_sql(
        "SELECT position, recorded_ms, key, value FROM stream_log WHERE position > ? ORDER BY position LIMIT ?",
        (after, limit),
    )
    return [Record(Topic.LOG.value, PARTITION, position, at, key, value) for position, at, key, value in rows]


def of_key(connection: Connection, key: bytes) -> list[Record]:
    """Every record of one key, in order; walks the whole log."""
    rows = connection.exec_driver_sql(
        "SELECT position, recorded_ms, key, value FROM stream_log WHERE key = ? ORDER BY position", (key,)
    )
    return [Record(Topic.LOG.value, PARTITION, position, at, found, value) for position, at, found, value in rows]


def end(connection: Connection) -> tuple[int, int]:
    """(position, record time in ms) of the newest record; (0, 0) for an empty log."""
    row = connection.exec_driver_sql(
        "SELECT position, recorded_ms FROM stream_log ORDER BY position DESC LIMIT 1"
    ).first()
    return (0, 0) if row is None else (row[0], row[1])


def recorded_ms_at(connection: Connection, position: int) -> int:
    """Record time of the newest record at or before a position; 0 where there is none."""
    row = connection.exec_driver_sql(
        "SELECT recorded_ms FROM stream_log WHERE position <= ? ORDER BY position DESC LIMIT 1", (position,)
    ).first()
    return 0 if row is None else int(row[0])


def watermark(connection: Connection) -> int:
    """Position of the last record whose effects are part of the state."""
    return int(connection.exec_driver_sql("SELECT position FROM stream_watermark").scalar_one())


def set_watermark(connection: Connection, position: int) -> None:
    """The state now covers everything up to this position."""
    connection.exec_driver_sql("UPDATE stream_watermark SET position = ?", (position,))


def write_state(connection: Connection, writes: Sequence[Write]) -> None:
    """Put, or with None remove, keys of the state."""
    put = [(key, value) for key, value in writes if value is not None]
    gone = [(key,) for key, value in writes if value is None]
    if put:
        connection.exec_driver_sql("INSERT OR REPLACE INTO stream_state (key, value) VALUES (?, ?)", put)
    if gone:
        connection.exec_driver_sql("DELETE FROM stream_state WHERE key = ?", gone)


class StateTable:
    """Reads of the state through whichever connection holds the present transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def use(self, connection: Connection) -> None:
        """Read through this connection from now on."""
        self._connection = connection

    def get(self, key: bytes) -> bytes | None:
        """The value of a key, or None."""
        row = self._connection.exec_driver_sql("SELECT value FROM stream_state WHERE key = ?", (key,)).first()
        return None if row is None else bytes(row[0])

    def items(self, prefix: bytes = b"", after: bytes = b"") -> Iterator[tuple[bytes, bytes]]:
        """Keys that begin with a prefix and are greater than ``after``, in byte order, with their values."""
        upper = prefix + b"\xff" * 8
        rows = self._connection.exec_driver_sql(
            "SELECT key, value FROM stream_state WHERE key >= ? AND key > ? AND key < ? ORDER BY key",
            (prefix, after, upper),
        )
        for key, value in rows:
            yield bytes(key), bytes(value)
