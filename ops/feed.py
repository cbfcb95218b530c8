"""Where the events of a command go: the API of the running server, its log while it is stopped, or a Kafka topic."""

import asyncio
import time
from collections.abc import Callable, Sequence
from itertools import islice

import httpx
from aiokafka import AIOKafkaProducer
from sqlalchemy import create_engine

from schemas.envelope import Event, encode
from schemas.errors import BadInput, Unavailable
from schemas.settings import Settings
from schemas.topics import SPEC, Topic
from streams.embedded import tables
from streams.embedded.lock import Owner, hold, owner_of
from streams.ingest import entry_of

BATCH_EVENTS = 200
ANSWER_SECONDS = 60.0
BATCH_TYPE = "application/cloudevents-batch+json"

Told = Callable[[int], None]
"""Hears after each batch how many events it had."""


def send(settings: Settings, events: Sequence[Event], told: Told) -> str:
    """Hand over order events of one command; says where they went. Raises Unavailable, BadInput, AlreadyRunning."""
    if settings.runtime == "kafka":
        asyncio.run(_to_topic(settings.kafka_bootstrap, Topic.ORDERS, events, told))
        return f"topic {Topic.ORDERS} at {settings.kafka_bootstrap}"
    owner = owner_of(settings.data_dir)
    if owner is not None and owner.url:
        with httpx.Client(timeout=ANSWER_SECONDS) as client:
            to_api(client, owner, events, told)
        return f"the running server at {owner.url}"
    to_log(settings, events, told)
    return f"the log in {settings.sqlite_path}; `ringahead serve` goes on from there"


def to_log(settings: Settings, events: Sequence[Event], told: Told) -> None:
    """Append to the log of a stopped installation. Raises AlreadyRunning where it is not stopped."""
    with hold(settings.data_dir, "ringahead import"):
        engine = create_engine(f"sqlite:///{settings.sqlite_path}")
        try:
            with engine.begin() as connection:
                tables.create_tables(connection)
                for batch in _batches(events):
                    told(tables.append(connection, map(entry_of, batch), time.time_ns() // 1_000_000))
        finally:
            engine.dispose()


def to_api(client: httpx.Client, owner: Owner, events: Sequence[Event], told: Told) -> None:
    """Post to the server that owns the data folder."""
    headers = {"authorization": f"Bearer {owner.token}", "content-type": BATCH_TYPE}
    for batch in _batches(events):
        body = b"[" + b",".join(map(encode, batch)) + b"]"
        answer = client.post(f"{owner.url}/v1/events", content=body, headers=headers)
        if answer.status_code >= 500:
            raise Unavailable(f"the server at {owner.url} answered {answer.status_code}; import the file again")
        if answer.is_error:
            raise BadInput(f"the server at {owner.url} answered {answer.status_code}: {answer.text[:200]}")
        told(len(batch))


async def _to_topic(bootstrap: str, topic: Topic, events: Sequence[Event], told: Told) -> None:
    """Produce with acks of all replicas; returns when everything is delivered."""
    limit = SPEC[topic].max_message_bytes
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap, acks="all", enable_idempotence=True, max_request_size=limit
    )
    try:
        await producer.start()
        for batch in _batches(events):
            sent = [await producer.send(topic, encode(event), key=event.subject.encode()) for event in batch]
            await asyncio.gather(*sent)
            told(len(batch))
    finally:
        await producer.stop()


def _batches(events: Sequence[Event]) -> list[list[Event]]:
    rest = iter(events)
    return [batch for _ in range(0, len(events), BATCH_EVENTS) if (batch := list(islice(rest, BATCH_EVENTS)))]
