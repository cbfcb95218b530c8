"""SQL repositories of the desk's own books: audit and outbox, held back until the transaction flushes."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, Table, func, select, text, update

from outreach.records import AuditEntry, OutboxMessage, chained
from outreach.store import schema
from outreach.store.tables import SqlTable, chunks, counted, upsert

_LOCK = text("SELECT pg_advisory_xact_lock(7241003)")
"""Taken last in a transaction: ids follow commits, so that a reader who has seen one misses none before it."""


def serialise(connection: Connection) -> None:
    """From here to the commit this transaction is the only one that appends."""
    if connection.dialect.name == "postgresql":
        connection.execute(_LOCK)


class SqlAudit(SqlTable[AuditEntry]):
    """See `outreach.ports.Audit`."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection, schema.audit, AuditEntry)
        self.held_back: list[AuditEntry] = []

    def append(self, entries: Iterable[AuditEntry]) -> None:
        """Add when the transaction flushes."""
        self.held_back += entries

    def flush(self) -> None:
        """Give ids and digests, write."""
        if not self.held_back:
            return
        head = self.table.c
        row = self.connection.execute(
            select(head.audit_id, head.digest).order_by(head.audit_id.desc()).limit(1)
        ).first()
        audit_id, digest = (row[0], row[1]) if row else (0, "")
        rows = []
        for entry in self.held_back:
            audit_id += 1
            placed = chained(entry, audit_id, digest)
            digest = placed.digest
            rows.append(self.row_of(placed))
        self.connection.execute(self.table.insert(), rows)
        self.held_back.clear()

    def since(self, audit_id: int, limit: int = 500) -> list[AuditEntry]:
        """After this id."""
        key = self.table.c.audit_id
        return self.all_of(self.query().where(key > audit_id).order_by(key).limit(limit))

    def newest(self) -> int:
        """The newest id."""
        return self.connection.scalar(select(func.max(self.table.c.audit_id))) or 0

    def about(self, *, account_id: str | None = None, subject: str | None = None, limit: int = 200) -> list[AuditEntry]:
        """Newest first."""
        query = self.query()
        if account_id is not None:
            query = query.where(self.table.c.account_id == account_id)
        if subject is not None:
            query = query.where(self.table.c.subject == subject)
        return self.all_of(query.order_by(self.table.c.audit_id.desc()).limit(limit))


class SqlOutbox(SqlTable[OutboxMessage]):
    """See `outreach.ports.Outbox`."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection, schema.outbox, OutboxMessage)
        self.held_back: list[OutboxMessage] = []

    def append(self, messages: Iterable[OutboxMessage]) -> None:
        """Add when the transaction flushes."""
        self.held_back += messages

    def flush(self) -> None:
        """Give ids, write those with a new key."""
        if not self.held_back:
            return
        newest = self.connection.scalar(select(func.max(self.table.c.outbox_id))) or 0
        fresh = {message.dedup_key: message for message in reversed(self.held_back)}
        ordered = [message for message in self.held_back if fresh.get(message.dedup_key) is message]
        rows = [
            {**self.row_of(replace(message, outbox_id=newest + place)), "sent_at": None}
            for place, message in enumerate(ordered, start=1)
        ]
        self.connection.execute(upsert(self.table, self.connection.dialect.name, replaced=False), rows)
        self.held_back.clear()

    def pending(self, destination: str, limit: int = 500) -> list[OutboxMessage]:
        """Oldest first."""
        columns = self.table.c
        waiting = self.query().where(columns.destination == destination, columns.sent_at.is_(None))
        return self.all_of(waiting.order_by(columns.outbox_id).limit(limit))

    def mark_sent(self, outbox_ids: Iterable[int], at: datetime) -> None:
        """They have left."""
        for chunk in chunks(outbox_ids):
            self.run(update(self.table).where(self.table.c.outbox_id.in_(chunk)).values(sent_at=at))

    def waiting(self) -> Mapping[str, int]:
        """By destination."""
        destination = self.table.c.destination
        query = select(destination, func.count()).where(self.table.c.sent_at.is_(None)).group_by(destination)
        return counted(self.connection, query)


class SqlFacts:
    """See `outreach.ports.Facts`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._table: Table = schema.desk_facts

    def get(self, name: str) -> str | None:
        """The value, or None."""
        return self._connection.scalar(select(self._table.c.value).where(self._table.c.name == name))

    def put(self, name: str, value: str) -> None:
        """Set it."""
        row = {"name": name, "value": value}
        self._connection.execute(upsert(self._table, self._connection.dialect.name), [row])
