"""SQL repositories of the desk's own books: audit and outbox, held back until the transaction flushes."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Insert, Select, Table, TextClause, func, select, text, update

from outreach.records import AuditEntry, OutboxMessage, chained
from outreach.store import schema
from outreach.store.tables import SqlTable, chunks, counted, upsert
from outreach.store.together import prepared, together, waits

_SENT_SINGLY = 20
"""More rows than this go in bulk."""


def flush(
    connection: Connection, audit: "SqlAudit", outbox: "SqlOutbox", *, waits_for_disk: bool, commits: bool = False
) -> None:
    """Write what both hold back. From here to the commit this transaction is the only one that appends.

    ``commits``: the commit may go with the rows, so that nobody waits for one answer more; PostgreSQL alone does it.
    """
    if waits(connection):
        _, heads, newest = together(
            connection, [(prepared(_lock, waits_for_disk), {}), (prepared(_head), {}), (prepared(_newest), {})]
        )
        audit_id, digest = heads[0] if heads else (0, "")
        entries, messages = audit.placed(audit_id, digest), outbox.placed(newest[0][0] or 0)
        if len(entries) + len(messages) <= _SENT_SINGLY:
            into_audit, into_outbox = prepared(_into, schema.audit), prepared(_into, schema.outbox)
            asked = [(into_audit, row) for row in entries] + [(into_outbox, row) for row in messages]
            together(connection, asked, commits=commits)
            return
    else:
        head = connection.execute(_head()).first()
        entries = audit.placed(*(head or (0, "")))
        messages = outbox.placed(connection.scalar(_newest()) or 0)
    for table, rows in ((schema.audit, entries), (schema.outbox, messages)):
        if rows:
            connection.execute(upsert(table, connection.dialect.name, replaced=False), rows)


def _lock(waits_for_disk: bool) -> TextClause:
    """Taken last in a transaction: ids follow commits, so that a reader who has seen one misses none before it."""
    lock = "SELECT pg_advisory_xact_lock(7241003)"
    return text(lock if waits_for_disk else f"{lock}, set_config('synchronous_commit', 'off', true)")


def _head() -> Select[tuple[int, str]]:
    table = schema.audit.c
    return select(table.audit_id, table.digest).order_by(table.audit_id.desc()).limit(1)


def _newest() -> Select[tuple[int | None]]:
    return select(func.max(schema.outbox.c.outbox_id))


def _into(table: Table) -> Insert:
    return upsert(table, "postgresql", replaced=False)


class SqlAudit(SqlTable[AuditEntry]):
    """See `outreach.ports.Audit`."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection, schema.audit, AuditEntry)
        self.held_back: list[AuditEntry] = []

    def append(self, entries: Iterable[AuditEntry]) -> None:
        """Add when the transaction flushes."""
        self.held_back += entries

    def placed(self, audit_id: int, digest: str) -> list[dict[str, Any]]:
        """Rows of what is held back, with ids and digests that follow these; nothing is held back any more."""
        rows = []
        for entry in self.held_back:
            audit_id += 1
            placed = chained(entry, audit_id, digest)
            digest = placed.digest
            rows.append(self.row_of(placed))
        self.held_back.clear()
        return rows

    def since(self, audit_id: int, limit: int = 500) -> list[AuditEntry]:
        """After this id."""
        key = self.table.c.audit_id
        return self.all_of(self.query().where(key > audit_id).order_by(key).limit(limit))

    def newest(self) -> int:
        """The newest id."""
        return self.connection.scalar(select(func.max(self.table.c.audit_id))) or 0

    def newest_about(self, subjects: Iterable[str]) -> dict[str, AuditEntry]:
        """One step along the index for each, in one question."""
        found: dict[str, AuditEntry] = {}
        key = self.table.c
        for some in chunks(subjects):
            last = select(func.max(key.audit_id)).where(key.subject.in_(some)).group_by(key.subject)
            found |= {entry.subject: entry for entry in self.all_of(self.query().where(key.audit_id.in_(last)))}
        return found

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

    def placed(self, newest: int) -> list[dict[str, Any]]:
        """Rows of what is held back, with ids that follow this one; of equal keys the first."""
        fresh = {message.dedup_key: message for message in reversed(self.held_back)}
        ordered = [message for message in self.held_back if fresh.get(message.dedup_key) is message]
        rows = [
            {**self.row_of(replace(message, outbox_id=newest + place)), "sent_at": None}
            for place, message in enumerate(ordered, start=1)
        ]
        self.held_back.clear()
        return rows

    def pending(self, destination: str, limit: int = 500, after: int = 0) -> list[OutboxMessage]:
        """Oldest first."""
        columns = self.table.c
        waiting = self.query().where(columns.destination == destination, columns.sent_at.is_(None))
        if after:
            waiting = waiting.where(columns.outbox_id > after)
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
        self.foreseen: dict[str, str] | None = None

    def get(self, name: str) -> str | None:
        """The value, or None."""
        if self.foreseen is not None:
            return self.foreseen.get(name)
        return self._connection.scalar(select(self._table.c.value).where(self._table.c.name == name))

    def put(self, name: str, value: str) -> None:
        """Set it."""
        self.foreseen = None
        row = {"name": name, "value": value}
        self._connection.execute(upsert(self._table, self._connection.dialect.name), [row])
