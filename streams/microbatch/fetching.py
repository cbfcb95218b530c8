"""The thread in which Kafka's consumer lives: fetch with coverage, seek, and the age of heartbeats.

Faust runs one aiokafka consumer in a thread with an event loop of its own. What is here runs in that loop, so that
positions are read and records are taken without anything in between.
"""

import asyncio
import time
from collections.abc import Iterable, Mapping
from typing import Any

from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError
from aiokafka.structs import TopicPartition
from faust.transport.drivers import aiokafka as driver

from streams.microbatch.heartbeat import Heartbeat
from streams.microbatch.joining import commit_between_joins
from streams.microbatch.offsets import Chunk, Partition

IDLE_SECONDS = 0.1
FETCH_WAIT_MS = 100


class FetchThread(driver.AIOKafkaConsumerThread):  # type: ignore[misc]  # Faust is not typed for us
    """Faust's consumer thread: committed records only, chunks instead of records."""

    heartbeat: Heartbeat

    def _create_worker_consumer(self, transport: Any) -> Any:
        """Faust hard-wires read_uncommitted and a long fetch wait; both are read when the consumer starts."""
        consumer = super()._create_worker_consumer(transport)
        consumer._isolation_level = "read_committed"
        consumer._fetch_max_wait_ms = FETCH_WAIT_MS
        return consumer

    async def on_start(self) -> None:
        """Start the consumer, note each heartbeat that the group answers, and keep commits out of joins."""
        await super().on_start()
        commit_between_joins(self._consumer)
        coordinator = self._consumer._coordinator
        beat = coordinator._do_heartbeat

        async def noted() -> bool:
            sent_at = self.heartbeat.now()
            if success := bool(await beat()):
                self.heartbeat.answered(sent_at)
            return success

        coordinator._do_heartbeat = noted

    async def fetch(self, covered: Mapping[Partition, int], wait_seconds: float) -> Mapping[Partition, Chunk]:
        """What has come in, waiting at most `wait_seconds`, for partitions with the offsets up to which it is known.

        Also a chunk without records where the fetch stands elsewhere: something was lost on the way.
        """
        chunks: Mapping[Partition, Chunk] = await self.call_thread(self._fetch, covered, wait_seconds)
        return chunks

    async def _fetch(self, covered: Mapping[Partition, int], wait_seconds: float) -> Mapping[Partition, Chunk]:
        consumer = self._ensure_consumer()
        fetcher = consumer._fetcher
        if consumer._closed or fetcher._closed:
            raise driver.ConsumerStoppedError
        deadline = time.monotonic() + wait_seconds
        with fetcher._subscriptions.fetch_context():  # counts as a poll: the group sees a live member
            while self.consumer.flow_active:
                chunks = await self._take(consumer, covered) if covered else {}
                left = deadline - time.monotonic()
                if chunks or left <= 0:
                    return chunks
                await self._wait(fetcher, left if covered else min(left, IDLE_SECONDS))
                if not covered:
                    return {}
        return {}

    async def _take(self, consumer: Any, covered: Mapping[Partition, int]) -> Mapping[Partition, Chunk]:
        before = self._positions(consumer, covered)
        if not before:
            return {}  # aiokafka takes no partitions for all of them
        records = await consumer._fetcher.fetched_records(before.keys(), 0, consumer._max_poll_records)
        after = self._positions(consumer, covered)
        return {
            place: Chunk(start, after[place], records.get(TopicPartition(*place), ()))
            for place, start in before.items()
            if after.get(place, covered[place]) != covered[place]
        }

    async def _wait(self, fetcher: Any, seconds: float) -> None:
        waiter = fetcher._create_fetch_waiter()
        done, _ = await asyncio.wait([waiter], timeout=seconds)
        if done:
            waiter.result()  # authorisation errors
        else:
            waiter.cancel()

    def _positions(self, consumer: Any, places: Iterable[Partition]) -> dict[Partition, int]:
        subscription = consumer._subscription.subscription
        assignment = None if subscription is None else subscription.assignment
        if assignment is None:
            return {}
        states = {place: assignment.state_value(TopicPartition(*place)) for place in places}
        return {place: state.position for place, state in states.items() if state and state.has_valid_position}

    async def starting_point(self, place: Partition) -> int:
        """The committed offset of a partition; its log's start where there is none, or it is beyond the end."""
        offset: int = await self.call_thread(self._starting_point, TopicPartition(*place))
        return offset

    async def _starting_point(self, place: TopicPartition) -> int:
        consumer = self._ensure_consumer()
        committed: int | None = await consumer.committed(place)
        ends: Mapping[TopicPartition, int] = await consumer.end_offsets([place])
        if committed is not None and committed <= ends[place]:
            return committed
        if committed is not None:
            self.log.warning("%s[%d] ends before its committed offset and is read anew", *place)
        return await self._log_start(place)

    async def log_start(self, place: Partition) -> int:
        """The first offset that a partition's log still has."""
        offset: int = await self.call_thread(self._log_start, TopicPartition(*place))
        return offset

    async def _log_start(self, place: TopicPartition) -> int:
        starts: Mapping[TopicPartition, int] = await self._ensure_consumer().beginning_offsets([place])
        return starts[place]

    async def seek_to(self, place: Partition, offset: int) -> bool:
        """Continue at an offset; False if the partition is no longer assigned."""
        sought: bool = await self.call_thread(self._seek_to, TopicPartition(*place), offset)
        return sought

    async def _seek_to(self, place: TopicPartition, offset: int) -> bool:
        try:
            self._ensure_consumer().seek(place, offset)
        except IllegalStateError:
            return False
        return True

    async def _commit(self, offsets: Mapping[Any, int]) -> bool:
        """Commit; a failure is told and tried again at the next interval, as positions do not depend on it."""
        consumer = self._ensure_consumer()
        mine = {place: offset for place, offset in offsets.items() if place in self.assignment()}
        try:
            await consumer.commit({TopicPartition(*place): offset for place, offset in mine.items()})
        except CommitFailedError:
            return False  # a rebalance came first
        except (KafkaError, IllegalStateError) as error:
            self.log.warning("Offsets could not be committed, tried again later: %r", error)
            return False
        return True
