"""SQL repository of suggestions that were shown in calls."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, delete, update

from outreach.records import Showing
from outreach.store import calling_schema as schema
from outreach.store.tables import SqlTable


class SqlShowings(SqlTable[Showing]):
    """See `outreach.ports.Showings`."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection, schema.showings, Showing)

    def of_task(self, task_id: str) -> list[Showing]:
        """Oldest first."""
        return self._ordered(self.query().where(self.table.c.task_id == task_id))

    def of_account(self, account_id: str) -> list[Showing]:
        """Oldest first."""
        return self._ordered(self.query().where(self.table.c.account_id == account_id))

    def _ordered(self, query: Select[Any]) -> list[Showing]:
        return self.all_of(query.order_by(self.table.c.shown_at, self.table.c.rank, self.key))

    def refused(self, since: datetime) -> list[Showing]:
        """In order of accounts."""
        table = self.table.c
        query = self.query().where(table.answer == "refused", table.answered_at >= since)
        return self.all_of(query.order_by(table.account_id, self.key))

    def shown(self, start: datetime, end: datetime) -> list[Showing]:
        """Oldest first."""
        at = self.table.c.shown_at
        return self.all_of(self.query().where(at >= start, at < end).order_by(at, self.key))

    def erase(self, account_id: str) -> int:
        """The account's."""
        return self.run(delete(self.table).where(self.table.c.account_id == account_id))

    def rekey(self, account_id: str, survivor: str) -> int:
        """Under the survivor's name."""
        theirs = self.table.c.account_id == account_id
        return self.run(update(self.table).where(theirs).values(account_id=survivor))
