"""Bad input at every form and page for people: SQL, HTML and worse in each field, unknown ids, bodies of 10 MB."""

import pytest

from console.roles import ENDPOINTS, OPEN
from outreach.task import TaskState
from tests.console.conftest import Site
from tests.console.seeds import EVIL
from tests.console.test_agent import claimed
from tests.console.test_escaping import Tags
from tests.console.test_roles import csrf_of, example

SQL = "x'; DROP TABLE tasks; --"
WORSE = (SQL, EVIL, "\x00\x1b[31m\ud7ff" + "\u202e", "9" * 5_000, "${jndi:ldap://x}", "-1e999")
FORMS: dict[str, dict[str, str]] = {
    "/login": {"name": "agent-1", "password": "x", "next": "/agent"},
    "/agent/tasks/{task}/heartbeat": {"token": "{token}"},
    "/agent/tasks/{task}/skip": {"token": "{token}", "reason": "language"},
    "/agent/tasks/{task}/start": {"token": "{token}", "key": "0123456789"},
    "/agent/tasks/{task}/order": {
        "token": "{token}",
        "key": "0123456789",
        "sku": "85123A",
        "need_id": "",
        "quantity": "1",
        "reason": "",
    },
    "/agent/tasks/{task}/suggestion": {"token": "{token}", "sku": "22720", "answer": "accepted", "why": ""},
    "/agent/tasks/{task}/disposition": {
        "token": "{token}",
        "disposition": "callback",
        "callback_at": "2011-12-12T10:00",
        "stock_until": "",
        "loss_reason": "",
        "zone": "UTC",
    },
    "/agent/tasks/{task}/end": {"token": "{token}"},
    "/team/tasks/{task}/settle": {"disposition": "no_answer"},
    "/team/tasks/{task}/cancel": {"reason": "supervisor"},
    "/team/tasks/{task}/reassign": {"to": "", "back": "waiting", "page": "1"},
    "/team/agents/agent-1/hand-over": {"agent_id": ""},
    "/team/reorders/none/approve": {"quantity": "1"},
    "/team/profiles/try": {"edits": "small-maintenance.service_level=0.4", "note": ""},
    "/operator/kill-switch": {"on": "true"},
}
UNKNOWN = ("/agent/desk?about={}", "/accounts/{}", "/account-history?account_id={}", "/accounts?account_id={}")
OTHERS = ("/team?within={}", "/team/waiting?page={}", "/operator/letter?id={}", "/operator/letters?reason={}")


def count(site: Site) -> int:
    with site.store.read() as tx:
        return sum(tx.tasks.counts().values())


def clean(body: str) -> None:
    """Nothing that was sent became markup."""
    tags = Tags()
    tags.feed(body)
    assert (tags.images, tags.handlers, tags.styles) == (0, [], 0)
    assert EVIL not in body


@pytest.mark.parametrize("path", sorted(FORMS))
def test_no_field_of_a_form_breaks_anything(site: Site, path: str) -> None:
    caller, task_id, token, _ = claimed(site)
    who = caller if path.startswith("/agent") else site.as_role("admin")
    who.csrf = csrf_of(site, who)
    before, form = count(site), FORMS[path]
    for field in form:
        for worse in WORSE:
            sent = {name: value.replace("{token}", token) for name, value in form.items()} | {field: worse}
            answer = who.post(path.replace("{task}", task_id), data=sent)
            assert answer.status_code < 500, (path, field, worse, answer.text[-300:])
            clean(answer.text)
    assert count(site) == before


@pytest.mark.parametrize("path", [*UNKNOWN, *OTHERS])
def test_ids_that_are_none_are_told_as_such(site: Site, path: str) -> None:
    admin = site.as_role("admin")
    for worse in (
        "nothing",
        "%27%20OR%201=1%20--",
        "%3Cscript%3Ealert(1)%3C/script%3E",
        "..%2f..%2fetc",
        "%00",
        "9" * 400,
    ):
        answer = admin.get(path.format(worse), headers={"accept": "text/html"})
        assert answer.status_code in {200, 303, 404, 422}, (path, worse, answer.status_code)
        clean(answer.text)


def test_actions_on_unknown_ids_change_nothing(site: Site) -> None:
    admin = site.as_role("admin")
    admin.csrf = csrf_of(site, admin)
    before = count(site)
    for path, form in FORMS.items():
        if "{task}" in path:
            answer = admin.post(path.replace("{task}", "no-such-task"), data=form)
            assert answer.status_code in {200, 204, 404, 409, 422}, (path, answer.status_code)
    assert count(site) == before


def test_ten_megabytes_are_refused_at_every_address_that_takes_a_body(site: Site) -> None:
    admin = site.as_role("admin")
    admin.csrf = csrf_of(site, admin)
    body = b"x" * 10_000_000
    for (method, path), allowed in sorted(ENDPOINTS.items()):
        if method != "POST" or path.startswith(("/my/", "/internal/")) or path == "/logout":
            continue
        answer = admin.send("POST", example(path), content=body)
        assert answer.status_code == 413, (path, answer.status_code, allowed == OPEN)
    with site.store.read() as tx:
        assert tx.tasks.listed({TaskState.LEASED}) == []
