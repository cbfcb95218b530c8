"""The same request again: keys, tags, pages, and what was replaced meanwhile."""

import json

import pytest

from console.access import add_user, new_api_key
from console.again import MOST_KEY
from outreach.records import OutboxMessage
from tests.console.conftest import Site
from tests.console.seeds import NOW
from tests.console.test_api import ORDER


class Program:
    """The ERP with its key."""

    def __init__(self, site: Site, name: str = "sap") -> None:
        with site.store.begin() as tx:
            add_user(tx, name, "erp", None)
            key = new_api_key(tx, name)
        self.caller, self.bearer = site.caller(), {"authorization": f"Bearer {key}"}

    def post(self, path: str, sent: object, key: str | None = None, **headers: str):
        told = {} if key is None else {"idempotency-key": key}
        return self.caller.post(path, json=sent, headers={**self.bearer, **told, **headers})

    def get(self, path: str, **headers: str):
        return self.caller.get(path, headers={**self.bearer, **headers})


@pytest.fixture
def sap(site: Site) -> Program:
    return Program(site)


def test_the_same_key_and_request_give_the_same_answer_once(site: Site, sap: Program) -> None:
    first, second = sap.post("/v1/events", ORDER, "k-1"), sap.post("/v1/events", ORDER, "k-1")
    assert (first.status_code, first.content) == (second.status_code, second.content)
    assert second.headers["content-type"] == first.headers["content-type"]
    assert ("idempotency-replayed" in first.headers, second.headers["idempotency-replayed"]) == (False, "true")
    assert len(site.taken) == 1


def test_without_a_key_or_with_another_it_is_done_again(site: Site, sap: Program) -> None:
    for key in (None, None, "k-1", "k-2"):
        assert sap.post("/v1/events", ORDER, key).status_code == 202
    assert len(site.taken) == 4


def test_the_same_key_for_something_else_is_refused(site: Site, sap: Program) -> None:
    sap.post("/v1/events", ORDER, "k-1")
    for path, body in (("/v1/events", {**ORDER, "id": "other"}), ("/v1/events?x=1", ORDER), ("/v1/contacts", ORDER)):
        answer = sap.post(path, body, "k-1")
        assert (answer.status_code, answer.json()["type"]) == (422, "urn:ringahead:problem:key_reused")
    assert len(site.taken) == 1


def test_anothers_key_is_another(site: Site, sap: Program) -> None:
    other = Program(site, "navision")
    assert [one.post("/v1/events", ORDER, "k-1").headers.get("idempotency-replayed") for one in (sap, other)] == [
        None,
        None,
    ]


def test_a_refusal_is_kept_too(site: Site, sap: Program) -> None:
    answers = [sap.post("/v1/contacts", {"contacts": []}, "k-1") for _ in range(2)]
    assert [one.status_code for one in answers] == [422, 422]
    assert answers[0].content == answers[1].content


def test_a_day_later_it_is_done_again(site: Site, sap: Program) -> None:
    sap.post("/v1/events", ORDER, "k-1")
    site.clock.pass_(hours=24, seconds=1)
    assert "idempotency-replayed" not in sap.post("/v1/events", ORDER, "k-1").headers
    assert len(site.taken) == 2


def test_while_somebody_is_at_work_the_second_waits(site: Site, sap: Program) -> None:
    sap.post("/v1/events", ORDER, "k-1")
    with site.store.begin() as tx:
        (kept,) = tx.kept_answers.rows.values()
        tx.kept_answers.put([type(kept)(kept.key, kept.fingerprint, kept.created_at)])
    answer = sap.post("/v1/events", ORDER, "k-1")
    assert (answer.status_code, answer.headers["retry-after"]) == (409, "2")
    site.clock.pass_(seconds=61)
    assert sap.post("/v1/events", ORDER, "k-1").status_code == 202


@pytest.mark.parametrize("key", ["", "x" * (MOST_KEY + 1), "a b"])
def test_a_key_that_cannot_be(sap: Program, key: str) -> None:
    assert sap.post("/v1/events", ORDER, key).json()["type"] == "urn:ringahead:problem:bad_key"


def test_what_the_caller_has_is_not_sent_again(site: Site, sap: Program) -> None:
    first = sap.get("/v1/openapi.json")
    tag = first.headers["etag"]
    again = sap.get("/v1/openapi.json", **{"if-none-match": f'"other", W/{tag}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert sap.get("/v1/openapi.json", **{"if-none-match": '"other"'}).status_code == 200
    assert first.headers["cache-control"] == "private, no-cache"


def test_lists_are_read_page_by_page(site: Site, sap: Program) -> None:
    with site.store.begin() as tx:
        messages = [OutboxMessage(0, f"m{n}", "commands", "a", b'{"n": %d}' % n, NOW) for n in range(5)]
        tx.outbox.append(messages)
    path, seen, pages = "/v1/outbox/commands?limit=2", [], 0
    while path:
        answer = sap.get(path)
        seen += [one["payload"]["n"] for one in answer.json()]
        path = answer.links.get("next", {}).get("url", "")
        pages += 1
    assert (seen, pages) == ([0, 1, 2, 3, 4], 3)


def test_registers_page_by_page_and_replaced_only_while_they_are_what_was_read(site: Site, sap: Program) -> None:
    copy = {"numbers": ["+441632960001"], "copied_at": NOW.isoformat()}
    for name in ("tps", "ctps"):
        assert sap.post(f"/v1/registers/{name}", {**copy, "generation": "g1"}).status_code in {200, 404}
    known = [one["register"] for one in sap.get("/v1/registers?limit=1").json()]
    if not known:
        pytest.fail("no register could be put in force")
    name = known[0]
    tag = sap.get(f"/v1/registers/{name}").headers["etag"]
    assert sap.post(f"/v1/registers/{name}", {**copy, "generation": "g2"}, **{"if-match": tag}).status_code == 200
    two = {**copy, "generation": "g3", "numbers": ["+441632960001", "+441632960002"]}
    assert sap.post(f"/v1/registers/{name}", two, **{"if-match": '"other"'}).status_code == 412
    assert json.loads(sap.get(f"/v1/registers/{name}").content)["numbers"] == 1
    assert sap.get("/v1/registers/none").status_code == 404
