"""Cutting the desk's own books: messages that left long ago, history that is older than it must be kept."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Anchor:
    """Where the audit begins: what was cut before it, so that the chain of digests still has a beginning."""

    audit_id: int = 0
    """Of the last entry that was cut; 0: none was."""
    digest: str = ""


class Books(Protocol):
    """The newest row of either book always stays: numbers go on from it."""

    def cut_sent(self, before: datetime, limit: int) -> int:
        """Delete messages that left before then (database time), at most so many; how many. Waiting ones stay."""
        ...

    def cut_audit(self, before: datetime, limit: int) -> Anchor:
        """Delete entries at the beginning, at most so many, up to the first one that is not older. Where it begins."""
        ...
