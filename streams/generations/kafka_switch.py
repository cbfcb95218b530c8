"""The switch of the Kafka runtime: the rebuilt state becomes the changelog of the next generation.

Workers are stopped. Each partition's last transaction holds its position and what the desk must hear; the database
names the generation when all are there. A crash before that leaves the live generation as it was.
"""

from collections.abc import Iterator

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from outreach.store.sql import SqlStore
from schemas.errors import Refused
from schemas.needs import AccountEffect, Effect, encode_effect
from schemas.topics import Topic
from streams.generations import record
from streams.generations.comparing import Comparison
from streams.generations.files import GenerationFile
from streams.generations.kafka import Place, Told, beside, rebuilt
from streams.generations.switching import Change
from streams.kafka.client import consumer
from streams.kafka.desk_loop import GROUP as DESK_GROUP
from streams.kafka.names import GROUP, changelog_of
from streams.kafka_topics import make_changelog
from streams.microbatch.delivery import Delivery
from streams.microbatch.ports import Output
from streams.microbatch.store import Mark, new_lineage, with_mark

CHUNK = 20_000
"""Records of a transaction."""
POLL_MS = 500


async def switch(place: Place, store: SqlStore, actor: str, told: Told) -> Comparison:
    """Make the rebuilt state the live one. Raises Refused while workers run, or the desk has not read everything."""
    with store.begin() as tx:
        record.set_switching(tx, True)
    try:
        found = await _switch(place, store, actor, told)
    except BaseException:
        with store.begin() as tx:
            record.set_switching(tx, False)
        raise
    return found


async def _switch(place: Place, store: SqlStore, actor: str, told: Told) -> Comparison:
    await require_nobody(place)
    with store.read() as tx:
        positions = tx.offsets.get(DESK_GROUP)
    await require_desk(place, {number: offset for (topic, number), offset in positions.items() if topic == Topic.NEEDS})
    number, total = place.generation + 1, Comparison()
    await make_changelog(place.settings, changelog_of(number))
    for partition in range(place.settings.kafka_partitions):
        await _fence(place, partition)
        async with rebuilt(place, partition, told) as (live, file):
            with store.read() as tx:
                found, change = beside(place, partition, live, file, tx)
            file.keep_before(change.before, number)
            await _publish(place, partition, number, file, change)
            total.add(found)
    with store.begin() as tx:
        detail = f"{total.different} different, {total.missing} missing, {total.unknown} unknown"
        record.switched(tx, number, actor, None, detail)
    return total


async def require_nobody(place: Place) -> None:
    """Raises Refused while the workers' group has members."""
    admin = AIOKafkaAdminClient(bootstrap_servers=place.settings.kafka_bootstrap)
    await admin.start()
    try:
        answers = await admin.describe_consumer_groups([GROUP])
    finally:
        await admin.close()
    members = sum(len(group[5]) for answer in answers for group in answer.groups)
    if members:
        raise Refused("workers_run", f"{members} workers are at work: stop them, switch, start them again")


async def require_desk(place: Place, positions: dict[int, int]) -> None:
    """Raises Refused while the desk has not applied every effect: its books are compared with the log."""
    async with consumer(place.settings) as client:
        places = [TopicPartition(Topic.NEEDS.value, number) for number in range(place.settings.kafka_partitions)]
        client.assign(places)
        ends, begins = await client.end_offsets(places), await client.beginning_offsets(places)
        for one in places:
            client.seek(one, max(positions.get(one.partition, 0), begins[one]))
        left = set(places)
        while left := {one for one in left if await client.position(one) < ends[one]}:
            if await client.getmany(*left, timeout_ms=POLL_MS, max_records=1):
                raise Refused(
                    "desk_is_behind", "`ringahead desk` has not applied every effect yet: let it, then switch"
                )


async def _fence(place: Place, partition: int) -> None:
    """Whoever still has the partition of the live generation open can write no more."""
    live = Delivery(place.connection, f"{GROUP}-{changelog_of(place.generation)}-{partition}")
    await live.start()
    await live.stop()


async def _publish(place: Place, partition: int, number: int, file: GenerationFile, change: Change) -> None:
    topic = changelog_of(number)
    writer = Delivery(place.connection, f"{GROUP}-{topic}-{partition}")
    await writer.start()
    try:
        for chunk in _chunks(topic, partition, file):
            await writer.transact(chunk)
        mark = with_mark([], Mark(file.position, new_lineage()))
        outputs = [_effect(effect, partition) for effect in change.effects]
        await writer.transact([*outputs, *(Output(topic, key, value, partition) for key, value in mark)])
    finally:
        await writer.stop()


def _chunks(topic: str, partition: int, file: GenerationFile) -> Iterator[list[Output]]:
    chunk: list[Output] = []
    for key, value in file.items():
        chunk.append(Output(topic, key, value, partition))
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _effect(effect: Effect, partition: int) -> Output:
    key = effect.account_id if isinstance(effect, AccountEffect) else "*"
    return Output(Topic.NEEDS.value, key.encode(), encode_effect(effect), partition)
