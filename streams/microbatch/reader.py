"""Reads a partition outside of any group: committed records, in the batches that the broker keeps them in.

aiokafka fetches ahead and knows what to do when a leader moves; what it fetched is taken here before it makes an object
of every record. A changelog is read several times faster that way.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from aiokafka import AIOKafkaConsumer
from aiokafka.consumer.fetcher import FetchResult
from aiokafka.errors import CorruptRecordException
from aiokafka.record.control_record import ABORT_MARKER, ControlRecord
from aiokafka.structs import TopicPartition

from streams.microbatch.delivery import Connection
from streams.microbatch.leaving import leave
from streams.microbatch.ports import Write

FETCH_BYTES = 8 * 1024 * 1024
WAIT_SECONDS = 0.5
EMPTY_ANSWERS = 4


@dataclass(slots=True)
class Segment:
    """What one fetch brought: everything of [start, end), still packed."""

    start: int
    end: int
    batches: Sequence[Any]
    aborted: Sequence[tuple[int, int]] = ()
    """(producer id, first offset) of the transactions in it that were aborted."""
    size_bytes: int = 0
    seen: int = field(default=0, init=False)
    """Records unpacked so far."""

    def records(self) -> Iterator[Write]:
        """(key, value) of every visible record, in order. Raises CorruptRecordException; read again then."""
        aborted, undone = sorted(self.aborted, key=_first_offset), set[int]()
        for batch in self.batches:
            if not batch.validate_crc():
                raise CorruptRecordException(f"the batch at offset {batch.base_offset} has a wrong checksum")
            while aborted and aborted[0][1] <= batch.base_offset:
                undone.add(aborted.pop(0)[0])
            if batch.is_control_batch:
                if ControlRecord.parse(next(iter(batch)).key) == ABORT_MARKER:
                    undone.discard(batch.producer_id)
            elif not (batch.is_transactional and batch.producer_id in undone):
                yield from self._of(batch)

    def _of(self, batch: Any) -> Iterator[Write]:
        inside = batch.base_offset >= self.start  # a fetch may begin in the middle of a batch
        for record in batch:
            if inside or record.offset >= self.start:
                self.seen += 1
                yield record.key, record.value


@dataclass(slots=True)
class EmptyAnswers:
    """Counts how often the broker had nothing to give although its log reaches this far."""

    end: int
    count: int = 0
    last_ms: int = 0

    def note(self, state: Any) -> None:
        """Look at aiokafka's state of the partition: when the last answer came, and how far the log then reached."""
        if state.timestamp and state.timestamp != self.last_ms and state.lso is not None and state.lso >= self.end:
            self.last_ms = state.timestamp
            self.count += 1

    @property
    def enough(self) -> bool:
        """The first answers may be to requests that were under way before."""
        return self.count >= EMPTY_ANSWERS


class LogReader:
    """A consumer without a group; an async context manager."""

    def __init__(self, connection: Connection) -> None:
        self._seconds = connection.timeout_seconds
        self._consumer = AIOKafkaConsumer(
            **connection.options(),
            isolation_level="read_committed",
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            max_partition_fetch_bytes=FETCH_BYTES,
        )

    async def __aenter__(self) -> Self:
        try:
            async with asyncio.timeout(self._seconds):
                await self._consumer.start()
        except BaseException:
            await leave(self._consumer)
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await leave(self._consumer)

    async def bounds(self, place: TopicPartition) -> tuple[int, int]:
        """The log's first offset and its end as committed readers see it. Raises KafkaError."""
        await self._consumer._client._wait_on_metadata(place.topic)  # or the client finds out in a second or two
        starts = await self._consumer.beginning_offsets([place])
        return starts[place], (await self.ends([place]))[place]

    async def ends(self, places: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        """The ends of several partitions as committed readers see them. Raises KafkaTimeoutError."""
        ends: dict[TopicPartition, int] = await self._consumer.end_offsets(places)
        return ends

    async def ping(self) -> None:
        """Raise KafkaError where no broker answers."""
        await self._consumer.topics()

    async def segments(self, place: TopicPartition, start: int, end: int) -> AsyncIterator[Segment]:
        """Everything of a partition in [start, end), in order; the last segment may reach further.

        Waits for brokers that are away. Where the broker says that its log reaches the end, and has nothing to give
        from here on, the rest is passed over: compaction took it. Raises CorruptRecordException, and what aiokafka
        found to be hopeless.
        """
        self._consumer.assign([place])
        self._consumer.seek(place, start)
        position, empty = start, EmptyAnswers(end)
        while position < end:
            if (segment := self._take(place)) is not None:
                position, empty = segment.end, EmptyAnswers(end)
                yield segment
            elif empty.enough:
                yield Segment(position, end, ())
                return
            else:
                await self._wait()
                empty.note(self._state(place))

    def _state(self, place: TopicPartition) -> Any:
        return self._consumer._subscription.subscription.assignment.state_value(place)

    def _take(self, place: TopicPartition) -> Segment | None:
        """Take what was fetched, so that the next fetch begins while this one is unpacked."""
        fetcher = self._consumer._fetcher
        found = fetcher._records.pop(place, None)
        fetcher._notify(fetcher._wait_consume_future)
        if found is None:
            return None
        if type(found) is not FetchResult:
            found.check_raise()
        if not found.check_assignment(place):
            return None
        packed = found._partition_records
        segment = _segment(packed)
        packed.next_fetch_offset = segment.end
        found._update_position()
        return segment

    async def _wait(self) -> None:
        waiter = self._consumer._fetcher._create_fetch_waiter()
        with suppress(TimeoutError):
            await asyncio.wait_for(waiter, WAIT_SECONDS)


def _segment(packed: Any) -> Segment:
    """The batches of aiokafka's `PartitionRecords`, of which nothing was unpacked."""
    size, batches = packed._records.size_in_bytes(), []
    while packed._records.has_next():
        batches.append(packed._records.next_batch())
    end = max(batches[-1].next_offset, packed.next_fetch_offset)
    return Segment(packed.next_fetch_offset, end, batches, packed._aborted_transactions, size)


def _first_offset(transaction: tuple[int, int]) -> int:
    return transaction[1]
