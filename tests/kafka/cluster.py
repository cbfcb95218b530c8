"""What a test does to Kafka from outside: make topics, produce, read what is committed, forget offsets."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic, RecordsToDelete
from aiokafka.errors import GroupCoordinatorNotAvailableError

from streams.microbatch.delivery import Connection, Delivery
from streams.microbatch.ports import Output

PARTITIONS = 4


class Cluster:
    """A Kafka, and a prefix that no other test uses."""

    def __init__(self, bootstrap: str, test: str) -> None:
        self.bootstrap = bootstrap
        self.prefix = f"{re.sub('[^a-z]+', '-', test.lower())[:40]}-{uuid4().hex[:6]}"

    def name(self, short: str) -> str:
        """A topic or group of this test."""
        return f"{self.prefix}-{short}"

    def create(self, *names: str, partitions: int = PARTITIONS, **configs: str) -> None:
        """Make topics."""
        new = [NewTopic(name, partitions, 1, topic_configs=configs) for name in names]
        self._admin("create_topics", new)

    def delete(self, topic: str) -> None:
        """Delete a topic, and wait until it is gone."""
        self._admin("delete_topics", [topic])
        deadline = time.monotonic() + 30
        while topic in asyncio.run(self._topics()):
            assert time.monotonic() < deadline
            time.sleep(0.2)

    async def _topics(self) -> list[str]:
        async with self._admin_client() as admin:
            found: list[str] = await admin.list_topics()
        return found

    def another(self) -> "Cluster":
        """The same Kafka with another prefix."""
        return Cluster(self.bootstrap, self.prefix[:-7])

    def commit(self, group: str, topic: str, offsets: Mapping[int, int]) -> None:
        """Set a group's committed offsets; it must have no members."""

        async def send() -> None:
            consumer = AIOKafkaConsumer(bootstrap_servers=self.bootstrap, group_id=group, enable_auto_commit=False)
            async with consumer:
                places = {TopicPartition(topic, number): offset for number, offset in offsets.items()}
                consumer.assign([*places])
                await consumer.commit(places)

        asyncio.run(send())

    def delete_records(self, topic: str, before: Mapping[int, int]) -> None:
        """Delete the records of some partitions before an offset."""
        wanted = {TopicPartition(topic, number): RecordsToDelete(offset) for number, offset in before.items()}
        self._admin("delete_records", wanted)

    def add_partitions(self, topic: str, total: int) -> None:
        """Give a topic more partitions."""
        self._admin("create_partitions", {topic: NewPartitions(total)})

    def produce(self, outputs: Sequence[Output]) -> None:
        """Send, uncompressed, and wait."""
        asyncio.run(self.produce_now(outputs))

    async def produce_now(self, outputs: Sequence[Output]) -> None:
        """Send, uncompressed, and wait."""
        delivery = Delivery(Connection(self.bootstrap))
        try:
            await delivery.deliver(outputs)
        finally:
            await delivery.stop()

    def produce_compressed(
        self, outputs: Iterable[Output], compression: str | None, commit: bool | None = None
    ) -> None:
        """Send with a codec; in a transaction that is committed or aborted where `commit` says so."""

        async def send() -> None:
            identity = {} if commit is None else {"transactional_id": uuid4().hex}
            producer = AIOKafkaProducer(
                bootstrap_servers=self.bootstrap, compression_type=compression, linger_ms=20, **identity
            )
            async with producer:
                if commit is not None:
                    await producer.begin_transaction()
                sent = [await producer.send(o.topic, o.value, o.key, o.partition) for o in outputs]
                await asyncio.gather(*sent)
                if commit is not None:
                    await (producer.commit_transaction() if commit else producer.abort_transaction())

        asyncio.run(send())

    def read(self, topic: str) -> list[Any]:
        """Every committed record of a topic, by partition and offset."""
        return asyncio.run(self._read(topic))

    async def _read(self, topic: str) -> list[Any]:
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self.bootstrap, isolation_level="read_committed", auto_offset_reset="earliest"
        )
        async with consumer:
            await consumer.topics()
            places = [TopicPartition(topic, number) for number in range(PARTITIONS)]
            ends = await consumer.end_offsets(places)
            consumer.assign(places)
            for place in places:
                consumer.seek(place, 0)
            found: list[Any] = []
            while any([await consumer.position(place) < ends[place] for place in places]):
                for records in (await consumer.getmany(timeout_ms=200)).values():
                    found.extend(records)
        return sorted(found, key=lambda r: (r.partition, r.offset))

    def table(self, changelog: str) -> dict[bytes, bytes]:
        """The state that a changelog holds, without the runtime's own keys."""
        state = {r.key: r.value for r in self.read(changelog) if not r.key.startswith(b"\0")}
        return {key: value for key, value in state.items() if value is not None}

    def committed(self, group: str, topic: str) -> dict[int, int]:
        """The committed offsets of a group."""

        async def ask() -> dict[int, int]:
            async with self._admin_client() as admin:
                offsets = await admin.list_consumer_group_offsets(group)
            return {place.partition: meta.offset for place, meta in offsets.items() if place.topic == topic}

        try:
            return asyncio.run(ask())
        except GroupCoordinatorNotAvailableError:
            return {}  # a new cluster: nobody has committed yet

    @asynccontextmanager
    async def _admin_client(self) -> AsyncIterator[AIOKafkaAdminClient]:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap)
        await admin.start()
        try:
            yield admin
        finally:
            await admin.close()

    def _admin(self, call: str, *arguments: Any) -> None:
        async def ask() -> Any:
            async with self._admin_client() as admin:
                return await getattr(admin, call)(*arguments)

        answer = asyncio.run(ask())
        for _, code, *said in getattr(answer, "topic_errors", ()):
            assert code == 0, said
