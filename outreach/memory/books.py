"""In-memory cutting of the desk's books."""

from datetime import datetime
from itertools import takewhile

from outreach.memory.tables import MemoryTable
from outreach.ports.books import Anchor
from outreach.records import AuditEntry, OutboxMessage


class MemoryBooks:
    """See `outreach.ports.Books`."""

    def __init__(
        self, outbox: MemoryTable[int, tuple[OutboxMessage, datetime | None]], audit: MemoryTable[int, AuditEntry]
    ) -> None:
        self._outbox = outbox
        self._audit = audit

    def cut_sent(self, before: datetime, limit: int) -> int:
        """All but the newest."""
        newest = max(self._outbox.rows, default=0)
        old = [
            message.outbox_id
            for message, sent_at in self._outbox.rows.values()
            if sent_at is not None and sent_at < before and message.outbox_id != newest
        ]
        for outbox_id in old[:limit]:
            self._outbox.remove(outbox_id)
        return len(old[:limit])

    def cut_audit(self, before: datetime, limit: int) -> Anchor:
        """All but the newest."""
        ordered = sorted(self._audit.rows.values(), key=lambda entry: entry.audit_id)[:-1]
        old = list(takewhile(lambda entry: entry.at < before, ordered))[:limit]
        for entry in old:
            self._audit.remove(entry.audit_id)
        return Anchor(old[-1].audit_id, old[-1].digest) if old else Anchor()
