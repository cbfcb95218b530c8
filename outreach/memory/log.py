"""In-memory log by account."""

from collections.abc import Iterable
from itertools import takewhile

from outreach.memory.tables import MemoryTable
from outreach.ports.log import LoggedRecord


class MemoryAccountLog:
    """See `outreach.ports.AccountLog`."""

    def __init__(self, table: MemoryTable[tuple[int, int], LoggedRecord]) -> None:
        self._table = table

    def put(self, records: Iterable[LoggedRecord]) -> int:
        """Those at a new place."""
        before = len(self._table.rows)
        self._table.put(one for one in records if (one.partition, one.position) not in self._table.rows)
        return len(self._table.rows) - before

    def of_account(self, account_id: str, limit: int) -> list[LoggedRecord]:
        """In the order of the log."""
        found = self._table.where(lambda one: one.account_id == account_id)
        return sorted(found, key=_place)[-limit:]

    def erase(self, account_id: str) -> int:
        """All of an account."""
        return self._remove(self._table.where(lambda one: one.account_id == account_id))

    def end_before(self, recorded_ms: int, limit: int = 5000) -> int:
        """From the beginning of each partition."""
        ended = 0
        for partition in {one.partition for one in self._table.rows.values()}:
            rows = sorted(self._table.where(lambda one, number=partition: one.partition == number), key=_place)  # type: ignore[misc]
            ended += self._remove(list(takewhile(lambda one: one.recorded_ms < recorded_ms, rows[:limit])))
        return ended

    def _remove(self, found: list[LoggedRecord]) -> int:
        for one in found:
            self._table.remove(_place(one))
        return len(found)


def _place(one: LoggedRecord) -> tuple[int, int]:
    return one.partition, one.position
