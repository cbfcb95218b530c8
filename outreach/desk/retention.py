"""How long the desk's own books are kept, and whether its history is whole."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from outreach.ports import Anchor, Transaction
from outreach.records import AuditEntry, chained

ANCHOR = "audit_anchor"
"""Fact: id and digest of the last entry that was cut."""
PIECE = 1000
"""Rows that one round deletes."""
READ = 5000


@dataclass(frozen=True, slots=True)
class Cut:
    """What one piece of cutting did."""

    messages: int
    entries: int

    @property
    def more(self) -> bool:
        """Whether there may be more to cut at once."""
        return max(self.messages, self.entries) >= PIECE


def cut(tx: Transaction, db_now: datetime, *, outbox_days: int, audit_days: int) -> Cut:
    """Delete a piece of what is older; 0 days: all is kept.

    Messages by when they left, in database time; history by the time that its entries tell, at its beginning only, and
    with the digest that the first entry that stays follows.
    """
    messages = tx.books.cut_sent(db_now - timedelta(days=outbox_days), PIECE) if outbox_days else 0
    if not audit_days:
        return Cut(messages, 0)
    before, began = db_now - timedelta(days=audit_days), anchor(tx).audit_id
    last = tx.books.cut_audit(before, PIECE)
    keep_anchor(tx, last)
    return Cut(messages, last.audit_id - began if last.audit_id else 0)


def keep_anchor(tx: Transaction, last: Anchor) -> None:
    """From now on the history begins behind this entry; none: where it began."""
    if last.audit_id:
        tx.facts.put(ANCHOR, f"{last.audit_id}:{last.digest}")


def anchor(tx: Transaction) -> Anchor:
    """Where the history begins."""
    kept = tx.facts.get(ANCHOR)
    if kept is None:
        return Anchor()
    audit_id, _, digest = kept.partition(":")
    return Anchor(int(audit_id), digest)


@dataclass(frozen=True, slots=True)
class Verified:
    """What came of walking the history."""

    began: Anchor
    entries: int
    head: Anchor
    """The newest entry that follows from those before it."""
    fault: str = ""
    """What is wrong behind it; empty: nothing."""


def verify(tx: Transaction, expected: Anchor | None = None) -> Verified:
    """Walk all of it: ids without a hole, each digest following from the entry and the one before.

    ``expected``: an entry that somebody noted elsewhere; who can rewrite the database can rewrite a chain as well.
    """
    began = head = anchor(tx)
    count, met = 0, expected is None or expected in (Anchor(), began)
    for entry in _entries(tx, began.audit_id):
        fault = _fault(entry, head)
        if fault:
            return Verified(began, count, head, fault)
        head, count = Anchor(entry.audit_id, entry.digest), count + 1
        if expected is not None and entry.audit_id == expected.audit_id:
            met = entry.digest == expected.digest
            if not met:
                return Verified(began, count, head, f"entry {entry.audit_id} is not the one that was noted")
    return Verified(began, count, head, "" if met or expected is None else _unmet(expected, began))


def _unmet(expected: Anchor, began: Anchor) -> str:
    if expected.audit_id < began.audit_id:
        said = f"history up to entry {began.audit_id} was cut, as the settings say or not: take a later note"
        return f"entry {expected.audit_id}, which was noted, is not there: {said}"
    return f"entry {expected.audit_id}, which was noted, is not there"


def _fault(entry: AuditEntry, before: Anchor) -> str:
    if entry.audit_id != before.audit_id + 1:
        return f"entries {before.audit_id + 1} to {entry.audit_id - 1} are missing"
    if chained(entry, entry.audit_id, before.digest).digest != entry.digest:
        return f"entry {entry.audit_id} or the one before it was changed"
    return ""


def _entries(tx: Transaction, after: int) -> Iterator[AuditEntry]:
    while page := tx.audit.since(after, READ):
        yield from page
        after = page[-1].audit_id
