"""Deterministic ids: the same need found twice is one need, the same effect sent twice is one effect."""

from datetime import datetime
from hashlib import blake2b

_SEPARATOR = b"\x1f"


def stable_hash(*parts: str, size_bytes: int = 8) -> bytes:
    """blake2b of the parts, which are kept apart, so that ("ab", "c") is not ("a", "bc")."""
    return blake2b(_SEPARATOR.join(part.encode() for part in parts), digest_size=size_bytes).digest()


def short_int(*parts: str) -> int:
    """63-bit integer hash, for compact rings in the state."""
    return int.from_bytes(stable_hash(*parts), "big") >> 1


def event_key(source: str, event_id: str) -> int:
    """What a duplicate is recognised by: CloudEvents source and id."""
    told = b"\x1f".join((b"event", source.encode(), event_id.encode()))  # as short_int, for every event
    return int.from_bytes(blake2b(told, digest_size=8).digest(), "big") >> 1


def need_id(account_id: str, group: str, cycle: int) -> str:
    """(account, SKU group, consumption cycle), 16 bytes in hex."""
    return stable_hash("need", account_id, group, str(cycle), size_bytes=16).hex()


def reorder_id(need_id: str) -> str:
    """A need has at most one reorder."""
    return stable_hash("reorder", need_id, size_bytes=16).hex()


def task_id(account_id: str, task_class: str, first_need_id: str) -> str:
    """A call task is named after the need that opened it."""
    return stable_hash("task", account_id, task_class, first_need_id, size_bytes=16).hex()


def quarter_of(moment: datetime) -> str:
    """Calendar quarter in UTC, e.g. ``2011Q4``."""
    return f"{moment.year}Q{(moment.month + 2) // 3}"


def is_held_out(account_id: str, moment: datetime, salt: str, share: float) -> bool:
    """Whether the account is drawn into this quarter's hold-out; a property of account, quarter and salt alone."""
    drawn = short_int("holdout", account_id, quarter_of(moment), salt) / 2**63
    return drawn < share
