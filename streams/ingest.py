"""The one stage that outside messages pass: validate, normalise, dead-letter, or append to the log of record. Pure.

CloudEvents come in structured mode, or in Kafka's binary mode (attributes as ``ce_`` headers, Kafka protocol binding).
"""

from dataclasses import dataclass, replace

from pydantic_core import to_json

from schemas.dead_letters import DeadLetter
from schemas.envelope import Event, encode, parse_json, replayed_letter, trace_of
from schemas.errors import BadEvent, DeadLetterReason
from schemas.events import BROADCAST, EVERYBODY, PUBLIC
from schemas.events.accounts import AccountMerged
from streams.decoding import read
from streams.microbatch.ports import Headers, Record
from streams.processor import letter_of
from streams.telemetry.context import TRACE_HEADER, Trace, carried

AHEAD_MS = 24 * 3_600_000
"""An event further ahead than this is somebody's broken clock; it would make all that follow late."""


REPLAY_HEADER = "ringahead-replay-of"
"""Header of a replayed record: the letter that it was."""


@dataclass(frozen=True, slots=True)
class LogEntry:
    """A record to be appended to the log of record."""

    key: bytes
    value: bytes
    broadcast: bool
    """To every partition."""


@dataclass(frozen=True, slots=True)
class IngestRules:
    """What a message is held against."""

    max_bytes: int = 1_000_000
    key_required: bool = True
    """Kafka records must carry the account as their key; HTTP and files have none."""


def ingest(record: Record, rules: IngestRules, trace: Trace = carried) -> LogEntry | DeadLetter:
    """A log entry, or the letter that says why not. Never raises for bad input."""
    replay_of = replayed_letter(_header(record, REPLAY_HEADER))
    try:
        event = _accepted(record, rules)
    except BadEvent as error:
        return letter_of(record, error, replay_of)
    traceparent = trace(trace_of(_header(record, TRACE_HEADER)) or event.traceparent)
    if traceparent != event.traceparent or replay_of != event.replay_of:
        event = replace(event, traceparent=traceparent, replay_of=replay_of)
    return LogEntry(event.subject.encode(), encode(event), type(event.fact) in BROADCAST)


def _header(record: Record, name: str) -> str | None:
    """A header as text; most records have none at all."""
    found = next((value for key, value in record.headers if key == name), None) if record.headers else None
    return None if found is None else found.decode(errors="replace")


def entry_of(event: Event) -> LogEntry:
    """The log entry of an event of our own."""
    return LogEntry(event.subject.encode(), encode(event), type(event.fact) in BROADCAST)


def _accepted(record: Record, rules: IngestRules) -> Event:
    raw = record.value
    if raw is None:
        raise BadEvent(DeadLetterReason.NOT_JSON, "the record has no value")
    if len(raw) > rules.max_bytes:
        raise BadEvent(DeadLetterReason.TOO_LARGE, f"{len(raw)} bytes; at most {rules.max_bytes} are accepted")
    event = read(_structured(raw, record.headers))
    if type(event.fact) not in PUBLIC:
        raise BadEvent(DeadLetterReason.NOT_ALLOWED_HERE, f"{event.type} is written by Ringahead alone")
    _check_subject(event)
    _check_clock(record, event)
    if rules.key_required:
        _check_key(record.key, event)
    return event


def _check_subject(event: Event) -> None:
    broadcast = type(event.fact) in BROADCAST
    if broadcast != (event.subject == EVERYBODY):
        raise BadEvent(
            DeadLetterReason.BAD_ENVELOPE,
            f"subject: must be {EVERYBODY!r} for {event.type}" if broadcast else "subject: must be an account id",
        )
    if isinstance(event.fact, AccountMerged) and event.fact.into_account_id in (event.subject, EVERYBODY):
        raise BadEvent(DeadLetterReason.BAD_DATA, "data.into_account_id: an account cannot continue as itself")


def _check_clock(record: Record, event: Event) -> None:
    """The broker's stamp is the judge: business time may stand still, and old orders may come at any time."""
    if record.timestamp_ms > 0 and event.time.timestamp() * 1000 > record.timestamp_ms + AHEAD_MS:
        raise BadEvent(
            DeadLetterReason.TIME_OUT_OF_RANGE,
            "time: more than 24 h ahead of when the message was received; correct the sender's clock and send it again",
        )


def _check_key(key: bytes | None, event: Event) -> None:
    if not key:
        raise BadEvent(DeadLetterReason.EMPTY_KEY, "the record's key must be the account id")
    if key != event.subject.encode():
        raise BadEvent(DeadLetterReason.KEY_MISMATCH, "the record's key is not the event's subject")


def _structured(raw: bytes, headers: Headers) -> bytes:
    """Structured-mode JSON, also of a binary-mode record."""
    attributes = {name[3:]: value for name, value in headers if name.startswith("ce_")}
    if "specversion" not in attributes:
        return raw
    return to_json({name: _text(name, value) for name, value in attributes.items()} | {"data": parse_json(raw)})


def _text(name: str, value: bytes | None) -> str | None:
    """An attribute of a binary-mode record; Kafka allows headers without a value."""
    try:
        return None if value is None else value.decode()
    except UnicodeDecodeError:
        raise BadEvent(DeadLetterReason.BAD_ENVELOPE, f"{name}: the header is not UTF-8") from None
