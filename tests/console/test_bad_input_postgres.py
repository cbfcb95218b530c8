"""What PostgreSQL takes in no text, NUL above all, is refused before it gets there: nobody sees a 500."""

import asyncio
from collections.abc import Iterator

import pytest

from console.app import build
from console.ports import FixedLag
from ops.postgres_local import scratch_database, server_for_tests
from outreach.desk import Desk, DeskRules
from outreach.store.migrate import upgrade
from outreach.store.sql import store_for
from schemas.settings import Settings
from tests.console.caller import Caller, sign_in
from tests.console.seeds import NOW, seed

pytestmark = pytest.mark.postgres
PAGES = ("/accounts/%00", "/accounts?account_id=%00", "/agent/desk?about=%00", "/account-history?account_id=%00")
FORMS = {
    "/agent/tasks/%00/start": {"token": "x", "key": "0123456789"},
    "/agent/tasks/t/start": {"token": "\x00", "key": "\x00" * 10},
    "/team/tasks/t/cancel": {"reason": "\x00"},
    "/team/tasks/t/reassign": {"to": "agent:\x00"},
    "/team/agents/%00/hand-over": {"agent_id": "\x00"},
    "/login": {"name": "\x00", "password": "\x00", "next": "/"},
}
JSON = {
    "/v1/contacts": [{"contact_id": "c", "account_id": "a\x00", "person": "x\x00", "number": "+441632960118"}],
    "/v1/do-not-call": {"numbers": ["+4416\x0032960118"]},
    "/v1/erasures": {"account_id": "a\x00", "reason": "asked_by_them"},
}


@pytest.fixture
def admin() -> Iterator[Caller]:
    with server_for_tests() as server, scratch_database(server) as url, asyncio.Runner() as runner:
        store, desk = store_for(url), Desk(DeskRules())
        upgrade(store.engine)
        with store.begin() as tx:
            seed(desk, tx)
        app = build(Settings(), store, FixedLag(()), desk=desk, clock=lambda: NOW)
        caller = sign_in(Caller(app, runner), store, "boss", "admin", "/agent")
        yield caller
        caller.close()
        store.close()


def test_no_nul_reaches_the_database(admin: Caller) -> None:
    for path in (
        "/accounts/%00",
        "/accounts?account_id=%00",
        "/agent/desk?about=%00",
        "/account-history?account_id=%00",
    ):
        assert admin.get(path).status_code < 500, path
    for path, form in FORMS.items():
        assert admin.post(path, data=form).status_code < 500, path
    for path, body in JSON.items():
        answer = admin.post(path, json=body)
        assert answer.status_code < 500, (path, answer.text)
    assert admin.get("/v1/registers/%00").status_code < 500
    assert admin.get("/v1/accounts/%00/suggestions").status_code < 500
    key = {"idempotency-key": "a\tb"}
    assert admin.post("/v1/do-not-call", json={"numbers": []}, headers=key).status_code < 500
