"""What is kept of a message that could not become a fact."""

from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import Field

from schemas.base import Code, Message, Text, UtcTime
from schemas.errors import DeadLetterReason

KEPT_BYTES = 2_900_000
"""In base64 and with the rest of the letter this stays under the 4 MiB of the topic."""
KEPT_KEY_BYTES = 10_000
"""No account has such a key; but somebody may send one of megabytes."""
KEPT_HEADERS_BYTES = 10_000
"""Names and values together; attributes of CloudEvents are some hundred bytes."""
BINARY_MODE = ("ce_", "content-type")
"""How the names of headers begin that are part of an event in CloudEvents' binary mode."""

MessageHeaders = Sequence[tuple[str, bytes | None]]


class DeadLetter(Message):
    """Raw bytes, where they came from, and why they were refused."""

    source: Code
    """Topic, or ``http``, or the kind of file."""
    partition: int
    offset: int
    """Kafka offset, log position or line number."""
    key_base64: str | None = None
    raw_base64: str
    reason: DeadLetterReason
    detail: Text = ""
    first_seen: UtcTime
    """Record time where there is one."""
    replay_of: str | None = None
    """The letter that was replayed, and came to this one."""
    headers_base64: dict[str, str | None] | None = Field(default=None, exclude_if=lambda kept: kept is None)
    """The headers that are part of the event, where it came in CloudEvents' binary mode."""

    @property
    def headers(self) -> tuple[tuple[str, bytes | None], ...]:
        """The headers of binary mode, by which a replay is the same event again."""
        told = self.headers_base64 or {}
        return tuple((name, None if value is None else b64decode(value)) for name, value in told.items())

    @property
    def key(self) -> bytes | None:
        """The record's key."""
        return None if self.key_base64 is None else b64decode(self.key_base64)

    @property
    def raw(self) -> bytes:
        """The message as it came."""
        return b64decode(self.raw_base64)

    @property
    def letter_id(self) -> str:
        """The same bad record seen twice is one letter."""
        return f"{self.source}/{self.partition}/{self.offset}"


@dataclass(frozen=True, slots=True)
class Edited:
    """What an operator made of a letter; the letter itself stays as it came."""

    key: bytes | None
    raw: bytes


@dataclass(frozen=True, slots=True)
class KeptLetter:
    """A letter and what became of it."""

    letter: DeadLetter
    edited: Edited | None = None
    settled_at: datetime | None = None
    settled_how: str | None = None
    """``replayed ...`` or ``discarded ...``; None: it waits."""

    @property
    def to_send(self) -> Edited:
        """What a replay sends."""
        return self.edited or Edited(self.letter.key, self.letter.raw)


def dead_letter(
    *,
    source: str,
    partition: int,
    offset: int,
    key: bytes | None,
    raw: bytes,
    reason: DeadLetterReason,
    detail: str,
    first_seen: datetime,
    replay_of: str | None = None,
    headers: MessageHeaders = (),
) -> DeadLetter:
    """A letter from raw bytes; of a message or a key that fits no topic the beginning is kept. Of the headers those
    of binary mode are kept.
    """
    event_headers, left_out = _event_headers(headers)
    if left_out:
        detail = f"{detail[:250]} ({left_out} headers are not kept: they are too large)"
    if key is not None and len(key) > KEPT_KEY_BYTES:
        detail = f"{detail[:300]} (cut: {KEPT_KEY_BYTES} of {len(key)} bytes of the key are kept)"
        key = key[:KEPT_KEY_BYTES]
    if len(raw) > KEPT_BYTES:
        detail = f"{detail[:400]} (cut: {KEPT_BYTES} of {len(raw)} bytes are kept)"
        raw = raw[:KEPT_BYTES]
    return DeadLetter(
        source=source,
        partition=partition,
        offset=offset,
        key_base64=None if key is None else b64encode(key).decode(),
        raw_base64=b64encode(raw).decode(),
        reason=reason,
        detail=detail[:500],
        first_seen=first_seen,
        replay_of=replay_of,
        headers_base64=event_headers or None,
    )


def _event_headers(headers: MessageHeaders) -> tuple[dict[str, str | None], int]:
    """Those of binary mode, the last of each name, while there is room; and how many there was none for."""
    if not any(name.startswith(BINARY_MODE[0]) for name, _ in headers):
        return {}, 0
    kept: dict[str, str | None] = {}
    room, left_out = KEPT_HEADERS_BYTES, 0
    for name, value in dict(headers).items():
        size = len(name.encode()) + len(value or b"")
        if name.startswith(BINARY_MODE) and size <= room:
            kept[name] = None if value is None else b64encode(value).decode()
            room -= size
        else:
            left_out += name.startswith(BINARY_MODE)
    return kept, left_out
