"""The fast decoder and the one that says what a bad event is: the same events, the same words about all others."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.envelope import Event, decode, encode
from schemas.errors import BadEvent
from schemas.events import orders
from streams import decoding
from streams.decoding import read
from tests.schemas.strategies import events

EXAMPLES: dict[str, Any] = {one["type"]: one for one in json.loads(Path("examples/events.json").read_bytes())}
WITH_LINES = (orders.OrderPlaced, orders.OrderChanged, orders.OrderShipped, orders.OrderDelivered, orders.OrderReturned)
ODD: tuple[Any, ...] = (
    None, True, 0, -1, 7, 2.5, 1e22, "", " ", "5", "05", "5.0", "1e3", "-1", "0", "NaN", "Infinity", "1_000", " 5 ",
    "٣", "1000000001", "0.0000000000000000001", "GBP", "gbp", "each", "*", "*a", "x" * 64, "x" * 65, "x" * 200,
    "x" * 201, "a\nb", "a\x7fb", "é" * 200, "2026-01-05T00:00:00Z", "2026-01-05t00:00:00z", "2026-01-05 00:00:00Z",
    "2026-W01-1T00:00:00Z", "2026-01-05T00:00:60Z", "2026-01-05T24:00:00Z", "2026-02-30T00:00:00Z",
    "2026-01-05T00:00:00.1234567Z", "2026-01-05T00:00:00.123456Z", "2026-01-05T00:00:00,123456Z",
    "2026-01-05T00:00:00.5Z", "2026-01-05T00:00:00+01:00", "2026-01-05T00:00Z", "2026-01-05T00:00:00",
    "1989-12-31T23:59:59Z",
    "1990-01-01T00:00:00Z", "2099-12-31T23:59:59Z", "2100-01-01T00:00:00Z", "1.0", "application/json", "text/plain",
    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", [], {}, [{}], [{"sku": "a", "quantity": "1"}],
    [{"sku": "a", "quantity": "1", "unit": None}],
)  # fmt: skip


def outcome(decoder: Any, raw: bytes) -> object:
    """All that can be seen of what a decoder makes of bytes."""
    try:
        event: Event = decoder(raw)
    except BadEvent as error:
        return error.reason, error.detail
    return event, repr(event), event.fact.model_fields_set, event.fact.model_extra, encode(event)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a JSON value."""
    found = [path] if path else []
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        found += places(one, (*path, key))
    return found


@given(events())
def test_what_we_write_is_read_as_before(event: Event) -> None:
    raw = encode(event)
    assert outcome(read, raw) == outcome(decode, raw)


@settings(max_examples=300)
@given(st.one_of([events(kind) for kind in WITH_LINES]), st.data())
def test_what_others_write_is_read_as_before(event: Event, data: st.DataObject) -> None:
    told = json.loads(encode(event))
    for _ in range(data.draw(st.integers(1, 2))):
        *way, last = data.draw(st.sampled_from(places(told)))
        inside: Any = told
        for step in way:
            inside = inside[step]
        match data.draw(st.sampled_from(["odd", "odd", "gone", "more"])):
            case "odd":
                inside[last] = data.draw(st.sampled_from(ODD))
            case "gone":
                del inside[last]
            case _ if isinstance(inside, dict):
                inside[
                    data.draw(st.sampled_from(["cause", "lines", "unknown", "data", "promised_at", "traceparent"]))
                ] = data.draw(st.sampled_from(ODD))
            case _:
                inside.append(inside[last])
        if not places(told):
            break
    raw = json.dumps(told, ensure_ascii=data.draw(st.booleans())).encode("utf-8", "surrogatepass")
    assert outcome(read, raw) == outcome(decode, raw)


@settings(max_examples=200)
@given(events(), st.data())
def test_broken_bytes_are_told_of_in_the_same_words(event: Event, data: st.DataObject) -> None:
    raw = bytearray(encode(event))
    at = data.draw(st.integers(0, len(raw) - 1))
    raw[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    assert outcome(read, bytes(raw)) == outcome(decode, bytes(raw))


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_the_plain_form_needs_no_second_look(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = encode(decode(json.dumps(EXAMPLES[name]).encode()))

    def refused(_: bytes) -> Event:
        raise AssertionError("the slow path was asked")

    monkeypatch.setattr(decoding, "decode", refused)
    assert read(raw).type == name


HEAD = b'{"specversion":"1.0","id":"a","source":"s","subject":"acc","time":"2026-01-05T00:00:00Z","type":"ringahead.'
TIME, ORDER = b'"data":{"as_of":"2026-01-05T00:00:00Z","x":', b'"data":{"order_id":"o"}'


@pytest.mark.parametrize("depth", [190, 199, 200, 250, 999, 5_000, 100_000])
def test_what_lies_too_deep_is_a_letter_and_no_crash(depth: int) -> None:
    deep = b"[" * depth + b"]" * depth
    for raw in (
        HEAD + b'OrderCancelled.v1","data":' + deep + b"}",
        HEAD + b'OrderCancelled.v1","data":{"order_id":"o","x":' + deep + b"}}",
        HEAD + b'OrderCancelled.v1","x":' + deep + b"," + ORDER + b"}",
        HEAD + b'TimePassed.v1",' + TIME + deep + b"}}",
    ):
        assert outcome(read, raw) == outcome(decode, raw)


def test_a_place_in_data_may_be_as_deep_as_before_and_no_deeper() -> None:
    raws = [HEAD + b'TimePassed.v1",' + TIME + b"[" * depth + b"]" * depth + b"}}" for depth in range(150, 220)]
    assert [outcome(read, raw) for raw in raws] == [outcome(decode, raw) for raw in raws]
    assert len({isinstance(outcome(read, raw)[0], Event) for raw in raws}) == 2  # type: ignore[index]


@pytest.mark.parametrize("first", [b"[" * 300 + b"]" * 300, b'"\xed\xa0\x80"', b'{"a":"\xff"}', b"1" * 5_000, b"null"])
def test_data_that_are_told_twice_must_be_json_both_times(first: bytes) -> None:
    raw = HEAD + b'OrderCancelled.v1","data":' + first + b"," + ORDER + b"}"
    assert outcome(read, raw) == outcome(decode, raw)


def test_long_words_are_not_kept() -> None:
    raw = HEAD + b'OrderPlaced.v1","data":{"order_id":"o","lines":[{"sku":"a","quantity":"1.%s"}]}}' % (b"0" * 1_000)
    assert outcome(read, raw) == outcome(decode, raw)
    assert all(len(word) <= 32 for word in decoding._QUANTITIES)
