"""Roles x endpoints: the table is complete, and every cell of it holds."""

import re

import pytest
from fastapi.routing import APIRoute
from starlette.routing import Mount

from console.roles import CUSTOMERS, ENDPOINTS, OPEN, PEOPLE, Role, allowed_roles
from tests.console.caller import Caller
from tests.console.conftest import ADMIN_TOKEN, Site

PASSES_THE_GATE = {200, 202, 204, 303, 404, 409, 410, 422}
EXAMPLES = {
    "task_id": "t1",
    "account_id": "17850",
    "token": "none",
    "name": "tick",
    "path": "base.css",
    "reorder_id": "r1",
    "agent_id": "agent-1",
    "destination": "commands",
    "wish": "stop",
}


def example(path: str) -> str:
    return re.sub(r"{(\w+)(:path)?}", lambda found: EXAMPLES[found.group(1)], path)


def call(caller: Caller, method: str, path: str, **options: object) -> int:
    if path == "/stream":
        return 200  # endless; test_feed opens it
    return caller.send(method, path, **options).status_code


def test_the_table_and_the_application_name_the_same_endpoints(site: Site) -> None:
    served = {
        (method, route.path) for route in site.app.routes if isinstance(route, APIRoute) for method in route.methods
    }
    served |= {("GET", f"{route.path}/{{path:path}}") for route in site.app.routes if isinstance(route, Mount)}
    assert served == set(ENDPOINTS)


def test_only_these_are_open() -> None:
    opened = {path for (_, path), roles in ENDPOINTS.items() if roles == OPEN}
    logins = {"/login", "/login/link/{token}", "/login/oidc", "/login/oidc/callback"}
    assert opened == {"/static/{path:path}", "/healthz", "/readyz", *logins}


@pytest.mark.parametrize("role", sorted(PEOPLE))
def test_every_endpoint_for_a_person_of_each_role(site: Site, role: Role) -> None:
    for (method, path), allowed in sorted(ENDPOINTS.items()):
        if path in {"/logout", "/stream"}:
            continue
        caller = site.as_role(role)
        caller.csrf = csrf_of(site, caller)
        status = call(caller, method, example(path))
        if allowed == OPEN or role in allowed:
            assert status in PASSES_THE_GATE, (role, method, path, status)
        elif allowed == CUSTOMERS:
            assert status in {404, 429}, (role, method, path, status)  # a link that leads nowhere, whoever follows it
        else:
            assert status == 403, (role, method, path, status)


def test_every_endpoint_without_a_login(site: Site) -> None:
    for (method, path), allowed in ENDPOINTS.items():
        status = site.caller().send(method, example(path)).status_code
        if allowed == OPEN:
            assert status in {*PASSES_THE_GATE, 403}, (method, path, status)
        elif allowed == CUSTOMERS:
            assert status in {404, 429}, (method, path, status)
        else:
            assert status in {303, 401, 429}, (method, path, status)  # so many tries without a key are slowed down


def test_another_command_reaches_its_own_endpoints_only(site: Site) -> None:
    bearer = {"authorization": f"Bearer {ADMIN_TOKEN}"}
    for (method, path), allowed in ENDPOINTS.items():
        if allowed == OPEN:
            continue
        status = site.caller().send(method, example(path), headers=bearer, json={}).status_code
        if allowed == CUSTOMERS:
            assert status in {404, 429}, (method, path, status)
            continue
        assert (status in PASSES_THE_GATE) is (Role.PROCESS in allowed), (method, path, status)
        assert status in {403, *PASSES_THE_GATE}


def test_what_is_not_in_the_table_is_not_there(site: Site) -> None:
    assert allowed_roles("GET", "/secret") is None
    assert site.caller().get("/secret").status_code == 303
    assert site.as_role("admin").get("/secret").status_code == 404


def test_a_known_address_with_another_method(site: Site) -> None:
    admin = site.as_role("admin", "/agent")
    answer = admin.send("DELETE", "/agent")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET")


def csrf_of(site: Site, caller: Caller) -> str:
    principal = site.app.state.console.access.by_cookie(caller.cookies()["ringahead"])
    assert principal is not None
    return principal.csrf or ""
