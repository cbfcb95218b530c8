"""What an operator does first with a new Kafka: look, make the topics, bring in a file."""

import asyncio
import json
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer

from ops.checks import State, servers
from ops.cli import run
from schemas.settings import Settings
from schemas.topics import Topic

pytestmark = pytest.mark.kafka
ORDERS = "account_id,sku,quantity,unit_price,ordered_at,order_id\n"


async def records(bootstrap: str, source: str) -> list[tuple[bytes, str]]:
    """(key, event id) of everything on the orders topic that an import wrote."""
    consumer = AIOKafkaConsumer(Topic.ORDERS, bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    found: list[tuple[bytes, str]] = []
    async with consumer:
        while batches := await consumer.getmany(timeout_ms=2000):
            for record in (record for batch in batches.values() for record in batch):
                event = json.loads(record.value)
                if event["source"] == source:
                    found.append((record.key, event["id"]))
    return found


def test_topics_are_made_and_orders_arrive_in_the_order_of_each_account(
    kafka_bootstrap: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RINGAHEAD_RUNTIME", "kafka")
    monkeypatch.setenv("RINGAHEAD_KAFKA_BOOTSTRAP", kafka_bootstrap)
    assert servers.kafka(Settings())[0].state is State.OK
    assert run(["topics", "apply"]) == 0
    assert {check.state for check in servers.kafka(Settings())} == {State.OK}
    path = tmp_path / "orders.csv"
    lines = [
        f"first-steps-{number % 3},WIRE,1,2.5,2024-03-01T{number % 24:02d}:00,{number:03d}" for number in range(300)
    ]
    path.write_text(ORDERS + "\n".join(lines))
    assert run(["import", str(path)]) == 0
    found = [row for row in asyncio.run(records(kafka_bootstrap, "urn:ringahead:import:orders")) if b"first-" in row[0]]
    assert len(found) == 300
    for account in range(3):
        hours = [int(event_id) % 24 for key, event_id in found if key == f"first-steps-{account}".encode()]
        assert hours == sorted(hours)
