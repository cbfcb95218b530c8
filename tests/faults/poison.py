"""Bad records of every kind, among good ones."""

import json
import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from schemas.envelope import broadcast
from schemas.errors import DeadLetterReason as Reason
from schemas.events.ours import ProductChanged
from schemas.topics import Topic
from streams.kafka.processors import event_outputs
from streams.microbatch.ports import Output
from tests.faults.story import SKUS, SOURCE, Sent, Story

SHARE = 0.01
BIG_BYTES = 2_000_000


class Poison(NamedTuple):
    """What is done to a good record, and what its letter must say."""

    name: str
    spoil: Callable[[bytes, bytes], tuple[bytes | None, bytes | None]]
    reason: Reason


def _data(change: Callable[[dict], None]) -> Callable[[bytes, bytes], tuple[bytes, bytes]]:  # type: ignore[type-arg]
    def spoil(key: bytes, raw: bytes) -> tuple[bytes, bytes]:
        event = json.loads(raw)
        change(event)
        return key, json.dumps(event).encode()

    return spoil


def _line(**fields: object) -> Callable[[bytes, bytes], tuple[bytes, bytes]]:
    """An order with one bad line; its id is its own, as the fold gets to see it."""

    def change(event: dict) -> None:  # type: ignore[type-arg]
        event["id"] += "-bad"
        event["data"] = {"order_id": event["id"], "lines": [{"sku": "wire", "quantity": "1", **fields}]}
        event["type"], event["dataschema"] = "ringahead.OrderPlaced.v1", "urn:ringahead:schema:ringahead.OrderPlaced.v1"

    return _data(change)


POISONS = (
    Poison("not JSON", lambda key, raw: (key, raw[:-9]), Reason.NOT_JSON),
    Poison("not UTF-8", lambda key, raw: (key, b"\xff\xfe\x00 nothing"), Reason.NOT_JSON),
    Poison("no value", lambda key, raw: (key, None), Reason.NOT_JSON),
    Poison("wrong type", _line(quantity={"a": 1}), Reason.BAD_DATA),
    Poison("missing field", _data(lambda event: event.pop("id")), Reason.BAD_ENVELOPE),
    Poison("unknown event", _data(lambda event: event.update(type="ringahead.Odor.v1")), Reason.UNKNOWN_TYPE),
    Poison("2 MB", lambda key, raw: (key, raw[:-1] + b',"pad":"' + b"x" * BIG_BYTES + b'"}'), Reason.TOO_LARGE),
    Poison("deep nesting", lambda key, raw: (key, b"[" * 5000 + b"]" * 5000), Reason.TOO_DEEP),
    Poison("NaN", lambda key, raw: (key, raw.replace(b'"data":{', b'"data":{"x":NaN,')), Reason.NOT_JSON),
    Poison("year 9999", _data(lambda e: e.update(time="9999-12-31T23:59:59Z")), Reason.TIME_OUT_OF_RANGE),
    Poison("unknown SKU", _line(sku="never-heard-of"), Reason.UNKNOWN_SKU),
    Poison("no key", lambda key, raw: (None, raw), Reason.EMPTY_KEY),
    Poison("another's key", lambda key, raw: (key + b"0", raw), Reason.KEY_MISMATCH),
    Poison("ours alone", _data(lambda e: e.update(type="ringahead.CallEnded.v1", data={})), Reason.BAD_DATA),
)


class Poisoned:
    """A story with one bad record among a hundred good ones; counts what it has sent."""

    def __init__(self, story: Story, *, seed: int = 11) -> None:
        self._story, self._chance = story, random.Random(seed)
        self.bad: Counter[tuple[str, bytes]] = Counter()
        """(reason, raw), as the letters must be."""
        self.kinds: Counter[str] = Counter()

    def products(self) -> Iterable[Sent]:
        """The product master: without one every SKU is known."""
        for sku in SKUS:
            fact = ProductChanged(sku=sku, name=sku)
            event = broadcast(fact, source=SOURCE, id=f"product-{sku}", time=self._story.start)
            yield from (Sent(output, None) for output in event_outputs(event, 4))

    def endless(self) -> Iterator[Sent]:
        """The story with its poison."""
        for sent in self._story.endless():
            yield sent
            output = sent.output
            if output.topic == Topic.ORDERS.value and self._chance.random() < SHARE:
                yield self._spoilt(output)

    def _spoilt(self, good: Output) -> Sent:
        kind = POISONS[self.kinds.total() % len(POISONS)]
        key, raw = kind.spoil(good.key or b"", good.value or b"")
        self.kinds[kind.name] += 1
        self.bad[kind.reason.value, raw or b""] += 1
        number = self._chance.randrange(4) if key is None else None
        return Sent(Output(good.topic, key, raw, number), None)
