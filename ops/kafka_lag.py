"""Lag of the Kafka runtime's groups, as the brokers tell it: in events, and in seconds of record time."""

import asyncio
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupCoordinatorNotAvailableError, KafkaError
from aiokafka.structs import OffsetAndMetadata

from console.ports import LagStatus, PartitionLag
from schemas.errors import Unavailable
from schemas.settings import Settings
from schemas.topics import PUBLIC_INPUTS, Topic
from streams.faust_app import GROUP as WORKER_GROUP
from streams.kafka.desk_loop import GROUP as DESK_GROUP
from streams.kafka.desk_loop import TOPICS as DESK_TOPICS

GROUPS: Mapping[str, tuple[str, ...]] = {
    WORKER_GROUP: (*(topic.value for topic in PUBLIC_INPUTS), Topic.LOG.value),
    DESK_GROUP: DESK_TOPICS,
}
KEPT_SECONDS = 2.0
ANSWER_SECONDS = 10.0
FETCH_SECONDS = 1.0
LAST_OFFSETS = 10
"""The very last ones may be markers of transactions, which carry no time."""


class KafkaLag:
    """Measures when asked, at most every two seconds; the clients live on a loop of their own."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._measured: tuple[float, list[PartitionLag]] = (0.0, [])

    def sample(self) -> Sequence[PartitionLag]:
        """Every group, topic and partition; raises Unavailable while no broker answers."""
        with self._lock:
            at, rows = self._measured
            if not rows or time.monotonic() - at > KEPT_SECONDS:
                rows = self._measure()
                self._measured = (time.monotonic(), rows)
            return rows

    def _measure(self) -> list[PartitionLag]:
        try:
            return asyncio.run(asyncio.wait_for(measure(self._settings.kafka_bootstrap), ANSWER_SECONDS))
        except (KafkaError, OSError, TimeoutError) as error:
            raise Unavailable(f"no broker answers at {self._settings.kafka_bootstrap}: {error!r}") from error


async def measure(bootstrap: str) -> list[PartitionLag]:
    """One sample of all groups."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    reader = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False, isolation_level="read_committed")
    await admin.start()
    try:
        await reader.start()
        try:
            return await _rows(reader, [one for group in GROUPS for one in await _positions(admin, reader, group)])
        finally:
            await reader.stop()
    finally:
        await admin.close()


@dataclass(frozen=True, slots=True)
class Position:
    """Where a group stands in a partition."""

    group: str
    place: TopicPartition
    committed: int | None
    begin: int
    end: int

    @property
    def next(self) -> int:
        """The first offset that it has not read, where it has read any."""
        return max(self.committed or 0, self.begin)

    @property
    def is_behind(self) -> bool:
        """Whether offsets lie ahead; they may be nothing but markers of transactions."""
        return self.committed is not None and self.next < self.end


async def _positions(admin: AIOKafkaAdminClient, reader: AIOKafkaConsumer, group: str) -> list[Position]:
    committed = await _committed(admin, group)
    described = await admin.describe_topics(list(GROUPS[group]))
    places = [
        TopicPartition(one["topic"], number)
        for one in described
        for number in sorted(part["partition"] for part in one["partitions"])
    ]
    begins, ends = await reader.beginning_offsets(places), await reader.end_offsets(places)
    known = {place: committed[place].offset for place in places if place in committed and committed[place].offset >= 0}
    return [Position(group, place, known.get(place), begins[place], ends[place]) for place in places]


async def _committed(admin: AIOKafkaAdminClient, group: str) -> Mapping[TopicPartition, OffsetAndMetadata]:
    """What the group has committed; nothing on a broker that never had a group."""
    try:
        found: Mapping[TopicPartition, OffsetAndMetadata] = await admin.list_consumer_group_offsets(group)
    except GroupCoordinatorNotAvailableError:
        return {}
    return found


async def _rows(reader: AIOKafkaConsumer, positions: Sequence[Position]) -> list[PartitionLag]:
    """No commits is not a lag of 0; a group that committed beyond the end, as after a new topic, lags 0."""
    behind = {one.place: one for one in positions if one.is_behind}
    oldest = await _first_times_ms(reader, {place: one.next for place, one in behind.items()})
    last = {place: max(one.end - LAST_OFFSETS, one.next) for place, one in behind.items() if oldest[place] is not None}
    newest = await _last_times_ms(reader, last)
    return [_row(one, oldest.get(one.place), newest.get(one.place)) for one in positions]


def _row(one: Position, oldest_ms: int | None, newest_ms: int | None) -> PartitionLag:
    events: int | None = None if one.committed is None else 0
    seconds = None if one.committed is None else 0.0
    if one.is_behind and oldest_ms is not None:
        events = one.end - one.next
        seconds = max((newest_ms or oldest_ms) - oldest_ms, 0) / 1000
    place = one.place
    return PartitionLag(one.group, place.topic, place.partition, one.committed, one.end, events, seconds, LagStatus.OK)


async def _first_times_ms(
    reader: AIOKafkaConsumer, starts: Mapping[TopicPartition, int]
) -> dict[TopicPartition, int | None]:
    """Record time of the first record at or behind an offset; None where only markers are left."""
    return {place: times[0] if times else None for place, times in (await _times_ms(reader, starts, 1)).items()}


async def _last_times_ms(
    reader: AIOKafkaConsumer, starts: Mapping[TopicPartition, int]
) -> dict[TopicPartition, int | None]:
    """Record time of the newest of the last records."""
    return {
        place: max(times) if times else None for place, times in (await _times_ms(reader, starts, LAST_OFFSETS)).items()
    }


async def _times_ms(
    reader: AIOKafkaConsumer, starts: Mapping[TopicPartition, int], records: int
) -> dict[TopicPartition, list[int]]:
    """Record times of some records from each start; one wait for all partitions together."""
    found: dict[TopicPartition, list[int]] = {place: [] for place in starts}
    if not starts:
        return found
    reader.assign(list(starts))
    for place, offset in starts.items():
        reader.seek(place, offset)
    end = asyncio.get_running_loop().time() + FETCH_SECONDS
    while (left := [place for place in starts if not found[place]]) and asyncio.get_running_loop().time() < end:
        fetched = await reader.getmany(*left, timeout_ms=200, max_records=records * len(left))
        for place, batch in fetched.items():
            found[place] += [int(record.timestamp) for record in batch[:records]]
    return found
