"""Generations of the Kafka runtime: built from the log into files, compared with copies of the changelog.

Building and comparing only read, without any group: a changelog is a state together with its position, so that a copy
of it is the live state as of one moment, whatever the workers do meanwhile.
"""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import rocksdict
from aiokafka import AIOKafkaConsumer, TopicPartition

from outreach.store.sql import SqlTransaction
from schemas.errors import Refused
from schemas.settings import Settings
from schemas.topics import Topic
from streams.artefacts import ArtefactSource
from streams.core.context import Installation
from streams.generations.building import Builder
from streams.generations.comparing import Comparison
from streams.generations.files import GenerationFile
from streams.generations.switching import Change, compare
from streams.kafka.client import consumer
from streams.kafka.names import changelog_of
from streams.microbatch.delivery import Connection, key_hash
from streams.microbatch.ports import Record
from streams.microbatch.reader import LogReader
from streams.microbatch.recovery import Progress, Recovery
from streams.microbatch.store import LocalStore

READ_RECORDS = 2000
POLL_MS = 500
CACHE_BYTES = 16 * 1024 * 1024
PASSES = 2
"""The first takes as long as the log is long, the second what came in meanwhile."""

Told = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Place:
    """An installation, the folder of its rebuilt states, and the generation that is live."""

    settings: Settings
    installation: Installation
    artefacts: ArtefactSource
    folder: Path
    made_by: str
    generation: int

    @property
    def connection(self) -> Connection:
        """How its brokers are reached."""
        return Connection(self.settings.kafka_bootstrap, "ringahead-rebuild")

    def file_of(self, partition: int) -> Path:
        """Where the rebuilt state of a partition lies."""
        return self.folder / f"rebuild-{partition}.sqlite3"


@asynccontextmanager
async def rebuilt(
    place: Place, partition: int, told: Told, *, anew: bool = False
) -> AsyncIterator[tuple[LocalStore, GenerationFile]]:
    """Live and rebuilt state of a partition, both at the live state's position of a moment ago.

    Raises Refused where the log lost its beginning, Unavailable while an artefact is missing or no broker answers.
    """
    file = GenerationFile.open(place.file_of(partition), place.made_by, anew=anew)
    try:
        for _ in range(PASSES):
            live = await _copy(place, partition)
            try:
                await _fold_up_to(place, partition, file, live.position, told)
            except BaseException:
                live.close()
                raise
            if _ + 1 < PASSES:
                live.close()
        try:
            yield live, file
        finally:
            live.close()
    finally:
        file.close()


def beside(
    place: Place, partition: int, live: LocalStore, file: GenerationFile, tx: SqlTransaction
) -> tuple[Comparison, Change]:
    """What differs in a partition, and what the desk would hear."""
    partitions = place.settings.kafka_partitions

    def is_ours(account_id: str) -> bool:
        return key_hash(account_id.encode()) % partitions == partition

    return compare(partition, live, file, tx, is_ours)


async def _copy(place: Place, partition: int) -> LocalStore:
    """A copy of the live state, brought up to the end of its changelog."""
    topic = changelog_of(place.generation)
    store = LocalStore.open(place.folder / "live" / f"{topic}-{partition}", rocksdict.Cache(CACHE_BYTES))
    try:
        async with LogReader(place.connection) as reader:
            return await Recovery(reader, Progress(TopicPartition(topic, partition)), _now_ms).run(store)
    except BaseException:
        store.close()
        raise


async def _fold_up_to(place: Place, partition: int, file: GenerationFile, end: int, told: Told) -> None:
    where = TopicPartition(Topic.LOG.value, partition)
    async with consumer(place.settings) as client:
        client.assign([where])
        begins = (await client.beginning_offsets([where]))[where]
        _check(partition, file.position, begins, end)
        builder = Builder(file, partition, place.installation, place.artefacts)
        client.seek(where, file.position)
        while file.position < end:
            await _fold_some(client, where, builder, end, told)


async def _fold_some(client: AIOKafkaConsumer, where: TopicPartition, builder: Builder, end: int, told: Told) -> None:
    fetched = await client.getmany(where, timeout_ms=POLL_MS, max_records=READ_RECORDS)
    reached = min(await client.position(where), end)  # behind markers of transactions, too
    records = [
        Record(one.topic, one.partition, one.offset, one.timestamp, one.key, one.value)
        for one in fetched.get(where, ())
        if one.offset < end
    ]
    if records or reached > builder.file.position:
        builder.fold(records, reached)
        told(len(records))


def _check(partition: int, position: int, begins: int, end: int) -> None:
    if end < position:
        raise Refused(
            "state_went_back", f"partition {partition}: the live state is at {end}, the rebuilt one at {position}"
        )
    if begins > position and end > position:
        raise Refused(
            "log_is_cut",
            f"partition {partition} of the log begins at {begins}, and what was folded before cannot be folded again: "
            "a state can be rebuilt only from a log that was never cut",
        )


def _now_ms() -> int:
    """Wall clock; only compared with the broker's retention of removals."""
    return time.time_ns() // 1_000_000
