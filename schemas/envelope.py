"""CloudEvents 1.0, structured mode, with our catalogue's facts as ``data``.

Source: CloudEvents specification 1.0.2, sections "Context Attributes" and "JSON Event Format".
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from pydantic_core import from_json, to_json

from schemas.base import Fact, Identifier, UtcTime
from schemas.errors import BadEvent, DeadLetterReason
from schemas.events import CATALOGUE, EVERYBODY, TYPE_OF

SCHEMA_ROOT = "urn:ringahead:schema:"

_OUT_OF_RANGE = ("outside of 1990 to 2099", "is outside expected range", "dates after 9999", "dates before 0000")
"""What is said of a time that is well written and cannot be."""
_TRACEPARENT = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
_TYPE_LIKE = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)+")


class Envelope(BaseModel):
    """The context attributes. Extension attributes are kept."""

    model_config = ConfigDict(frozen=True, extra="allow")

    specversion: Literal["1.0"]
    id: Identifier
    source: Identifier
    type: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    subject: Identifier
    time: UtcTime
    datacontenttype: Literal["application/json"] = "application/json"
    dataschema: str | None = None
    data: dict[str, Any] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Event:
    """A fact with who said it, of whom, and when it occurred (UTC)."""

    id: str
    source: str
    subject: str
    time: datetime
    fact: Fact
    traceparent: str | None = None
    """W3C trace context, CloudEvents' extension for distributed tracing; carried, never decided by."""
    replay_of: str | None = None
    """The dead letter that this was, where an operator replayed it; extension ``replayof``."""

    @property
    def type(self) -> str:
        """CloudEvents type, e.g. ``ringahead.OrderPlaced.v1``."""
        return TYPE_OF[type(self.fact)]


def encode(event: Event) -> bytes:
    """Structured-mode JSON of an event, with the fields of its fact that were told, null or not, and no others.

    The same event gives the same bytes in every process, and again after it was decoded.
    """
    name = event.type
    told = {
        "specversion": "1.0",
        "id": event.id,
        "source": event.source,
        "type": name,
        "subject": event.subject,
        "time": event.time.astimezone(UTC),
        "datacontenttype": "application/json",
        "dataschema": SCHEMA_ROOT + name,
        "data": event.fact.model_dump(mode="json", exclude_unset=True),
    }
    if event.traceparent is not None:
        told["traceparent"] = event.traceparent
    if event.replay_of is not None:
        told["replayof"] = event.replay_of
    return to_json(told)


def decode(raw: bytes) -> Event:
    """An event from structured-mode JSON; raises BadEvent with the reason and the place of the first fault."""
    envelope = _envelope(parse_json(raw))
    fact_type = CATALOGUE.get(envelope.type)
    if fact_type is None:
        raise BadEvent(DeadLetterReason.UNKNOWN_TYPE, f"type: {_shown(envelope.type)} is not in the catalogue")
    try:
        fact = fact_type.model_validate(envelope.data)
    except ValidationError as error:
        raise _bad(error, DeadLetterReason.BAD_DATA, "data") from None
    extensions = envelope.model_extra or {}
    return Event(
        envelope.id,
        envelope.source,
        envelope.subject,
        envelope.time,
        fact,
        trace_of(extensions.get("traceparent")),
        replayed_letter(extensions.get("replayof")),
    )


def broadcast(fact: Fact, *, source: str, id: str, time: datetime) -> Event:  # noqa: A002 - CloudEvents' own word
    """An event that concerns every account."""
    return Event(id, source, EVERYBODY, time, fact)


def trace_of(told: object) -> str | None:
    """A W3C traceparent, or None for anything else: a broken one ends the trace, and refuses nothing."""
    return told if isinstance(told, str) and _TRACEPARENT.fullmatch(told) else None


def replayed_letter(told: object) -> str | None:
    """The id of a dead letter, or None for anything else: whoever sends a record may write whatever they like there."""
    return told if isinstance(told, str) and 0 < len(told) <= 200 and told.isprintable() else None


def parse_json(raw: bytes) -> Any:
    """Strict JSON, without NaN and Infinity; raises BadEvent with the place of the first fault."""
    try:
        return from_json(raw, allow_inf_nan=False)
    except ValueError as error:
        deep = "recursion limit" in str(error)
        raise BadEvent(DeadLetterReason.TOO_DEEP if deep else DeadLetterReason.NOT_JSON, str(error)) from None


def _envelope(parsed: Any) -> Envelope:
    try:
        return Envelope.model_validate(parsed)
    except ValidationError as error:
        raise _bad(error, DeadLetterReason.BAD_ENVELOPE, "") from None


def _bad(error: ValidationError, otherwise: DeadLetterReason, prefix: str) -> BadEvent:
    """The first fault, by field and message; never the value, which may be somebody's data."""
    first = error.errors(include_url=False, include_input=False)[0]
    parts = [str(part) for part in (prefix, *first["loc"]) if part != ""]
    if parts[-1:] == ["[key]"]:
        del parts[-2]  # the key itself, as it was sent
    place = ".".join(parts) or "event"
    if any(said in first["msg"] for said in _OUT_OF_RANGE):
        otherwise = DeadLetterReason.TIME_OUT_OF_RANGE
    if first["type"] == "greater_than" and place.endswith("quantity"):
        otherwise = DeadLetterReason.NEGATIVE_QUANTITY
    return BadEvent(otherwise, f"{place}: {first['msg']}")


def _shown(type_name: str) -> str:
    """A type as it was sent, unless it is no type at all."""
    return repr(type_name) if _TYPE_LIKE.fullmatch(type_name) else "what was sent"
