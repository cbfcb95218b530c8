"""What the desk counts: one snapshot for the operator's page and for metrics.

Counting a million tasks takes longer than a page may, so a snapshot is remembered for some seconds and taken anew
behind the back of whoever asks; what an operator changes himself is read fresh by the page.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from outreach.desk import Desk
from outreach.desk.emission import Emission
from outreach.ports import Store, Transaction
from schemas.needs import ClockMoved
from schemas.settings import Settings

KEPT_SECONDS = 10.0
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class DeskFigures:
    """Counts and ages at one moment; ages in seconds of business time, None where nothing is known."""

    clocks: tuple[ClockMoved, ...]
    tasks: Mapping[str, int]
    refused: Mapping[str, int]
    outbox: Mapping[str, int]
    emission: Emission | None
    oldest_forecast: datetime | None
    stopped: bool

    @property
    def as_of(self) -> datetime | None:
        """The desk's business time: the least of all partitions."""
        return min((clock.as_of for clock in self.clocks), default=None)

    @property
    def forecast_age_seconds(self) -> float | None:
        """Of the oldest forecast that an open need rests on."""
        if self.as_of is None or self.oldest_forecast is None:
            return None
        return max(0.0, (self.as_of - self.oldest_forecast).total_seconds())

    @property
    def model_age_seconds(self) -> float | None:
        """Of the oldest model in force."""
        ages = [clock.as_of - clock.model_published_at for clock in self.clocks if clock.model_published_at]
        return max(0.0, max(ages).total_seconds()) if ages else None


def read_figures(store: Store, desk: Desk, settings: Settings) -> DeskFigures:
    """One snapshot; raises Unavailable."""
    with store.read() as tx:
        return DeskFigures(
            clocks=tuple(tx.clocks.all()),
            tasks={str(state): count for state, count in tx.tasks.counts().items()},
            refused={str(reason): count for reason, count in tx.needs.refused_counts().items()},
            outbox=tx.outbox.waiting(),
            emission=desk.emission(tx),
            oldest_forecast=tx.needs.oldest_open(),
            stopped=is_stopped(settings, tx),
        )


def is_stopped(settings: Settings, tx: Transaction) -> bool:
    """The kill switch, by either way."""
    return settings.kill_switch or tx.facts.get("kill_switch") == "on"


class Remembered(Generic[T]):
    """A value that is slow to compute: the first asker waits, later ones get the last and have it renewed."""

    def __init__(self, compute: Callable[[], T], seconds: float = KEPT_SECONDS) -> None:
        self._compute = compute
        self._seconds = seconds
        self._lock = threading.Lock()
        self._value: T | None = None
        self._made_at: float | None = None
        self._renewing = False

    def get(self) -> T:
        """The value; raises what computing raises, where there is none yet or it is far too old."""
        with self._lock:
            age = None if self._made_at is None else time.monotonic() - self._made_at
            value = self._value
            if value is None or age is None or age > 6 * self._seconds:
                return self._renew()
            if age > self._seconds and not self._renewing:
                self._renewing = True
                threading.Thread(target=self._renew_behind, name="figures", daemon=True).start()
            return value

    def forget(self) -> None:
        """The next asker waits for a new one."""
        with self._lock:
            self._made_at = None

    def _renew(self) -> T:
        value = self._compute()
        self._value, self._made_at = value, time.monotonic()
        return value

    def _renew_behind(self) -> None:
        try:
            self._renew()
        except Exception:  # the old value is served until it is far too old, and then the asker sees the error
            return
        finally:
            self._renewing = False
