"""Events as bytes: what goes in comes out, whatever the fact."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from schemas.base import Fact
from schemas.envelope import Event, decode, encode
from schemas.events import CATALOGUE, accounts, orders
from schemas.publishing import documents
from tests.schemas.strategies import events, json_values, moments

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
PLACED = orders.OrderPlaced(order_id="o1", lines=(orders.OrderLine(sku="argon", quantity=Decimal(2)),))


def event(fact: Fact, at: datetime = AT) -> Event:
    return Event("e1", "tests", "acme", at, fact)


@pytest.fixture(scope="module")
def envelope() -> Draft202012Validator:
    return Draft202012Validator(documents()["envelope.json"])


@pytest.mark.parametrize("name", CATALOGUE)
def test_what_is_encoded_is_decoded_and_is_what_was_published(name: str, envelope: Draft202012Validator) -> None:
    published = documents()[f"events/{name}.json"]
    data = Draft202012Validator(published)

    @settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(events(CATALOGUE[name]))
    def holds(told: Event) -> None:
        raw = encode(told)
        heard = decode(raw)
        assert heard == told
        assert heard.fact.model_extra == told.fact.model_extra
        assert encode(heard) == raw
        sent = json.loads(raw)
        assert sent["dataschema"] == published["$id"]
        envelope.validate(sent)
        data.validate(sent["data"])

    holds()


@settings(deadline=None)
@given(moments)
def test_times_are_utc_wherever_they_were_told(at: datetime) -> None:
    heard = decode(encode(event(PLACED, at))).time
    assert heard == at
    assert heard.tzinfo == UTC
    assert encode(event(PLACED, at)) == encode(event(PLACED, at.astimezone(UTC)))


def test_a_senders_offset_is_read_as_the_same_instant() -> None:
    there = AT.astimezone(timezone(timedelta(hours=5, minutes=30)))
    raw = json.loads(encode(event(PLACED)))
    raw["time"] = there.isoformat()
    assert decode(json.dumps(raw).encode()).time.isoformat() == AT.isoformat()


@settings(deadline=None)
@given(st.dictionaries(st.text("abc_", min_size=1, max_size=9).map("x".__add__), json_values, max_size=4))
def test_fields_that_we_do_not_know_are_kept(unknown: dict[str, object]) -> None:
    fact = orders.OrderPlaced.model_validate({**PLACED.model_dump(), **unknown})
    heard = decode(encode(event(fact))).fact
    assert heard.model_extra == unknown


def test_a_field_of_a_line_that_we_do_not_know_is_kept() -> None:
    line = orders.OrderLine.model_validate({"sku": "argon", "quantity": 1, "batch": None, "bin": "A7"})
    heard = decode(encode(event(PLACED.model_copy(update={"lines": (line,)})))).fact
    assert isinstance(heard, orders.OrderPlaced)
    assert heard.lines[0].model_extra == {"batch": None, "bin": "A7"}


def test_a_change_back_to_size_by_spend_survives_the_log() -> None:
    heard = decode(encode(event(accounts.AccountChanged(size=None)))).fact
    assert "size" in heard.model_fields_set
    assert decode(encode(event(accounts.AccountChanged()))).fact.model_fields_set == set()


def test_a_tier_that_happens_to_be_the_default_survives_the_log() -> None:
    heard = decode(encode(event(accounts.AccountRegistered(tier=2)))).fact
    assert "tier" in heard.model_fields_set


def test_extension_attributes_are_no_fault() -> None:
    raw = json.loads(encode(event(PLACED)))
    assert decode(json.dumps({**raw, "traceparent": "00-1-2-00"}).encode()) == event(PLACED)


def test_equal_facts_differ_in_bytes_when_who_said_them_differs() -> None:
    assert len({encode(event(PLACED)), *(encode(replace(event(PLACED), id=name)) for name in "ab")}) == 3
