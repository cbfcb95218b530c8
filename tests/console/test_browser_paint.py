"""How soon an agent sees something in a real Chromium: first paint of the page, and from Next to the card. Printed.

    SITE_LINK='http://127.0.0.1:8090/login/link/...' pytest -m browser tests/console/test_browser_paint.py -s

measures a running installation, for instance `ringahead demo`, by the one-time link that it prints; without it the made
accounts are measured.
"""

import os
import statistics
import time

import pytest
from playwright.sync_api import Browser, expect

from tests.console.test_browser import Served, browser, served  # noqa: F401 - fixtures

pytestmark = pytest.mark.browser
PAINT_SECONDS, CARD_SECONDS = 3.0, 2.0
"""Aimed at are 1 s and 200 ms; a busy machine gets more before the test fails."""
TIMES = 5
PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0"


def test_first_paint_and_claim_to_card(browser: Browser, served: Served) -> None:  # noqa: F811
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.goto(os.environ.get("SITE_LINK") or served.link("agent"))
    paints, cards = [], []
    for _ in range(TIMES):
        page.goto(page.url.split("/agent")[0] + "/agent")
        expect(page.locator("[data-live=on]")).to_be_visible(timeout=15_000)
        paints.append(page.evaluate(PAINT) / 1000)
    for _ in range(TIMES):
        began = time.monotonic()
        page.keyboard.press("n")
        card = page.locator("#who")
        expect(card.or_(page.get_by_role("heading", name="Nobody to call now"))).to_be_visible(timeout=15_000)
        if not card.count():
            break
        cards.append(time.monotonic() - began)
        page.keyboard.press("k")
        page.locator("dialog#skip [data-key='2']").press("Enter")
        expect(page.get_by_role("heading", name="Ready for the next call")).to_be_visible(timeout=15_000)
    where = "the site of SITE_LINK" if os.environ.get("SITE_LINK") else "made accounts"
    claimed = said(cards) if cards else "not tried, as there is nobody to call"
    print(f"\n{where}: first paint {said(paints)}; Next to the card {claimed}")
    assert min(paints) > 0
    assert statistics.median(paints) < PAINT_SECONDS
    assert not cards or statistics.median(cards) < CARD_SECONDS


def said(seconds: list[float]) -> str:
    return (
        f"{1000 * statistics.median(seconds):.0f} ms (median of {len(seconds)}), {1000 * max(seconds):.0f} ms at most"
    )
