"""SQL repositories of artefacts, business time and consumers' positions."""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Insert, Update, delete, select, update

from outreach.store import schema
from outreach.store.tables import upsert
from schemas.errors import Corrupt
from schemas.needs import ClockMoved


class SqlArtefacts:
    """See `outreach.ports.Artefacts`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, raw: bytes) -> str:
        """Keep."""
        digest = hashlib.sha256(raw).hexdigest()
        statement = upsert(schema.artefacts, self._connection.dialect.name, replaced=False)
        self._connection.execute(statement, [{"digest": digest, "raw": raw}])
        return digest

    def get(self, digest: str) -> bytes | None:
        """The blob."""
        table = schema.artefacts.c
        stored = self._connection.scalar(select(table.raw).where(table.digest == digest))
        if stored is None:
            return None
        raw = bytes(stored)
        if hashlib.sha256(raw).hexdigest() != digest:
            raise Corrupt(f"artefact {digest} is not what was stored")
        return raw

    def set_current(self, name: str, version: str, digest: str, at: datetime) -> None:
        """Name it."""
        row = {"name": name, "version": version, "digest": digest, "at": at}
        self._connection.execute(upsert(schema.artefact_names, self._connection.dialect.name), [row])
        self._remember(row)

    def current(self, name: str) -> tuple[str, str] | None:
        """(version, digest)."""
        table = schema.artefact_names.c
        row = self._connection.execute(select(table.version, table.digest).where(table.name == name)).first()
        return None if row is None else (row[0], row[1])

    def exchange_current(self, name: str, expected: str | None, version: str, digest: str, at: datetime) -> bool:
        """Compare-and-set; whoever comes second waits for the first to commit, and finds another digest."""
        names = schema.artefact_names
        row = {"name": name, "version": version, "digest": digest, "at": at}
        held = (names.c.name == name) & (names.c.digest == expected)
        exchange: Insert | Update = update(names).where(held).values(version=version, digest=digest, at=at)
        if expected is None:
            exchange = upsert(names, self._connection.dialect.name, replaced=False).values(row)
        won = self._connection.execute(exchange).rowcount == 1
        if won:
            self._remember(row)
        return won

    def history(self, name: str) -> list[tuple[str, str, datetime]]:
        """(version, digest, when it last came into force)."""
        table = schema.artefact_history.c
        query = select(table.version, table.digest, table.at).where(table.name == name)
        return [(row[0], row[1], row[2]) for row in self._connection.execute(query.order_by(table.at.desc()))]

    def forget(self, digest: str) -> None:
        """Delete; refused by the statement itself where a name leads to it."""
        names, table = schema.artefact_names.c, schema.artefacts
        gone = delete(table).where(table.c.digest == digest, ~select(names.name).where(names.digest == digest).exists())
        if self._connection.execute(gone).rowcount:
            past = schema.artefact_history
            self._connection.execute(delete(past).where(past.c.digest == digest))

    def _remember(self, row: dict[str, Any]) -> None:
        self._connection.execute(upsert(schema.artefact_history, self._connection.dialect.name), [row])


class SqlClocks:
    """See `outreach.ports.Clocks`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._table = schema.clocks
        self.foreseen: list[ClockMoved] | None = None

    def all(self) -> list[ClockMoved]:
        """By partition."""
        if self.foreseen is not None:
            return list(self.foreseen)
        query = select(self._table.c.body).order_by(self._table.c.partition)
        return [ClockMoved.model_validate_json(body) for body in self._connection.scalars(query)]

    def put(self, moved: Iterable[ClockMoved]) -> None:
        """Only forward."""
        self.foreseen = None
        known = {word.partition: word for word in self.all()}
        fresh: dict[int, ClockMoved] = {}
        for word in moved:
            before = known.get(word.partition)
            if before is None or before.as_of <= word.as_of:
                known[word.partition] = fresh[word.partition] = word
        rows = [
            {"partition": word.partition, "as_of": word.as_of, "body": word.model_dump_json()}
            for word in fresh.values()
        ]
        if rows:
            self._connection.execute(upsert(self._table, self._connection.dialect.name), rows)


class SqlOffsets:
    """See `outreach.ports.Offsets`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._table = schema.offsets

    def get(self, consumer: str) -> dict[tuple[str, int], int]:
        """Positions of a consumer."""
        table = self._table.c
        query = select(table.topic, table.partition, table.next_offset).where(table.consumer == consumer)
        return {(topic, partition): offset for topic, partition, offset in self._connection.execute(query)}

    def put(self, consumer: str, positions: Mapping[tuple[str, int], int]) -> None:
        """Replace these."""
        rows = [
            {"consumer": consumer, "topic": topic, "partition": partition, "next_offset": offset}
            for (topic, partition), offset in positions.items()
        ]
        if rows:
            self._connection.execute(upsert(self._table, self._connection.dialect.name), rows)
