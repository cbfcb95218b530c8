"""How often somebody may ask: a token bucket for each caller, in this process's memory."""

from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

CALLERS_KEPT = 10_000


@dataclass(frozen=True, slots=True)
class Rate:
    """So many a second, and so many at once after a pause."""

    per_second: float
    burst: int


PEOPLE_AND_PROGRAMS = Rate(per_second=20, burst=200)
CUSTOMERS = Rate(per_second=0.5, burst=40)
"""By one link."""
LOGINS = Rate(per_second=0.2, burst=20)
"""From one address; a user's own lock-out comes on top."""


class RateLimit:
    """Buckets by caller; the fullest are forgotten when there are too many. Time is monotonic seconds."""

    def __init__(self, rate: Rate, clock: Callable[[], float]) -> None:
        self._rate = rate
        self._clock = clock
        self._lock = Lock()
        self._buckets: dict[str, tuple[float, float]] = {}

    def wait_seconds(self, caller: str) -> float:
        """0: go on, and one is taken from the bucket; else how long to wait."""
        now = self._clock()
        with self._lock:
            left, seen = self._buckets.pop(caller, (float(self._rate.burst), now))
            left = min(self._rate.burst, left + (now - seen) * self._rate.per_second)
            if len(self._buckets) >= CALLERS_KEPT:
                self._buckets.pop(next(iter(self._buckets)))  # the one that was silent the longest
            self._buckets[caller] = (max(0.0, left - 1), now) if left >= 1 else (left, now)
        return 0.0 if left >= 1 else (1 - left) / self._rate.per_second
