"""Sending with certainty: everything given is on the brokers when the call returns, or the call raises.

Outputs are packed into one record batch for each partition, several times faster than one send for each record.
"""

import asyncio
import random
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.partitioner import murmur2

from streams.microbatch.ports import Output

BATCH_BYTES = 512 * 1024
STOP_SECONDS = 5.0

Place = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Connection:
    """How brokers are reached, and how patient we are."""

    bootstrap: str
    client_id: str = "microbatch"
    timeout_seconds: float = 30.0
    transaction_seconds: float = 120.0
    """A batch that changes a whole partition's state must be written within this."""
    metadata_seconds: float = 60.0
    """A change of topics is noticed within this."""

    def options(self) -> dict[str, Any]:
        """Options that every aiokafka client takes."""
        return {
            "bootstrap_servers": self.bootstrap,
            "client_id": self.client_id,
            "request_timeout_ms": int(self.timeout_seconds * 1000),
            "metadata_max_age_ms": int(self.metadata_seconds * 1000),
        }


@lru_cache(maxsize=1 << 16)
def key_hash(key: bytes) -> int:
    """Kafka's own hash of a key, as every client's default partitioner uses it."""
    return int(murmur2(key)) & 0x7FFFFFFF


def partition_of(output: Output, partitions: int) -> int:
    """The partition an output goes to, of that many."""
    if output.partition is not None:
        return output.partition
    if output.key is None:
        return random.randrange(partitions)  # noqa: S311  # spreads load, guards nothing
    return key_hash(output.key) % partitions


class Delivery:
    """A Kafka producer that packs batches and waits for them; transactional if it has a transactional id.

    Starting a transactional one fences every earlier producer of the same id: what those had not committed never
    becomes visible, and they can send no more.
    """

    def __init__(self, connection: Connection, transactional_id: str | None = None) -> None:
        self.connection = connection
        self.transactional_id = transactional_id
        self._producer: AIOKafkaProducer | None = None
        self._starting = asyncio.Lock()

    async def start(self) -> None:
        """Connect; does nothing where it is connected. Raises KafkaError or TimeoutError."""
        async with self._starting:
            if self._producer is None:
                self._producer = await self._started()

    async def _started(self) -> AIOKafkaProducer:
        producer = AIOKafkaProducer(
            **self.connection.options(),
            **self._identity(),
            acks="all",
            max_batch_size=BATCH_BYTES,
            max_request_size=16 * BATCH_BYTES,
        )
        try:
            async with asyncio.timeout(self.connection.timeout_seconds):
                await producer.start()
        except BaseException:
            await _stop(producer)
            raise
        return producer

    async def stop(self) -> None:
        """Disconnect, without waiting long for what cannot be delivered."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await _stop(producer)

    async def deliver(self, outputs: Sequence[Output]) -> None:
        """Send and wait. After an error the connection is dropped, and the next call connects anew."""
        if not outputs:
            return
        try:
            await self.start()
            async with asyncio.timeout(self.connection.timeout_seconds):
                await self._send(outputs)
        except BaseException:
            await self.stop()
            raise

    async def transact(self, outputs: Sequence[Output]) -> Mapping[Place, int]:
        """Send in one transaction; return the offset after the last record for each partition written to.

        Raises KafkaError or TimeoutError; then nothing of it is visible, unless the commit itself was not answered:
        the state of the partition, read after a new start, tells. `stop` and `start` again before the next call.
        """
        producer = self._connected()
        async with asyncio.timeout(self.connection.transaction_seconds):
            await producer.begin_transaction()
            ends = await self._send(outputs)
            await producer.commit_transaction()
        return ends

    async def partitions(self, topic: str) -> int:
        """How many partitions a topic has; UnknownTopicOrPartitionError if there is none."""
        return len(await self._connected().partitions_for(topic))

    def _identity(self) -> dict[str, Any]:
        if self.transactional_id is None:
            return {"enable_idempotence": True}
        limit_ms = int(self.connection.transaction_seconds * 1000)
        return {"transactional_id": self.transactional_id, "transaction_timeout_ms": limit_ms}

    async def _send(self, outputs: Sequence[Output]) -> Mapping[Place, int]:
        ends: dict[Place, int] = {}
        sent: list[tuple[Place, int, asyncio.Future[Any]]] = []
        try:
            for place, group in (await self._grouped(outputs)).items():
                for count, future in await self._send_group(place, group):
                    sent.append((place, count, future))
        finally:
            results = await asyncio.gather(*(future for *_, future in sent), return_exceptions=True)
        for (place, count, _), result in zip(sent, results, strict=True):
            if isinstance(result, BaseException):
                raise result
            ends[place] = result.offset + count
        return ends

    async def _grouped(self, outputs: Iterable[Output]) -> Mapping[Place, list[Output]]:
        groups: dict[Place, list[Output]] = {}
        counts: dict[str, int] = {}
        for output in outputs:
            topic = output.topic
            if topic not in counts:
                counts[topic] = await self.partitions(topic)
            groups.setdefault((topic, partition_of(output, counts[topic])), []).append(output)
        return groups

    async def _send_group(self, place: Place, group: Iterable[Output]) -> list[tuple[int, asyncio.Future[Any]]]:
        producer, sent = self._connected(), []
        topic, partition = place
        batch = producer.create_batch()
        for output in group:
            packed = {"key": output.key, "value": output.value, "timestamp": None, "headers": [*output.headers]}
            if batch.append(**packed) is None:
                sent.append((batch.record_count(), await producer.send_batch(batch, topic, partition=partition)))
                batch = producer.create_batch()
                batch.append(**packed)  # an empty batch takes a record of any size
        sent.append((batch.record_count(), await producer.send_batch(batch, topic, partition=partition)))
        return sent

    def _connected(self) -> AIOKafkaProducer:
        if self._producer is None:
            raise RuntimeError("the producer is not started")
        return self._producer


async def _stop(producer: AIOKafkaProducer) -> None:
    with suppress(Exception):
        async with asyncio.timeout(STOP_SECONDS):
            await producer.stop()
