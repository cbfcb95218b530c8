"""From the outbox to Kafka: at least once, in order, with keys that make the repeat harmless."""

import asyncio
from collections.abc import Sequence

from aiokafka import AIOKafkaProducer

from outreach.ports import Store
from outreach.records import OutboxMessage
from schemas.topics import Topic
from streams.kafka.client import send_all
from streams.microbatch.ports import Output

DESTINATIONS = {"log": Topic.LOG, "task-events": Topic.TASK_EVENTS, "commands": Topic.COMMANDS}


async def relay_outbox(out: AIOKafkaProducer, store: Store) -> int:
    """Send everything that waits; how many. A message is marked only after its delivery."""
    sent = 0
    for destination, topic in DESTINATIONS.items():
        messages = await asyncio.to_thread(_pending, store, destination)
        if messages:
            await send_all(out, [Output(topic.value, one.key.encode(), one.payload) for one in messages])
            await asyncio.to_thread(_mark, store, [one.outbox_id for one in messages])
            sent += len(messages)
    return sent


def _pending(store: Store, destination: str) -> list[OutboxMessage]:
    with store.read() as transaction:
        return transaction.outbox.pending(destination)


def _mark(store: Store, outbox_ids: Sequence[int]) -> None:
    with store.begin() as transaction:
        transaction.outbox.mark_sent(outbox_ids, transaction.db_now())
