"""Sends a story at a steady rate from a thread of its own, and remembers what the brokers have acknowledged."""

import asyncio
import threading
import time
from collections.abc import Iterable, Iterator
from itertools import islice
from types import TracebackType
from typing import Self

from aiokafka.errors import KafkaError

from streams.microbatch.delivery import Connection, Delivery
from tests.faults.story import Sent

CHUNK_SECONDS = 0.1
RETRY_SECONDS = 0.5
BULK = 2000


class Load:
    """A producer outside of the system: what is not acknowledged it sends again, as an ERP does."""

    def __init__(self, bootstrap: str, story: Iterator[Sent], rate: int) -> None:
        self._bootstrap, self._story, self._rate = bootstrap, story, rate
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self.ids: set[str] = set()
        """Of every event that was acknowledged."""
        self.records = 0
        """Acknowledged under load, ticks included."""
        self.seconds = 0.0
        """How long it has been at work."""
        self.repeats = 0
        """Chunks that had to be sent again."""

    def __enter__(self) -> Self:
        self._ended.clear()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), name="load")
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        if self._thread is not None:
            self._thread.join()

    @property
    def reached_rate(self) -> float:
        """Events a second that were acknowledged."""
        return self.records / self.seconds if self.seconds else 0.0

    def send(self, sent: Iterable[Sent]) -> None:
        """Send these now, as fast as the brokers take them, in order."""

        async def run() -> None:
            delivery = Delivery(Connection(self._bootstrap))
            rest = iter(sent)
            while chunk := list(islice(rest, BULK)):
                await self._deliver(delivery, chunk)
            await delivery.stop()

        asyncio.run(run())

    async def _run(self) -> None:
        delivery = Delivery(Connection(self._bootstrap))
        start, before, begun = time.monotonic(), self.seconds, self.records
        try:
            while not self._ended.is_set():
                due = int((time.monotonic() - start) * self._rate) - (self.records - begun)
                if chunk := list(islice(self._story, min(max(due, 0), BULK))):
                    await self._deliver(delivery, chunk)
                    self.records += len(chunk)
                self.seconds = before + time.monotonic() - start
                await asyncio.sleep(CHUNK_SECONDS)
        finally:
            await delivery.stop()

    async def _deliver(self, delivery: Delivery, chunk: list[Sent]) -> None:
        while True:
            try:
                await delivery.deliver([sent.output for sent in chunk])
            except (KafkaError, TimeoutError, OSError):
                self.repeats += 1
                await asyncio.sleep(RETRY_SECONDS)
            else:
                self.ids.update(sent.event_id for sent in chunk if sent.event_id is not None)
                return
