"""Send CloudEvents to Ringahead's public topics: send_kafka.py HOST:PORT FILE.

The key of every record is the account (the event's subject): only then do one account's events stay in order. Events
for everybody (subject ``*``) go to ringahead.accounts.
"""

import asyncio
import json
import sys
from pathlib import Path

from aiokafka import AIOKafkaProducer


def topic_of(event_type: str) -> str:
    """The public topic of a CloudEvents type."""
    if ".Order" in event_type:
        return "ringahead.orders"
    return "ringahead.usage" if ".UsageReported" in event_type else "ringahead.accounts"


async def send(bootstrap: str, events: list[dict[str, str]]) -> None:
    """Send in order and wait for all replicas."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", enable_idempotence=True)
    await producer.start()
    try:
        for event in events:
            key = event["subject"].encode()
            await producer.send_and_wait(topic_of(event["type"]), json.dumps(event).encode(), key=key)
    finally:
        await producer.stop()


if __name__ == "__main__":
    asyncio.run(send(sys.argv[1], json.loads(Path(sys.argv[2]).read_text("utf-8"))))
