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
from streams.microbatch.errors import HistoryMissing, LogReplaced, StateAhead, WrongPartitions
from streams.microbatch.ports import Outcome, Output, Unavailable
from streams.microbatch.reader import LogReader
from streams.microbatch.store import LocalStore, Synced, with_position

CACHE_BYTES = 64 * 1024 * 1024
TOMBSTONES_KEPT_MS = 7 * 86_400_000


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

    async def open(self, partition: int) -> "OpenPartition":
        """Take a partition over and restore its state.

        Raises Unavailable, KafkaError or TimeoutError where waiting helps, and `errors.Stopped` where it does not.
        """
        spec = self.spec
        writer = Delivery(self.connection, f"{spec.app_id}-{spec.changelog}-{partition}")
        store = None
        try:
            await writer.start()
            await self._check_partitions(writer)
            store = self._open_store(partition)
            opened = OpenPartition(spec, partition, writer, store)
            async with LogReader(self.connection) as reader:
                await opened.restore(reader)
        except BaseException:
            await writer.stop()
            if store is not None:
                with suppress(rocksdict.DbClosedError):
                    store.close()
            raise
        return opened

    def _open_store(self, partition: int) -> LocalStore:
        """The local copy, or an empty one if it is so old that the changelog may have forgotten removals since."""
        folder = self.spec.folder / f"{self.spec.changelog}-{partition}"
        store = LocalStore.open(folder, self._cache)
        synced = store.synced
        if not synced.changelog_next or _now_ms() - synced.at_ms < TOMBSTONES_KEPT_MS // 2:
            return store
        store.destroy()
        return LocalStore.open(folder, self._cache)

    async def _check_partitions(self, writer: Delivery) -> None:
        counts = {}
        for topic in (self.spec.source, self.spec.changelog):
            try:
                counts[topic] = await writer.partitions(topic)
            except UnknownTopicOrPartitionError as error:
                raise Unavailable(f"topic {topic} does not exist; create it") from error
        if len(set(counts.values())) > 1:
            raise WrongPartitions(f"a log and its changelog need the same number of partitions, found {counts}")


class OpenPartition:
    """A partition that is ours: local reads, and commits that are all or nothing."""

    def __init__(self, spec: TableSpec, partition: int, writer: Delivery, store: LocalStore) -> None:
        self.spec = spec
        self.partition = partition
        self.store = store
        self.restored_records = 0
        self._writer = writer

    @property
    def position(self) -> int:
        """The next offset of the log to apply."""
        return self.store.position

    async def commit(self, outcome: Outcome, position: int) -> None:
        """Make a batch's outcome and the new position durable and visible."""
        changelog, number = self.spec.changelog, self.partition
        writes = with_position(outcome.writes, position)
        records = [*outcome.outputs, *(Output(changelog, key, value, number) for key, value in writes)]
        ends = await self._writer.transact(records)
        self.store.write(writes, Synced(ends[changelog, number], _now_ms()))

    async def close(self) -> None:
        """Give the partition back."""
        await self._writer.stop()
        with suppress(rocksdict.DbClosedError):
            self.store.close()

    async def restore(self, reader: LogReader) -> None:
        """Bring the store up to the changelog's end, and check that the log still has what comes next."""
        changelog = TopicPartition(self.spec.changelog, self.partition)
        start, end = await reader.bounds(changelog)
        synced = self.store.synced
        if synced.changelog_next > end:
            raise StateAhead(
                f"the local state in {self.store.folder} has seen offset {synced.changelog_next} of "
                f"{changelog.topic}[{changelog.partition}], which ends at {end}: the changelog was replaced. "
                "Remove that folder to rebuild the state from what the changelog and the log have"
            )
        await self._take_in(reader, changelog, max(start, synced.changelog_next), end)
        self._check_log(*await reader.bounds(TopicPartition(self.spec.source, self.partition)))

    async def _take_in(self, reader: LogReader, changelog: TopicPartition, position: int, end: int) -> None:
        reader.seek(changelog, position)
        while position < end:
            records = await reader.poll(changelog)
            position = await reader.position(changelog)
            if records or position >= end:
                self.store.write(((r.key, r.value) for r in records), Synced(position, _now_ms()))
                self.restored_records += len(records)

    def _check_log(self, start: int, end: int) -> None:
        place = f"{self.spec.source}[{self.partition}]"
        if self.position < start:
            raise HistoryMissing(
                f"{place} begins at offset {start}, but the state has only what is before {self.position}: the "
                "records between were deleted before they were applied. Restore the topic, or rebuild"
            )
        if self.position > end:
            raise LogReplaced(
                f"{place} ends at offset {end}, but the state has what is before {self.position}: the topic was "
                "replaced or truncated. Restore it, or delete the changelog topic and the local state to rebuild"
            )


def _now_ms() -> int:
    """Wall clock; only compared with the broker's retention of removals."""
    return time.time_ns() // 1_000_000
