"""Rows by key: what most repositories can do."""

from collections.abc import Iterable
from typing import Protocol, TypeVar

K_contra = TypeVar("K_contra", contravariant=True)
R = TypeVar("R")


class Keyed(Protocol[K_contra, R]):
    """Rows by key."""

    def get(self, key: K_contra) -> R | None:
        """The row, or None."""
        ...

    def many(self, keys: Iterable[K_contra]) -> list[R]:
        """The rows that exist, in no order; one query for any number of keys."""
        ...

    def put(self, rows: Iterable[R]) -> None:
        """Insert or replace, in bulk; the last row of a key wins."""
        ...
