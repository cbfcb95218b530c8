"""In-memory repository of suggestions that were shown in calls."""

from dataclasses import replace
from datetime import datetime

from outreach.memory.tables import MemoryTable
from outreach.records import Showing


class MemoryShowings(MemoryTable[str, Showing]):
    """See `outreach.ports.Showings`."""

    def of_task(self, task_id: str) -> list[Showing]:
        """Oldest first."""
        return _ordered(self.where(lambda row: row.task_id == task_id))

    def of_account(self, account_id: str) -> list[Showing]:
        """Oldest first."""
        return _ordered(self.where(lambda row: row.account_id == account_id))

    def refused(self, since: datetime) -> list[Showing]:
        """In order of accounts."""
        found = self.where(lambda row: row.answer == "refused" and row.answered_at is not None)
        late = [row for row in found if row.answered_at is not None and row.answered_at >= since]
        return sorted(late, key=lambda row: (row.account_id, row.showing_id))

    def shown(self, start: datetime, end: datetime) -> list[Showing]:
        """Oldest first."""
        found = self.where(lambda row: start <= row.shown_at < end)
        return sorted(found, key=lambda row: (row.shown_at, row.showing_id))

    def erase(self, account_id: str) -> int:
        """The account's."""
        found = self.where(lambda row: row.account_id == account_id)
        for row in found:
            self.remove(row.showing_id)
        return len(found)

    def rekey(self, account_id: str, survivor: str) -> int:
        """Under the survivor's name."""
        found = self.where(lambda row: row.account_id == account_id)
        self.put(replace(row, account_id=survivor) for row in found)
        return len(found)


def _ordered(rows: list[Showing]) -> list[Showing]:
    return sorted(rows, key=lambda row: (row.shown_at, row.rank, row.showing_id))
