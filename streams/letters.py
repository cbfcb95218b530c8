"""What operators do with dead letters: edit, replay, discard. Each is audited: who, when, from what to what.

A replay goes where the letter came from: a public topic (or HTTP) through ingest again, the log of record to the log.
It names the letter that it was, so that a second refusal shows where it comes from. What would be refused at once is
not sent: the operator is told why. Content stands in the letter and in what was sent; the audit has its digest.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from outreach.ports import Store, Transaction
from outreach.records import AuditEntry
from schemas.dead_letters import DeadLetter, Edited, KeptLetter
from schemas.envelope import Event, parse_json
from schemas.errors import BadEvent, NotFound, Refused
from schemas.topics import Topic
from streams.ingest import REPLAY_HEADER, IngestRules, LogEntry, entry_of, ingest
from streams.microbatch.ports import Record
from streams.processor import read_event

Settle = Callable[[Transaction], str]
"""Ends a replay in the transaction that settles the letter; returns the place at which the message is now."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """A record that passed the checks, and what it is in the log."""

    record: Record
    entry: LogEntry
    event: Event | None
    """Where it came from the log itself."""


Send = Callable[[Replayed], Settle]
"""Sends it on: durably before it returns, or by what it returns."""


@dataclass(frozen=True, slots=True)
class ManyReplayed:
    """What became of several."""

    done: int
    refused: dict[str, str]
    """Letter id -> why it still waits."""


class LetterDesk:
    """Use cases over the store; ``now_ms``: the wall's clock, as a broker would stamp the record."""

    def __init__(self, store: Store, rules: IngestRules, send: Send, now_ms: Callable[[], int]) -> None:
        self._store = store
        self._rules = rules
        self._send = send
        self._now_ms = now_ms

    def edit(self, letter_id: str, edited: Edited, actor: str) -> None:
        """Keep what a replay shall send; the letter stays as it came. Raises NotFound, Refused."""
        with self._store.begin() as tx:
            before = _waiting(tx, letter_id).to_send
            tx.dead_letters.edit(letter_id, edited)
            _audit(tx, letter_id, actor, "letter_edited", _digest(before), _digest(edited), _sizes(before, edited))

    def discard(self, letter_id: str, why: str, actor: str) -> None:
        """Give it up. Raises NotFound, Refused."""
        with self._store.begin() as tx:
            _waiting(tx, letter_id)
            _settle(tx, letter_id, f"discarded by {actor}")
            _audit(tx, letter_id, actor, "letter_discarded", "waiting", "discarded", why[:200])

    def replay(self, letter_id: str, actor: str) -> str:
        """Send it again; the place at which it is now. Raises NotFound, Refused with the reason, Unavailable.

        After a crash between sending and settling the letter waits still, and a second replay is a duplicate, which
        the fold recognises.
        """
        with self._store.read() as tx:
            kept = _waiting(tx, letter_id)
        finish = self._send(self.checked(kept))
        with self._store.begin() as tx:
            _waiting(tx, letter_id)
            place = finish(tx)
            _settle(tx, letter_id, f"replayed as {place}")
            detail = f"as {place}{', edited' if kept.edited else ''}; {_digest(kept.to_send)}"
            _audit(tx, letter_id, actor, "letter_replayed", "waiting", "replayed", detail)
        return place

    def replay_many(self, letter_ids: Sequence[str], actor: str) -> ManyReplayed:
        """Each by itself: one that would be refused holds up no other. Raises Unavailable."""
        refused: dict[str, str] = {}
        for letter_id in letter_ids:
            try:
                self.replay(letter_id, actor)
            except Refused as error:
                refused[letter_id] = str(error)
        return ManyReplayed(len(letter_ids) - len(refused), refused)

    def checked(self, kept: KeptLetter) -> Replayed:
        """The record that will be sent; raises Refused where it would be a dead letter again at once."""
        letter, content = kept.letter, kept.to_send
        headers = (*_binary_mode(kept), (REPLAY_HEADER, letter.letter_id.encode()))
        partition, offset = letter.partition, letter.offset
        record = Record(letter.source, partition, offset, self._now_ms(), content.key, content.raw, headers)
        if letter.source == Topic.LOG.value:
            return _of_the_log(record)
        keyed = letter.source.startswith("ringahead.")
        result = ingest(record, replace(self._rules, key_required=keyed))
        if isinstance(result, DeadLetter):
            raise Refused(str(result.reason), result.detail)
        return Replayed(record, result, None)


def _binary_mode(kept: KeptLetter) -> tuple[tuple[str, bytes], ...]:
    """The headers that belong to what is sent: none where somebody made a structured event of it."""
    if kept.edited is not None and _is_structured(kept.edited.raw):
        return ()
    return kept.letter.headers  # type: ignore[return-value]  # Kafka allows headers without a value


def _is_structured(raw: bytes) -> bool:
    try:
        event = parse_json(raw)
    except BadEvent:
        return False
    return isinstance(event, dict) and "specversion" in event


def in_order(letters: Iterable[DeadLetter]) -> list[str]:
    """Ids in the order in which the messages came."""
    ordered = sorted(letters, key=lambda one: (one.first_seen, one.source, one.partition, one.offset))
    return [one.letter_id for one in ordered]


def _of_the_log(record: Record) -> Replayed:
    """What the fold refused goes to the log again, behind what was mended meanwhile."""
    try:
        event = read_event(record)
    except BadEvent as error:
        raise Refused(str(error.reason), error.detail) from None
    marked = replace(event, replay_of=dict(record.headers)[REPLAY_HEADER].decode())
    return Replayed(record, entry_of(marked), marked)


def _waiting(tx: Transaction, letter_id: str) -> KeptLetter:
    kept = tx.dead_letters.kept(letter_id)
    if kept is None:
        raise NotFound("no_such_letter", letter_id)
    if kept.settled_at is not None:
        raise Refused("settled", f"it was {kept.settled_how}")
    return kept


def _settle(tx: Transaction, letter_id: str, how: str) -> None:
    if not tx.dead_letters.settle(letter_id, how, tx.db_now()):
        raise Refused("settled", "somebody else was faster")


def _audit(tx: Transaction, letter_id: str, actor: str, event: str, before: str, after: str, detail: str) -> None:
    at: datetime = tx.db_now()
    entry = AuditEntry(0, at, f"letter:{letter_id}", None, actor, event, before, after, 1, detail)
    tx.audit.append([entry])


def _digest(content: Edited) -> str:
    return "sha256:" + hashlib.sha256(content.raw).hexdigest()[:16]


def _sizes(before: Edited, after: Edited) -> str:
    key = "the key was changed, " if before.key != after.key else ""
    return f"{key}{len(before.raw)} -> {len(after.raw)} bytes"
