"""The generation of state that a worker folds, and whether it still may."""

from dataclasses import dataclass
from typing import Self

from outreach.ports import Store
from schemas.errors import Misconfigured, Unavailable
from streams.generations import record


@dataclass(frozen=True, slots=True)
class Generation:
    """What the database named when the worker started."""

    number: int
    store: Store

    @classmethod
    def read(cls, store: Store) -> Self:
        """Raises Unavailable while a switch is under way, or the database is away."""
        with store.read() as tx:
            found = cls(record.in_force(tx), store)
        found.check()
        return found

    def check(self) -> None:
        """Asked whenever a partition is opened: raises Unavailable during a switch, Misconfigured after it."""
        with self.store.read() as tx:
            number, switching = record.in_force(tx), record.is_switching(tx)
        if switching:
            raise Unavailable(
                "a switch of generations is under way; after one that came to nothing, `ringahead rebuild --give-up`"
            )
        if number != self.number:
            raise Misconfigured(f"generation {number} is in force, this worker folds {self.number}: start it again")
