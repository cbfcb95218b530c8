"""Messages that no producer should send: each ends as a fact or as a dead letter, and the worker goes on."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from ops.kafka_local import LocalKafka
from schemas.dead_letters import DeadLetter
from schemas.envelope import Event, encode
from schemas.errors import DeadLetterReason as Reason
from schemas.events.orders import OrderLine, OrderPlaced
from schemas.topics import Topic
from streams.faust_app import CHANGELOG
from tests.installation import Installation, wait_until
from tests.kafka.cluster import Cluster

pytestmark = pytest.mark.kafka
CODECS = (None, "gzip", "snappy", "lz4", "zstd")
FAR_MS = 2**53
HUGE_BYTES = 20_000_000
ANY_STAMP = {"message.timestamp.after.max.ms": str(2**63 - 1), "max.message.bytes": str(3 * 1024 * 1024)}
"""Brokers refuse stamps from the future by themselves, unless told otherwise."""
ATTRIBUTES = [("ce_specversion", b"1.0"), ("ce_type", b"ringahead.OrderPlaced.v1"), ("ce_source", b"erp")]


class Sent(NamedTuple):
    """A message, and the letter that it must become; None: it is a fact."""

    key: bytes | None
    value: bytes | None
    reason: Reason | None = None
    headers: Sequence[tuple[str, bytes | None]] = ()
    timestamp_ms: int | None = None


def order(name: str) -> Event:
    lines = (OrderLine(sku="wire", quantity=Decimal(2), unit_price=Decimal(5)),)
    return Event(
        name, "erp", f"account-{name}", datetime(2025, 3, 1, tzinfo=UTC), OrderPlaced(order_id=name, lines=lines)
    )


def good(name: str, timestamp_ms: int | None = None) -> Sent:
    return Sent(order(name).subject.encode(), encode(order(name)), None, (), timestamp_ms)


def binary(name: str, reason: Reason | None, *changes: tuple[str, bytes | None], without: str = "") -> Sent:
    event = json.loads(encode(order(name)))
    headers: dict[str, bytes | None] = {
        **dict(ATTRIBUTES),
        "ce_id": name.encode(),
        "ce_subject": event["subject"].encode(),
        "ce_time": event["time"].encode(),
        **dict(changes),
    }
    headers.pop(without, None)
    return Sent(event["subject"].encode(), json.dumps(event["data"]).encode(), reason, [*headers.items()])


def odd_ones() -> list[Sent]:
    return [
        Sent(None, encode(order("no-key")), Reason.EMPTY_KEY),
        Sent(b"", encode(order("empty-key")), Reason.EMPTY_KEY),
        binary("binary", None),
        binary("no-headers", Reason.BAD_ENVELOPE, without="ce_specversion"),
        binary("no-type", Reason.BAD_ENVELOPE, without="ce_type"),
        binary("null-header", Reason.BAD_ENVELOPE, ("ce_id", None)),
        binary("not-utf-8", Reason.BAD_ENVELOPE, ("ce_id", b"\xff\xfe")),
        good("at-zero", 0),
        Sent(*good("at-one")[:2], Reason.TIME_OUT_OF_RANGE, (), 1),
        good("far-away", FAR_MS),
        Sent(b"account-x", b"not json", Reason.NOT_JSON, (), FAR_MS),
        Sent(b"account-x", b"x" * 2_900_000, Reason.TOO_LARGE),
    ]


async def send(bootstrap: str, sent: Sequence[Sent], codec: str | None = None, *, commit: bool = True) -> None:
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap, compression_type=codec, max_request_size=2 * HUGE_BYTES,
        transactional_id=None if commit else "undone",
    )  # fmt: skip
    async with producer:
        if not commit:
            await producer.begin_transaction()
        for each in sent:
            await producer.send_and_wait(
                Topic.ORDERS.value, each.value, each.key, headers=[*each.headers], timestamp_ms=each.timestamp_ms
            )
        if not commit:
            await producer.abort_transaction()


async def letters(bootstrap: str) -> list[DeadLetter]:
    place = TopicPartition(Topic.DEAD_LETTERS.value, 0)
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, max_partition_fetch_bytes=8_000_000)
    found: list[Any] = []
    async with consumer:
        consumer.assign([place])
        consumer.seek(place, 0)
        end = (await consumer.end_offsets([place]))[place]
        while await consumer.position(place) < end:
            found += (await consumer.getmany(place, timeout_ms=500)).get(place, [])
    return [DeadLetter.model_validate_json(record.value) for record in found]


def test_nothing_that_is_sent_stops_the_worker(local_kafka: Callable[[], LocalKafka], tmp_path: Path) -> None:
    bootstrap = local_kafka().bootstrap
    installation = Installation(tmp_path / "var", bootstrap, f"sqlite:///{tmp_path / 'tasks.sqlite3'}")
    installation.run("migrate")
    Cluster(bootstrap, "input").create(Topic.ORDERS.value, **ANY_STAMP)
    installation.run("topics", "apply")
    sent = odd_ones()
    asyncio.run(send(bootstrap, sent))
    for codec in CODECS:
        batch = [good(f"{codec}-{number}") for number in range(20)]
        asyncio.run(send(bootstrap, batch, codec))
        sent += batch
    huge = [Sent(b"account-x", bytes(HUGE_BYTES), Reason.TOO_LARGE)]
    asyncio.run(send(bootstrap, huge, "zstd"))
    asyncio.run(send(bootstrap, [good(f"undone-{number}") for number in range(20)], commit=False))
    asyncio.run(send(bootstrap, [good("the-last")]))
    sent += [*huge, good("the-last")]

    cluster = Cluster(bootstrap, "input")
    accounts = {each.key for each in sent if each.reason is None}
    with installation.process("worker"):
        wait_until(lambda: len(_accounts(cluster)) >= len(accounts), "folding", 120)
        wait_until(lambda: len(asyncio.run(letters(bootstrap))) >= len(sent) - len(accounts), "letters", 60)
    assert _accounts(cluster) == accounts
    found = asyncio.run(letters(bootstrap))
    assert Counter(letter.reason for letter in found) == Counter(each.reason for each in sent if each.reason)
    raw = {letter.raw for letter in found}
    for each in sent:
        if each.reason is not None and len(each.value or b"") < 2_900_000:
            assert each.value in raw
    largest = next(letter for letter in found if "cut" in letter.detail)
    assert largest.detail.endswith(f"of {HUGE_BYTES} bytes are kept)")
    assert {letter.first_seen.year for letter in found} <= {1990, 2099, datetime.now(UTC).year}


def _accounts(cluster: Cluster) -> set[bytes]:
    """The accounts that have a state."""
    return {key[2:] for key in cluster.table(CHANGELOG) if key.startswith(b"a:")}
