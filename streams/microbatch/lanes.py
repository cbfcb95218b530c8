"""One lane for each partition that is ours: where it stands, and how a batch is applied to it."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Protocol, TypeVar

from streams.microbatch.delivery import Delivery
from streams.microbatch.errors import HistoryMissing
from streams.microbatch.offsets import Partition, RecordBatch
from streams.microbatch.ports import PartitionProcessor, ProcessorFactory, Record, StatelessProcessor
from streams.microbatch.recovery import Progress
from streams.microbatch.stats import Stats
from streams.microbatch.table import OpenPartition, StateTable

T = TypeVar("T")


class NotContiguous(Exception):
    """A batch begins after the lane's position: read again from there."""


class Lane(Protocol):
    """What the runner knows of a lane."""

    place: Partition
    position: int | None
    """The next offset to apply; None before anything is known, then the committed offset counts."""
    recovery: Progress | None
    """How far the state is brought back, while it is; of the last time afterwards."""

    async def open(self) -> None:
        """Make ready; what is open already stays. Raises like `StateTable.open`."""
        ...

    async def apply(self, batch: RecordBatch) -> None:
        """Process, deliver, and move the position; on an error nothing has happened."""
        ...

    async def fail(self) -> None:
        """Drop what an error may have left half done; `open` makes it again."""
        ...

    async def close(self) -> None:
        """Give the partition back."""
        ...


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What every lane of a worker shares."""

    fence: Callable[[], None]
    """Raises `ports.Unavailable` while the worker may have lost its partitions."""
    stats: Stats
    compute: Executor
    """One thread: processors never run at the same time, and the event loop never waits for one."""
    openings: asyncio.Semaphore

    async def run(self, function: Callable[..., T], *arguments: object) -> T:
        """Run pure CPU work off the event loop."""
        return await asyncio.get_running_loop().run_in_executor(self.compute, function, *arguments)


class StatelessLane:
    """Turns records into outputs; its position is only the committed one."""

    def __init__(
        self, place: Partition, processor: StatelessProcessor, delivery: Delivery, around: Surroundings
    ) -> None:
        self.place = place
        self.position: int | None = None
        self.recovery: Progress | None = None
        self._processor, self._delivery, self._around = processor, delivery, around

    async def open(self) -> None:
        """Nothing to prepare."""

    async def apply(self, batch: RecordBatch) -> None:
        """Outputs are delivered before the position moves; a crash between repeats them."""
        records = _following(batch, self.position)
        self._around.stats.missing += batch.missing
        if records:
            outputs = await self._around.run(self._processor.process, records)
            self._around.fence()
            await self._delivery.deliver(outputs)
            self._around.stats.applied(len(records), len(outputs))
            self.position = batch.end

    async def fail(self) -> None:
        """Nothing is kept."""

    async def close(self) -> None:
        """Nothing is held."""


class StatefulLane:
    """Folds a log into the partition's state."""

    def __init__(self, place: Partition, factory: ProcessorFactory, table: StateTable, around: Surroundings) -> None:
        self.place = place
        self.position: int | None = None
        self.recovery: Progress | None = None
        self._factory, self._table, self._around = factory, table, around
        self._opened: OpenPartition | None = None
        self._processor: PartitionProcessor | None = None

    async def open(self) -> None:
        """Take the partition over, restore its state and build its processor."""
        if self._opened is None:
            async with self._around.openings:
                self._around.fence()
                self.recovery = self._table.progress(self.place.partition)
                self._opened = await self._table.open(self.place.partition, self.recovery)
            self._around.stats.restored += self.recovery.records
        if self._processor is None:
            number, store = self.place.partition, self._opened.store
            self._processor = await self._around.run(self._factory, number, store)
        self.position = self._opened.position

    async def apply(self, batch: RecordBatch) -> None:
        """Fold, and commit the outcome together with the new position."""
        if batch.missing:
            raise HistoryMissing(
                f"{batch.missing} records of {self.place.topic}[{self.place.partition}] before offset "
                f"{batch.records[0].offset} were deleted before they were applied. Restore the topic, or rebuild"
            )
        if records := _following(batch, self.position):
            opened, processor = self._ready()
            outcome = await self._around.run(processor.process, records)
            self._around.fence()
            await opened.commit(outcome, batch.end)
            self._around.stats.applied(len(records), len(outcome.outputs))
            self.position = batch.end

    async def fail(self) -> None:
        """The processor may have changed indexes for what was not applied, the producer may be broken."""
        await self.close()

    async def close(self) -> None:
        """Stop the producer and release the local store."""
        opened, self._opened, self._processor = self._opened, None, None
        if opened is not None:
            await opened.close()

    def _ready(self) -> tuple[OpenPartition, PartitionProcessor]:
        if self._opened is None or self._processor is None:
            raise RuntimeError(f"{self.place} is not open")
        return self._opened, self._processor


def _following(batch: RecordBatch, position: int | None) -> Sequence[Record]:
    """The records at or after the position; raises NotContiguous if some before them are not here."""
    if position is None or batch.start - batch.missing > position:
        raise NotContiguous
    return batch.since(position)
