"""In-memory repository of dead letters."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from outreach.memory.tables import MemoryTable
from schemas.base import EARLIEST
from schemas.dead_letters import DeadLetter, Edited, KeptLetter


class MemoryDeadLetters:
    """See `outreach.ports.DeadLetters`."""

    def __init__(self, table: MemoryTable[str, KeptLetter]) -> None:
        self._table = table

    def put(self, letters: Iterable[DeadLetter]) -> None:
        """Keep the first of each place."""
        for letter in letters:
            if self._table.get(letter.letter_id) is None:
                self._table.set(letter.letter_id, KeptLetter(letter))

    def get(self, letter_id: str) -> DeadLetter | None:
        """The letter, or None."""
        known = self._table.get(letter_id)
        return known.letter if known else None

    def kept(self, letter_id: str) -> KeptLetter | None:
        """With what became of it."""
        return self._table.get(letter_id)

    def listed(self, reason: str | None = None, limit: int = 100, offset: int = 0) -> list[DeadLetter]:
        """Newest first."""
        found = [row for row in self._waiting() if reason is None or row.reason == reason]
        found.sort(key=lambda letter: letter.letter_id)
        found.sort(key=lambda letter: letter.first_seen, reverse=True)
        return found[offset : offset + limit]

    def settled(self, limit: int = 100, offset: int = 0) -> list[KeptLetter]:
        """The latest first."""
        found = self._table.where(lambda kept: kept.settled_at is not None)
        found.sort(key=lambda kept: kept.letter.letter_id)
        found.sort(key=lambda kept: kept.settled_at or EARLIEST, reverse=True)
        return found[offset : offset + limit]

    def counts(self) -> Mapping[str, int]:
        """By reason."""
        return Counter(str(letter.reason) for letter in self._waiting())

    def edit(self, letter_id: str, edited: Edited) -> None:
        """Keep beside the letter."""
        known = self._table.get(letter_id)
        if known is not None and known.settled_at is None:
            self._table.set(letter_id, replace(known, edited=edited))

    def settle(self, letter_id: str, how: str, at: datetime) -> bool:
        """Replayed or given up, once."""
        known = self._table.get(letter_id)
        if known is None or known.settled_at is not None:
            return False
        self._table.set(letter_id, replace(known, settled_how=how, settled_at=at))
        return True

    def _waiting(self) -> list[DeadLetter]:
        return [kept.letter for kept in self._table.rows.values() if kept.settled_at is None]
