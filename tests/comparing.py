"""What two runs of one input are compared by: whole topics, states, and the desk's work."""

import asyncio

from aiokafka import TopicPartition

from outreach.desk import Desk, rules_from
from outreach.ports import Store
from outreach.records import ReorderState
from outreach.task import TaskState
from schemas.settings import Settings
from streams.kafka.client import consumer
from streams.microbatch.ports import Record

ALL = 10_000_000

Work = tuple[list[tuple[object, ...]], list[tuple[object, ...]], list[tuple[object, ...]]]
"""Tasks with their lines, refusals with their reasons, reorders."""


def whole_topic(settings: Settings, topic: str) -> list[Record]:
    """Every committed record, partition by partition."""

    async def read() -> list[Record]:
        async with consumer(settings) as client:
            await client._client.force_metadata_update()
            places = [
                TopicPartition(topic, n)
                for n in sorted(client.partitions_for_topic(topic) or await _found(client, topic))
            ]
            client.assign(places)
            ends = await client.end_offsets(places)
            found: list[Record] = []
            for place in places:
                await client.seek_to_beginning(place)
            while any([await client.position(place) < ends[place] for place in places]):
                for records in (await client.getmany(timeout_ms=500)).values():
                    found += [Record(r.topic, r.partition, r.offset, r.timestamp, r.key, r.value) for r in records]
            return found

    return asyncio.run(read())


async def _found(client: object, topic: str) -> set[int]:
    client.subscribe([topic])  # type: ignore[attr-defined]
    await asyncio.sleep(1)
    numbers: set[int] = client.partitions_for_topic(topic) or set()  # type: ignore[attr-defined]
    client.unsubscribe()  # type: ignore[attr-defined]
    return numbers


def work(store: Store, settings: Settings) -> Work:
    """The desk's work as it is after a last upkeep."""
    with store.begin() as tx:
        Desk(rules_from(settings)).upkeep(tx, tx.db_now())
    with store.read() as tx:
        tasks = tx.tasks.listed(list(TaskState), limit=ALL)
        lines: dict[str | None, list[tuple[object, ...]]] = {}
        for need in tx.needs.lines([task.task_id for task in tasks]):
            lines.setdefault(need.task_id, []).append((need.need_id, need.status, need.cause, need.quantity_units))
        refusals = [(need.need_id, need.reasons) for need in tx.needs.refused(limit=ALL)]
        reorders = [
            (r.reorder_id, r.state, r.quantity_units) for r in tx.reorders.listed(list(ReorderState), limit=ALL)
        ]
    told = [
        (
            t.task_id,
            t.state,
            t.account_id,
            t.task_class,
            t.created_at,
            t.valid_until,
            sorted(map(str, lines[t.task_id])),
        )
        for t in tasks
    ]
    return sorted(told, key=str), sorted(refusals, key=str), sorted(reorders, key=str)
