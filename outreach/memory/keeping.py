"""In-memory repositories of the desk's own books."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from outreach.memory.tables import MemoryTable
from outreach.records import AuditEntry, OutboxMessage, chained
from schemas.errors import Corrupt
from schemas.needs import ClockMoved


class MemoryAudit:
    """See `outreach.ports.Audit`."""

    def __init__(self, table: MemoryTable[int, AuditEntry]) -> None:
        self._table = table

    def append(self, entries: Iterable[AuditEntry]) -> None:
        """Add, chained."""
        for entry in entries:
            newest = self.newest()
            before = self._table.rows[newest].digest if newest else ""
            self._table.put([chained(entry, newest + 1, before)])

    def since(self, audit_id: int, limit: int = 500) -> list[AuditEntry]:
        """After this id."""
        return self._table.where(lambda entry: entry.audit_id > audit_id)[:limit]

    def newest(self) -> int:
        """The newest id."""
        return next(reversed(self._table.rows), 0)

    def newest_about(self, subjects: Iterable[str]) -> dict[str, AuditEntry]:
        """By subject; the newest comes last, and stays."""
        wanted = set(subjects)
        return {entry.subject: entry for entry in self._table.where(lambda entry: entry.subject in wanted)}

    def about(self, *, account_id: str | None = None, subject: str | None = None, limit: int = 200) -> list[AuditEntry]:
        """Newest first."""
        found = self._table.where(
            lambda e: (account_id is None or e.account_id == account_id) and (subject is None or e.subject == subject)
        )
        return found[::-1][:limit]


class MemoryOutbox:
    """See `outreach.ports.Outbox`."""

    def __init__(self, table: MemoryTable[int, tuple[OutboxMessage, datetime | None]]) -> None:
        self._table = table

    def append(self, messages: Iterable[OutboxMessage]) -> None:
        """Add those with a new key."""
        known = {message.dedup_key for message, _ in self._table.rows.values()}
        for message in messages:
            if message.dedup_key not in known:
                known.add(message.dedup_key)
                outbox_id = next(reversed(self._table.rows), 0) + 1
                self._table.set(outbox_id, (replace(message, outbox_id=outbox_id), None))

    def pending(self, destination: str, limit: int = 500, after: int = 0) -> list[OutboxMessage]:
        """Oldest first."""
        rows = self._table.rows.values()
        waiting = [message for message, sent in rows if sent is None and message.destination == destination]
        return [message for message in waiting if message.outbox_id > after][:limit]

    def mark_sent(self, outbox_ids: Iterable[int], at: datetime) -> None:
        """They have left."""
        for outbox_id in outbox_ids:
            self._table.set(outbox_id, (self._table.rows[outbox_id][0], at))

    def waiting(self) -> Mapping[str, int]:
        """By destination."""
        return Counter(message.destination for message, sent in self._table.rows.values() if sent is None)


class MemoryArtefacts:
    """See `outreach.ports.Artefacts`."""

    def __init__(
        self,
        blobs: MemoryTable[str, bytes],
        names: MemoryTable[str, tuple[str, str]],
        history: MemoryTable[tuple[str, str], tuple[str, datetime]],
    ) -> None:
        self._blobs = blobs
        self._names = names
        self._history = history

    def put(self, raw: bytes) -> str:
        """Keep."""
        digest = hashlib.sha256(raw).hexdigest()
        self._blobs.set(digest, raw)
        return digest

    def get(self, digest: str) -> bytes | None:
        """The blob."""
        raw = self._blobs.get(digest)
        if raw is not None and hashlib.sha256(raw).hexdigest() != digest:
            raise Corrupt(f"artefact {digest} is not what was stored")
        return raw

    def set_current(self, name: str, version: str, digest: str, at: datetime) -> None:
        """Name it."""
        self._names.set(name, (version, digest))
        self._history.set((name, digest), (version, at))

    def current(self, name: str) -> tuple[str, str] | None:
        """(version, digest)."""
        return self._names.get(name)

    def exchange_current(self, name: str, expected: str | None, version: str, digest: str, at: datetime) -> bool:
        """Compare-and-set."""
        known = self._names.get(name)
        if (None if known is None else known[1]) != expected:
            return False
        self.set_current(name, version, digest, at)
        return True

    def history(self, name: str) -> list[tuple[str, str, datetime]]:
        """(version, digest, when it last came into force)."""
        past = [(version, key[1], at) for key, (version, at) in self._history.rows.items() if key[0] == name]
        return sorted(past, key=lambda one: one[2], reverse=True)

    def forget(self, digest: str) -> None:
        """Delete, unless it goes by a name."""
        if digest in {current[1] for current in self._names.rows.values()} or self._blobs.get(digest) is None:
            return
        self._blobs.remove(digest)
        for key in [key for key in self._history.rows if key[1] == digest]:
            self._history.remove(key)


class MemoryClocks:
    """See `outreach.ports.Clocks`."""

    def __init__(self, table: MemoryTable[int, ClockMoved]) -> None:
        self._table = table

    def all(self) -> list[ClockMoved]:
        """By partition."""
        return [self._table.rows[partition] for partition in sorted(self._table.rows)]

    def put(self, moved: Iterable[ClockMoved]) -> None:
        """Only forward."""
        for word in moved:
            known = self._table.get(word.partition)
            if known is None or known.as_of <= word.as_of:
                self._table.put([word])


class MemoryOffsets:
    """See `outreach.ports.Offsets`."""

    def __init__(self, table: MemoryTable[tuple[str, str, int], int]) -> None:
        self._table = table

    def get(self, consumer: str) -> dict[tuple[str, int], int]:
        """Positions of a consumer."""
        return {(key[1], key[2]): offset for key, offset in self._table.rows.items() if key[0] == consumer}

    def put(self, consumer: str, positions: Mapping[tuple[str, int], int]) -> None:
        """Replace these."""
        for (topic, partition), offset in positions.items():
            self._table.set((consumer, topic, partition), offset)


class MemoryFacts:
    """See `outreach.ports.Facts`."""

    def __init__(self, table: MemoryTable[str, str]) -> None:
        self._table = table

    def get(self, name: str) -> str | None:
        """The value, or None."""
        return self._table.get(name)

    def put(self, name: str, value: str) -> None:
        """Set it."""
        self._table.set(name, value)
