"""Texts from outside stay texts: no page lets one become markup."""

from html.parser import HTMLParser

import pytest

from tests.console.conftest import Site
from tests.console.seeds import EVIL, hostile


class Tags(HTMLParser):
    """Collects what a browser would make of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.scripts: list[str | None] = []
        self.images = 0
        self.handlers: list[str] = []
        self.styles = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if tag == "script":
            self.scripts.append(named.get("src"))
        self.images += tag == "img"
        self.styles += tag == "style" or "style" in named
        self.handlers += [name for name in named if name.startswith("on")]


def pages(site: Site) -> dict[str, str]:
    with site.store.begin() as tx:
        hostile(site.desk, tx)
        site.desk.set_agent(tx, "supervisor-1", "available")
    with site.store.read() as tx:
        task_id = tx.tasks.open_of(["evil"])[0].task_id
    with site.store.begin() as tx:
        site.desk.claim_task(tx, "supervisor-1", task_id, tx.db_now())
    who = site.as_role("supervisor")
    found = {path: who.get(path).text for path in ("/agent", "/operator", "/accounts/evil", "/accounts/" + "%3Cimg%3E")}
    found["/login"] = site.caller().get("/login?next=/" + "%22%3E%3Cscript%3E").text
    return found


@pytest.mark.parametrize("path", ["/agent", "/operator", "/accounts/evil", "/accounts/%3Cimg%3E", "/login"])
def test_hostile_texts_become_no_markup(site: Site, path: str) -> None:
    page = pages(site)[path]
    tags = Tags()
    tags.feed(page)
    assert all(source and source.startswith("/static/") for source in tags.scripts)
    assert (tags.images, tags.handlers, tags.styles) == (0, [], 0)
    assert EVIL not in page


def test_hostile_texts_are_there_to_be_read(site: Site) -> None:
    found = pages(site)
    for path in ("/agent", "/operator", "/accounts/evil"):
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in found[path]
        assert "{{7*7}}" in found[path]
