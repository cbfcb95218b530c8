"""What the console needs of whoever builds it, beside the store and the desk; each has a twin without a server here."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

from schemas.errors import Unavailable
from streams.lag.figures import PartitionLag
from streams.lag.status import LagStatus

__all__ = [
    "AcceptEvents",
    "AdminCalls",
    "Clock",
    "EventOutcome",
    "FixedLag",
    "LagSource",
    "LagStatus",
    "PartitionLag",
]


class LagSource(Protocol):
    """Where lag is measured."""

    def sample(self) -> Sequence[PartitionLag]:
        """Every group, topic and partition now; raises Unavailable with the reason when it cannot be measured."""
        ...


class FixedLag:
    """A source that says what it was told; with ``failure`` it cannot be reached."""

    def __init__(self, rows: Sequence[PartitionLag] = (), failure: str = "") -> None:
        self.rows = tuple(rows)
        self.failure = failure

    def sample(self) -> Sequence[PartitionLag]:
        """The rows, or Unavailable."""
        if self.failure:
            raise Unavailable(self.failure)
        return self.rows


@dataclass(frozen=True, slots=True)
class EventOutcome:
    """What became of one event that came over HTTP."""

    outcome: Literal["accepted", "duplicate", "refused"]
    event_id: str | None = None
    reason: str | None = None
    """A word of DeadLetterReason, where it was refused."""
    detail: str = ""


AcceptEvents = Callable[[Sequence[bytes]], Sequence[EventOutcome]]
"""Take structured-mode CloudEvents in, durably, in this order: one outcome each. Called in a thread.

Raises Unavailable."""

AdminCalls = Mapping[str, Callable[[Mapping[str, Any]], Mapping[str, Any]]]
"""What other commands of this installation may ask of a running process, by name: ``import``, ``tick``, ``learn``.

Each takes the JSON object that was sent and returns one; raises BadInput, Refused or Unavailable. Called in a thread.
"""

Clock = Callable[[], datetime]
"""The wall's time, aware UTC."""
