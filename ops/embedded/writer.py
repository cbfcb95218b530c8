"""The writer's loop of the embedded runtime: fold what is in the log, look after the desk, let business time pass.

One thread. What is unavailable is waited for; anything else is kept in ``failure`` and ends the process.
"""

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

from ops.embedded.installation import Opened
from outreach.desk import seconds_to_next
from schemas.envelope import Event, broadcast
from schemas.errors import Unavailable
from schemas.events.ours import TimePassed

IDLE_SECONDS = 0.2
PAUSE_SECONDS = 1.0

log = logging.getLogger("ringahead.writer")

BusinessTime = Callable[[], datetime | None]
"""The hour that has come, or None while business time stands still."""


class Writer:
    """Folds until it is stopped; ``wake`` has it look at once."""

    def __init__(self, opened: Opened, business_time: BusinessTime, on_failure: Callable[[], None]) -> None:
        self._opened = opened
        self._business_time = business_time
        self._on_failure = on_failure
        self._stopped = threading.Event()
        self._woken = threading.Event()
        self._ticked: datetime | None = None
        self._next_upkeep = 0.0
        self.failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self, seconds: float = 10.0) -> None:
        """Finish the present batch and end."""
        self._stopped.set()
        self._woken.set()
        self._thread.join(seconds)

    def wake(self) -> None:
        """There is something new in the log."""
        self._woken.set()

    def _run(self) -> None:
        try:
            while not self._stopped.is_set():
                self._turn()
        except BaseException as error:
            log.exception("the writer ends: what it was doing was rolled back")
            self.failure = error
            self._on_failure()

    def _turn(self) -> None:
        self._woken.clear()
        try:
            self._let_time_pass()
            busy = self._opened.runtime.fold_batch() > 0
            self._look_after_desk()
            if not busy:
                self._woken.wait(IDLE_SECONDS)
        except Unavailable as error:
            log.warning("waiting: %s", error)
            self._stopped.wait(PAUSE_SECONDS)

    def _let_time_pass(self) -> None:
        hour = self._business_time()
        if hour is not None and hour != self._ticked:
            self._opened.runtime.append([tick_event(hour)])
            self._ticked = hour

    def _look_after_desk(self) -> None:
        begun = time.monotonic()
        if begun < self._next_upkeep:
            return
        with self._opened.store.begin() as tx:
            done = self._opened.desk.upkeep(tx, tx.db_now())
        ended = time.monotonic()
        self._next_upkeep = ended + seconds_to_next(done, ended - begun)


def tick_event(at: datetime) -> Event:
    """Business time is now ``at``; the same instant twice is one event."""
    return broadcast(TimePassed(as_of=at), source="ringahead/tick", id=f"tick-{at.isoformat()}", time=at)


def wall_hour() -> datetime:
    """The hour that the wall's clock has reached."""
    return datetime.now(UTC).replace(minute=0, second=0, microsecond=0)


def standing_still() -> None:
    """Business time of a demo: whatever was played last stays."""
    return
