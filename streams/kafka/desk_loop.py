"""`ringahead desk`: effects and letters from Kafka into the database, with their offsets in the same transaction.

Positions are the database's: after a crash at any point the consumer resumes where the last committed transaction
ended, and what is seen again changes nothing. Offsets are committed to Kafka too, for lag tools alone.
"""

import asyncio
import logging
import time
from collections.abc import Mapping
from functools import partial
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import CommitFailedError, KafkaError

from outreach.desk import Desk, seconds_to_next
from outreach.ports import Store
from schemas.dead_letters import DeadLetter
from schemas.errors import Unavailable
from schemas.needs import decode_effect
from schemas.settings import Settings
from schemas.topics import Topic
from streams.kafka.client import consumer, producer
from streams.kafka.pieces import FIRST_PAUSE_SECONDS, Ends, Fetched, Pieces, Write
from streams.kafka.relay import relay_outbox

GROUP = "ringahead-desk"
TOPICS = (Topic.NEEDS.value, Topic.DEAD_LETTERS.value)
POLL_MS = 200
BATCH_RECORDS = 500
BEGINNING = 0
"""Where retention has taken it, the consumer's reset policy finds the earliest that is left."""

log = logging.getLogger(__name__)


class Positions(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka has no types
    """Starts every assigned partition where the database says."""

    def __init__(self, client: AIOKafkaConsumer, store: Store, group: str = GROUP) -> None:
        self._client = client
        self._store = store
        self._group = group

    async def on_partitions_revoked(self, revoked: Any) -> None:
        """Nothing to do: what was not committed to the database is read again by whoever has it next."""

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        """Seek before the first fetch; what the database never saw is read from its beginning, whatever Kafka says."""
        known = await self._known()
        for place in assigned:
            self._client.seek(place, known.get((place.topic, place.partition), BEGINNING))

    async def _known(self) -> Mapping[tuple[str, int], int]:
        """Wait for the database: aiokafka only logs what a listener raises, and goes on without the positions."""
        while True:
            try:
                return await asyncio.to_thread(_positions, self._store, self._group)
            except Unavailable as error:
                log.warning("the database is not there, positions are waited for: %s", error)
                await asyncio.sleep(FIRST_PAUSE_SECONDS)


async def run_desk(settings: Settings, store: Store, desk: Desk, stopped: asyncio.Event) -> None:
    """Run until stopped. What is unavailable is waited for; anything else ends the process."""
    async with producer(settings) as out, consumer(settings, group=GROUP) as client:
        client.subscribe(TOPICS, listener=Positions(client, store))
        await asyncio.gather(_consume(client, store, desk, stopped), _look_after(out, store, desk, stopped))


async def _consume(client: AIOKafkaConsumer, store: Store, desk: Desk, stopped: asyncio.Event) -> None:
    await copy_to(client, partial(_store, store, desk), stopped, BATCH_RECORDS)


async def copy_to(client: AIOKafkaConsumer, write: Write, stopped: asyncio.Event, most: int) -> None:
    """Everything that comes in to the database, in order, at most so many records at once; then Kafka is told."""
    pieces = Pieces(most)
    while not stopped.is_set():
        fetched = await client.getmany(timeout_ms=POLL_MS, max_records=most)
        ends = await pieces.written(fetched, write, stopped)
        if ends:
            await tell_kafka(client, ends)


def _positions(store: Store, group: str) -> Mapping[tuple[str, int], int]:
    with store.read() as transaction:
        return transaction.offsets.get(group)


def _store(store: Store, desk: Desk, fetched: Fetched, ends: Ends) -> None:
    """All partitions' effects at once: their accounts' tasks are locked in one order, as upkeep locks them."""
    effects = [decode_effect(value) for value in _values(fetched, Topic.NEEDS)]
    letters = [DeadLetter.model_validate_json(value) for value in _values(fetched, Topic.DEAD_LETTERS)]
    with store.begin() as transaction:
        desk.apply_effects(transaction, effects)
        transaction.dead_letters.put(letters)
        transaction.offsets.put(GROUP, ends)


def _values(fetched: Fetched, topic: Topic) -> list[bytes]:
    """Of a topic, partition by partition."""
    chosen = (records for place, records in fetched.items() if place.topic == topic.value)
    return [record.value for records in chosen for record in records if record.value is not None]


async def tell_kafka(client: AIOKafkaConsumer, ends: Ends) -> None:
    """For lag tools; a failure costs nothing, as the database has the truth."""
    try:
        await client.commit({TopicPartition(*place): offset for place, offset in ends.items()})
    except CommitFailedError:
        log.debug("a rebalance came first")
    except KafkaError as error:
        log.warning("offsets were not committed to Kafka: %r", error)


async def _look_after(out: AIOKafkaProducer, store: Store, desk: Desk, stopped: asyncio.Event) -> None:
    """Send what leaves the outbox; now and then look after leases, timers and priorities."""
    next_upkeep = 0.0
    loop = asyncio.get_running_loop()
    while not stopped.is_set():
        try:
            sent = await relay_outbox(out, store)
            if loop.time() >= next_upkeep:
                next_upkeep = loop.time() + await asyncio.to_thread(_upkeep, store, desk)
        except Unavailable as error:
            log.warning("waiting: %s", error)
            await asyncio.sleep(FIRST_PAUSE_SECONDS)
        else:
            await asyncio.sleep(0 if sent else POLL_MS / 1000)


def _upkeep(store: Store, desk: Desk) -> float:
    """One round; seconds until the next."""
    begun = time.monotonic()
    with store.begin() as transaction:
        done = desk.upkeep(transaction, transaction.db_now())
    return seconds_to_next(done, time.monotonic() - begun)
