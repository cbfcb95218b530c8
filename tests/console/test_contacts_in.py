"""Contacts, do-not-call numbers and registers over HTTP: all of a request or nothing of it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest

from outreach.task import OPEN
from tests.console.conftest import Site
from tests.console.seeds import contacts
from tests.console.test_outbox import by_key

GOOD: dict[str, Any] = {
    "contact_id": "c-9",
    "account_id": "99002",
    "person": "Robin Example",
    "number": "+44 7700 900123",
    "zone": "Europe/London",
}
COPY: dict[str, Any] = {"generation": "g1", "numbers": ["+44 1632 960 118"], "copied_at": "2011-12-01T00:00:00Z"}


@pytest.fixture
def ask(site: Site) -> Callable[..., httpx.Response]:
    return by_key(site)


def kept(site: Site, account_id: str = "99002") -> list[str | None]:
    with site.store.read() as tx:
        return [point.number for point in tx.contacts.of_accounts([account_id])]


def test_contacts_are_kept_normalised(site: Site, ask: Callable[..., httpx.Response]) -> None:
    assert ask("POST", "/v1/contacts", json={"contacts": [GOOD]}).json()["kept"] == 1
    assert kept(site) == ["+447700900123"]


def test_a_contact_is_replaced_only_while_it_is_the_one_that_was_read(
    site: Site, ask: Callable[..., httpx.Response]
) -> None:
    def put(**more: str) -> httpx.Response:
        return ask("POST", "/v1/contacts", json={"contacts": [{**GOOD, **more}]})

    first = put(if_match="none").json()["tags"]["c-9"]
    assert put(if_match="none").status_code == 412, "it is known"
    second = put(person="Kim Example", if_match=first)
    assert (second.status_code, second.json()["tags"]["c-9"] != first) == (200, True)
    lost = put(number="+44 7700 900999", if_match=first)
    assert (lost.status_code, lost.json()["type"].rsplit(":", 1)[-1]) == (412, "changed")
    assert "contacts.0" in lost.json()["detail"]
    assert kept(site) == ["+447700900123"], "the other's change stays"


def test_a_note_that_the_number_is_wrong_changes_the_tag(site: Site, ask: Callable[..., httpx.Response]) -> None:
    tag = ask("POST", "/v1/contacts", json={"contacts": [GOOD]}).json()["tags"]["c-9"]
    with site.store.begin() as tx:
        tx.contacts.put([replace(one, valid=False) for one in tx.contacts.of_accounts(["99002"])])
    again = ask("POST", "/v1/contacts", json={"contacts": [{**GOOD, "if_match": tag}]})
    assert again.status_code == 412


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        ({"zone": "Europe/Atlantis"}, "zone"),
        ({"zone": "EST"}, "zone"),
        ({"number": "12"}, "number"),
        ({"number": "call me"}, "number"),
        ({"number": None}, "number"),
        ({"channel": "pigeon"}, "channel"),
        ({"rank": 0}, "rank"),
        ({"account_id": ""}, "account_id"),
        ({"nickname": "Bob"}, "nickname"),
    ],
)
def test_one_that_is_wrong_keeps_all_out(
    site: Site, ask: Callable[..., httpx.Response], wrong: dict[str, Any], word: str
) -> None:
    bad = {**GOOD, "contact_id": "c-10", **wrong}
    answer = ask("POST", "/v1/contacts", json={"contacts": [GOOD, bad]})
    assert answer.status_code == 422
    assert word in answer.json()["detail"]
    assert kept(site) == [], "nothing half done"


def test_a_number_that_nobody_calls_cancels_its_tasks(site: Site, ask: Callable[..., httpx.Response]) -> None:
    number = contacts()[0].number
    answer = ask("POST", "/v1/do-not-call", json={"numbers": [number]})
    assert answer.json() == {"status": "kept", "kept": 1, "cancelled": 1}
    with site.store.read() as tx:
        assert tx.tasks.listed(OPEN, account_id="17850") == []


def test_a_register_is_filled_in_parts_and_then_in_force(site: Site, ask: Callable[..., httpx.Response]) -> None:
    part = {"generation": "g1", "numbers": ["+44 1632 960 442"]}
    assert ask("POST", "/v1/registers/tps", json=part).status_code == 200
    assert ask("GET", "/v1/registers").json() == []
    assert ask("POST", "/v1/registers/tps", json={**COPY, "count": 2}).status_code == 200
    assert ask("GET", "/v1/registers").json() == [
        {"register": "tps", "copied_at": "2011-12-01T00:00:00Z", "numbers": 2}
    ]
    with site.store.read() as tx:
        assert len(tx.registers.listed(["+441632960118", "+441632960442"])) == 2


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("unknown", {}),
        ("tps", {"copied_at": "2031-01-01T00:00:00Z"}),
        ("tps", {"copied_at": "2011-12-01T00:00:00"}),
        ("tps", {"numbers": ["nobody"]}),
    ],
)
def test_a_copy_that_cannot_be_is_refused(
    site: Site, ask: Callable[..., httpx.Response], name: str, wrong: dict[str, Any]
) -> None:
    assert ask("POST", f"/v1/registers/{name}", json={**COPY, **wrong}).status_code in {404, 422}
    with site.store.read() as tx:
        assert tx.registers.copies() == []
        assert tx.registers.listed(["+441632960118"]) == set()
