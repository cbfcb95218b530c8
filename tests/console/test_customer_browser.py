"""An account's own page in a real Chromium without scripts: read, ask not to be called, go back, a dead link."""

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from console.app import build
from console.links import Signer, new_link
from console.ports import EventOutcome, FixedLag
from console.server import ConsoleServer
from outreach.desk import Desk, DeskRules
from outreach.store.migrate import upgrade
from outreach.store.sql import store_for
from schemas.settings import Settings
from tests.console.seeds import NOW, seed
from tests.console.test_browser import ARGUMENTS, CHROMIUM
from tests.console.test_customer import SECRET

pytestmark = pytest.mark.browser


@pytest.fixture
def browser() -> Iterator[Browser]:
    if shutil.which(CHROMIUM) is None:
        pytest.fail(f"no Chromium at {CHROMIUM}: apt-get install chromium, or set CHROMIUM to one")
    with sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()


def test_without_scripts_light_and_dark(tmp_path: Path, browser: Browser) -> None:
    store, desk = store_for(f"sqlite:///{tmp_path / 'tasks.sqlite3'}"), Desk(DeskRules())
    upgrade(store.engine)
    with store.begin() as tx:
        seed(desk, tx)
        link = "/my/" + Signer(SECRET).token(new_link(tx, "17850"))
    taken: list[bytes] = []

    def accept(events: list[bytes]) -> list[EventOutcome]:
        taken.extend(events)
        return [EventOutcome("accepted") for _ in events]

    app = build(Settings(link_secret=SECRET), store, FixedLag(), desk=desk, clock=lambda: NOW, accept_events=accept)
    server = ConsoleServer(app, "127.0.0.1", 0)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        for scheme, ground in (("light", "rgb(244, 246, 245)"), ("dark", "rgb(15, 21, 20)")):
            context = browser.new_context(
                java_script_enabled=False, color_scheme=scheme, viewport={"width": 390, "height": 800}
            )
            page = context.new_page()
            page.goto(server.url + link)
            expect(page.locator("body")).to_have_css("background-color", ground)
            expect(page.locator("#needs")).to_contain_text("White hanging heart T-light holder")
            context.close()
        page = browser.new_context(java_script_enabled=False).new_page()
        page.goto(server.url + link)
        page.get_by_role("button", name="Stop calling me").click()
        expect(page.get_by_role("status")).to_have_text("Done. Nobody calls you to sell any more.")
        expect(page.get_by_role("button", name="Stop calling me")).to_have_count(0)
        page.reload()
        page.go_back()
        assert len(taken) == 1
        page.goto(server.url + "/my/none")
        expect(page.get_by_role("heading")).to_have_text("This link leads nowhere")
    finally:
        server.stop()
        thread.join(10)
        store.close()
