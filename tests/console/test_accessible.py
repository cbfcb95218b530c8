"""Every page and its dialogs in a real Chromium: axe finds nothing serious, and nothing scrolls sideways at 200 %.

With SCREENSHOTS=docs/screenshots the walk keeps a picture of each page, in both themes.
"""

import hashlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.console.test_browser import Served, browser, served, take_next  # noqa: F401 - fixtures

pytestmark = pytest.mark.browser
HERE = Path(__file__).parent / "axe"
AXE = (HERE / "axe.min.js").read_text("utf-8")
RULES = "{runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']}"
SERIOUS = {"serious", "critical"}
PICTURES = os.environ.get("SCREENSHOTS")
WIDE = {"width": 1280, "height": 900}
ZOOMED = {"width": 640, "height": 450}
"""The same window at 200 %: half as many CSS pixels each way."""
APPEARS = {"team-reports": "2011Q4 is not over", "account": "SO-8: 64 x 85123A"}
"""What comes to a page after it is there."""
SHOWN = {
    "agent-call-light": "agent",
    **{
        one: one
        for one in (
            "agent-call-dark",
            "agent-card-light",
            "account-light",
            "team-light",
            "team-dark",
            "team-waiting-light",
            "team-profiles-light",
            "team-profiles-dark",
            "team-reports-light",
        )
    },
}
"""Pictures that the documentation keeps, by page and theme, under this name."""


def test_axe_is_the_one_that_is_listed() -> None:
    (listed,) = re.findall(r"\| (\w{64}) \|", (HERE / "README.md").read_text("utf-8"))
    assert hashlib.sha256(AXE.encode()).hexdigest() == listed
    assert "Mozilla Public License" in (HERE / "LICENSE").read_text("utf-8")


def agents_pages(page: Page, url: str) -> Iterator[str]:
    """The call from Next to how it ended, with every dialog."""
    yield "agent-idle"
    take_next(page)
    yield "agent-card"
    yield from dialogs(page, {"?": "keys", "k": "skip"})
    page.keyboard.press("s")
    expect(page.get_by_text("In call").first).to_be_visible()
    yield "agent-call"
    yield from dialogs(page, {"o": "order", "3": "callback", "2": "stock", "9": "dnc"})
    yield from visited(page, url, {"accounts": "/accounts", "account": "/accounts/17850"})


def supervisors_pages(page: Page, url: str) -> Iterator[str]:
    """Team and what hangs on it."""
    pages = {"team": "/team", "team-waiting": "/team/waiting", "team-reports": "/team/reports"}
    yield from visited(page, url, pages)
    page.goto(url + "/team/profiles")
    page.get_by_label("Changes").fill("small-maintenance.service_level=0.25")
    page.get_by_role("button", name="Try it out").click()
    expect(page.get_by_role("button", name="Switch it on")).to_be_visible()
    yield "team-profiles"


def operators_pages(page: Page, url: str) -> Iterator[str]:
    """Operations, and an account without contacts."""
    yield from visited(page, url, {"operator": "/operator", "operators-account": "/accounts/15100"})


def strangers_pages(page: Page, url: str) -> Iterator[str]:
    """The login."""
    yield from visited(page, url, {"login": "/login"})


def dialogs(page: Page, keys: dict[str, str]) -> Iterator[str]:
    for key, name in keys.items():
        page.keyboard.press(key)
        expect(page.locator(f"dialog#{name}")).to_be_visible()
        yield f"agent-{name}"
        page.keyboard.press("Escape")


def visited(page: Page, url: str, paths: dict[str, str]) -> Iterator[str]:
    for name, path in paths.items():
        page.goto(url + path)
        yield name


def staff(site: Served) -> None:
    """Two agents; one of them talks."""
    with site.store.begin() as tx:
        for name in ("anna", "ben"):
            site.desk.set_agent(tx, name, "available")
        card = site.desk.next_task(tx, "anna", tx.db_now())
        site.desk.start_call(tx, card.task.task_id, card.task.token, "k" * 16, tx.db_now())


WALKS = {"agent": agents_pages, "supervisor": supervisors_pages, "operator": operators_pages, "": strangers_pages}


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("role", sorted(WALKS))
def test_a_page_can_be_read_by_everybody(browser: Browser, served: Served, role: str, theme: str) -> None:  # noqa: F811
    context = browser.new_context(viewport=WIDE, color_scheme=theme, reduced_motion="reduce")
    page = context.new_page()
    if role == "supervisor":
        staff(served)
    if role:
        page.goto(served.link(role))
    faults = []
    for name in WALKS[role](page, served.url):
        if name in APPEARS:
            expect(page.get_by_text(APPEARS[name])).to_be_visible()
        page.evaluate(AXE)
        found = page.evaluate(f"axe.run(document, {RULES})")
        faults += [fault(name, one) for one in found["violations"] if one["impact"] in SERIOUS]
        if PICTURES and f"{name}-{theme}" in SHOWN:
            file = Path(PICTURES) / f"{SHOWN[f'{name}-{theme}']}.png"
            page.screenshot(path=file, full_page="agent-" not in name)
        page.set_viewport_size(ZOOMED)
        if page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") > 0:
            faults.append(f"{name}: scrolls sideways at 200 %")
        page.set_viewport_size(WIDE)
    context.close()
    assert faults == []


def fault(name: str, found: dict[str, object]) -> str:
    nodes = [node["html"][:160] for node in found["nodes"]]
    return f"{name}: {found['id']}: {nodes[:3]}"
