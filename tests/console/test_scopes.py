"""API keys: every scope on every endpoint, their end, and keys of before there were scopes."""

import pytest

from console.access import KEY_WITHOUT_COOKIE, add_user, new_api_key
from console.passwords import token_hash
from console.roles import ENDPOINTS, OPEN, PEOPLE, Role
from console.scopes import SCOPES, Scope, scopes_of
from outreach.access import Session
from schemas.errors import BadInput
from tests.console.conftest import Site
from tests.console.test_roles import PASSES_THE_GATE, example


def key_of(site: Site, role: Role, scopes: tuple[str, ...] | None, days: int = 30) -> str:
    with site.store.begin() as tx:
        if tx.users.named(f"{role}-9") is None:
            add_user(tx, f"{role}-9", role, None)
        return new_api_key(tx, f"{role}-9", days, scopes)


def test_every_endpoint_for_programs_has_a_scope() -> None:
    for_programs = {one for one in ENDPOINTS if one[1].startswith("/v1/")} | {("GET", "/metrics")}
    assert for_programs <= set(SCOPES)
    assert set(SCOPES) <= set(ENDPOINTS)
    assert set(SCOPES.values()) == set(Scope)


@pytest.mark.parametrize("scope", [*Scope])
def test_a_scope_opens_its_endpoints_alone(site: Site, scope: Scope) -> None:
    roles = [role for role in sorted(PEOPLE) if scope in scopes_of(role)]
    bearer = {"authorization": f"Bearer {key_of(site, roles[0], (scope,))}"}
    caller, opened = site.caller(), set()
    for (method, path), allowed in ENDPOINTS.items():
        if allowed == OPEN or path in {"/stream", "/logout"} or path.startswith("/my/"):
            continue
        status = caller.send(method, example(path), headers=bearer).status_code
        if status in PASSES_THE_GATE:
            opened.add((method, path))
        else:
            assert status == 403, (method, path, status)
    assert opened == {one for one, needed in SCOPES.items() if needed == scope and roles[0] in ENDPOINTS[one]}


def test_a_key_without_scopes_may_do_all_of_its_role(site: Site) -> None:
    made, now = "k" * 40, site.clock.now
    key_of(site, Role.ERP, None)
    with site.store.begin() as tx:
        old = Session(token_hash(made), "erp-9", KEY_WITHOUT_COOKIE, now, now.replace(year=now.year + 1))
        tx.sessions.put([old])
    caller = site.caller()
    for endpoint in SCOPES:
        status = caller.send(endpoint[0], example(endpoint[1]), headers={"authorization": f"Bearer {made}"}).status_code
        assert (status in PASSES_THE_GATE) is (Role.ERP in ENDPOINTS[endpoint]), (endpoint, status)


def test_what_is_missing_is_named(site: Site) -> None:
    bearer = {"authorization": f"Bearer {key_of(site, Role.ERP, ('events:write',))}"}
    answer = site.caller().get("/v1/outbox/commands", headers=bearer)
    assert (answer.status_code, answer.json()["type"]) == (403, "urn:ringahead:problem:scope")
    assert "outbox:read" in answer.json()["detail"]


def test_a_key_ends(site: Site) -> None:
    bearer = {"authorization": f"Bearer {key_of(site, Role.ERP, ('outbox:read',), days=2)}"}
    assert site.caller().get("/v1/outbox/commands", headers=bearer).status_code == 200
    site.clock.pass_(days=2)
    assert site.caller().get("/v1/outbox/commands", headers=bearer).status_code == 401


@pytest.mark.parametrize("scopes", [("erasures:write",), ("events:write", "nonsense"), ()])
def test_a_scope_that_the_role_has_no_use_for_is_refused(site: Site, scopes: tuple[str, ...]) -> None:
    with pytest.raises(BadInput, match="scopes of the role erp are contacts:write, "):
        key_of(site, Role.ERP, scopes)
