"""How far a consumer group is behind on one partition: one sample, and what the window before it adds."""

from dataclasses import dataclass

from streams.lag.status import LagStatus, Rule


@dataclass(frozen=True, slots=True)
class PartitionLag:
    """How far one consumer group is behind on one partition."""

    group: str
    topic: str
    partition: int
    committed: int | None
    """Next offset to be read; None: no commits, which is not 0."""
    end: int
    """Next offset to be written."""
    lag_events: int | None
    """Offsets between the two, as the broker counts them, and 0 where none of them holds a record that could be read:
    markers of transactions, or what retention took. None without commits; never negative."""
    lag_seconds: float | None
    """Record time at the committed offset against the newest one; 0 when caught up; None: not known."""
    status: LagStatus | str = LagStatus.OK
    rule: Rule | str = Rule.FEW
    """What gave the status."""
    in_per_second: float | None = None
    """Offsets written, over the window; None: fewer than two samples."""
    out_per_second: float | None = None
    """Offsets committed, over the window."""
    window_seconds: float = 0.0
    gone_events: int = 0
    """Offsets that retention took before they were read."""

    @property
    def catch_up_seconds(self) -> float | None:
        """At the pace of the window; 0 when caught up; infinite where the lag does not shrink; None: not known."""
        if self.lag_events == 0:
            return 0.0
        if self.lag_events is None or self.in_per_second is None or self.out_per_second is None:
            return None
        gain_per_second = self.out_per_second - self.in_per_second
        return self.lag_events / gain_per_second if gain_per_second > 0 else float("inf")

    @property
    def place(self) -> tuple[str, str, int]:
        """What it is about."""
        return (self.group, self.topic, self.partition)
