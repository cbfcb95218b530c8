"""In-memory cutting of the desk's books."""

from datetime import datetime

from outreach.memory.tables import MemoryTable
from outreach.ports.books import Anchor, last_older
from outreach.records import AuditEntry, OutboxMessage
from schemas.base import EARLIEST


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
        ordered = sorted((one.audit_id, one.at, one.digest) for one in self._audit.rows.values())
        asked = min(limit, len(ordered) - 1)
        then = next((at for _, at, _ in ordered[asked:] if at > EARLIEST), None)
        last = last_older(ordered[:asked], before, then)
        for audit_id, _, _ in ordered:
            if audit_id <= last.audit_id:
                self._audit.remove(audit_id)
        return last
