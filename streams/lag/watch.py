"""Windows of samples, one for each group, topic and partition; says of each new sample what its window makes of it."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace

from streams.lag.figures import PartitionLag
from streams.lag.status import MINIMUM_SAMPLES, Sample, Window, judge

WINDOW_SAMPLES = 12
INTERVAL_SECONDS = 10.0
"""Between two samples of a running console: a window is two minutes."""


@dataclass(slots=True)
class _Kept:
    """The last samples of one partition."""

    samples: deque[Sample]
    ends: deque[tuple[float, int]]


class LagWatch:
    """Give it every sample in the order of time. Not for several threads at once."""

    def __init__(
        self,
        *,
        window_samples: int = WINDOW_SAMPLES,
        minimum: int = MINIMUM_SAMPLES,
        allowance_events: int = 0,
    ) -> None:
        self._size = window_samples
        self._minimum = minimum
        self._allowance = allowance_events
        self._windows: dict[tuple[str, str, int], _Kept] = {}

    def observe(self, rows: Iterable[PartitionLag], at_seconds: float) -> list[PartitionLag]:
        """The same rows with status, rule and rates. ``at_seconds``: any clock that never goes back.

        What is no longer measured is forgotten: a group that comes back begins with an empty window.
        """
        found = [self._judged(row, at_seconds) for row in rows]
        here = {row.place for row in found}
        self._windows = {place: window for place, window in self._windows.items() if place in here}
        return found

    def _judged(self, row: PartitionLag, at_seconds: float) -> PartitionLag:
        if row.committed is None:  # the group is gone, or never was here
            self._windows.pop(row.place, None)
        window = self._windows.setdefault(row.place, self._empty())
        if window.ends and row.end < window.ends[-1][1]:  # the topic was made anew
            window = self._windows[row.place] = self._empty()
        window.ends.append((at_seconds, row.end))
        if row.committed is not None:
            window.samples.append(_sample(row, row.committed, window.samples, at_seconds))
        ends = [end for _, end in window.ends]
        verdict = judge(Window([*window.samples], ends, row.lag_events, at_seconds, self._allowance, self._minimum))
        return replace(
            row,
            status=verdict.status,
            rule=verdict.rule,
            in_per_second=_pace([(at, end) for at, end in window.ends]),
            out_per_second=_pace([(one.at_seconds, one.committed) for one in window.samples]),
            window_seconds=at_seconds - window.ends[0][0],
        )

    def _empty(self) -> _Kept:
        return _Kept(deque(maxlen=self._size), deque(maxlen=self._size))


def _sample(row: PartitionLag, committed: int, before: deque[Sample], at_seconds: float) -> Sample:
    moved = not before or before[-1].committed != committed
    since = at_seconds if moved else before[-1].committed_seconds
    return Sample(at_seconds, committed, row.lag_events, since)


def _pace(points: list[tuple[float, int]]) -> float | None:
    """Offsets a second between the first and the last point; never negative (a rewind is told by its own rule)."""
    if len(points) < 2:
        return None
    (first_at, first), (last_at, last) = points[0], points[-1]
    return max(0, last - first) / (last_at - first_at) if last_at > first_at else None
