"""Receipts that tell what came before, and keep it all the same."""

import json
from typing import Any

from console.access import add_user, new_api_key
from console.ports import EventOutcome
from console.repeats import Repeats
from tests.console.conftest import Site


def event(event_id: str, source: str = "urn:erp") -> dict[str, Any]:
    return {
        "specversion": "1.0", "id": event_id, "source": source, "type": "ringahead.OrderPlaced.v1", "subject": "C1",
        "time": "2011-12-01T09:00:00Z", "data": {"order_id": event_id, "lines": [{"sku": "argon", "quantity": "1"}]},
    }  # fmt: skip


def told(repeats: Repeats, *events: dict[str, Any], outcome: Any = "accepted") -> list[str]:
    raws = [json.dumps(one).encode() for one in events]
    return [str(one.outcome) for one in repeats.told(raws, [EventOutcome(outcome)] * len(raws))]


def test_the_same_source_and_id_again_is_a_duplicate_and_a_refused_one_is_not_remembered() -> None:
    repeats = Repeats()
    assert told(repeats, event("1"), outcome="refused") == ["refused"]
    assert told(repeats, event("1"), event("2"), event("1")) == ["accepted", "accepted", "duplicate"]
    assert told(repeats, event("1", "urn:other"), event("2")) == ["accepted", "duplicate"]


def test_only_so_many_are_remembered_the_newest() -> None:
    repeats = Repeats(remembered=2)
    told(repeats, event("1"), event("2"), event("3"))
    assert told(repeats, event("1"), event("3")) == ["accepted", "duplicate"]


def test_the_receipt_counts_them_apart(site: Site) -> None:
    with site.store.begin() as tx:
        add_user(tx, "sap", "erp", None)
        key = {"authorization": f"Bearer {new_api_key(tx, 'sap')}"}
    caller = site.caller()
    first = caller.post("/v1/events", headers=key, json=[event("1"), event("2")]).json()
    again = caller.post("/v1/events", headers=key, json=[event("2"), event("3")]).json()
    assert (first["accepted"], first["duplicate"]) == (2, 0)
    assert (again["accepted"], again["duplicate"]) == (1, 1)
    assert [one["outcome"] for one in again["outcomes"]] == ["duplicate", "accepted"]


def test_an_event_that_is_kept_is_never_answered_with_a_fault(site: Site) -> None:
    with site.store.begin() as tx:
        add_user(tx, "sap", "erp", None)
        key = {"authorization": f"Bearer {new_api_key(tx, 'sap')}"}
    twice = json.dumps(event("1")).replace('"id"', '"id": 5, "id"', 1).encode()  # the last one counts at the gate
    answer = site.caller().post("/v1/events", headers=key, content=twice)
    assert (answer.status_code, answer.json()["accepted"]) == (202, 1)
