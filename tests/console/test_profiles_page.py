"""Profiles on a page: history, a dry run, switching on, going back, and a set that somebody else changed meanwhile."""

from tests.console.caller import Caller
from tests.console.conftest import Site

EDIT = {"edits": "small-maintenance.service_level=0.25", "note": "earlier"}


def tried(site: Site) -> tuple[Caller, str]:
    sue = site.as_role("supervisor", "/team/profiles")
    return sue, sue.post("/team/profiles/try", data=EDIT).text


def version_of(page: str) -> str:
    return page.split('name="version" value="')[1].split('"', maxsplit=1)[0]


def test_a_dry_run_says_what_would_change_and_changes_nothing(site: Site) -> None:
    sue, page = tried(site)
    assert "small-maintenance.service_level" in page
    assert "0.25" in page
    assert "3 accounts judged; 2 tasks now, 3 then" in page
    assert "More tasks: 1, accounts: 1" in page
    assert "Switch it on" in page
    assert "0.25" not in sue.get("/team/profiles").text


def test_it_is_switched_on_and_rolled_back(site: Site) -> None:
    sue, page = tried(site)
    done = sue.post("/team/profiles/apply", data={**EDIT, "version": version_of(page)}).text
    assert "Saved: profiles-2 is published" in done
    assert "supervisor-1" in done
    assert "earlier" in done
    back = sue.post("/team/profiles/rollback", data={"version": version_of(page)}).text
    assert "profiles-3 is published" in back
    assert "rolled back" in back


def test_what_was_tried_on_another_set_is_refused(site: Site) -> None:
    sue, page = tried(site)
    sue.post("/team/profiles/apply", data={**EDIT, "version": version_of(page)})
    late = sue.post("/team/profiles/apply", data={"edits": "*.tier=3", "version": version_of(page)}).text
    assert "profiles-2 was published since you tried this" in late


def test_nonsense_is_said_and_kept_in_the_field(site: Site) -> None:
    sue = site.as_role("supervisor", "/team/profiles")
    for edits in ("nonsense", "small-maintenance.service_level=7", "<b>=1", "x" * 7000):
        answer = sue.post("/team/profiles/try", data={"edits": edits})
        assert answer.status_code == 200
        assert "banner--warn" in answer.text
        assert edits.replace("<", "&lt;").replace(">", "&gt;") in answer.text
    assert sue.post("/team/profiles/try", data={"edits": ""}).status_code == 422


def test_a_process_that_cannot_says_so(make_site: object) -> None:
    site = make_site(admin={})  # type: ignore[operator]  # the fixture's maker
    assert "This process cannot change profiles" in site.as_role("supervisor").get("/team/profiles").text
    assert "This process cannot read the log" in site.as_role("supervisor").get("/team/reports").text
