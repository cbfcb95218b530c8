"""Erasing an account over the API."""

from outreach.records import ContactPoint
from tests.console.conftest import Site

URL = "/v1/erasures"


def put(site: Site) -> None:
    with site.store.begin() as tx:
        site.desk.put_contacts(tx, [ContactPoint("c9", "acme", "Robin Example", "+447700900555")])


def test_first_what_would_go_then_it_goes(site: Site) -> None:
    put(site)
    boss = site.as_role("supervisor", page="/team")
    asked = {"account_id": "acme", "reason": "asked_by_them"}
    said = boss.post(URL, json=asked)
    assert (said.status_code, said.json()["contacts"], said.json()["erased_at"]) == (200, 1, None)
    with site.store.read() as tx:
        assert len(tx.contacts.of_accounts(["acme"])) == 1
    done = boss.post(URL, json={**asked, "confirmed": True}).json()
    assert done["contacts"] == 1
    assert done["erased_at"] is not None
    with site.store.read() as tx:
        assert tx.contacts.of_accounts(["acme"]) == []
        (entry,) = tx.audit.about(subject="account:acme", limit=1)
    assert (entry.event, entry.detail) == ("erased", "asked_by_them")
    assert "Robin" not in str(entry) and "7700" not in str(entry)
    again = boss.post(URL, json={**asked, "confirmed": True}).json()
    assert (again["contacts"], again["erased_at"]) == (0, done["erased_at"])


def test_it_is_refused(site: Site) -> None:
    boss = site.as_role("supervisor", page="/team")
    assert boss.post(URL, json={"account_id": "nobody", "reason": "asked_by_them"}).status_code == 404
    for body in (
        {"account_id": "acme", "reason": "because"},
        {"account_id": "acme"},
        {"account_id": "", "reason": "asked_by_them"},
    ):
        assert boss.post(URL, json=body).status_code == 422
    assert site.as_role("agent").post(URL, json={"account_id": "acme", "reason": "asked_by_them"}).status_code == 403
