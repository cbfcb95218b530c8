"""What is kept of a message that could not become a fact."""

from base64 import b64decode, b64encode
from dataclasses import dataclass
from datetime import datetime

from schemas.base import Code, Message, Text, UtcTime
from schemas.errors import DeadLetterReason

KEPT_BYTES = 2_900_000
"""In base64 and with the rest of the letter this stays under the 4 MiB of the topic."""
KEPT_KEY_BYTES = 10_000
"""No account has such a key; but somebody may send one of megabytes."""


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
) -> DeadLetter:
    """A letter from raw bytes; of a message or a key that fits no topic the beginning is kept."""
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
    )
