"""Made-up requests, right and wrong, by our own OpenAPI document: no server error, and every answer is as described."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from console.access import add_user, new_api_key
from console.openapi import described
from console.roles import OPEN, PEOPLE, Role, allowed_roles
from outreach.records import OutboxMessage
from tests.console.conftest import Site
from tests.console.seeds import NOW

pytestmark = pytest.mark.slow
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
EXAMPLES = 25
"""Of each mode and operation; a key may ask 200 times at once."""
OF_A_ROLE = 10


@pytest.fixture
def keyed(make_site: Callable[..., Site]) -> tuple[Site, Callable[..., dict[str, str]]]:
    site, made = make_site(), []
    with site.store.begin() as tx:
        tx.outbox.append([OutboxMessage(0, f"m{n}", "commands", "a", b"{}", NOW) for n in range(5)])

    def bearer(role: str = "admin") -> dict[str, str]:
        made.append(1)
        with site.store.begin() as tx:
            name = f"{role}-{len(made)}"
            add_user(tx, name, role, None)
            return {"authorization": f"Bearer {new_api_key(tx, name)}"}

    return site, bearer


def judged(operation: Any, mode: GenerationMode, headers: dict[str, str], examples: int = EXAMPLES) -> Counter[int]:
    """How often the operation answered what to requests that were made up for it."""
    seen = Counter[int]()

    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.data())
    def asked(data: st.DataObject) -> None:
        case = data.draw(operation.as_strategy(generation_mode=mode))
        # A header of the generator's own would hide the key; what is tested lies behind it.
        case.headers = {name: told for name, told in (case.headers or {}).items() if name.lower() != "authorization"}
        answer = case.call(headers=headers)
        seen[answer.status_code] += 1
        case.validate_response(answer, checks=CHECKS)

    asked()
    return seen


def operations(site: Any) -> Iterator[Any]:
    """Every operation of the description, asked of the application itself."""
    schema = schemathesis.openapi.from_dict(described(site.app))
    schema.app = site.app
    for found in schema.get_all_operations():
        yield found.ok()


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_no_request_breaks_the_server(keyed: Any, mode: GenerationMode) -> None:
    site, bearer = keyed
    statuses: dict[str, Counter[int]] = {}
    for operation in operations(site):
        takes = any(True for _ in operation.iter_parameters()) or operation.body
        if mode is GenerationMode.POSITIVE or takes:
            statuses[f"{operation.method} {operation.path}"] = judged(operation, mode, bearer())
    assert len(statuses) >= 12
    if mode is GenerationMode.POSITIVE:
        assert 401 not in set().union(*statuses.values())
    assert all(set(seen) & {200, 202, 304, 404, 422} for seen in statuses.values()), statuses
    told(mode.value, statuses)


@pytest.mark.parametrize("role", sorted(PEOPLE - {Role.ADMIN}))
def test_no_role_breaks_the_server(keyed: Any, role: Role) -> None:
    site, bearer = keyed
    statuses: dict[str, Counter[int]] = {}
    for operation in operations(site):
        name = f"{operation.method.upper()} {operation.path}"
        statuses[name] = judged(operation, GenerationMode.POSITIVE, bearer(role), OF_A_ROLE)
        allowed = allowed_roles(operation.method.upper(), operation.path)
        assert allowed is not None, name
        if allowed != OPEN and role not in allowed:
            assert set(statuses[name]) == {403}, (name, statuses[name])
    told(role, statuses)


def told(what: str, statuses: dict[str, Counter[int]]) -> None:
    """For whoever runs it with -s."""
    total = sum(statuses.values(), Counter[int]())
    assert not [status for status in total if status >= 500]
    print(f"{what}: {total.total()} requests to {len(statuses)} operations, by status {dict(sorted(total.items()))}")
