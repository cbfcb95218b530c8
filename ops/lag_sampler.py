"""Samples a lag source on its own clock, so that a window says the same whether anybody looks at the page or not."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from types import TracebackType

from console.ports import LagSource, PartitionLag
from schemas.errors import Unavailable
from streams.lag.watch import INTERVAL_SECONDS, LagWatch

log = logging.getLogger("ringahead.lag")


class SampledLag:
    """A lag source with statuses, rates and rules; a context manager whose thread samples meanwhile.

    A failed sample is told to whoever asks next, and leaves the window as it was: what nobody saw is no evidence.
    """

    def __init__(
        self,
        source: LagSource,
        *,
        interval_seconds: float = INTERVAL_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._source = source
        self._interval = interval_seconds
        self._clock = clock
        self._watch = LagWatch()
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._rows: Sequence[PartitionLag] = ()
        self._failure: str | None = None
        self._sampled_at: float | None = None
        self._thread = threading.Thread(target=self._run, name="lag-sampler", daemon=True)

    def __enter__(self) -> "SampledLag":
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._ended.set()
        self._thread.join(self._interval)

    def sample(self) -> Sequence[PartitionLag]:
        """The newest sample; takes one where there is none yet. Raises Unavailable with the reason of the last."""
        if self._sampled_at is None:
            self.take()
        with self._lock:
            if self._failure is not None:
                raise Unavailable(self._failure)
            return self._rows

    @property
    def age_seconds(self) -> float | None:
        """Since the last sample that succeeded; None: there was none."""
        return None if self._sampled_at is None else self._clock() - self._sampled_at

    def take(self) -> None:
        """Look once, now."""
        try:
            found, failure = self._source.sample(), None
        except Unavailable as error:
            found, failure = (), str(error)
        with self._lock:
            self._failure = failure
            if failure is None:
                self._sampled_at = self._clock()
                self._rows = self._watch.observe(found, self._sampled_at)

    def _run(self) -> None:
        while not self._ended.is_set():
            try:
                self.take()
            except Exception as error:  # a bug in measuring must not end the sampling for ever
                log.exception("lag was not sampled")
                self._failure = f"lag was not sampled: {type(error).__name__}"
            self._ended.wait(self._interval)
