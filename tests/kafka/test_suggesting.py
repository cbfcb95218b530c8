"""Learning to suggest, and refreshing, in the Kafka runtime: the log on a broker, the lists in PostgreSQL."""

import asyncio
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer

from benchmarks._shops import FIRST_DAY, shop
from ops.cli import run
from ops.kafka_local import LocalKafka
from ops.postgres_local import scratch_database, server_for_tests
from outreach.store.sql import store_for
from schemas.envelope import Event
from schemas.events.orders import OrderLine, OrderPlaced
from schemas.settings import Settings, load_settings
from schemas.topics import Topic
from streams.kafka.log import append

pytestmark = pytest.mark.kafka
ACCOUNTS, LEARNT, LATER = 60, 300, 330
KEY = b"suggestions"


def day(number: int) -> datetime:
    return datetime.fromordinal(FIRST_DAY + number).replace(tzinfo=UTC)


def orders(until: int, since: int = 0, only: set[str] | None = None) -> Iterator[Event]:
    """Of a made shop, oldest first."""
    made = shop(ACCOUNTS, 40, kinds=4)
    rows = sorted(zip(made.day.tolist(), made.account.tolist(), made.sku.tolist(), strict=True))
    for at, account, sku in rows:
        name, number = made.account_ids[account], int(at) - FIRST_DAY
        if since <= number < until and (only is None or name in only):
            line = OrderLine(sku=made.skus[sku], quantity=2, unit_price="3.50")
            fact = OrderPlaced(order_id=f"{name}-{number}-{sku}", lines=(line,))
            yield Event(id=f"{name}-{number}-{sku}", source="made", subject=name, time=day(number), fact=fact)


@pytest.fixture
def settings(
    local_kafka: Callable[[], LocalKafka], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Settings]:
    with server_for_tests() as server, scratch_database(server) as url:
        monkeypatch.setenv("RINGAHEAD_RUNTIME", "kafka")
        monkeypatch.setenv("RINGAHEAD_DATA_DIR", str(tmp_path / "var"))
        monkeypatch.setenv("RINGAHEAD_DATABASE_URL", url)
        monkeypatch.setenv("RINGAHEAD_KAFKA_BOOTSTRAP", local_kafka().bootstrap)
        assert run(["topics", "apply"]) == 0
        assert run(["migrate"]) == 0
        yield load_settings()


def lists(settings: Settings) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Version and products of each account's list."""
    store = store_for(settings.sqlalchemy_url)
    with store.read() as tx:
        names = [f"A{number:07d}" for number in range(ACCOUNTS)]
        found = {name: tx.suggestions.of_account(name) for name in names}
    store.close()
    return {name: (some[0].version, tuple(one.sku for one in some)) for name, some in found.items() if some}


async def announced(settings: Settings) -> list[str]:
    """Versions of recommenders that the compacted topic names, oldest first."""
    consumer = AIOKafkaConsumer(
        Topic.MODELS.value, bootstrap_servers=settings.kafka_bootstrap, auto_offset_reset="earliest"
    )
    found: list[str] = []
    async with consumer:
        while batches := await consumer.getmany(timeout_ms=3000):
            records = (record for batch in batches.values() for record in batch)
            found += [json.loads(record.value)["version"] for record in records if record.key == KEY]
    return found


def test_learn_announces_and_ranks_everybody_and_refresh_those_that_changed(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["suggest", "refresh"]) == 1
    assert "ringahead learn" in capsys.readouterr().err
    asyncio.run(append(settings, list(orders(LEARNT))))
    assert run(["learn", "--as-of", f"{day(LEARNT):%Y-%m-%d}"]) == 0
    first = lists(settings)
    assert set(first) == {one.subject for one in orders(LEARNT)}
    (version,) = {version for version, _ in first.values()}
    assert asyncio.run(announced(settings)) == [version]

    some = set(list(first)[:5])
    asyncio.run(append(settings, list(orders(LATER, LEARNT, some))))
    capsys.readouterr()
    assert run(["suggest", "refresh", "--as-of", f"{day(LATER):%Y-%m-%d}"]) == 0
    said, then = capsys.readouterr().out, lists(settings)
    assert f"accounts ranked by {version}" in said
    changed = {name for name in then if then[name] != first[name]}
    assert changed
    assert changed <= some | {one.subject for one in orders(LEARNT, LEARNT - 1)}
    assert {version for version, _ in then.values()} == {version}, "nothing is learnt"
    assert not _bought(LATER, some) & {(name, sku) for name in some for sku in then[name][1]}


def _bought(until: int, only: set[str]) -> set[tuple[str, str]]:
    facts = ((one.subject, one.fact) for one in orders(until, 0, only))
    return {(name, fact.lines[0].sku) for name, fact in facts if isinstance(fact, OrderPlaced)}
