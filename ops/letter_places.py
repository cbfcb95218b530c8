"""Where replayed letters go: the topics they came from, or the log of the embedded file."""

import asyncio
import time
from collections.abc import Callable

from aiokafka.errors import KafkaError

from ops.embedded.installation import Opened
from outreach.ports import Store, Transaction
from outreach.store.sql import SqlTransaction
from schemas.errors import Refused, Unavailable
from schemas.settings import Settings
from schemas.topics import PUBLIC_INPUTS, Topic
from streams.embedded import tables
from streams.ingest import IngestRules
from streams.kafka.client import producer
from streams.kafka.processors import event_outputs
from streams.letters import LetterDesk, Replayed, Send, Settle
from streams.microbatch.ports import Output


def in_file(opened: Opened, wake: Callable[[], object]) -> LetterDesk:
    """The embedded runtime: the log, the letter and the audit in one transaction."""

    def send(replayed: Replayed) -> Settle:
        def append(tx: Transaction) -> str:
            if not isinstance(tx, SqlTransaction):
                raise TypeError("the embedded log lies in the file of the store")
            tables.append(tx.connection, [replayed.entry], _now_ms())
            wake()
            return f"{Topic.LOG.value}/{tables.PARTITION}/{tables.end(tx.connection)[0]}"

        return append

    return LetterDesk(opened.store, IngestRules(max_bytes=opened.settings.max_event_bytes), send, _now_ms)


def on_kafka(settings: Settings, store: Store) -> LetterDesk:
    """The Kafka runtime: delivered to all replicas before the letter is settled."""
    return LetterDesk(store, IngestRules(max_bytes=settings.max_event_bytes), _to_topics(settings), _now_ms)


def _to_topics(settings: Settings) -> Send:
    def send(replayed: Replayed) -> Settle:
        place = asyncio.run(_deliver(settings, outputs_of(replayed, settings.kafka_partitions)))
        return lambda _: place

    return send


def outputs_of(replayed: Replayed, partitions: int) -> list[Output]:
    """The records to send: to the topic that it came from, with a header of its origin and those of binary mode."""
    record = replayed.record
    if replayed.event is not None:
        outputs = event_outputs(replayed.event, partitions)
    elif record.topic in {topic.value for topic in PUBLIC_INPUTS}:
        outputs = [Output(record.topic, record.key, record.value)]
    else:
        raise Refused("no_topic", f"{record.topic} is no topic of this installation: have it sent again")
    return [output._replace(headers=record.headers) for output in outputs]


async def _deliver(settings: Settings, outputs: list[Output]) -> str:
    try:
        async with producer(settings) as client:
            sent = [
                await client.send_and_wait(
                    one.topic, value=one.value, key=one.key, partition=one.partition, headers=list(one.headers)
                )
                for one in outputs
            ]
    except KafkaError as error:
        raise Unavailable(f"Kafka did not take the letter: {error!r}") from error
    return f"{sent[0].topic}/{sent[0].partition}/{sent[0].offset}"


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
