"""GET /v1/outbox/... and its acknowledgement: in order, again until acknowledged, nothing lost by a wrong number."""

from collections.abc import Callable

import httpx
import pytest

from console.access import new_api_key
from console.outbox import PAGE
from outreach.records import OutboxMessage
from tests.console.conftest import Site
from tests.console.seeds import NOW
from tests.console.test_agent import in_call
from tests.console.test_roles import csrf_of

COMMANDS = "/v1/outbox/commands"
ODD = b'{"command_id":"c-1","quantity":1.10,"note":"\xc3\xa9"}'


@pytest.fixture
def ask(site: Site) -> Callable[..., httpx.Response]:
    """As a program of the ERP, with a key."""
    return by_key(site)


def by_key(site: Site) -> Callable[..., httpx.Response]:
    site.as_role("erp")
    with site.store.begin() as tx:
        key = new_api_key(tx, "erp-1")
    caller = site.caller()

    def asking(method: str, path: str, **options: object) -> httpx.Response:
        return caller.send(method, path, headers={"authorization": f"Bearer {key}"}, **options)

    return asking


def put(site: Site, destination: str, *keys: str, payload: bytes = b'{"command_id":"c"}') -> list[int]:
    """Ids that the messages got."""
    with site.store.begin() as tx:
        tx.outbox.append([OutboxMessage(0, f"{destination}/{key}", destination, key, payload, NOW) for key in keys])
    with site.store.read() as tx:
        return [one.outbox_id for one in tx.outbox.pending(destination) if one.key in keys]


def keys(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [one["key"] for one in answer.json()]


def test_an_order_of_a_call_reaches_the_erp(site: Site, ask) -> None:
    agent, task_id, token = in_call(site)
    fields = {"token": token, "key": "o" * 16, "sku": ["85123A"], "quantity": ["60"], "reason": ["uses_more"]}
    agent.post(f"/agent/tasks/{task_id}/order", data=fields)
    (told,) = ask("GET", COMMANDS).json()
    assert told["payload"]["command"] == "place_order"
    assert told["payload"]["lines"] == [{"sku": "85123A", "quantity": "60", "unit": "each"}]
    assert told["key"] == told["payload"]["account_id"]
    assert ask("POST", f"{COMMANDS}/ack", json={"up_to": told["id"]}).json() == {"acknowledged": 1}
    assert keys(ask("GET", COMMANDS)) == []
    moved = ask("GET", "/v1/outbox/task-events").json()
    assert {one["payload"]["type"] for one in moved} == {"ringahead.TaskChanged.v1"}


def test_messages_come_in_order_and_again_until_they_are_acknowledged(site: Site, ask) -> None:
    put(site, "task-events", "x")
    ids = put(site, "commands", "a", "b", "c")
    assert keys(ask("GET", f"{COMMANDS}?limit=2")) == ["a", "b"]
    assert keys(ask("GET", f"{COMMANDS}?limit=2")) == ["a", "b"]
    assert ask("POST", f"{COMMANDS}/ack", json={"up_to": ids[1]}).json() == {"acknowledged": 2}
    assert ask("POST", f"{COMMANDS}/ack", json={"up_to": ids[1]}).json() == {"acknowledged": 0}
    assert keys(ask("GET", COMMANDS)) == ["c"]
    assert "x" in keys(ask("GET", "/v1/outbox/task-events")), "the other destination is not touched"


def test_more_than_a_page_is_acknowledged_at_once(site: Site, ask) -> None:
    put(site, "commands", *(f"k{number}" for number in range(PAGE + 1)))
    with site.store.read() as tx:
        newest = tx.outbox.pending("commands", 2 * PAGE)[-1].outbox_id
    assert ask("POST", f"{COMMANDS}/ack", json={"up_to": newest}).json() == {"acknowledged": PAGE + 1}


def test_a_payload_is_what_was_written(site: Site, ask) -> None:
    put(site, "commands", 'a"b', payload=ODD)
    answer = ask("GET", COMMANDS)
    assert ODD in answer.content
    assert keys(answer) == ['a"b']


@pytest.mark.parametrize("far", [False, True], ids=["of another destination", "never given"])
def test_an_id_that_does_not_wait_acknowledges_nothing(site: Site, ask, far: bool) -> None:
    put(site, "commands", "a")
    (between,) = put(site, "task-events", "x")
    put(site, "commands", "b")
    up_to = 10**9 if far else between
    answer = ask("POST", f"{COMMANDS}/ack", json={"up_to": up_to})
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:ringahead:problem:not_waiting")
    assert keys(ask("GET", COMMANDS)) == ["a", "b"]


@pytest.mark.parametrize(
    "body", [{}, {"up_to": 0}, {"up_to": "1"}, {"up_to": True}, {"up_to": 2**63}, {"up_to": 1, "x": 1}]
)
def test_an_acknowledgement_without_sense_is_a_problem(site: Site, ask, body: dict[str, object]) -> None:
    put(site, "commands", "a")
    answer = ask("POST", f"{COMMANDS}/ack", json=body)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert keys(ask("GET", COMMANDS)) == ["a"]


@pytest.mark.parametrize(
    "path", ["/v1/outbox/log", "/v1/outbox/nothing", f"{COMMANDS}?limit=0", f"{COMMANDS}?limit=501"]
)
def test_what_is_not_for_others_is_not_handed_out(ask, path: str) -> None:
    answer = ask("GET", path)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")


def test_with_topics_they_say_where_to_read(make_site) -> None:
    site = make_site(runtime="kafka")
    ask, ids = by_key(site), put(site, "commands", "a")
    for answer in (ask("GET", COMMANDS), ask("POST", f"{COMMANDS}/ack", json={"up_to": ids[0]})):
        assert (answer.status_code, answer.headers["content-type"]) == (409, "application/problem+json")
        assert "sent to topics" in answer.json()["detail"]
    with site.store.read() as tx:
        assert tx.outbox.waiting()["commands"] == 1


def test_a_session_needs_its_token_to_acknowledge(site: Site) -> None:
    ids = put(site, "commands", "a")
    admin = site.as_role("admin")
    assert admin.post(f"{COMMANDS}/ack", json={"up_to": ids[0]}).status_code == 403
    admin.csrf = csrf_of(site, admin)
    assert admin.post(f"{COMMANDS}/ack", json={"up_to": ids[0]}).json() == {"acknowledged": 1}


def test_it_is_described(ask) -> None:
    document = ask("GET", "/v1/openapi.json").json()
    read, ack = (document["paths"][path] for path in ("/v1/outbox/{destination}", "/v1/outbox/{destination}/ack"))
    assert read["get"]["responses"]["200"]["content"]["application/json"]["schema"]["items"]["$ref"].endswith("Waiting")
    assert set(ack["post"]["responses"]) == {"200", "401", "403", "409", "413", "422", "429", "503"}
    assert document["components"]["schemas"]["Destination"]["enum"] == ["commands", "task-events"]
