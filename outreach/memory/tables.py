"""Rows in dictionaries, with an undo log instead of copies."""

from collections.abc import Callable, Hashable, Iterable
from typing import Any, Generic, TypeVar

K = TypeVar("K", bound=Hashable)
R = TypeVar("R")
_ABSENT = object()


class Journal:
    """What a transaction has changed, so that it can be taken back."""

    def __init__(self) -> None:
        self._undo: list[Callable[[], None]] = []

    def remember(self, rows: dict[Any, Any], key: Any) -> None:
        """Before ``rows[key]`` changes."""
        old = rows.get(key, _ABSENT)
        if old is _ABSENT:
            self._undo.append(lambda: rows.pop(key, None) and None)
        else:
            self._undo.append(lambda: rows.__setitem__(key, old))

    def roll_back(self) -> None:
        """Everything as it was."""
        while self._undo:
            self._undo.pop()()

    def commit(self) -> None:
        """Nothing can be taken back any more."""
        self._undo.clear()


class MemoryTable(Generic[K, R]):
    """Rows by key; implements `outreach.ports.Keyed`."""

    def __init__(self, journal: Journal, key: Callable[[R], K]) -> None:
        self.rows: dict[K, R] = {}
        self._journal = journal
        self._key = key

    def get(self, key: K) -> R | None:
        """The row, or None."""
        return self.rows.get(key)

    def lock(self, key: K) -> R | None:
        """The row; everything is locked while a transaction runs."""
        return self.rows.get(key)

    def many(self, keys: Iterable[K]) -> list[R]:
        """The rows that exist."""
        return [self.rows[key] for key in dict.fromkeys(keys) if key in self.rows]

    def put(self, rows: Iterable[R]) -> None:
        """Insert or replace."""
        for row in rows:
            self.set(self._key(row), row)

    def set(self, key: K, row: R) -> None:
        """Insert or replace under this key."""
        self._journal.remember(self.rows, key)
        self.rows[key] = row

    def remove(self, key: K) -> None:
        """Delete, if it is there."""
        self._journal.remember(self.rows, key)
        self.rows.pop(key, None)

    def where(self, holds: Callable[[R], bool]) -> list[R]:
        """All rows of which this holds, in the order in which they came."""
        return [row for row in self.rows.values() if holds(row)]
