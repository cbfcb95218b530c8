"""One partition's state while it is built beside the live one: a SQLite file that can be thrown away at any time.

Beside the state it keeps what the desk would have been told last (an open or refused need, an account's standing), as
the state alone cannot say it again; and, after a switch, what stood in the live state before.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Self

from streams.microbatch.ports import Write

_TABLES = """
CREATE TABLE IF NOT EXISTS state (key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS told (key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS before (key BLOB PRIMARY KEY, value BLOB) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS mark (one INTEGER PRIMARY KEY CHECK (one = 1), position INTEGER NOT NULL, made_by TEXT);
"""


class GenerationFile:
    """Implements `ports.PartitionStore`; every write is all or nothing, with the position that it leads to."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection

    @classmethod
    def open(cls, path: Path, made_by: str, *, anew: bool = False) -> Self:
        """Open or create. What another release or other settings began is not gone on with, but removed."""
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if anew:
            remove(path)
        found = cls(path, _connect(path))
        if found._made_by() not in (None, made_by):
            found.close()
            remove(path)
            found = cls(path, _connect(path))
        row = (made_by,)
        found._connection.execute("INSERT OR IGNORE INTO mark (one, position, made_by) VALUES (1, 0, ?)", row)
        return found

    @property
    def position(self) -> int:
        """How far of the log is in here, as its writer counts."""
        return int(self._connection.execute("SELECT position FROM mark").fetchone()[0])

    def get(self, key: bytes) -> bytes | None:
        """The value of a key, or None."""
        row = self._connection.execute("SELECT value FROM state WHERE key = ?", (key,)).fetchone()
        return None if row is None else bytes(row[0])

    def items(self, prefix: bytes = b"", after: bytes = b"") -> Iterator[tuple[bytes, bytes]]:
        """Keys that begin with a prefix and are greater than ``after``, in byte order, with their values."""
        query = "SELECT key, value FROM state WHERE key >= ? AND key > ? AND key < ? ORDER BY key"
        yield from self._connection.execute(query, (prefix, after, prefix + b"\xff" * 8))

    def told(self, key: bytes) -> bytes | None:
        """What the desk would have heard last under this key."""
        row = self._connection.execute("SELECT value FROM told WHERE key = ?", (key,)).fetchone()
        return None if row is None else bytes(row[0])

    def told_items(self, prefix: bytes) -> Iterator[tuple[bytes, bytes]]:
        """The same under all keys that begin with a prefix."""
        query = "SELECT key, value FROM told WHERE key >= ? AND key < ? ORDER BY key"
        yield from self._connection.execute(query, (prefix, prefix + b"\xff" * 8))

    def write(self, writes: Iterable[Write], told: Iterable[Write], position: int) -> None:
        """A batch's outcome."""
        with self._all_or_nothing():
            self._put("state", writes)
            self._put("told", told)
            self._connection.execute("UPDATE mark SET position = ?", (position,))

    def keep_before(self, replaced: Iterable[Write], number: int) -> None:
        """What stood in the live state where this generation has something else (None: nothing did), on the way to
        being the generation of this number.
        """
        with self._all_or_nothing():
            self._connection.execute(f"PRAGMA user_version = {int(number)}")
            self._connection.execute("DELETE FROM before")
            self._connection.executemany("INSERT INTO before (key, value) VALUES (?, ?)", replaced)

    def go_back(self) -> list[bytes]:
        """Become the state that was live before the switch to this one, at the same position; the keys that changed."""
        before = self._connection.execute("SELECT key, value FROM before").fetchall()
        with self._all_or_nothing():
            self._connection.execute("PRAGMA user_version = 0")
            self._put("state", before)
            self._connection.execute("DELETE FROM before")
        return [bytes(key) for key, _ in before]

    def forget_told(self, keys: Iterable[bytes]) -> None:
        """Nothing was told under these keys."""
        with self._all_or_nothing():
            self._put("told", ((key, None) for key in keys))

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def _made_by(self) -> str | None:
        row = self._connection.execute("SELECT made_by FROM mark").fetchone()
        return None if row is None else row[0]

    def _put(self, table: str, writes: Iterable[Write]) -> None:
        last = dict(writes)  # the last write of a key wins
        put = [(key, value) for key, value in last.items() if value is not None]
        gone = [(key,) for key, value in last.items() if value is None]
        self._connection.executemany(f"DELETE FROM {table} WHERE key = ?", gone)  # noqa: S608 - a name of ours
        self._connection.executemany(f"INSERT OR REPLACE INTO {table} VALUES (?, ?)", put)  # noqa: S608 - the same

    def _all_or_nothing(self) -> "_Transaction":
        return _Transaction(self._connection)


class _Transaction:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def __enter__(self) -> None:
        self._connection.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self._connection.execute("COMMIT" if kind is None else "ROLLBACK")


def is_way_back(path: Path, number: int) -> bool:
    """Whether the file was switched to as the generation of this number: where that is in force, a switch was cut off
    between its commit and putting the file aside.
    """
    if not path.exists():
        return False
    connection = _connect(path)
    try:
        return bool(connection.execute("PRAGMA user_version").fetchone()[0] == number)
    finally:
        connection.close()


def remove(path: Path) -> None:
    """Remove a generation's file and what SQLite keeps beside it."""
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def _connect(path: Path) -> sqlite3.Connection:
    """Nothing waits for the disk: what a crash of the machine takes is built again."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;" + _TABLES)
    return connection
