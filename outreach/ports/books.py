"""Cutting the desk's own books: messages that left long ago, history that is older than it must be kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from schemas.base import EARLIEST


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
        """Delete entries at the beginning, at most so many, up to the first one that is not older. The last of them, or
        none where nothing was deleted.

        One that was told before business time began says no time: it is as old as the next one that does.
        """
        ...


def last_older(entries: Sequence[tuple[int, datetime, str]], before: datetime, then: datetime | None) -> Anchor:
    """Of these (id, time, digest), in order, the last one up to which all are older; ``then``: the next time said."""
    last = Anchor()
    for audit_id, at, digest in reversed(entries):
        then = at if at > EARLIEST else then
        if then is None or then >= before:
            last = Anchor()
        elif not last.audit_id:
            last = Anchor(audit_id, digest)
    return last
