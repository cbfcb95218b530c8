"""The self-fence: a worker that the group may have given up must not send.

A process that stood still (SIGSTOP, a paused virtual machine) wakes up believing that its partitions are its own. The
age of the last heartbeat that the group answered, on the monotonic clock, says whether that can still be true.
"""

import time
from collections.abc import Callable

from streams.microbatch.ports import Unavailable


class Heartbeat:
    """Remembers when the group last answered; the check raises once that is too long ago."""

    def __init__(self, limit_seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.limit_seconds = limit_seconds
        self._clock = clock
        self._sent_at = clock()

    def now(self) -> float:
        """The time at which a heartbeat is about to be sent, for `answered`."""
        return self._clock()

    def answered(self, sent_at: float | None = None) -> None:
        """Note that the group answered a heartbeat that was sent at that time, or just now."""
        self._sent_at = self._clock() if sent_at is None else sent_at

    def age_seconds(self) -> float:
        """Seconds since the last answered heartbeat was sent."""
        return self._clock() - self._sent_at

    def require_fresh(self) -> None:
        """Raise `Unavailable` if the group may have given this worker's partitions to another."""
        if (age := self.age_seconds()) > self.limit_seconds:
            raise Unavailable(f"no heartbeat was answered for {age:.1f} s; the partitions may have moved")
