"""Dead letters in words."""

from collections.abc import Iterable
from dataclasses import dataclass

from console.texts import plain, text
from console.times import moment_text
from outreach.records import AuditEntry
from schemas.dead_letters import DeadLetter, Edited, KeptLetter

RAW_BYTES_SHOWN = 600


@dataclass(frozen=True, slots=True)
class Letter:
    """A dead letter as a list shows it."""

    place: str
    reason: str
    detail: str
    seen: str
    raw: str
    size_bytes: int
    cut: bool
    replay_of: str = ""
    fate: str = ""
    """What became of it; empty while it waits."""


@dataclass(frozen=True, slots=True)
class Act:
    """One entry of a letter's history."""

    at: str
    actor: str
    what: str
    change: str
    detail: str


def letter_row(letter: DeadLetter, kept: KeptLetter | None = None) -> Letter:
    """A letter, with the beginning of its message."""
    raw = letter.raw
    fate = ""
    if kept is not None and kept.settled_at is not None:
        fate = text("letters.settled_at", how=kept.settled_how or "", time=moment_text(kept.settled_at))
    return Letter(
        place=letter.letter_id,
        reason=plain(letter.reason),
        detail=letter.detail,
        seen=moment_text(letter.first_seen),
        raw=printable(raw[:RAW_BYTES_SHOWN]),
        size_bytes=len(raw),
        cut=len(raw) > RAW_BYTES_SHOWN,
        replay_of=letter.replay_of or "",
        fate=fate,
    )


def editable(content: Edited) -> tuple[str, str] | None:
    """(key, message) for a form; None where the bytes are no text that a form gives back as it was."""
    try:
        key, raw = (content.key or b"").decode(), content.raw.decode()
    except UnicodeDecodeError:
        return None
    return None if "\r" in raw or "\x00" in raw + key else (key, raw)


def history(entries: Iterable[AuditEntry]) -> list[Act]:
    """What was done, newest first."""
    return [
        Act(moment_text(one.at), one.actor, plain(one.event), f"{one.before} → {one.after}", one.detail)
        for one in entries
    ]


def printable(raw: bytes) -> str:
    """Bytes as text in which nothing hides: control signs and bad UTF-8 become escapes."""
    decoded = raw.decode("utf-8", errors="backslashreplace")
    return "".join(sign if sign.isprintable() or sign == "\n" else f"\\u{ord(sign):04x}" for sign in decoded)
