"""The repository of dead letters."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Protocol

from schemas.dead_letters import DeadLetter, Edited, KeptLetter


class DeadLetters(Protocol):
    """What could not become a fact."""

    def put(self, letters: Iterable[DeadLetter]) -> None:
        """Keep; the same place twice is one letter."""
        ...

    def get(self, letter_id: str) -> DeadLetter | None:
        """The letter as it came, or None."""
        ...

    def kept(self, letter_id: str) -> KeptLetter | None:
        """The letter with what became of it, or None."""
        ...

    def listed(self, reason: str | None = None, limit: int = 100, offset: int = 0) -> list[DeadLetter]:
        """Newest first; those that were settled are left out."""
        ...

    def settled(self, limit: int = 100, offset: int = 0) -> list[KeptLetter]:
        """Replayed and discarded ones, the latest settled first."""
        ...

    def counts(self) -> Mapping[str, int]:
        """How many, by reason; those that were settled are left out."""
        ...

    def edit(self, letter_id: str, edited: Edited) -> None:
        """What a replay shall send; a letter that is not there, or settled, stays as it is."""
        ...

    def settle(self, letter_id: str, how: str, at: datetime) -> bool:
        """It was replayed or given up; False: it is not there, or somebody was faster."""
        ...
