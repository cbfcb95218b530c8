"""POST /v1/events and its problems; health; the endpoints for other commands."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from console.access import new_api_key
from console.app import build
from console.ports import FixedLag
from console.problems import TYPES
from console.scopes import SCOPES
from schemas.errors import Refused, Unavailable
from schemas.settings import Settings
from tests.console.caller import Caller
from tests.console.conftest import ADMIN_TOKEN, Site

ORDER = {
    "specversion": "1.0",
    "id": "o-1",
    "source": "erp",
    "type": "ringahead.OrderPlaced.v1",
    "subject": "17850",
    "time": "2011-12-09T08:00:00Z",
    "data": {"order_id": "536365", "lines": [{"sku": "85123A", "quantity": 6, "unit_price": "2.55"}]},
}


@pytest.fixture
def send(site: Site) -> Callable[..., object]:
    """Post a body as an ERP with a key."""
    site.as_role("erp")
    with site.store.begin() as tx:
        key = new_api_key(tx, "erp-1")
    caller = site.caller()

    def sending(body: object, **headers: str):
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return caller.post("/v1/events", content=content, headers={"authorization": f"Bearer {key}", **headers})

    return sending


def changed(**fields: object) -> dict[str, object]:
    return {**ORDER, **fields}


def test_one_event_is_taken_byte_for_byte(site: Site, send) -> None:
    raw = json.dumps(ORDER).encode()
    answer = send(raw)
    assert answer.status_code == 202
    assert answer.json()["accepted"] == 1
    assert site.taken == [raw]


def test_a_batch_tells_what_became_of_each_in_order(site: Site, send) -> None:
    answer = send([ORDER, changed(id="o-2", type="ringahead.Nonsense.v1"), changed(id="o-3")])
    assert answer.status_code == 202
    told = answer.json()
    assert (told["accepted"], told["refused"]) == (2, 1)
    assert [one["outcome"] for one in told["outcomes"]] == ["accepted", "refused", "accepted"]
    assert told["outcomes"][1]["reason"] == "unknown_type"
    assert told["outcomes"][1]["event_id"] == "o-2"
    assert len(site.taken) == 2


def test_binary_mode_is_accepted(site: Site, send) -> None:
    headers = {f"ce-{name}": str(value) for name, value in ORDER.items() if name != "data"}
    answer = send(ORDER["data"], **headers, **{"content-type": "application/json"})
    assert answer.status_code == 202
    assert json.loads(site.taken[0])["data"] == ORDER["data"]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"not json", "not_json"),
        (b"", "not_json"),
        (b"[", "not_json"),
        (b"[]", "batch_size"),
        (b"[" * 5000, "not_json"),
        (b'{"a":' * 5000, "too_deep"),
        (b"17", "bad_envelope"),
        (
            json.dumps(changed(type="ringahead.TimePassed.v1", data={"as_of": "2011-12-09T08:00:00Z"})).encode(),
            "not_allowed_here",
        ),
        (json.dumps(changed(data={**ORDER["data"], "colour": "red"})).encode(), "bad_data"),
        (json.dumps(changed(time="9999-01-01T00:00:00Z")).encode(), "time_out_of_range"),
        (
            json.dumps(changed(data={"order_id": "1", "lines": [{"sku": "a", "quantity": -1}]})).encode(),
            "negative_quantity",
        ),
        (json.dumps(ORDER).replace("6,", "NaN,").encode(), "not_json"),
    ],
)
def test_what_cannot_be_an_event_is_a_problem_and_is_not_taken(site: Site, send, body: bytes, kind: str) -> None:
    answer = send(body)
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == f"urn:ringahead:problem:{kind}"
    assert site.taken == []


def test_our_own_import_keeps_what_it_does_not_know(site: Site) -> None:
    raw = json.dumps(changed(data={**ORDER["data"], "colour": "red"})).encode()
    bearer = {"authorization": f"Bearer {ADMIN_TOKEN}"}
    assert site.caller().post("/v1/events", content=raw, headers=bearer).status_code == 202
    assert site.taken == [raw]


def test_an_unknown_field_of_a_line_is_named(send) -> None:
    line = {"sku": "a", "quantity": 1, "colour": "red"}
    answer = send(changed(data={"order_id": "1", "lines": [line]}))
    assert "data.lines.0.colour" in answer.json()["detail"]


def test_a_large_event_is_refused_by_its_own_size(make_site, runner) -> None:
    site = make_site(max_event_bytes=1000)
    erp = site.as_role("erp")
    principal = site.app.state.console.access.by_cookie(erp.cookies()["ringahead"])
    erp.csrf = principal.csrf
    answer = erp.post("/v1/events", json=changed(data={"order_id": "x" * 2000, "lines": []}))
    assert answer.json()["type"] == "urn:ringahead:problem:too_large"


def test_a_session_of_the_erp_needs_its_token_too(site: Site) -> None:
    erp = site.as_role("erp")
    assert erp.post("/v1/events", json=ORDER).status_code == 403
    assert site.taken == []


def test_events_that_cannot_be_stored_are_to_be_sent_again(site: Site, runner) -> None:
    def down(_: object) -> list[object]:
        raise Unavailable("the log cannot be written")

    for accept in (down, None):
        app = build(Settings(), site.store, FixedLag(), accept_events=accept)
        with site.store.begin() as tx:
            if tx.users.named("erp-1") is None:
                from console.access import add_user

                add_user(tx, "erp-1", "erp", None)
            key = new_api_key(tx, "erp-1")
        caller = Caller(app, runner)
        answer = caller.post("/v1/events", json=ORDER, headers={"authorization": f"Bearer {key}"})
        assert (answer.status_code, answer.json()["type"]) == (503, "urn:ringahead:problem:unavailable")
        caller.close()


def test_health_needs_no_login_and_says_little(site: Site) -> None:
    assert site.caller().get("/healthz").json() == {"status": "ok"}
    assert site.caller().get("/readyz").json() == {"status": "ready"}


def test_other_commands_are_answered_with_their_errors(make_site, site: Site, runner) -> None:
    def no(_: object) -> dict[str, object]:
        raise Refused("not_now", "a fold is running")

    app = build(Settings(), site.store, FixedLag(), admin={"learn": no}, admin_token=ADMIN_TOKEN)
    caller = Caller(app, runner)
    bearer = {"authorization": f"Bearer {ADMIN_TOKEN}"}
    answer = caller.post("/internal/learn", json={}, headers=bearer)
    assert (answer.status_code, answer.json()["detail"]) == (409, "not_now: a fold is running")
    assert caller.post("/internal/nonsense", json={}, headers=bearer).status_code == 404
    assert caller.post("/internal/learn", content=b"[1]", headers=bearer).status_code == 422
    caller.close()


def test_the_api_describes_itself(site: Site) -> None:
    site.as_role("erp")
    with site.store.begin() as tx:
        key = new_api_key(tx, "erp-1")
    document = site.caller().get("/v1/openapi.json", headers={"authorization": f"Bearer {key}"}).json()
    assert set(document["paths"]) == {
        "/healthz",
        "/readyz",
        "/v1/accounts/{account_id}/suggestions",
        "/v1/asyncapi.json",
        "/v1/contacts",
        "/v1/do-not-call",
        "/v1/erasures",
        "/v1/events",
        "/v1/openapi.json",
        "/v1/registers",
        "/v1/registers/{name}",
        "/v1/outbox/{destination}",
        "/v1/outbox/{destination}/ack",
    }
    parts = document["components"]["schemas"]
    assert {"Envelope", "ProblemDocument"} <= set(parts)
    assert "HTTPValidationError" not in parts
    named = set(re.findall(r"#/components/schemas/(\w+)", json.dumps(document)))
    assert named <= set(parts), "what is referred to is there"


def test_every_operation_says_what_it_answers(site: Site) -> None:
    document = site.as_role("erp").get("/v1/openapi.json").json()
    for path, methods in document["paths"].items():
        for method, told in methods.items():
            good = [one for code, one in told["responses"].items() if code.startswith("2")]
            assert all("schema" in one["content"]["application/json"] for one in good), (method, path)
            bad = {code: one for code, one in told["responses"].items() if code[0] in "45"}
            assert all("application/problem+json" in one["content"] for one in bad.values()), (method, path, bad)
            if path.startswith("/v1/"):
                assert {"401", "403", "429", "503"} <= set(bad), (method, path)
                assert told["x-scope"] == SCOPES[method.upper(), path.replace("account_id}", "account_id:path}")]
                assert ("Idempotency-Key" in json.dumps(told)) is (method == "post")


def test_the_topics_are_described_whole(site: Site) -> None:
    site.as_role("erp")
    with site.store.begin() as tx:
        key = new_api_key(tx, "erp-1", scopes=("contract:read",))
    document = site.caller().get("/v1/asyncapi.json", headers={"authorization": f"Bearer {key}"}).json()
    parts = document["components"]["schemas"]
    ours = set(re.findall(r'"\$ref": "#/components/schemas/([\w.-]+)"', json.dumps(document)))
    assert ours
    assert ours <= set(parts)
    assert '"./' not in json.dumps(document)


def test_every_problem_is_in_the_list_and_on_the_page() -> None:
    source = "\n".join(path.read_text("utf-8") for path in Path("console").rglob("*.py"))
    used = set(re.findall(r"""[Pp]roblem\(\s*\d+,\s*"(\w+)\"""", source)) - {"not_an_object", "not_json", "http"}
    assert len(used) > 10
    assert used <= set(TYPES)
    page = Path("docs/api.md").read_text("utf-8")
    listed = dict(re.findall(r"^\| `(\w+)` \| (\d{3}) \|", page, flags=re.M))
    assert listed == {kind: str(status) for kind, (status, _) in TYPES.items()}
