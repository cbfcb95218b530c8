"""Events over HTTP: from a request's body to single structured-mode CloudEvents, checked before they are taken in.

Source: CloudEvents HTTP protocol binding 1.0.2: structured, batched and binary content mode.
"""

import json
from collections.abc import Mapping
from typing import Any

import msgspec
from pydantic import BaseModel

from console.ports import EventOutcome
from console.problems import Problem
from schemas.base import Fact
from schemas.envelope import decode
from schemas.errors import BadEvent, DeadLetterReason
from schemas.events import PUBLIC

MAX_BATCH_EVENTS = 1000
BINARY_PREFIX = "ce-"


def split(body: bytes, headers: Mapping[str, str]) -> list[bytes]:
    """The events of a request, byte for byte as they were sent; raises Problem when the body is not such a thing."""
    if "ce-specversion" in headers:
        return [_from_binary(body, headers)]
    if not body.lstrip().startswith(b"["):
        return [body]
    try:
        events = [bytes(raw) for raw in msgspec.json.decode(body, type=list[msgspec.Raw])]
    except (msgspec.DecodeError, RecursionError) as error:
        raise Problem(422, "not_json", "the body is not a JSON list of events") from error
    if not 1 <= len(events) <= MAX_BATCH_EVENTS:
        raise Problem(422, "batch_size", f"a batch has 1 to {MAX_BATCH_EVENTS} events")
    return events


def checked(raw: bytes, max_event_bytes: int, *, lenient: bool = False) -> EventOutcome | None:
    """Why the event is refused at the door, or None. Fields that we do not know are refused here: the sender is
    listening, unlike on a topic. ``lenient`` lets them pass, for our own import of files."""
    try:
        _check(raw, max_event_bytes, lenient=lenient)
    except BadEvent as error:
        return EventOutcome("refused", _id_of(raw), str(error.reason), error.detail)
    except RecursionError:
        return EventOutcome("refused", None, str(DeadLetterReason.TOO_DEEP), "nested too deep")
    return None


def _check(raw: bytes, max_event_bytes: int, *, lenient: bool) -> None:
    if len(raw) > max_event_bytes:
        raise BadEvent(DeadLetterReason.TOO_LARGE, f"at most {max_event_bytes} bytes")
    event = decode(raw)
    if type(event.fact) not in PUBLIC:
        raise BadEvent(DeadLetterReason.NOT_ALLOWED_HERE, f"{event.type} is not for outside senders")
    if not lenient:
        _refuse_unknown(event.fact)


def _from_binary(body: bytes, headers: Mapping[str, str]) -> bytes:
    """Binary mode: attributes are headers, the body is ``data``."""
    try:
        data = json.loads(body or b"{}")
    except (ValueError, RecursionError) as error:
        raise Problem(422, "not_json", "the body is not JSON") from error
    attributes = {
        name.removeprefix(BINARY_PREFIX): value for name, value in headers.items() if name.startswith(BINARY_PREFIX)
    }
    return json.dumps({**attributes, "datacontenttype": "application/json", "data": data}).encode()


def _refuse_unknown(fact: Fact) -> None:
    unknown = sorted(_unknown_fields(fact, "data"))
    if unknown:
        raise BadEvent(DeadLetterReason.BAD_DATA, f"{unknown[0]}: this field is not known")


def _unknown_fields(value: Any, place: str) -> list[str]:
    if isinstance(value, BaseModel):
        extra = [f"{place}.{name}" for name in (value.model_extra or {})]
        named = type(value).model_fields
        return extra + [found for name in named for found in _unknown_fields(getattr(value, name), f"{place}.{name}")]
    if isinstance(value, tuple):
        return [found for index, one in enumerate(value) for found in _unknown_fields(one, f"{place}.{index}")]
    return []


def _id_of(raw: bytes) -> str | None:
    """The event's id, where it can be read at all."""
    try:
        parsed = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    found = parsed.get("id") if isinstance(parsed, dict) else None
    return found[:200] if isinstance(found, str) else None
