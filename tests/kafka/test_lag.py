"""Lag on a real Kafka, beside what the broker's own tool says: `kafka-consumer-groups.sh --describe`."""

import asyncio
import subprocess

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient

from ops.kafka_lag import measure
from ops.kafka_local import fetch_jars
from streams.lag.figures import PartitionLag
from streams.lag.status import Rule
from streams.lag.watch import LagWatch
from streams.microbatch.ports import Output
from tests.kafka.cluster import Cluster

pytestmark = pytest.mark.kafka


class Group:
    """One group on one topic of one partition."""

    def __init__(self, cluster: Cluster, **configs: str) -> None:
        self.cluster, self.topic, self.name = cluster, cluster.name("t"), cluster.name("g")
        cluster.create(self.topic, partitions=1, **configs)

    def produce(self, count: int, key: bytes = b"k") -> None:
        self.cluster.produce([Output(self.topic, key, b"%d" % number, 0) for number in range(count)])

    def commit(self, offset: int) -> None:
        self.cluster.commit(self.name, self.topic, {0: offset})

    def lag(self) -> PartitionLag:
        found = asyncio.run(measure(self.cluster.bootstrap, [self.name], {self.name: (self.topic,)}))
        assert len(found) == 1
        assert found[0].lag_events is None or found[0].lag_events >= 0
        assert found[0].lag_seconds is None or found[0].lag_seconds >= 0
        return found[0]

    def brokers_own(self) -> tuple[int, int, int]:
        """(committed, end, lag) as Kafka's own tool prints them."""
        command = ["java", "-cp", f"{fetch_jars()}/*", "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand"]
        options = ["--bootstrap-server", self.cluster.bootstrap, "--describe", "--group", self.name]
        said = subprocess.run([*command, *options], capture_output=True, text=True, check=True, timeout=60).stdout
        rows = [line.split() for line in said.splitlines() if line.startswith(self.name)]
        assert rows, said
        return (int(rows[0][3]), int(rows[0][4]), int(rows[0][5]))


def figures(row: PartitionLag) -> tuple[int | None, int, int | None]:
    return (row.committed, row.end, row.lag_events)


def test_figures_equal_the_brokers_own(cluster: Cluster) -> None:
    group = Group(cluster)
    group.produce(40)
    group.commit(15)
    assert figures(group.lag()) == group.brokers_own() == (15, 40, 25)
    group.commit(40)
    assert figures(group.lag()) == group.brokers_own() == (40, 40, 0)
    assert group.lag().lag_seconds == 0.0


def test_no_commits_yet_is_not_0(cluster: Cluster) -> None:
    group = Group(cluster)
    group.produce(3)
    row = group.lag()
    assert (row.committed, row.end, row.lag_events, row.lag_seconds) == (None, 3, None, None)


def test_an_idle_topic_that_was_read_has_no_lag_and_one_that_was_not_stays_behind(cluster: Cluster) -> None:
    group, watch = Group(cluster), LagWatch()
    group.commit(0)
    assert figures(group.lag()) == (0, 0, 0), "an empty topic"
    group.produce(5)
    for number in range(3):
        (row,) = watch.observe([group.lag()], number * 10.0)
    assert (row.lag_events, row.rule) == (5, Rule.STILL)


def test_deleted_records_are_no_lag(cluster: Cluster) -> None:
    group = Group(cluster)
    group.produce(30)
    group.commit(10)
    cluster.delete_records(group.topic, {0: 25})
    row = group.lag()
    assert (row.lag_events, row.gone_events) == (5, 15), "what is left to read, and what nobody can read any more"
    cluster.delete_records(group.topic, {0: 30})
    assert (group.lag().lag_events, group.lag().lag_seconds) == (0, 0.0)


def test_lag_in_seconds_is_record_time(cluster: Cluster) -> None:
    group = Group(cluster)

    async def stamped() -> None:
        async with AIOKafkaProducer(bootstrap_servers=cluster.bootstrap) as producer:
            for at in (1_000_000, 1_060_000, 1_300_000):
                await producer.send_and_wait(group.topic, b"x", partition=0, timestamp_ms=at)

    asyncio.run(stamped())
    group.commit(0)
    assert group.lag().lag_seconds == 300.0
    group.commit(1)
    assert group.lag().lag_seconds == 240.0
    group.commit(2)
    assert group.lag().lag_seconds == 0.0, "one record is left, and it is the newest"


def test_a_compacted_topic_with_holes(cluster: Cluster) -> None:
    """Compaction leaves holes; the broker counts offsets all the same, and so do we."""
    short = {"segment.ms": "100", "min.cleanable.dirty.ratio": "0.01", "segment.bytes": "1048576"}
    group = Group(cluster, **{"cleanup.policy": "compact", **short})
    group.produce(50)
    group.produce(1, b"other")
    group.commit(20)
    assert figures(group.lag()) == group.brokers_own() == (20, 51, 31)


def test_markers_of_transactions_are_nothing_to_read(cluster: Cluster) -> None:
    group = Group(cluster)
    records = [Output(group.topic, b"k", b"v", 0)] * 4
    cluster.produce_compressed(records, None, commit=True)  # offsets 0 to 3, and a marker
    group.commit(4)
    assert group.brokers_own() == (4, 5, 1)
    assert (group.lag().lag_events, group.lag().lag_seconds) == (0, 0.0), "nothing but the marker lies ahead"
    cluster.produce_compressed(records, None, commit=False)  # aborted: nobody will ever read these
    assert group.lag().lag_events == 0
    cluster.produce_compressed(records, None, commit=True)
    assert figures(group.lag()) == group.brokers_own()


def test_an_open_transaction_counts_as_the_broker_counts_it(cluster: Cluster) -> None:
    group = Group(cluster)
    group.produce(3)
    group.commit(3)

    async def meanwhile() -> PartitionLag:
        producer = AIOKafkaProducer(bootstrap_servers=cluster.bootstrap, transactional_id=cluster.name("tx"))
        async with producer:
            await producer.begin_transaction()
            for _ in range(2):
                await producer.send_and_wait(group.topic, b"v", partition=0)
            (row,) = await measure(cluster.bootstrap, [group.name], {group.name: (group.topic,)})
            await producer.abort_transaction()
        return row

    assert figures(asyncio.run(meanwhile())) == (3, 5, 2)
    assert group.lag().lag_events == 0, "aborted"


def test_a_group_that_is_gone_has_no_commits(cluster: Cluster) -> None:
    group, watch = Group(cluster), LagWatch()
    group.produce(5)
    group.commit(2)
    for number in range(4):
        watch.observe([group.lag()], number * 10.0)

    async def delete() -> None:
        from aiokafka.protocol.admin import DeleteGroupsRequest

        admin = AIOKafkaAdminClient(bootstrap_servers=cluster.bootstrap)
        await admin.start()
        node = await admin.find_coordinator(group.name)
        await admin._send_request(DeleteGroupsRequest([group.name]), node)
        await admin.close()

    asyncio.run(delete())
    (row,) = watch.observe([group.lag()], 40.0)
    assert (row.committed, row.lag_events, row.lag_seconds, row.rule) == (None, None, None, Rule.FEW)


def test_it_follows_a_consumer_that_reads(cluster: Cluster) -> None:
    """Within one sample of what the consumer itself knows, while it reads and records come."""
    group = Group(cluster)
    group.produce(200)

    async def read() -> None:
        consumer = AIOKafkaConsumer(
            group.topic, bootstrap_servers=cluster.bootstrap, group_id=group.name, enable_auto_commit=False,
            auto_offset_reset="earliest",
        )  # fmt: skip
        async with consumer:
            (place,) = consumer.assignment() or [*(await consumer.getone() and consumer.assignment())]
            for offset in (50, 120, 200):
                await consumer.commit({place: offset})
                (row,) = await measure(cluster.bootstrap, [group.name], {group.name: (group.topic,)})
                assert figures(row) == (offset, 200, 200 - offset)

    asyncio.run(read())
