"""What takes longer to count than a page may wait: counted behind it, shown when it is there, kept for a while."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from console.ports import AdminCalls
from schemas.errors import RingaheadError, Unavailable

KEPT_SECONDS = 600.0
FAILED_SECONDS = 15.0

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Count:
    """What was counted last; ``values`` None: nothing yet. ``failure``: why the last try came to nothing."""

    values: Values | None = None
    counted_at: datetime | None = None
    """The wall's time."""
    failure: str = ""


class Counted:
    """Counts in a thread of its own, one at a time. ``count`` None: nobody here can count."""

    def __init__(self, count: Callable[[], Values] | None) -> None:
        self._count = count
        self._lock = threading.Lock()
        self._last = Count()
        self._due = 0.0
        self._thread: threading.Thread | None = None

    @property
    def possible(self) -> bool:
        """Whether somebody can count."""
        return self._count is not None

    def get(self) -> Count:
        """What is known now; begins to count where that is nothing, or old."""
        with self._lock:
            if self._count is not None and self._thread is None and time.monotonic() >= self._due:
                self._thread = threading.Thread(target=self._run, args=(self._count,), name="reports", daemon=True)
                self._thread.start()
            return self._last

    def wait(self, seconds: float) -> None:
        """Until the count that is under way is over, at most so long."""
        with self._lock:
            thread = self._thread
        if thread is not None:
            thread.join(seconds)

    def _run(self, count: Callable[[], Values]) -> None:
        keep = KEPT_SECONDS
        try:
            found = Count(count(), datetime.now(UTC))
        except RingaheadError as error:
            found, keep = Count(self._last.values, self._last.counted_at, str(error)), FAILED_SECONDS
        except Exception as error:  # shown on the page by its kind; the next try may do
            found, keep = Count(self._last.values, self._last.counted_at, type(error).__name__), FAILED_SECONDS
        with self._lock:
            self._last, self._due, self._thread = found, time.monotonic() + keep, None


def report_counter(admin: AdminCalls) -> Callable[[], Values] | None:
    """How this process counts what is in the log, if it can."""
    call = admin.get("reports")
    return None if call is None else lambda: call({})


def ask(admin: AdminCalls, name: str, asked: Values) -> Values:
    """What this process answers to a command; raises Unavailable where it does not know the command."""
    call = admin.get(name)
    if call is None:
        raise Unavailable(f"this process does not answer for {name}")
    return call(asked)
