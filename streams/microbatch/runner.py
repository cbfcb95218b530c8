"""Runs the lanes: opens them at an assignment, applies batches, suspends a lane while something is unavailable."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from aiokafka.errors import (
    InvalidProducerEpoch,
    InvalidProducerIdMapping,
    KafkaError,
    MessageSizeTooLargeError,
    ProducerFenced,
    RecordListTooLargeError,
)

from streams.microbatch.heartbeat import Heartbeat
from streams.microbatch.lanes import Lane, NotContiguous
from streams.microbatch.offsets import Cursors, Partition, RecordBatch
from streams.microbatch.ports import Unavailable
from streams.microbatch.stats import Stats
from streams.microbatch.status import LaneStatus

log = logging.getLogger(__name__)

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 15.0
SETTLE_SECONDS = 5.0
TRANSIENT: tuple[type[Exception], ...] = (Unavailable, KafkaError, TimeoutError)
HOPELESS = (MessageSizeTooLargeError, RecordListTooLargeError)
FENCED = (ProducerFenced, InvalidProducerEpoch, InvalidProducerIdMapping)

LaneFactory = Callable[[Partition], Lane]


class Crashes(Protocol):
    """How the runner ends the worker."""

    async def crash(self, reason: BaseException) -> None:
        """End the worker with this error."""
        ...


@dataclass(slots=True)
class Slot:
    """A lane with what the runner keeps about it."""

    lane: Lane
    ready: bool = False
    failures: int = 0
    attempts: int = 0
    """Openings begun; a lane that waits for something still tries."""
    waits_for: str = ""
    """The last error, until the lane is ready again."""
    opening: asyncio.Task[None] | None = None
    work: asyncio.Task[None] | None = None


class BatchRunner:
    """All lanes of one worker."""

    def __init__(
        self, heartbeat: Heartbeat, fenced_pause_seconds: float, unavailable: tuple[type[Exception], ...] = ()
    ) -> None:
        self.heartbeat = heartbeat
        self._fenced_pause_seconds = fenced_pause_seconds
        self.cursors = Cursors()
        self.stats = Stats()
        self._transient = (*TRANSIENT, *unavailable)
        self._routes: dict[str, LaneFactory] = {}
        self._slots: dict[Partition, Slot] = {}
        self._generation = -1
        self._worker: Crashes | None = None
        self._room = asyncio.Event()

    def bind(self, worker: Crashes) -> None:
        """Tell which worker to end when there is no going on."""
        self._worker = worker

    def route(self, topics: Iterable[str], factory: LaneFactory) -> None:
        """Say how the lanes of some topics are made."""
        for topic in topics:
            self._routes[str(topic)] = factory

    # --- what the consumer asks -------------------------------------------------------------------------------

    def ready_lane(self, place: Partition) -> Lane | None:
        """The lane of a partition, if it can take batches."""
        slot = self._slots.get(place)
        return slot.lane if slot is not None and slot.ready else None

    def positions(self) -> Mapping[Partition, int]:
        """The next offset to apply of each partition that is ours; what may be committed."""
        return {place: slot.lane.position for place, slot in self._slots.items() if slot.lane.position is not None}

    async def wait_for_room(self, seconds: float) -> None:
        """Wait until a batch is taken, or that long."""
        self._room.clear()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._room.wait(), seconds)

    @property
    def joined(self) -> bool:
        """The group has assigned this worker its partitions at least once; they may have been none."""
        return self._generation >= 0

    def lanes(self) -> list[LaneStatus]:
        """What each lane is doing; may be asked from any thread."""
        return [self._status(place, slot) for place, slot in sorted([*self._slots.items()])]

    def _status(self, place: Partition, slot: Slot) -> LaneStatus:
        lane, cursor = slot.lane, self.cursors.get(place)
        reached = lane.position if cursor is None else cursor.reached(lane.position)
        return LaneStatus(place, slot.ready, lane.position, reached, slot.waits_for, lane.recovery, slot.attempts)

    # --- rebalances -------------------------------------------------------------------------------------------

    async def settle(self) -> None:
        """Take no more batches and wait for those at work; what takes longer is fenced by its successor."""
        for slot in self._slots.values():
            slot.ready = False
            if slot.opening is not None:
                slot.opening.cancel()
        if working := [slot.work for slot in self._slots.values() if slot.work is not None]:
            _, late = await asyncio.wait(working, timeout=SETTLE_SECONDS)
            if late:
                log.warning("%d batches were still at work when their partitions were taken away", len(late))

    async def assign(self, places: set[Partition], generation: int) -> None:
        """Close the lanes that are not ours any more, open those that are.

        A lane stays open only if this worker saw every generation since: otherwise another may have had it.
        """
        followed, self._generation = generation == self._generation + 1, generation
        self.heartbeat.answered()
        await self._drop([place for place in self._slots if place not in places or not followed])
        for place in places:
            if place.topic in self._routes:
                slot = self._slots.setdefault(place, Slot(self._routes[place.topic](place)))
                slot.failures = 0
                self._open(place, slot)

    async def close(self) -> None:
        """Give every partition back; `settle` before."""
        await self._drop([*self._slots])

    async def _drop(self, places: Iterable[Partition]) -> None:
        dropped = [self._slots.pop(place) for place in places]
        tasks = [task for slot in dropped for task in (slot.opening, slot.work) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.gather(*(slot.lane.close() for slot in dropped))

    # --- batches ----------------------------------------------------------------------------------------------

    async def handle(self, batch: RecordBatch) -> None:
        """Start applying a batch, after the one before it in its partition; partitions overlap.

        A batch that is not current is dropped: it will be read again. So is one that cannot be applied because
        something is unavailable; any other error ends the worker.
        """
        self.cursors.take(batch)
        self._room.set()
        slot = self._slots.get(batch.place)
        if slot is not None and slot.work is not None:
            await asyncio.wait([slot.work])
        if slot is not None and slot.ready and self.cursors.is_current(batch):
            slot.work = asyncio.create_task(self._apply(slot, batch))

    async def _apply(self, slot: Slot, batch: RecordBatch) -> None:
        try:
            await slot.lane.apply(batch)
            slot.failures = 0
        except NotContiguous:
            self.stats.refetches += 1
            self.cursors.forget([batch.place])
        except Exception as error:
            slot.ready = False
            self.cursors.forget([batch.place])
            if isinstance(error, HOPELESS) or not isinstance(error, self._transient):
                await self._end(error)
            else:
                await slot.lane.fail()
                self._open(batch.place, slot, error)

    # --- opening ----------------------------------------------------------------------------------------------

    def _open(self, place: Partition, slot: Slot, error: Exception | None = None) -> None:
        if self._slots.get(place) is slot:
            slot.opening = asyncio.create_task(self._keep_opening(place, slot, error, slot.opening))

    async def _keep_opening(
        self, place: Partition, slot: Slot, error: Exception | None, before: asyncio.Task[None] | None
    ) -> None:
        if before is not None:
            await asyncio.wait([before])  # what it holds is released first
        while True:
            if error is not None:
                await asyncio.sleep(self._pause_seconds(place, slot, error))
            slot.attempts += 1
            try:
                await slot.lane.open()
            except self._transient as unavailable:
                error = unavailable
                await slot.lane.fail()
            except Exception as stopped:
                await self._end(stopped)
                return
            else:
                slot.ready, slot.waits_for = True, ""
                return

    async def _end(self, error: Exception) -> None:
        if self._worker is None:
            raise error
        await self._worker.crash(error)

    def _pause_seconds(self, place: Partition, slot: Slot, error: Exception) -> float:
        """Longer from time to time; after being fenced, long enough to hear that the partition has moved."""
        self.stats.retries += 1
        seconds = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2.0**slot.failures)
        slot.failures = min(slot.failures + 1, 16)
        if isinstance(error, FENCED):
            seconds = max(seconds, self._fenced_pause_seconds)
        slot.waits_for = _says(error)
        log.warning("%s[%d] waits %.1f s: %s", *place, seconds, slot.waits_for)
        return seconds


def _says(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
