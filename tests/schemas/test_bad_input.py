"""What cannot become a fact becomes a letter with the right word, and never stops the work."""

import json
from collections.abc import Iterator
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.base import EARLIEST, LATEST
from schemas.dead_letters import KEPT_BYTES, KEPT_KEY_BYTES, DeadLetter
from schemas.envelope import decode, encode
from schemas.errors import DeadLetterReason
from schemas.events import ours
from schemas.events.orders import OrderLine, OrderPlaced
from schemas.topics import SPEC, Topic
from streams.ingest import REPLAY_HEADER, IngestRules, LogEntry, ingest
from streams.microbatch.ports import Headers, Record
from tests.streams.harness import START, Partition, in_force, said, tick

R = DeadLetterReason
ORDER: dict[str, Any] = {
    "specversion": "1.0",
    "id": "1",
    "source": "erp",
    "type": "ringahead.OrderPlaced.v1",
    "subject": "acme",
    "time": "2026-03-02T09:00:00Z",
    "data": {"order_id": "o1", "currency": "GBP", "lines": [{"sku": "argon", "quantity": 2, "unit": "each"}]},
}
METER = {"asset_id": "tank-1", "kind": "level", "value": 3}
PRODUCT = {"sku": "argon"}
JANE = "Jane Doe, +44 7700 900123"


def order(**changes: Any) -> bytes:
    return json.dumps({**ORDER, **changes}).encode()


def line(**changes: Any) -> bytes:
    return order(data={"order_id": "o1", "lines": [{"sku": "argon", "quantity": 2, **changes}]})


def without(name: str) -> bytes:
    return json.dumps({key: value for key, value in ORDER.items() if key != name}).encode()


def fact(kind: str, data: Any, subject: str = "acme") -> bytes:
    return order(type=f"ringahead.{kind}.v1", data=data, subject=subject)


def taken(
    raw: bytes | None,
    *,
    key: bytes | None = b"acme",
    headers: Headers = (),
    at_ms: int = 0,
    rules: IngestRules | None = None,
) -> LogEntry | DeadLetter:
    record = Record(Topic.ORDERS.value, 3, 42, at_ms, key, raw, headers)
    return ingest(record, IngestRules() if rules is None else rules)


def letter(raw: bytes | None, **how: Any) -> DeadLetter:
    result = taken(raw, **how)
    assert isinstance(result, DeadLetter), "was accepted"
    return result


BAD: dict[str, tuple[bytes | None, DeadLetterReason, str]] = {
    "not JSON": (b"{", R.NOT_JSON, "line 1"),
    "nothing": (b"", R.NOT_JSON, "line 1"),
    "no value": (None, R.NOT_JSON, "no value"),
    "not text": (b"\xff\xfe\x00", R.NOT_JSON, "line 1"),
    "half a surrogate": (order().replace(b'"acme"', b'"\\ud800"'), R.NOT_JSON, "hex escape"),
    "NaN": (order().replace(b'"quantity": 2', b'"quantity": NaN'), R.NOT_JSON, "line 1"),
    "Infinity": (order().replace(b'"quantity": 2', b'"quantity": -Infinity'), R.NOT_JSON, "line 1"),
    "a number of 5,000 digits": (
        order().replace(b'"quantity": 2', b'"quantity": ' + b"9" * 5000),
        R.NOT_JSON,
        "number",
    ),
    "2 MB": (order(id="x" * 2_000_000), R.TOO_LARGE, "at most 1000000"),
    "1,000 deep": (order(data={"deep": json.loads("[" * 900 + "]" * 900)}), R.TOO_DEEP, "recursion"),
    "1,000 open brackets": (b"[" * 1000, R.TOO_DEEP, "recursion"),
    "a list": (b"[]", R.BAD_ENVELOPE, "event"),
    "a word": (b'"order"', R.BAD_ENVELOPE, "event"),
    "no id": (without("id"), R.BAD_ENVELOPE, "id: Field required"),
    "no source": (without("source"), R.BAD_ENVELOPE, "source"),
    "no type": (without("type"), R.BAD_ENVELOPE, "type"),
    "no subject": (without("subject"), R.BAD_ENVELOPE, "subject"),
    "no time": (without("time"), R.BAD_ENVELOPE, "time"),
    "another CloudEvents": (order(specversion="0.3"), R.BAD_ENVELOPE, "specversion"),
    "an empty id": (order(id=""), R.BAD_ENVELOPE, "id"),
    "a subject of 201 characters": (order(subject="x" * 201), R.BAD_ENVELOPE, "subject"),
    "a control character": (order(subject="ac\x00me"), R.BAD_ENVELOPE, "subject"),
    "no JSON data": (order(datacontenttype="text/xml"), R.BAD_ENVELOPE, "datacontenttype"),
    "data that is a list": (order(data=[]), R.BAD_ENVELOPE, "data"),
    "a time that is none": (order(time="soon"), R.BAD_ENVELOPE, "time"),
    "a time without a zone": (order(time="2026-03-02T09:00:00"), R.BAD_ENVELOPE, "timezone"),
    "subject of everybody": (order(subject="*"), R.BAD_ENVELOPE, "account id"),
    "a product of one account": (fact("ProductChanged", PRODUCT), R.BAD_ENVELOPE, "'*'"),
    "year 9999": (order(time="9999-12-31T23:59:59Z"), R.TIME_OUT_OF_RANGE, "time"),
    "year 9999 behind UTC": (order(time="9999-12-31T23:59:59-05:00"), R.TIME_OUT_OF_RANGE, "time"),
    "year 1": (order(time="0001-01-01T00:00:00+14:00"), R.TIME_OUT_OF_RANGE, "time"),
    "the 45th": (order(time="2026-03-45T09:00:00Z"), R.TIME_OUT_OF_RANGE, "time"),
    "year 9999 inside": (
        fact("StockCorrected", {"sku": "argon", "lasts_until": "9999-01-01T00:00:00Z"}),
        R.TIME_OUT_OF_RANGE,
        "data.lasts_until",
    ),
    "an unknown type": (order(type="ringahead.OrderGuessed.v1"), R.UNKNOWN_TYPE, "OrderGuessed"),
    "a version to come": (order(type="ringahead.OrderPlaced.v2"), R.UNKNOWN_TYPE, "v2"),
    "a number for an id": (order(data={**ORDER["data"], "order_id": 5}), R.BAD_DATA, "data.order_id"),
    "no lines": (order(data={"order_id": "o1"}), R.BAD_DATA, "data.lines: Field required"),
    "lines that are none": (order(data={"order_id": "o1", "lines": []}), R.BAD_DATA, "data.lines"),
    "no data": (without("data"), R.BAD_DATA, "data.order_id"),
    "no quantity": (order(data={"order_id": "o1", "lines": [{"sku": "argon"}]}), R.BAD_DATA, "data.lines.0.quantity"),
    "a quantity in words": (line(quantity="two"), R.BAD_DATA, "data.lines.0.quantity"),
    "a quantity that is true": (line(quantity=True), R.BAD_DATA, "data.lines.0.quantity"),
    "a quantity in quotes that is none": (line(quantity="NaN"), R.BAD_DATA, "finite"),
    "an endless quantity": (order().replace(b'"quantity": 2', b'"quantity": 1e400'), R.BAD_DATA, "finite"),
    "too much": (line(quantity=10**10), R.BAD_DATA, "data.lines.0.quantity"),
    "a negative price": (line(unit_price=-1), R.BAD_DATA, "data.lines.0.unit_price"),
    "a SKU that stands for all": (line(sku="*all"), R.BAD_DATA, "data.lines.0.sku"),
    "pounds": (order(data={**ORDER["data"], "currency": "pounds"}), R.BAD_DATA, "data.currency"),
    "a reading of nothing": (fact("UsageReported", {"kind": "level", "value": 1}), R.BAD_DATA, "asset_id or sku"),
    "a reading below nothing": (fact("UsageReported", {**METER, "value": -1}), R.BAD_DATA, "data.value"),
    "a kind of reading we do not know": (fact("UsageReported", {**METER, "kind": "guess"}), R.BAD_DATA, "data.kind"),
    "merged into itself": (fact("AccountMerged", {"into_account_id": "acme"}), R.BAD_DATA, "data.into_account_id"),
    "merged into everybody": (fact("AccountMerged", {"into_account_id": "*"}), R.BAD_DATA, "data.into_account_id"),
    "a negative quantity": (line(quantity=-3), R.NEGATIVE_QUANTITY, "data.lines.0.quantity"),
    "a quantity of nothing": (line(quantity=0), R.NEGATIVE_QUANTITY, "data.lines.0.quantity"),
    "our own fact": (
        fact("CallEnded", {"task_id": "t", "attempt_id": "a", "task_class": "selling", "disposition": "busy"}),
        R.NOT_ALLOWED_HERE,
        "CallEnded",
    ),
    "business time from outside": (
        fact("TimePassed", {"as_of": "2026-03-02T09:00:00Z"}, subject="*"),
        R.NOT_ALLOWED_HERE,
        "TimePassed",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_a_letter_with_its_reason_and_place(name: str) -> None:
    raw, reason, said_of_it = BAD[name]
    got = letter(raw)
    assert (got.reason, said_of_it in got.detail) == (reason, True), got.detail
    assert (got.raw, got.letter_id) == (raw or b"", "ringahead.orders/3/42")


def test_the_order_itself_is_good() -> None:
    result = taken(order())
    assert isinstance(result, LogEntry)
    assert (result.key, result.broadcast) == (b"acme", False)


class TestKey:
    """A record's key decides its partition: it must be the account."""

    @pytest.mark.parametrize("key", [None, b""])
    def test_none_is_refused_from_kafka(self, key: bytes | None) -> None:
        assert letter(order(), key=key).reason is R.EMPTY_KEY

    @pytest.mark.parametrize("key", [b"bolt", b"ACME", b"acme ", b"\xff"])
    def test_another_is_refused(self, key: bytes) -> None:
        assert letter(order(), key=key).reason is R.KEY_MISMATCH

    def test_none_is_needed_over_http(self) -> None:
        assert isinstance(taken(order(), key=None, rules=IngestRules(key_required=False)), LogEntry)

    def test_of_everybodys_facts_is_the_star(self) -> None:
        result = taken(fact("ProductChanged", PRODUCT, subject="*"), key=b"*")
        assert isinstance(result, LogEntry)
        assert result.broadcast


class TestBinaryMode:
    """CloudEvents whose attributes are headers (Kafka protocol binding)."""

    def headers(self, **changes: bytes | None) -> Headers:
        told = {f"ce_{name}": value.encode() for name, value in ORDER.items() if name != "data"}
        told["content-type"] = b"application/json"
        return tuple({**told, **changes}.items())  # type: ignore[arg-type]

    def test_is_the_same_event(self) -> None:
        binary = taken(json.dumps(ORDER["data"]).encode(), headers=self.headers())
        structured = taken(order())
        assert binary == structured

    @pytest.mark.parametrize(
        ("raw", "changes", "reason"),
        [
            (b"{", {}, R.NOT_JSON),
            (b"", {}, R.NOT_JSON),
            (b'{"order_id": NaN}', {}, R.NOT_JSON),
            (b"[" * 1000, {}, R.TOO_DEEP),
            (b"[]", {}, R.BAD_ENVELOPE),
            (b"{}", {}, R.BAD_DATA),
            (b"{}", {"ce_subject": b"\xff"}, R.BAD_ENVELOPE),
            (b"{}", {"ce_subject": None}, R.BAD_ENVELOPE),
            (b"{}", {"ce_specversion": None}, R.BAD_ENVELOPE),
            (b"{}", {"ce_specversion": b"0.3"}, R.BAD_ENVELOPE),
            (b"{}", {"ce_time": b"soon"}, R.BAD_ENVELOPE),
            (b"{}", {"ce_type": b"ringahead.Nothing.v1"}, R.UNKNOWN_TYPE),
        ],
    )
    def test_bad_one_is_a_letter(self, raw: bytes, changes: dict[str, bytes | None], reason: DeadLetterReason) -> None:
        assert letter(raw, headers=self.headers(**changes)).reason is reason

    def test_a_header_cannot_stand_for_the_body(self) -> None:
        result = taken(json.dumps(ORDER["data"]).encode(), headers=self.headers(ce_data=b"{}"))
        assert isinstance(result, LogEntry)
        assert decode(result.value).fact == OrderPlaced.model_validate(ORDER["data"])


class TestFolded:
    """What only the account's partition can know."""

    def reasons(self, *events: Any) -> list[DeadLetterReason]:
        partition = Partition()
        partition.feed(tick(START), *events)
        return [got.reason for got in partition.letters]

    def placed(self, **more: Any) -> OrderPlaced:
        return OrderPlaced(order_id="o1", lines=(OrderLine(sku="argon", quantity=Decimal(1)),), **more)

    def test_a_currency_without_a_rate(self) -> None:
        assert self.reasons(said(self.placed(currency="XTS"), START, "e")) == [R.UNKNOWN_CURRENCY]

    def test_a_sku_that_the_product_master_lacks(self) -> None:
        master = said(ours.ProductChanged(sku="wire"), START, "master")
        assert self.reasons(master, said(self.placed(), START, "e")) == [R.UNKNOWN_SKU]
        assert self.reasons(said(self.placed(), START, "e")) == []

    @pytest.mark.parametrize("quantity", ["1e-999999999", "0." + "0" * 3000 + "1"])
    def test_next_to_nothing_stops_no_fold(self, quantity: str) -> None:
        lines = [{"sku": "argon", "quantity": quantity, "unit_price": "3"}]
        bought = OrderPlaced.model_validate({"order_id": "o1", "lines": lines})
        partition = Partition()
        partition.feed(*in_force(), tick(START), said(bought, START, "e"), tick(START.replace(day=20)))
        assert partition.letters == []

    def test_a_refused_event_may_be_sent_again_when_the_rate_is_there(self) -> None:
        partition = Partition()
        order_in_dollars = said(self.placed(currency="USD"), START, "e")
        rates = ours.RatesChanged(rate_date=START.date(), rates={"USD": Decimal("0.8")})
        partition.feed(order_in_dollars)
        assert partition.accounts() == {}
        partition.feed(said(rates, START, "rates"), order_in_dollars)
        assert len(partition.accounts()["acme"].pairs) == 1


def test_every_reason_is_reached_by_these_tests() -> None:
    elsewhere = {R.EMPTY_KEY, R.KEY_MISMATCH, R.UNKNOWN_CURRENCY, R.UNKNOWN_SKU}
    assert {reason for _, reason, _ in BAD.values()} | elsewhere == set(R)


@pytest.mark.parametrize("at_ms", [-1, -(2**63), 0, 2**63 - 1, 10**18])
def test_record_times_out_of_all_reason_do_no_harm(at_ms: int) -> None:
    assert EARLIEST <= letter(b"{", at_ms=at_ms).first_seen < LATEST
    assert isinstance(taken(order(), at_ms=at_ms), LogEntry)


@pytest.mark.parametrize(("hours", "refused"), [(-24, False), (24, False), (24.001, True), (24 * 365, True)])
def test_a_clock_that_is_a_day_ahead_of_the_brokers_is_broken(hours: float, refused: bool) -> None:
    received = datetime(2026, 3, 2, 9, tzinfo=UTC)
    told = order(time=(received + timedelta(hours=hours)).isoformat())
    result = taken(told, at_ms=int(received.timestamp() * 1000))
    assert isinstance(result, DeadLetter) == refused
    if isinstance(result, DeadLetter):
        assert (result.reason, "sender's clock" in result.detail) == (R.TIME_OUT_OF_RANGE, True)


def test_a_record_time_is_when_the_letter_was_first_seen() -> None:
    at = datetime(2026, 3, 2, 9, tzinfo=UTC)
    assert letter(b"{", at_ms=int(at.timestamp() * 1000)).first_seen == at


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200), st.none() | st.binary(max_size=9), st.integers(-(2**63), 2**63 - 1))
def test_no_bytes_stop_the_stage(raw: bytes, key: bytes | None, at_ms: int) -> None:
    assert isinstance(taken(raw, key=key, at_ms=at_ms), LogEntry | DeadLetter)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_no_mutation_of_an_order_stops_the_stage(data: st.DataObject) -> None:
    raw = bytearray(order())
    for _ in range(data.draw(st.integers(1, 6))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    assert isinstance(taken(bytes(raw)), LogEntry | DeadLetter)


def places(part: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place of a JSON value."""
    yield path
    for name in part if isinstance(part, dict) else range(len(part)) if isinstance(part, list) else ():
        yield from places(part[name], (*path, name))


def put(whole: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    whole = deepcopy(whole)
    part = whole
    for name in path[:-1]:
        part = part[name]
    part[path[-1]] = value
    return whole


RATES = {
    **ORDER,
    "type": "ringahead.RatesChanged.v1",
    "subject": "*",
    "data": {"rate_date": "2026-03-02", "rates": {"EUR": 1}},
}
USAGE = {**ORDER, "type": "ringahead.UsageReported.v1", "data": METER}


@pytest.mark.parametrize("event", [ORDER, RATES, USAGE], ids=lambda event: event["type"])
def test_nobodys_data_stand_in_a_letters_detail(event: dict[str, Any]) -> None:
    looked_at = 0
    for path in places(event):
        for value in (JANE, {JANE: 1}, [JANE], JANE * 20):
            result = taken(json.dumps(put(event, path, value)).encode(), rules=IngestRules(key_required=False))
            if isinstance(result, DeadLetter):
                looked_at += 1
                assert "Jane" not in result.detail, path
                assert "7700" not in result.detail, path
    assert looked_at > 30


def test_the_largest_message_fits_into_a_letter() -> None:
    raw = b"x" * (SPEC[Topic.ORDERS].max_message_bytes - 200)
    record = Record(Topic.ORDERS.value, 999, 2**62, 0, b"k" * 200, raw)
    result = ingest(record, IngestRules())
    assert isinstance(result, DeadLetter)
    assert len(result.model_dump_json()) < SPEC[Topic.DEAD_LETTERS].max_message_bytes
    assert result.raw == raw[:KEPT_BYTES]
    assert f"of {len(raw)} bytes are kept" in result.detail


@pytest.mark.parametrize("key_bytes", [KEPT_KEY_BYTES, 246_000, 1_500_000, 3_000_000])
def test_a_key_of_megabytes_fits_into_a_letter_too(key_bytes: int) -> None:
    raw = b"x" * (SPEC[Topic.ORDERS].max_message_bytes - key_bytes - 80)
    got = letter(raw, key=b"k" * key_bytes)
    assert len(got.model_dump_json()) < SPEC[Topic.DEAD_LETTERS].max_message_bytes - 1000
    assert got.key == b"k" * KEPT_KEY_BYTES
    assert (f"of {key_bytes} bytes of the key" in got.detail) == (key_bytes > KEPT_KEY_BYTES)


@pytest.mark.parametrize("told", [b"x" * 3_000_000, b"\0" * 3_000_000, b"a\nb", b""])
def test_what_is_no_letters_id_does_not_travel_on(told: bytes) -> None:
    """Else a header of megabytes becomes an event or a letter that no topic takes, and the worker ends."""
    headers = ((REPLAY_HEADER, told),)
    for raw in (order(), b"{"):
        result = taken(raw, headers=headers)
        if isinstance(result, LogEntry):
            assert result.value == encode(decode(order()))
        else:
            assert result.replay_of is None
            assert len(result.model_dump_json()) < 1000


def test_a_letter_keeps_what_came() -> None:
    got = letter(b"\x00\xff", key=b"\xfe")
    again = DeadLetter.model_validate_json(got.model_dump_json())
    assert (again, again.raw) == (got, b"\x00\xff")


def test_free_text_holds_no_nul_as_no_postgresql_keeps_one() -> None:
    assert ours.ProductChanged(sku="argon", name="Ar\x00gon").name == "Argon"


def test_a_pack_too_small_for_a_float_is_refused() -> None:
    with pytest.raises(ValidationError, match="too small"):
        ours.ProductChanged(sku="argon", unit_factor=Decimal("1e-400"))
