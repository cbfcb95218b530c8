"""A partition's store in memory, for folds that are timed without any durability."""

from collections.abc import Iterator


class MemoryStore:
    """Keys and values of one partition."""

    def __init__(self) -> None:
        self._rows: dict[bytes, bytes] = {}

    def get(self, key: bytes) -> bytes | None:
        """The value, or None."""
        return self._rows.get(key)

    def items(self, prefix: bytes = b"", after: bytes = b"") -> Iterator[tuple[bytes, bytes]]:
        """In byte order."""
        yield from sorted((key, value) for key, value in self._rows.items() if key.startswith(prefix) and key > after)

    def write(self, writes: list[tuple[bytes, bytes | None]]) -> None:
        """Nothing is ever removed here."""
        self._rows.update({key: value for key, value in writes if value is not None})
