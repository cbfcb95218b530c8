"""Signing in: passwords, lock-out, one-time links, sessions and their cookies."""

import re
from collections.abc import Callable
from dataclasses import replace

import httpx
import pytest

from console.access import LOCK_AFTER_FAILURES, add_user, disable_user, one_time_link
from console.passwords import Passwords, token_hash
from schemas.errors import BadInput, NotFound
from tests.console.caller import BASE, Caller
from tests.console.conftest import CHEAP, Site

PASSWORD = "correct horse battery"


def with_password(site: Site, name: str = "anna", role: str = "agent") -> None:
    with site.store.begin() as tx:
        add_user(tx, name, role, Passwords(CHEAP).hash(PASSWORD))


def try_password(caller: Caller, password: str, name: str = "anna", **more: str) -> httpx.Response:
    form = re.search(r'name="form" value="([^"]+)"', caller.get("/login").text)
    assert form
    return caller.post("/login", data={"name": name, "password": password, "form": form.group(1), **more})


def test_a_password_opens_a_session_that_only_its_hash_is_kept_of(site: Site) -> None:
    with_password(site)
    caller = site.caller()
    answer = try_password(caller, PASSWORD)
    assert (answer.status_code, answer.headers["location"]) == (303, "/agent")
    token = caller.cookies()["ringahead"]
    with site.store.read() as tx:
        assert tx.sessions.get(token_hash(token)) is not None
        assert tx.sessions.get(token) is None
    assert caller.get("/agent").status_code == 200


@pytest.mark.parametrize("secure", [False, True])
def test_cookies_are_out_of_reach_of_scripts_and_other_sites(make_site: Callable[..., Site], secure: bool) -> None:
    site = make_site(console_secure_cookies=secure)
    with_password(site)
    caller = site.caller()
    caller.get("/login")
    with site.store.begin() as tx:
        link = one_time_link(tx, "anna", BASE)
    cookie = caller.get(link).headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert ("Secure" in cookie) is secure
    assert cookie.startswith("__Host-ringahead=") is secure


def test_wrong_password_and_unknown_name_are_told_alike(site: Site) -> None:
    with_password(site)
    wrong, unknown = try_password(site.caller(), "wrong"), try_password(site.caller(), "wrong", name="nobody")
    assert wrong.status_code == unknown.status_code == 401
    strip = re.compile(r'name="form" value="[^"]+"')
    assert strip.sub("", wrong.text) == strip.sub("", unknown.text)


def test_too_many_failures_lock_out_even_the_right_password_until_time_has_passed(site: Site) -> None:
    with_password(site)
    caller = site.caller()
    statuses = [try_password(caller, "wrong").status_code for _ in range(LOCK_AFTER_FAILURES)]
    assert statuses == [401] * (LOCK_AFTER_FAILURES - 1) + [429]
    assert try_password(caller, PASSWORD).status_code == 429
    site.clock.pass_(minutes=16)
    assert try_password(caller, PASSWORD).status_code == 303


def test_a_success_forgets_the_failures(site: Site) -> None:
    with_password(site)
    caller = site.caller()
    for _ in range(LOCK_AFTER_FAILURES - 1):
        try_password(caller, "wrong")
    assert try_password(site.caller(), PASSWORD).status_code == 303
    assert try_password(caller, "wrong").status_code == 401


def test_the_form_must_be_ours(site: Site) -> None:
    with_password(site)
    caller = site.caller()
    answer = caller.post("/login", data={"name": "anna", "password": PASSWORD, "form": "made up"})
    assert answer.status_code == 403
    assert "ringahead" not in caller.cookies()


@pytest.mark.parametrize("path", ["//evil.example/", "https://evil.example/", "/\\evil.example", "javascript:alert(1)"])
def test_after_the_login_one_stays_here(site: Site, path: str) -> None:
    with_password(site)
    assert try_password(site.caller(), PASSWORD, next=path).headers["location"] == "/agent"


def test_after_the_login_one_is_where_one_wanted_to_be(site: Site) -> None:
    with_password(site)
    caller = site.caller()
    assert caller.get("/accounts/17850").headers["location"] == "/login?next=/accounts/17850"
    assert try_password(caller, PASSWORD, next="/accounts/17850").headers["location"] == "/accounts/17850"


def test_a_link_works_once_and_not_after_its_time(site: Site) -> None:
    with site.store.begin() as tx:
        add_user(tx, "anna", "agent", None)
        first, late = one_time_link(tx, "anna", BASE), one_time_link(tx, "anna", BASE)
    assert site.caller().get(first).status_code == 303
    assert site.caller().get(first).status_code == 410
    site.clock.pass_(minutes=61)
    assert site.caller().get(late).status_code == 410


def test_a_preview_of_a_link_does_not_use_it_up(site: Site) -> None:
    with site.store.begin() as tx:
        add_user(tx, "anna", "agent", None)
        link = one_time_link(tx, "anna", BASE)
    site.caller().send("HEAD", link)
    assert site.caller().get(link).status_code == 303


def test_signing_out_ends_the_session_in_the_database(site: Site) -> None:
    agent = site.as_role("agent", "/agent")
    token = agent.cookies()["ringahead"]
    assert agent.post("/logout").headers["hx-redirect"] == "/login"
    with site.store.read() as tx:
        assert tx.sessions.get(token_hash(token)) is None
    again = site.caller()
    assert again.get("/agent", headers={"cookie": f"ringahead={token}"}).status_code == 303


def test_a_session_ends_with_its_time_and_with_its_user(site: Site) -> None:
    agent = site.as_role("agent")
    assert agent.get("/agent").status_code == 200
    with site.store.begin() as tx:
        disable_user(tx, "agent-1")
    assert agent.get("/agent").headers["location"] == "/login?next=/agent"
    other = site.as_role("supervisor")
    site.clock.pass_(hours=12, seconds=1)
    assert other.get("/agent").status_code == 303


def test_an_open_page_is_sent_to_the_login_when_its_session_ended(site: Site) -> None:
    agent = site.as_role("agent", "/agent")
    site.clock.pass_(hours=13)
    answer = agent.post("/agent/next", headers={"hx-request": "true"})
    assert (answer.status_code, answer.headers["hx-redirect"]) == (401, "/login?ended=1")


def test_a_user_of_a_role_that_is_not_ours_cannot_enter(site: Site) -> None:
    agent = site.as_role("agent")
    with site.store.begin() as tx:
        user = tx.users.named("agent-1")
        assert user is not None
        tx.users.put([replace(user, role="customer")])
    assert agent.get("/agent").status_code == 303


def test_users_are_made_with_sense(site: Site) -> None:
    with site.store.begin() as tx:
        add_user(tx, "anna", "agent", None)
        for name, role in (("anna", "agent"), ("bob", "king"), ("bob", "process"), (" bob", "agent"), ("", "agent")):
            with pytest.raises(BadInput):
                add_user(tx, name, role, None)
        with pytest.raises(NotFound):
            one_time_link(tx, "nobody", BASE)
