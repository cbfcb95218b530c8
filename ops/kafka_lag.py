"""Lag of the Kafka runtime's groups, as the brokers tell it: in events, and in seconds of record time."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupCoordinatorNotAvailableError, KafkaError
from aiokafka.structs import OffsetAndMetadata

from console.ports import PartitionLag
from ops.record_times import first_ms, newest_ms
from schemas.errors import Unavailable
from schemas.settings import Settings
from schemas.topics import PUBLIC_INPUTS, Topic
from streams.kafka.archive import GROUP as ARCHIVE_GROUP
from streams.kafka.archive import TOPICS as ARCHIVE_TOPICS
from streams.kafka.desk_loop import GROUP as DESK_GROUP
from streams.kafka.desk_loop import TOPICS as DESK_TOPICS
from streams.kafka.names import GROUP as WORKER_GROUP
from streams.microbatch.leaving import leave

GROUPS: Mapping[str, tuple[str, ...]] = {
    WORKER_GROUP: (*(topic.value for topic in PUBLIC_INPUTS), Topic.LOG.value),
    DESK_GROUP: DESK_TOPICS,
    ARCHIVE_GROUP: ARCHIVE_TOPICS,
}
KEPT_SECONDS = 2.0
ANSWER_SECONDS = 15.0


class KafkaLag:
    """Measures when asked, at most every two seconds; statuses come from `streams.lag.watch` around it."""

    def __init__(self, settings: Settings, groups: Iterable[str] = (), *, kept_seconds: float = KEPT_SECONDS) -> None:
        self._bootstrap = settings.kafka_bootstrap
        self._groups = tuple(groups) or tuple(GROUPS)
        self._kept_seconds = kept_seconds
        self._lock = threading.Lock()
        self._measured: tuple[float, list[PartitionLag]] = (0.0, [])

    def sample(self) -> Sequence[PartitionLag]:
        """Every group, topic and partition; raises Unavailable while no broker answers."""
        with self._lock:
            at, rows = self._measured
            if not rows or time.monotonic() - at >= self._kept_seconds:
                rows = self._measure()
                self._measured = (time.monotonic(), rows)
            return rows

    def _measure(self) -> list[PartitionLag]:
        try:
            return asyncio.run(asyncio.wait_for(measure(self._bootstrap, self._groups), ANSWER_SECONDS))
        except (KafkaError, OSError, TimeoutError) as error:
            raise Unavailable(f"no broker answers at {self._bootstrap}: {error!r}") from error


@dataclass(frozen=True, slots=True)
class Clients:
    """One admin client, and readers of either isolation: of all records, and of committed ones only."""

    admin: AIOKafkaAdminClient
    raw: AIOKafkaConsumer
    committed: AIOKafkaConsumer


@asynccontextmanager
async def clients(bootstrap: str) -> AsyncIterator[Clients]:
    """Open and close them; what cannot be reached raises a KafkaError."""
    made = Clients(
        AIOKafkaAdminClient(bootstrap_servers=bootstrap),
        AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False),
        AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False, isolation_level="read_committed"),
    )
    try:
        await made.admin.start()
        await made.raw.start()
        await made.committed.start()
        yield made
    finally:
        await leave(made.committed)
        await leave(made.raw)
        await made.admin.close()


async def measure(
    bootstrap: str, groups: Iterable[str] = tuple(GROUPS), known: Mapping[str, tuple[str, ...]] = GROUPS
) -> list[PartitionLag]:
    """One sample of these groups. ``known``: what they are to read; any other group is looked at where it committed."""
    async with clients(bootstrap) as all_of:
        return await _rows(all_of, [one for group in groups for one in await positions(all_of, group, known)])


@dataclass(frozen=True, slots=True)
class Position:
    """Where a group stands in a partition, and where the partition begins and ends."""

    group: str
    place: TopicPartition
    committed: int | None
    begin: int
    stable: int
    """Where readers of committed records must stop: an open transaction lies behind it."""
    end: int

    @property
    def next(self) -> int:
        """The first offset that it has not read and that is still there."""
        return max(self.committed or 0, self.begin)

    @property
    def is_behind(self) -> bool:
        """Whether offsets lie ahead; they may be nothing but markers of transactions."""
        return self.committed is not None and self.next < self.end


async def positions(
    all_of: Clients, group: str, known_topics: Mapping[str, tuple[str, ...]] = GROUPS
) -> list[Position]:
    """Every partition of the group's topics."""
    committed = await committed_offsets(all_of.admin, group)
    topics = known_topics.get(group) or tuple(sorted({place.topic for place in committed}))
    described = await all_of.admin.describe_topics(list(topics)) if topics else []
    places = [
        TopicPartition(one["topic"], number)
        for one in described
        for number in sorted(part["partition"] for part in one["partitions"])
    ]
    begins = await all_of.raw.beginning_offsets(places)
    stable = await all_of.committed.end_offsets(places)
    ends = await all_of.raw.end_offsets(places)  # last, so that it is never less than the stable one
    known = {place: committed[place].offset for place in places if place in committed and committed[place].offset >= 0}
    return [Position(group, place, known.get(place), begins[place], stable[place], ends[place]) for place in places]


async def committed_offsets(admin: AIOKafkaAdminClient, group: str) -> Mapping[TopicPartition, OffsetAndMetadata]:
    """What the group has committed; nothing on a broker that never had a group, and of a group that is gone."""
    try:
        found: Mapping[TopicPartition, OffsetAndMetadata] = await admin.list_consumer_group_offsets(group)
    except GroupCoordinatorNotAvailableError:
        return {}
    return found


async def _rows(all_of: Clients, found: Sequence[Position]) -> list[PartitionLag]:
    """No commits is not a lag of 0; a group that committed beyond the end, as after a new topic, lags 0.

    Two groups may stand in one partition, so times are looked up group by group.
    """
    rows: list[PartitionLag] = []
    for group in dict.fromkeys(one.group for one in found):
        own = [one for one in found if one.group == group]
        ages = await _ages_ms(all_of, {one.place: one for one in own if one.is_behind})
        rows += [_row(one, ages.get(one.place)) for one in own]
    return rows


async def _ages_ms(all_of: Clients, behind: Mapping[TopicPartition, Position]) -> dict[TopicPartition, int]:
    """Newest record time less the time of the first record ahead; left out where no record lies ahead."""
    stable = {place: one.stable for place, one in behind.items()}
    ages = await _ages_by(all_of.committed, {place: one.next for place, one in behind.items()}, stable)
    # Records of a transaction that is still open: the broker counts them, and nobody can read them as committed yet.
    undecided = {place: one for place, one in behind.items() if place not in ages and one.stable < one.end}
    starts = {place: max(one.next, one.stable) for place, one in undecided.items()}
    return ages | await _ages_by(all_of.raw, starts, {place: one.end for place, one in undecided.items()})


async def _ages_by(
    reader: AIOKafkaConsumer, starts: Mapping[TopicPartition, int], ends: Mapping[TopicPartition, int]
) -> dict[TopicPartition, int]:
    first = await first_ms(reader, starts, ends)
    newest = await newest_ms(reader, {place: starts[place] for place in first}, ends)
    return {place: max(newest.get(place, at) - at, 0) for place, at in first.items()}


def _row(one: Position, age_ms: int | None) -> PartitionLag:
    events: int | None = None if one.committed is None else 0
    seconds = None if one.committed is None else 0.0
    if one.is_behind and age_ms is not None:
        events, seconds = one.end - one.next, age_ms / 1000
    gone = 0 if one.committed is None else max(0, one.begin - one.committed)
    topic, partition = one.place.topic, one.place.partition
    return PartitionLag(one.group, topic, partition, one.committed, one.end, events, seconds, gone_events=gone)
