"""Repositories of the desk's own books: audit, outbox, dead letters, artefacts, clocks, positions."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Protocol

from outreach.records import AuditEntry, OutboxMessage
from schemas.needs import ClockMoved


class Audit(Protocol):
    """The only way to write history is to add to it. Entries get their id and digest when the transaction flushes."""

    def append(self, entries: Iterable[AuditEntry]) -> None:
        """Add, in this order."""
        ...

    def since(self, audit_id: int, limit: int = 500) -> list[AuditEntry]:
        """Entries after this id, in order; none is ever added before one that was seen."""
        ...

    def newest(self) -> int:
        """The newest id, or 0."""
        ...

    def newest_about(self, subjects: Iterable[str]) -> dict[str, AuditEntry]:
        """The newest entry of each of these subjects that has any."""
        ...

    def about(self, *, account_id: str | None = None, subject: str | None = None, limit: int = 200) -> list[AuditEntry]:
        """Newest first."""
        ...


class Outbox(Protocol):
    """What must leave, in order; a message with a known key is not written again."""

    def append(self, messages: Iterable[OutboxMessage]) -> None:
        """Add; ids are given when the transaction flushes."""
        ...

    def pending(self, destination: str, limit: int = 500, after: int = 0) -> list[OutboxMessage]:
        """Those with a greater id than ``after``, oldest first."""
        ...

    def mark_sent(self, outbox_ids: Iterable[int], at: datetime) -> None:
        """They have left (database time)."""
        ...

    def waiting(self) -> Mapping[str, int]:
        """How many wait, by destination."""
        ...


class Artefacts(Protocol):
    """Models, profiles, neighbour lists: blobs by sha256 digest."""

    def put(self, raw: bytes) -> str:
        """Keep; returns the digest in hex."""
        ...

    def get(self, digest: str) -> bytes | None:
        """The blob; raises Corrupt when its digest is not the one asked for."""
        ...

    def set_current(self, name: str, version: str, digest: str, at: datetime) -> None:
        """Which blob goes by a name now: ``models``, ``profiles``, ``neighbours``."""
        ...

    def current(self, name: str) -> tuple[str, str] | None:
        """(version, digest) of a name."""
        ...

    def exchange_current(self, name: str, expected: str | None, version: str, digest: str, at: datetime) -> bool:
        """Compare-and-set: name the blob where the name's digest is still the expected one (None: has none). False:
        somebody else was faster, and nothing was changed."""
        ...

    def history(self, name: str) -> list[tuple[str, str, datetime]]:
        """(version, digest, when it last came into force) of all that went by the name and is kept, newest first."""
        ...

    def forget(self, digest: str) -> None:
        """Delete the blob and its history; nothing happens where a name leads to it."""
        ...


class Clocks(Protocol):
    """Business time, by partition."""

    def all(self) -> list[ClockMoved]:
        """The newest word of each partition."""
        ...

    def put(self, moved: Iterable[ClockMoved]) -> None:
        """Only forward: an older one changes nothing."""
        ...


class Offsets(Protocol):
    """Positions of a consumer, in the transaction of what it wrote."""

    def get(self, consumer: str) -> dict[tuple[str, int], int]:
        """(topic, partition) -> next offset."""
        ...

    def put(self, consumer: str, positions: Mapping[tuple[str, int], int]) -> None:
        """Replace these positions."""
        ...


class Facts(Protocol):
    """Small named values of the desk itself: value deciles, the hour of the last upkeep, the kill switch."""

    def get(self, name: str) -> str | None:
        """The value, or None."""
        ...

    def put(self, name: str, value: str) -> None:
        """Set it."""
        ...
