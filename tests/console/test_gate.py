"""CSRF, headers, sizes, keys: what stands before every endpoint."""

import pytest

from console.access import new_api_key
from console.gate import MAX_FORM_BYTES
from tests.console.conftest import ADMIN_TOKEN, Site

JSON_PROBLEM = "application/problem+json"


@pytest.mark.parametrize("token", ["", "wrong", "é"])
def test_a_post_without_the_sessions_token_changes_nothing(site: Site, token: str) -> None:
    agent = site.as_role("agent", "/agent")
    answer = agent.post("/agent/next", headers={"x-csrf-token": token.encode()})
    assert (answer.status_code, answer.json()["type"]) == (403, "urn:ringahead:problem:csrf")
    assert "Ready for the next call" in agent.get("/agent").text


def test_anothers_token_does_not_fit(site: Site) -> None:
    first, second = site.as_role("agent", "/agent"), site.as_role("supervisor", "/agent")
    assert first.post("/agent/next", headers={"x-csrf-token": second.csrf}).status_code == 403


def test_a_foreign_origin_is_refused_even_with_the_token(site: Site) -> None:
    agent = site.as_role("agent", "/agent")
    assert agent.post("/agent/next", headers={"origin": "https://evil.example"}).status_code == 403
    assert agent.post("/agent/next", headers={"origin": "http://testserver"}).status_code == 200


@pytest.mark.parametrize("path", ["/login", "/agent", "/nowhere", "/healthz", "/static/base.css", "/v1/events"])
def test_every_answer_carries_the_headers_that_browsers_obey(site: Site, path: str) -> None:
    headers = site.caller().get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-frame-options"] == "DENY"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cache-control"] == ("public, max-age=3600" if path.startswith("/static/") else "no-store")


def test_a_body_is_counted_whatever_its_length_says(site: Site) -> None:
    agent = site.as_role("agent", "/agent")
    body = b"token=" + b"x" * MAX_FORM_BYTES
    answer = agent.post("/agent/next", content=body, headers={"content-length": "5"})
    assert answer.status_code == 413
    assert answer.headers["content-type"] == JSON_PROBLEM


def test_a_key_opens_the_api_and_no_cookie_can_be_made_of_it(site: Site) -> None:
    site.as_role("erp")
    with site.store.begin() as tx:
        key = new_api_key(tx, "erp-1")
    document = site.caller().get("/v1/openapi.json", headers={"authorization": f"Bearer {key}"})
    assert document.status_code == 200
    assert site.caller().get("/v1/openapi.json", headers={"cookie": f"ringahead={key}"}).status_code == 401


def test_a_sessions_token_is_no_key(site: Site) -> None:
    token = site.as_role("erp").cookies()["ringahead"]
    answer = site.caller().get("/v1/openapi.json", headers={"authorization": f"Bearer {token}"})
    assert answer.status_code == 401
    assert answer.json()["title"] == "Unauthorized"
    assert answer.headers["www-authenticate"] == "Bearer"


def test_the_other_commands_token_must_be_exact(site: Site) -> None:
    for token in (ADMIN_TOKEN[:-1], ADMIN_TOKEN + "x", ""):
        answer = site.caller().post("/internal/tick", json={}, headers={"authorization": f"Bearer {token}"})
        assert answer.status_code == 401


def test_pages_of_errors_are_for_people(site: Site) -> None:
    operator = site.as_role("operator")
    answer = operator.get("/agent")
    assert answer.status_code == 403
    assert "You are signed in as operator-1 (operator)" in answer.text
