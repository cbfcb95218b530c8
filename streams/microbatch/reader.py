"""Reads a partition outside of any group: committed records, from an offset to the end."""

import asyncio
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

from aiokafka import AIOKafkaConsumer
from aiokafka.structs import TopicPartition

from streams.microbatch.delivery import Connection

FETCH_BYTES = 8 * 1024 * 1024
POLL_MS = 500


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
        async with asyncio.timeout(self._seconds):
            await self._consumer.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._consumer.stop()

    async def bounds(self, place: TopicPartition) -> tuple[int, int]:
        """The log's first offset and its end as committed readers see it. Raises KafkaTimeoutError."""
        starts = await self._consumer.beginning_offsets([place])
        ends = await self._consumer.end_offsets([place])
        return starts[place], ends[place]

    def seek(self, place: TopicPartition, offset: int) -> None:
        """Read this partition, from this offset on."""
        self._consumer.assign([place])
        self._consumer.seek(place, offset)

    async def poll(self, place: TopicPartition) -> Sequence[Any]:
        """Records that have come in; empty where there is nothing to see, or nothing for half a second."""
        found = await self._consumer.getmany(place, timeout_ms=POLL_MS)
        records: Sequence[Any] = found.get(place, ())
        return records

    async def position(self, place: TopicPartition) -> int:
        """The offset after everything that was polled, whether it was visible or not."""
        offset: int = await self._consumer.position(place)
        return offset
