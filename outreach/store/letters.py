"""SQL repository of dead letters."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import Connection, Row, func, select, update

from outreach.store import schema
from outreach.store.tables import counted, upsert
from schemas.dead_letters import DeadLetter, Edited, KeptLetter


class SqlDeadLetters:
    """See `outreach.ports.DeadLetters`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._table = schema.dead_letters

    def put(self, letters: Iterable[DeadLetter]) -> None:
        """Keep the first of each place."""
        rows = [
            {
                "letter_id": letter.letter_id,
                "reason": str(letter.reason),
                "first_seen": letter.first_seen,
                "body": letter.model_dump_json(),
            }
            for letter in letters
        ]
        if rows:
            self._connection.execute(upsert(self._table, self._connection.dialect.name, replaced=False), rows)

    def get(self, letter_id: str) -> DeadLetter | None:
        """The letter, or None."""
        body = self._connection.scalar(select(self._table.c.body).where(self._table.c.letter_id == letter_id))
        return None if body is None else DeadLetter.model_validate_json(body)

    def kept(self, letter_id: str) -> KeptLetter | None:
        """With what became of it."""
        row = self._connection.execute(select(self._table).where(self._table.c.letter_id == letter_id)).first()
        return None if row is None else _kept(row)

    def listed(self, reason: str | None = None, limit: int = 100, offset: int = 0) -> list[DeadLetter]:
        """Newest first."""
        columns = self._table.c
        query = select(columns.body).where(columns.settled_at.is_(None))
        if reason is not None:
            query = query.where(columns.reason == reason)
        query = query.order_by(columns.first_seen.desc(), columns.letter_id).limit(limit).offset(offset)
        return [DeadLetter.model_validate_json(body) for body in self._connection.scalars(query)]

    def settled(self, limit: int = 100, offset: int = 0) -> list[KeptLetter]:
        """The latest first."""
        columns = self._table.c
        query = select(self._table).where(columns.settled_at.is_not(None))
        query = query.order_by(columns.settled_at.desc(), columns.letter_id).limit(limit).offset(offset)
        return [_kept(row) for row in self._connection.execute(query)]

    def counts(self) -> Mapping[str, int]:
        """By reason."""
        columns = self._table.c
        query = select(columns.reason, func.count()).where(columns.settled_at.is_(None)).group_by(columns.reason)
        return counted(self._connection, query)

    def edit(self, letter_id: str, edited: Edited) -> None:
        """Keep beside the letter."""
        columns = self._table.c
        row = update(self._table).where(columns.letter_id == letter_id, columns.settled_at.is_(None))
        self._connection.execute(row.values(edited_key=edited.key, edited_raw=edited.raw))

    def settle(self, letter_id: str, how: str, at: datetime) -> bool:
        """Replayed or given up, once."""
        columns = self._table.c
        row = update(self._table).where(columns.letter_id == letter_id, columns.settled_at.is_(None))
        return self._connection.execute(row.values(settled_at=at, settled_how=how)).rowcount == 1


def _kept(row: Row[tuple[object, ...]]) -> KeptLetter:
    found = row._mapping
    raw, key = found["edited_raw"], found["edited_key"]
    edited = None if raw is None else Edited(None if key is None else bytes(key), bytes(raw))
    letter = DeadLetter.model_validate_json(found["body"])
    return KeptLetter(letter, edited, found["settled_at"], found["settled_how"])
