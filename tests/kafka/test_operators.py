"""Operators' acts on a real Kafka: resets that are refused or done, letters that go back to their topic."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from ops.letter_places import on_kafka
from ops.resets import KafkaResets
from outreach.memory import MemoryStore
from schemas.dead_letters import Edited, dead_letter
from schemas.errors import BadInput, DeadLetterReason, Refused
from schemas.settings import Settings
from schemas.topics import Topic
from streams.kafka_topics import apply
from streams.lag.resets import ResetAsked
from streams.microbatch.ports import Output
from tests.kafka.cluster import Cluster
from tests.outreach.made import NOW, clock

pytestmark = pytest.mark.kafka


@pytest.fixture
def store() -> Iterator[MemoryStore]:
    yield MemoryStore(lambda: NOW)


def group_of(cluster: Cluster) -> tuple[str, str]:
    """A group that stands at 12 of 30."""
    topic, group = cluster.name("t"), cluster.name("g")
    cluster.create(topic, partitions=1)
    cluster.produce([Output(topic, b"k", b"%d" % number, 0) for number in range(30)])
    cluster.commit(group, topic, {0: 12})
    return topic, group


def test_a_dry_run_says_what_and_a_reset_does_it_with_its_audit(cluster: Cluster, store: MemoryStore) -> None:
    topic, group = group_of(cluster)
    resets = KafkaResets(Settings(kafka_bootstrap=cluster.bootstrap), store)
    plan = resets.plan(ResetAsked(group, "offset", 5))
    assert (plan.members, plan.read_again, plan.skipped, plan.refused) == (0, 7, 0, "")
    assert cluster.committed(group, topic) == {0: 12}, "a dry run"
    resets.reset(ResetAsked(group, "offset", 5), "ann")
    assert cluster.committed(group, topic) == {0: 5}
    assert resets.plan(ResetAsked(group, "end")).skipped == 25
    resets.reset(ResetAsked(group, "end", topics=(topic,)), "ann")
    assert cluster.committed(group, topic) == {0: 30}
    cluster.delete_records(topic, {0: 10})
    assert resets.plan(ResetAsked(group, "beginning")).partitions[0].to == 10, "what is left of it"
    assert resets.plan(ResetAsked(group, "time", at=NOW.replace(year=2090))).partitions[0].to == 30
    with store.read() as tx:
        entries = tx.audit.about(subject=f"group:{group}")
    assert [(one.actor, one.event, one.before, one.after) for one in entries][-1] == (
        "ann", "offsets_reset", f"{topic}/0=12", f"{topic}/0=5",
    )  # fmt: skip
    with pytest.raises(BadInput, match="does not read"):
        resets.plan(ResetAsked(group, "end", topics=("other",)))


def test_a_group_with_members_is_refused(cluster: Cluster, store: MemoryStore) -> None:
    topic, group = group_of(cluster)
    resets = KafkaResets(Settings(kafka_bootstrap=cluster.bootstrap), store)

    async def meanwhile() -> None:
        consumer = AIOKafkaConsumer(topic, bootstrap_servers=cluster.bootstrap, group_id=group)
        async with consumer:
            await consumer.getone()
            assert (await asyncio.to_thread(resets.plan, ResetAsked(group, "end"))).members == 1
            with pytest.raises(Refused, match="has 1 members"):
                await asyncio.to_thread(resets.reset, ResetAsked(group, "end"), "ann")

    asyncio.run(meanwhile())


def test_a_letter_goes_back_to_its_topic_with_its_origin(cluster: Cluster, store: MemoryStore, tmp_path: Path) -> None:
    settings = Settings(runtime="kafka", kafka_bootstrap=cluster.bootstrap, data_dir=tmp_path)
    asyncio.run(apply(settings))
    subject = cluster.name("account")
    event = {
        "specversion": "1.0", "id": "o-1", "source": "erp", "type": "ringahead.OrderPlaced.v1", "subject": subject,
        "time": "2024-03-01T10:00:00Z", "data": {"order_id": "1", "lines": [{"sku": "X", "quantity": 2}]},
    }  # fmt: skip
    letter = dead_letter(
        source=Topic.ORDERS, partition=1, offset=77, key=None, raw=json.dumps(event).encode(),
        reason=DeadLetterReason.EMPTY_KEY, detail="", first_seen=NOW,
    )  # fmt: skip
    with store.begin() as tx:
        tx.clocks.put([clock()])
        tx.dead_letters.put([letter])
    desk = on_kafka(settings, store)
    with pytest.raises(Refused, match="empty_key"):
        desk.replay(letter.letter_id, "ann")
    desk.edit(letter.letter_id, Edited(subject.encode(), letter.raw), "ann")
    place = desk.replay(letter.letter_id, "ann")
    topic, partition, offset = place.rsplit("/", 2)

    async def read() -> tuple[bytes, dict[str, bytes]]:
        async with AIOKafkaConsumer(bootstrap_servers=cluster.bootstrap) as consumer:
            where = TopicPartition(topic, int(partition))
            consumer.assign([where])
            consumer.seek(where, int(offset))
            record = await consumer.getone()
            return record.key, dict(record.headers)

    assert asyncio.run(read()) == (subject.encode(), {"ringahead-replay-of": letter.letter_id.encode()})
    with store.read() as tx:
        kept = tx.dead_letters.kept(letter.letter_id)
    assert kept is not None
    assert kept.settled_how == f"replayed as {place}"
