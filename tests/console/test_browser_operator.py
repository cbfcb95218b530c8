"""In a real Chromium: the operator's pages, with the keyboard alone; nothing that the policy of content refuses."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from console.access import add_user, one_time_link
from console.app import build
from console.ports import FixedLag
from console.server import ConsoleServer
from outreach.desk import Desk, DeskRules
from outreach.store.migrate import upgrade
from outreach.store.sql import store_for
from schemas.settings import Settings
from streams.ingest import IngestRules
from streams.letters import LetterDesk
from tests.console.conftest import LAG
from tests.console.seeds import NOW, seed
from tests.console.test_browser import ARGUMENTS, CHROMIUM
from tests.console.test_letters import BAD, GOOD, letter
from tests.console.test_resets import Resets

pytestmark = pytest.mark.browser


@pytest.fixture(params=["light", "dark"])
def page(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Page]:
    """An operator's browser; ends with no complaint of its console."""
    store, desk = store_for(f"sqlite:///{tmp_path / 'tasks.sqlite3'}"), Desk(DeskRules())
    upgrade(store.engine)
    with store.begin() as tx:
        seed(desk, tx)
        add_user(tx, "olga", "operator", None)
        tx.dead_letters.put([letter(1, BAD)])
    letters = LetterDesk(store, IngestRules(), lambda _: lambda _: "ringahead.orders/0/9", lambda: 1_323_421_200_000)
    app = build(Settings(), store, FixedLag(LAG), desk=desk, clock=lambda: NOW, letters=letters, resets=Resets())
    server = ConsoleServer(app, "127.0.0.1", 0)
    thread = threading.Thread(target=server.run)
    thread.start()
    with store.begin() as tx:
        link = one_time_link(tx, "olga", server.url)
    complaints: list[str] = []
    with sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        opened = chromium.new_context(color_scheme=request.param).new_page()
        opened.on("console", lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None)
        opened.on("pageerror", lambda error: complaints.append(str(error)))
        opened.goto(link)
        yield opened
        chromium.close()
    server.stop()
    thread.join(10)
    store.close()
    assert complaints == []


def test_from_the_board_to_a_replayed_letter_by_keyboard(page: Page) -> None:
    expect(page.get_by_role("heading", name="Operations")).to_be_visible()
    expect(page.locator("[data-live=on]")).to_be_visible()
    page.get_by_role("link", name="ringahead.orders/0/1").press("Enter")
    page.get_by_label("Message").fill(json.dumps(GOOD))
    page.get_by_role("button", name="Save the edit").press("Enter")
    expect(page.get_by_text("The edit is kept")).to_be_visible()
    page.get_by_role("button", name="Replay").press("Enter")
    expect(page.get_by_text("it was accepted as ringahead.orders/0/9")).to_be_visible()
    expect(page.get_by_role("button", name="Replay")).to_have_count(0)


def test_a_reset_asks_before_it_does(page: Page) -> None:
    page.get_by_role("link", name="Reset a group's offsets").press("Enter")
    page.get_by_label("Group").fill("desk")
    page.get_by_label("To", exact=True).select_option("offset")
    page.get_by_label("Offset", exact=True).fill("12")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Nothing was changed yet")).to_be_visible()
    page.get_by_role("button", name="Reset desk now").press("Enter")
    expect(page.get_by_text("Done: 18 offsets are read again")).to_be_visible()
