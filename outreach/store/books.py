"""SQL of cutting the desk's books."""

from datetime import datetime

from sqlalchemy import Connection, delete, func, select

from outreach.ports.books import Anchor, last_older
from outreach.store import schema
from schemas.base import EARLIEST


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
        query = select(table.audit_id, table.at, table.digest).order_by(table.audit_id)
        rows = [(audit_id, at, digest) for audit_id, at, digest in self._connection.execute(query.limit(limit + 1))]
        told = query.where(table.at > EARLIEST, table.audit_id >= rows[-1][0]) if rows else query
        following = self._connection.execute(told.limit(1)).first()
        last = last_older(rows[:-1], before, None if following is None else following.at)
        if not last.audit_id:
            return last
        # Another desk may have cut this piece meanwhile, and the next one: then it has said where the history begins.
        cut = self._connection.execute(delete(schema.audit).where(table.audit_id <= last.audit_id)).rowcount
        return last if cut else Anchor()
