"""Every page, state and dialog in a real Chromium: axe finds nothing serious, nothing is cut off at 200 %.

With SCREENSHOTS=docs/screenshots the walk keeps a picture of each page, in both themes.
"""

import hashlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from console.ports import FixedLag
from schemas.errors import DeadLetterReason
from schemas.events.ours import Phase
from tests.console.scenery import LAG, TwoWorkers
from tests.console.seeds import standing
from tests.console.test_browser import Served, browser, serving, take_next  # noqa: F401 - fixtures
from tests.console.test_letters import BAD, letter

pytestmark = pytest.mark.browser
HERE = Path(__file__).parent / "axe"
AXE = (HERE / "axe.min.js").read_text("utf-8")
RULES = (
    "{runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],"
    " rules: {'target-size': {enabled: true}}}"
)
BEYOND = """[...document.querySelectorAll('main *, header *, dialog[open] *')].filter((one) => {
  const box = one.getBoundingClientRect();
  const inside = one.closest('.scroll, pre, svg, .visually-hidden, [hidden], dialog:not([open])');
  return !inside && box.width > 1 && (box.right > innerWidth + 1 || box.left < -1);
}).slice(0, 3).map((one) => one.outerHTML.slice(0, 120))"""
"""What is cut off at the side, outside of what scrolls by itself."""
NO_PRODUCT = "data.lines.0.sku: not in the product master"
SERIOUS = {"serious", "critical"}
PICTURES = os.environ.get("SCREENSHOTS")
WIDE = {"width": 1280, "height": 900}
ZOOMED = {"width": 640, "height": 450}
"""The same window at 200 %: half as many CSS pixels each way."""
APPEARS = {"team-reports": "2011Q4 is not over", "account": "SO-8: 64 x 85123A"}
"""What comes to a page after it is there."""
SHOWN = {
    "agent-call-light": "agent",
    "customer-light": "customer",
    "operator-light": "operator",
    "letters-light": "letters",
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


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """With lag and workers that have something to say, and letters of one cause."""
    with serving(tmp_path, lag=FixedLag(LAG), workers=TwoWorkers()) as site:
        with site.store.begin() as tx:
            made = (letter(880 + n, BAD, DeadLetterReason.UNKNOWN_SKU) for n in range(3))
            tx.dead_letters.put([one.model_copy(update={"detail": NO_PRODUCT}) for one in made])
        yield site


def test_axe_is_the_one_that_is_listed() -> None:
    (listed,) = re.findall(r"\| (\w{64}) \|", (HERE / "README.md").read_text("utf-8"))
    assert hashlib.sha256(AXE.encode()).hexdigest() == listed
    assert "Mozilla Public License" in (HERE / "LICENSE").read_text("utf-8")


def agents_pages(page: Page, site: Served) -> Iterator[str]:
    """The call from Next to how it ended, with every dialog."""
    yield "agent-idle"
    take_next(page)
    yield "agent-card"
    yield from dialogs(page, {"?": "keys", "k": "skip"})
    page.keyboard.press("s")
    expect(page.get_by_text("In call").first).to_be_visible()
    yield "agent-call"
    yield from dialogs(page, {"o": "order", "3": "callback", "2": "stock", "9": "dnc", "f": "no-1"})
    yield from visited(page, site.url, {"accounts": "/accounts", "account": "/accounts/17850"})
    with site.store.begin() as tx:
        site.desk.apply_effects(tx, [standing("17850", 70, phase=Phase.REACTIVATION)])
    page.goto(site.url + "/agent")
    yield from dialogs(page, {"7": "loss"})
    page.keyboard.press("e")
    expect(page.get_by_text("Call ended").first).to_be_visible()
    yield "agent-wrap-up"
    site.order("17850", 5)
    expect(page.locator("#notices .banner")).to_be_visible()
    yield "agent-banner"
    page.keyboard.press("0")
    expect(page.get_by_role("heading", name="Ready for the next call")).to_be_visible()
    with site.store.begin() as tx:
        site.desk.set_kill_switch(tx, "olga", True)
    page.keyboard.press("n")
    expect(page.get_by_role("heading", name="Nobody to call now")).to_be_visible()
    yield "agent-nobody"
    yield from visited(page, site.url, {"error-403": "/operator/letters", "error-404": "/nothing/here"})


def supervisors_pages(page: Page, site: Served) -> Iterator[str]:
    """Team and what hangs on it."""
    pages = {"team": "/team", "team-waiting": "/team/waiting", "team-reports": "/team/reports"}
    yield from visited(page, site.url, pages)
    page.goto(site.url + "/team/profiles")
    page.get_by_label("Changes").fill("small-maintenance.service_level=0.25")
    page.get_by_role("button", name="Try it out").click()
    expect(page.get_by_role("button", name="Switch it on")).to_be_visible()
    yield "team-profiles"


def operators_pages(page: Page, site: Served) -> Iterator[str]:
    """Operations, and an account without contacts."""
    yield from visited(page, site.url, {"operator": "/operator", "operators-account": "/accounts/15100"})
    letters = {"letters-all": "/operator/letters", "letters": "/operator/letters?reason=unknown_sku"}
    yield from visited(page, site.url, {**letters, "resets": "/operator/resets"})
    page.get_by_label("Group").fill("desk")
    page.get_by_label("To", exact=True).select_option("beginning")
    page.get_by_label("Group").press("Enter")
    expect(page.get_by_text("Nothing was changed yet")).to_be_visible()
    yield "resets-plan"
    page.goto(site.url + "/operator")
    page.get_by_role("link", name="ringahead.orders/0/1").click()
    yield "letter"


def strangers_pages(page: Page, site: Served) -> Iterator[str]:
    """The login, once refused; an account's own page, after a wish, too; a link that leads nowhere."""
    yield from visited(page, site.url, {"login": "/login"})
    page.get_by_label("Name").fill("agent")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("do not match")).to_be_visible(timeout=15_000)
    yield "login-refused"
    page.goto(site.customer("17850"))
    yield "customer"
    page.get_by_role("link", name="Every order and message").click()
    yield "customer-data"
    page.get_by_role("link", name="Back to your account").click()
    page.get_by_role("button", name="Stop calling me").click()
    expect(page.get_by_role("status")).to_be_visible()
    yield "customer-done"
    yield from visited(page, site.url, {"customer-shut": "/my/none"})


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
    for name in WALKS[role](page, served):
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
        faults += [f"{name}: beyond the edge at 200 %: {one}" for one in page.evaluate(BEYOND)]
        page.set_viewport_size(WIDE)
    context.close()
    assert faults == []


def fault(name: str, found: dict[str, object]) -> str:
    nodes = [node["html"][:160] for node in found["nodes"]]
    return f"{name}: {found['id']}: {nodes[:3]}"
