"""What the console needs of whoever builds it, beside the store and the desk; each has a twin without a server here."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

from schemas.errors import Unavailable
from streams.lag.figures import PartitionLag
from streams.lag.resets import ResetAsked, ResetPlan
from streams.lag.status import LagStatus

__all__ = [
    "AcceptEvents",
    "AdminCalls",
    "Clock",
    "EventOutcome",
    "FixedLag",
    "LagSource",
    "LagStatus",
    "NoWorkers",
    "OffsetResets",
    "PartitionLag",
    "WorkerSeen",
    "WorkerSource",
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
class WorkerSeen:
    """What one worker tells of itself."""

    name: str
    """Its address."""
    answers: bool
    ready: bool = False
    says: tuple[str, ...] = ()
    """Why it is not ready: recovery with its progress, what is waited for."""
    partitions: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)
    """Since it began: folded, duplicate, late, broadcast."""


class WorkerSource(Protocol):
    """Who folds the log."""

    configured: bool
    """Whether anybody could be asked."""

    def sample(self) -> Sequence[WorkerSeen]:
        """Each of them now, or as of a few seconds ago; one that does not answer is told as such."""
        ...


class NoWorkers:
    """Nobody can be asked."""

    configured = False

    def sample(self) -> Sequence[WorkerSeen]:
        """None."""
        return ()


class OffsetResets(Protocol):
    """Resets of consumer groups' offsets."""

    def plan(self, asked: ResetAsked) -> ResetPlan:
        """A dry run. Raises Unavailable, BadInput."""
        ...

    def reset(self, asked: ResetAsked, actor: str) -> ResetPlan:
        """Do it, audited. Raises Refused while the group has members, Unavailable, BadInput."""
        ...


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
