"""Lag of the Kafka runtime's groups, as the brokers tell it: in events, and in seconds of record time."""

import asyncio
import threading
import time
from collections.abc import Mapping, Sequence

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
FETCH_MS = 1500


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
            return [row for group, topics in GROUPS.items() for row in await _group(admin, reader, group, topics)]
        finally:
            await reader.stop()
    finally:
        await admin.close()


async def _group(
    admin: AIOKafkaAdminClient, reader: AIOKafkaConsumer, group: str, topics: Sequence[str]
) -> list[PartitionLag]:
    committed = await _committed(admin, group)
    places = [TopicPartition(topic, n) for topic in topics for n in sorted(reader.partitions_for_topic(topic) or ())]
    if not places:
        described = await admin.describe_topics(list(topics))
        places = [TopicPartition(one["topic"], p["partition"]) for one in described for p in one["partitions"]]
    reader.assign(places)
    ends = await reader.end_offsets(places)
    begins = await reader.beginning_offsets(places)
    return [
        await _row(
            reader, group, place, committed[place].offset if place in committed else None, begins[place], ends[place]
        )
        for place in places
    ]


async def _committed(admin: AIOKafkaAdminClient, group: str) -> Mapping[TopicPartition, OffsetAndMetadata]:
    """What the group has committed; nothing on a broker that never had a group."""
    try:
        found: Mapping[TopicPartition, OffsetAndMetadata] = await admin.list_consumer_group_offsets(group)
    except GroupCoordinatorNotAvailableError:
        return {}
    return found


async def _row(
    reader: AIOKafkaConsumer, group: str, place: TopicPartition, committed: int | None, begin: int, end: int
) -> PartitionLag:
    """No commits is not a lag of 0; a group that committed beyond the end, as after a new topic, lags 0."""
    known = None if committed is None or committed < 0 else committed
    behind = None if known is None else max(end - max(known, begin), 0)
    lag_seconds = 0.0 if behind == 0 else None
    if behind and known is not None:
        lag_seconds = await _seconds(reader, place, max(known, begin), end)
    return PartitionLag(group, place.topic, place.partition, known, end, behind, lag_seconds, LagStatus.OK)


async def _seconds(reader: AIOKafkaConsumer, place: TopicPartition, position: int, end: int) -> float | None:
    """Record time at the position against that of the newest record; None where either cannot be read in time."""
    oldest = await _timestamp_ms(reader, place, position)
    newest = await _timestamp_ms(reader, place, end - 1)
    if oldest is None or newest is None:
        return None
    return max(newest - oldest, 0) / 1000


async def _timestamp_ms(reader: AIOKafkaConsumer, place: TopicPartition, offset: int) -> int | None:
    reader.seek(place, offset)
    fetched = await reader.getmany(place, timeout_ms=FETCH_MS, max_records=1)
    return next((int(record.timestamp) for records in fetched.values() for record in records), None)
