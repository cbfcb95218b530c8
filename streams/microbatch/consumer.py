"""Faust's consumer, in batches: every message is a `RecordBatch`, and what is committed is what was applied.

The consumer hands out, for each partition that has an open lane, batches that follow each other without a hole. It
keeps no acknowledgements: a partition is committed up to the position of its lane.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Set
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from aiokafka.errors import IllegalStateError, KafkaError
from faust.exceptions import ConsumerNotStarted
from faust.transport.drivers import aiokafka as driver
from faust.types.tuples import ConsumerMessage

from streams.microbatch.fetching import FetchThread
from streams.microbatch.offsets import Chunk, Cursor, Cursors, Partition, RecordBatch, Refetch

if TYPE_CHECKING:
    from streams.microbatch.runner import BatchRunner

COMMIT_SECONDS = 3.0
ROOM_SECONDS = 0.1
BATCHES_AHEAD = 2
"""A partition is fetched from while fewer batches than this wait; Faust's own back-pressure sleeps for a second."""


class BatchConsumer(driver.Consumer):  # type: ignore[misc]  # Faust is not typed for us
    """A transport consumer whose positions belong to the lanes of a `BatchRunner`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.runner: BatchRunner = self.app.runner
        self.cursors: Cursors = self.runner.cursors

    _thread: FetchThread

    def _new_consumer_thread(self) -> FetchThread:
        thread = FetchThread(self, loop=self.loop, beacon=self.beacon)
        thread.heartbeat = self.app.runner.heartbeat
        return thread

    # --- rebalances -------------------------------------------------------------------------------------------

    async def on_partitions_revoked(self, revoked: Set[Any]) -> None:
        """Let what is being applied finish, then give everything back."""
        self.cursors.clear()
        await self.runner.settle()
        await self.commit_soon()
        await super().on_partitions_revoked(revoked)

    async def on_partitions_assigned(self, assigned: Set[Any], generation_id: int = 0) -> None:
        """Open lanes for what is ours now, close those that are not."""
        self.cursors.clear()
        await self.runner.assign({Partition(*place) for place in assigned}, generation_id)
        await super().on_partitions_assigned(assigned, generation_id)

    async def perform_seek(self) -> None:
        """Positions come from the lanes; see `_place`."""
        self.cursors.clear()

    # --- fetching ---------------------------------------------------------------------------------------------

    async def _getmany(
        self,
        active_partitions: Set[Any] | None,
        timeout: float,  # noqa: ASYNC109  # Faust's signature
    ) -> Mapping[Partition, Chunk]:
        wanted = {Partition(*place) for place in active_partitions or ()}
        for place in wanted:
            if place not in self.cursors:
                await self._place(place)
        covered, full = self.cursors.by_room(BATCHES_AHEAD)
        ready = {place: offset for place, offset in covered.items() if place in wanted}
        chunks: Mapping[Partition, Chunk] = await self._thread.fetch(ready, 0 if full else timeout)
        if not chunks and full:
            await self.runner.wait_for_room(ROOM_SECONDS)
        return chunks

    async def _place(self, place: Partition) -> None:
        """Begin reading a partition where its lane stands, or at the committed offset."""
        lane = self.runner.ready_lane(place)
        if lane is None:
            return
        try:
            offset = lane.position if lane.position is not None else await self._thread.starting_point(place)
            sought = await self._thread.seek_to(place, offset)
        except (KafkaError, IllegalStateError) as error:
            self.log.warning("%s[%d] cannot be placed, tried again: %r", *place, error)
            return
        if sought and self.runner.ready_lane(place) is lane:
            lane.position = offset
            self._read_offset[place] = None
            self.cursors.start(place, offset)

    async def getmany(
        self,
        timeout: float,  # noqa: ASYNC109  # Faust's signature
    ) -> AsyncIterator[tuple[Partition, ConsumerMessage]]:
        """Yield batches; what is not yielded is noticed as a hole and fetched again."""
        generation = self.app.consumer_generation_id
        chunks, _ = await self._wait_next_records(timeout)
        if not chunks or self.should_stop:
            return
        holes: set[Partition] = set()
        for place, chunk in self.scheduler.iterate(chunks):
            if not self.flow_active or self.app.consumer_generation_id != generation:
                return
            cursor = self.cursors.get(place)
            if cursor is None or place in holes:
                continue
            admitted = cursor.admit(chunk)
            if isinstance(admitted, Refetch):
                holes.add(place)  # the rest of this fetch lies behind the hole
                await self._ask_again(cursor, admitted)
                continue
            self.runner.stats.hidden += chunk.end - chunk.start - len(chunk.records)
            if admitted is not None:
                yield place, self._to_message(place, admitted)

    async def _ask_again(self, cursor: Cursor, hole: Refetch) -> None:
        place = cursor.place
        self.runner.stats.refetches += 1
        self.log.warning("%s[%d]: records from offset %d on were lost on the way, asked again", *place, hole.offset)
        log_start = await self._thread.log_start(place) if hole.asked_before else 0
        if log_start > hole.offset:
            self.log.warning("%s[%d] begins at offset %d; %d is gone", *place, log_start, hole.offset)
            cursor.skip_to(log_start)
        await self._thread.seek_to(place, max(hole.offset, log_start))

    def _to_message(self, tp: Any, record: RecordBatch) -> ConsumerMessage:
        last = record.records[-1]
        return ConsumerMessage(
            tp.topic, tp.partition, last.offset, last.timestamp_ms / 1000, 0, (), None, record, None, 0, 0, tp,
            generation_id=self.app.consumer_generation_id,
        )  # fmt: skip

    # --- acknowledging and committing -------------------------------------------------------------------------

    def ack(self, message: Any) -> bool:
        """Only lets Faust forget the message; the lane's position is what is committed."""
        message.acked = True
        self._unacked_messages.discard(message)
        return True

    async def _add_gap(self, tp: Any, offset_from: int, offset_to: int) -> None:
        """Batches always jump; holes are judged by the cursors."""

    async def commit_soon(self) -> None:
        """Commit, if the brokers answer: whoever has the partitions next repeats less."""
        with suppress(TimeoutError, ConsumerNotStarted):
            await asyncio.wait_for(self.commit(), COMMIT_SECONDS)

    def _filter_tps_with_pending_acks(self, topics: Iterable[Any] | None = None) -> Iterator[Partition]:
        return (
            place for place in self.runner.positions() if topics is None or place in topics or place.topic in topics
        )

    def _new_offset(self, tp: Any) -> int | None:
        return self.runner.positions().get(tp)


class BatchTransport(driver.Transport):  # type: ignore[misc]  # Faust is not typed for us
    """Faust's aiokafka transport with our consumer."""

    Consumer = BatchConsumer
