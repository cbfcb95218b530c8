"""State with a changelog: what the processor wrote, its outputs and the position of the log, in one transaction.

Each partition has a producer whose transactional id belongs to the partition. Opening a partition starts it, which
fences whoever had the partition before: an owner that stood still and wakes up can write no more, and what it had not
committed is dropped. Then the local store is brought up to the changelog's end. A batch is

    outputs and changelog sent and delivered -> committed -> local store -> position

so a crash anywhere leaves either all of it or nothing, and what is left to do follows from the position alone.
"""

import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import rocksdict
from aiokafka.errors import UnknownTopicOrPartitionError
from aiokafka.structs import TopicPartition

from streams.microbatch.delivery import Connection, Delivery
from streams.microbatch.errors import HistoryMissing, LogReplaced, WrongPartitions
from streams.microbatch.ports import Outcome, Output, Unavailable
from streams.microbatch.reader import LogReader
from streams.microbatch.recovery import Progress, Recovery
from streams.microbatch.store import LocalStore, Mark, Synced, new_lineage, with_mark

MEND = (
    "Partitions cannot be taken back, and another number would part keys from their state: move to new topics, or, "
    "where nothing was written yet, make the topics anew"
)
CACHE_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class TableSpec:
    """The log that is folded, the changelog of its state, and where local copies lie."""

    app_id: str
    source: str
    changelog: str
    folder: Path


class StateTable:
    """Opens the partitions of one table."""

    def __init__(self, spec: TableSpec, connection: Connection) -> None:
        self.spec = spec
        self.connection = connection
        self._cache = rocksdict.Cache(CACHE_BYTES)

    async def open(self, partition: int, progress: Progress | None = None) -> "OpenPartition":
        """Take a partition over and restore its state; `progress` tells meanwhile how far that is.

        Raises Unavailable, KafkaError or TimeoutError where waiting helps, and `errors.Stopped` where it does not.
        """
        spec = self.spec
        writer = Delivery(self.connection, f"{spec.app_id}-{spec.changelog}-{partition}")
        store = None
        try:
            await writer.start()
            partitions = await self._check_partitions(writer)
            store = LocalStore.open(spec.folder / f"{spec.changelog}-{partition}", self._cache)
            async with LogReader(self.connection) as reader:
                log_bounds = await reader.bounds(TopicPartition(spec.source, partition))
                store = await Recovery(reader, progress or self.progress(partition), _now_ms).run(store)
                _check_log(spec, partition, store.position, log_bounds)
        except BaseException:
            await writer.stop()
            if store is not None:
                with suppress(rocksdict.DbClosedError):
                    store.close()
            raise
        return OpenPartition(spec, partition, writer, store, partitions)

    def progress(self, partition: int) -> Progress:
        """A new record of how far the recovery of a partition is."""
        return Progress(TopicPartition(self.spec.changelog, partition))

    async def _check_partitions(self, writer: Delivery) -> int:
        counts = {}
        for topic in (self.spec.source, self.spec.changelog):
            try:
                counts[topic] = await writer.partitions(topic)
            except UnknownTopicOrPartitionError as error:
                raise Unavailable(f"topic {topic} does not exist; create it") from error
        if len(set(counts.values())) > 1:
            raise WrongPartitions(f"a log and its changelog need the same number of partitions, found {counts}. {MEND}")
        return counts[self.spec.source]


class OpenPartition:
    """A partition that is ours: local reads, and commits that are all or nothing."""

    def __init__(self, spec: TableSpec, partition: int, writer: Delivery, store: LocalStore, partitions: int) -> None:
        self.spec = spec
        self.partition = partition
        self.store = store
        self._writer = writer
        self._partitions = partitions
        self._lineage = store.mark.lineage or new_lineage(store.synced.changelog_next)

    @property
    def position(self) -> int:
        """The next offset of the log to apply."""
        return self.store.position

    async def commit(self, outcome: Outcome, position: int) -> None:
        """Make a batch's outcome and the new position durable and visible. Raises like `Delivery.transact`, and
        WrongPartitions: an output that goes by its key must not go by another number of partitions.
        """
        changelog, number = self.spec.changelog, self.partition
        if (found := await self._writer.partitions(self.spec.source)) != self._partitions:
            raise WrongPartitions(f"{self.spec.source} had {self._partitions} partitions and has {found} now. {MEND}")
        writes = with_mark(outcome.writes, Mark(position, self._lineage))
        records = [*outcome.outputs, *(Output(changelog, key, value, number) for key, value in writes)]
        ends = await self._writer.transact(records)
        self.store.write(writes, Synced(ends[changelog, number], _now_ms()))

    async def close(self) -> None:
        """Give the partition back."""
        await self._writer.stop()
        with suppress(rocksdict.DbClosedError):
            self.store.close()


def _check_log(spec: TableSpec, partition: int, position: int, bounds: tuple[int, int]) -> None:
    """The log still has what comes next, and has not become shorter than what was applied."""
    place, (start, end) = f"{spec.source}[{partition}]", bounds
    if position < start:
        raise HistoryMissing(
            f"{place} begins at offset {start}, but the state has only what is before {position}: the "
            "records between were deleted before they were applied. Restore the topic, or rebuild"
        )
    if position > end:
        raise LogReplaced(
            f"{place} ends at offset {end}, but the state has what is before {position}: the topic was "
            "replaced or truncated. Restore it, or delete the changelog topic and the local state to rebuild"
        )


def _now_ms() -> int:
    """Wall clock; only compared with the broker's retention of removals."""
    return time.time_ns() // 1_000_000
