"""Appending events of our own to the log of record, and reading it from the beginning."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator

from aiokafka import TopicPartition
from pydantic_core import to_json

from schemas.envelope import Event
from schemas.errors import BadEvent
from schemas.settings import Settings
from schemas.topics import Topic
from streams.kafka.client import consumer, producer, send_all
from streams.kafka.processors import event_outputs
from streams.microbatch.ports import Output, Record
from streams.processor import read_event

READ_RECORDS = 5000


async def append(settings: Settings, events: Iterable[Event]) -> None:
    """Append and wait until it is replicated; broadcast events go to every partition."""
    async with producer(settings) as client:
        await send_all(
            client, [output for event in events for output in event_outputs(event, settings.kafka_partitions)]
        )


async def announce(settings: Settings, topic: Topic, version: str, digest: str, *, key: str | None = None) -> None:
    """Say on a compacted topic which artefact is in force, and that it lies in the database under its digest.

    key: where a topic speaks of several artefacts; by default the topic's last word.
    """
    told = to_json({"version": version, "digest": digest, "where": f"database:artefacts/{digest}"})
    async with producer(settings) as client:
        await send_all(client, [Output(topic.value, (key or topic.value.rsplit(".", maxsplit=1)[-1]).encode(), told)])


async def read_all(settings: Settings) -> AsyncIterator[list[Event]]:
    """The log's events from its beginning to what is its end now, in chunks; letters-to-be are passed over."""
    async for records in read_records(settings):
        yield list(_events(records))


async def read_records(settings: Settings) -> AsyncIterator[list[Record]]:
    """The log's records from its beginning to what is its end now, in chunks of one partition."""
    async with consumer(settings) as client:
        places = [TopicPartition(Topic.LOG.value, number) for number in range(settings.kafka_partitions)]
        client.assign(places)
        ends = await client.end_offsets(places)
        begins = await client.beginning_offsets(places)
        left = {place for place in places if ends[place] > begins[place]}
        while left:
            fetched = await client.getmany(*left, timeout_ms=1000, max_records=READ_RECORDS)
            for records in fetched.values():
                yield [Record(r.topic, r.partition, r.offset, r.timestamp, r.key, r.value) for r in records]
            left = {place for place in left if await client.position(place) < ends[place]}


def append_now(settings: Settings, events: Iterable[Event]) -> None:
    """The same for a program that is not asynchronous."""
    asyncio.run(append(settings, events))


def _events(records: Iterable[Record]) -> Iterator[Event]:
    for one in records:
        try:
            yield read_event(one)
        except BadEvent:
            continue
