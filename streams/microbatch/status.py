"""What a worker is doing, as values: for the watchdog, for its pages, and for whoever publishes metrics.

Everything here is read from other threads than the one it happens in; a moment's disagreement between two numbers does
no harm.
"""

from dataclasses import asdict, dataclass
from typing import Any

from streams.microbatch.offsets import Partition
from streams.microbatch.recovery import Progress
from streams.microbatch.stats import Stats


@dataclass(frozen=True, slots=True)
class LaneStatus:
    """One partition that is ours."""

    place: Partition
    ready: bool
    """Takes batches."""
    position: int | None
    """The next offset to apply; None until it is known."""
    reached: int | None
    """The same, beyond what cannot be seen after it (transaction markers): equal to the log's end when all is done."""
    waits_for: str
    """The error after which the lane was suspended; empty while nothing is wrong."""
    recovery: Progress | None
    attempts: int

    @property
    def recovering(self) -> bool:
        """State is being brought back right now."""
        return not self.ready and not self.waits_for and self.recovery is not None and self.recovery.ended is None

    @property
    def steps(self) -> tuple[int | None, int, int]:
        """Changes whenever the lane does anything: applies a batch, takes in a changelog, tries again."""
        return self.position, self.recovery.position if self.recovery else 0, self.attempts

    def says(self) -> str:
        """What it waits for, in a few words."""
        if self.ready:
            return "ready"
        if self.waits_for:
            return f"waits: {self.waits_for}"
        return self.recovery.says() if self.recovering and self.recovery else "opening"

    def as_json(self) -> dict[str, Any]:
        """For /readyz."""
        told: dict[str, Any] = {
            "topic": str(self.place.topic), "partition": self.place.partition, "ready": self.ready,
            "position": self.position, "says": self.says(),
        }  # fmt: skip
        if self.recovering and self.recovery:
            told["recovery"] = {
                "percent": round(min(self.recovery.percent, 100.0), 1),
                "records": self.recovery.records,
                "records_per_second": round(self.recovery.records_per_second),
                "remaining_offsets": self.recovery.remaining,
            }
        return told


@dataclass(frozen=True, slots=True)
class WorkerStatus:
    """The whole worker."""

    lanes: tuple[LaneStatus, ...]
    joined: bool
    """The group has given it partitions, or none, at least once."""
    stats: Stats
    heartbeat_age_seconds: float
    """Since the group answered; long means that the partitions may be another's."""
    fence_seconds: float
    """Older than this, nothing is sent."""
    loop_age_seconds: float
    """Since the event loop last ran; long means that it is blocked."""

    @property
    def member(self) -> bool:
        """The group has it, and has answered lately."""
        return self.joined and self.heartbeat_age_seconds <= self.fence_seconds

    def not_ready(self) -> list[str]:
        """Why no work may be expected of it now; empty when it is ready."""
        reasons = [
            f"{lane.place.topic}[{lane.place.partition}]: {lane.says()}" for lane in self.lanes if not lane.ready
        ]
        if self.member:
            return reasons
        silent = f"the group has not answered for {self.heartbeat_age_seconds:.0f} s"
        return [silent if self.joined else "the group has not taken it in yet", *reasons]

    def as_json(self) -> dict[str, Any]:
        """For /readyz."""
        return {
            "ready": not self.not_ready(),
            "reasons": self.not_ready(),
            "heartbeat_age_seconds": round(self.heartbeat_age_seconds, 1),
            "loop_age_seconds": round(self.loop_age_seconds, 1),
            "partitions": [lane.as_json() for lane in self.lanes],
            "since_start": asdict(self.stats),
        }
