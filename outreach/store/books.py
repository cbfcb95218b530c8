"""SQL of cutting the desk's books."""

from datetime import datetime

from sqlalchemy import Connection, delete, func, select

from outreach.ports.books import Anchor
from outreach.store import schema


class SqlBooks:
    """See `outreach.ports.Books`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def cut_sent(self, before: datetime, limit: int) -> int:
        """Along the index by the moment of leaving."""
        table = schema.outbox.c
        newest = select(func.max(table.outbox_id)).scalar_subquery()
        old = select(table.outbox_id).where(table.sent_at < before, table.outbox_id < newest)
        old = old.order_by(table.sent_at).limit(limit)
        return self._connection.execute(delete(schema.outbox).where(table.outbox_id.in_(old))).rowcount

    def cut_audit(self, before: datetime, limit: int) -> Anchor:
        """Along the primary key: nothing behind the first that stays is looked at."""
        table = schema.audit.c
        query = select(table.audit_id, table.at, table.digest).order_by(table.audit_id).limit(limit + 1)
        last = Anchor()
        for audit_id, at, digest in self._connection.execute(query).all()[:-1]:
            if at >= before:
                break
            last = Anchor(audit_id, digest)
        if last.audit_id:
            self._connection.execute(delete(schema.audit).where(table.audit_id <= last.audit_id))
        return last
