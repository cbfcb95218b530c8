"""aiokafka clients as this project wants them: acknowledged by all replicas, idempotent, committed records only."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaConnectionError, KafkaError

from schemas.errors import Unavailable
from schemas.settings import Settings
from streams.microbatch.joining import commit_between_joins
from streams.microbatch.leaving import leave
from streams.microbatch.ports import Output

MAX_REQUEST_BYTES = 4 * 1024 * 1024 + 64 * 1024
"""Room for the largest dead letter."""


@asynccontextmanager
async def producer(settings: Settings) -> AsyncIterator[AIOKafkaProducer]:
    """A producer; raises Unavailable when no broker answers."""
    client = AIOKafkaProducer(
        bootstrap_servers=settings.kafka_bootstrap,
        acks="all",
        enable_idempotence=True,
        max_request_size=MAX_REQUEST_BYTES,
        linger_ms=5,
    )
    await _start(client, settings)
    try:
        yield client
    finally:
        await leave(client)


@asynccontextmanager
async def consumer(settings: Settings, *topics: str, group: str | None = None) -> AsyncIterator[AIOKafkaConsumer]:
    """A consumer of committed records from the beginning; positions are the caller's business."""
    client = AIOKafkaConsumer(
        *topics,
        bootstrap_servers=settings.kafka_bootstrap,
        group_id=group,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        fetch_max_bytes=64 * 1024 * 1024,
        max_partition_fetch_bytes=MAX_REQUEST_BYTES,
        session_timeout_ms=round(settings.kafka_session_timeout_seconds * 1000),
        heartbeat_interval_ms=round(settings.kafka_heartbeat_seconds * 1000),
        rebalance_timeout_ms=round(settings.kafka_rebalance_timeout_seconds * 1000),
    )
    await _start(client, settings)
    if group is not None:
        commit_between_joins(client)
    try:
        yield client
    finally:
        await leave(client)


async def send_all(client: AIOKafkaProducer, outputs: Iterable[Output]) -> None:
    """Send in order and wait until every record is acknowledged; raises Unavailable when one is not."""
    try:
        waiting = [
            await client.send(each.topic, key=each.key, value=each.value, partition=each.partition) for each in outputs
        ]
        for delivered in waiting:
            await delivered
    except KafkaError as error:
        raise Unavailable(f"Kafka did not take a record: {error!r}") from error


async def _start(client: AIOKafkaProducer | AIOKafkaConsumer, settings: Settings) -> None:
    try:
        await client.start()
    except KafkaConnectionError as error:
        await leave(client)
        raise Unavailable(
            f"no Kafka broker answers at {settings.kafka_bootstrap}; start it, or set RINGAHEAD_KAFKA_BOOTSTRAP"
        ) from error
