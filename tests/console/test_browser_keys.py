"""In a real Chromium with the keyboard alone: every disposition by its key, a callback in the customer's zone, an order
during the call, the countdown of the hold, and each dialog left without a trace.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from outreach.desk import DeskRules
from outreach.task import TaskState
from tests.console.seeds import contact, evidence, need, standing
from tests.console.test_browser import (  # noqa: F401 - fixtures
    Served,
    Watched,
    agent,
    browser,
    notice,
    served,
    serving,
    state_of,
    take_next,
)
from tests.console.test_browser_trouble import tab_to

pytestmark = pytest.mark.browser
SELLING = {
    "1": ("Order taken", TaskState.AWAITING_ORDER),
    "2": ("Has stock", TaskState.DONE),
    "3": ("Call back", TaskState.SCHEDULED),
    "4": ("No answer", TaskState.SCHEDULED),
    "5": ("Voicemail", TaskState.SCHEDULED),
    "6": ("Busy", TaskState.SCHEDULED),
    "7": ("Not interested", TaskState.DONE),
    "8": ("Wrong number", TaskState.SCHEDULED),
    "9": ("Do not call again", TaskState.CANCELLED),
}
IN_DIALOG = {"2": "Tab Enter", "3": "Enter", "9": "y"}
"""Keys that follow where the disposition asks for more; a date field submits with Enter."""


def more_accounts(site: Served, count: int) -> None:
    """So many more accounts in Paris, each due, with a number of its own, before everybody else."""
    with site.store.begin() as tx:
        for number in range(count):
            name = f"paris-{number}"
            told = [
                standing(name, country="France", region="Paris", zone="Europe/Paris", tier=1),
                need(name, "22728", "Alarm clock", "Every 21 days.", evidence=evidence("Every 21 days.", p_due=0.99)),
            ]
            site.desk.apply_effects(tx, told)
            number_there = f"+33 1 99 00 12 {number:02d}"
            site.desk.put_contacts(tx, [contact(name, f"Mme. {number}", number_there, "Europe/Paris")])


def call(page: Page) -> str:
    """Next and Start, by key."""
    account_id = take_next(page)
    page.keyboard.press("s")
    expect(page.get_by_text("In call").first).to_be_visible()
    return account_id


def test_every_disposition_by_its_key(served: Served, agent: Watched) -> None:  # noqa: F811
    page = agent.page
    more_accounts(served, len(SELLING))
    for key, (said, state) in SELLING.items():
        account_id = call(page)
        assert account_id.startswith("paris-")
        page.keyboard.press(key)
        for more in IN_DIALOG.get(key, "").split():
            expect(page.locator("dialog[open]")).to_be_visible()
            page.keyboard.press(more)
        expect(notice(page, f"Saved: {said}")).to_be_visible()
        assert state_of(served, account_id) is state, said
        expect(page.locator("[data-key=n]")).to_be_focused()


def test_a_service_call_is_settled_by_key(served: Served, agent: Watched) -> None:  # noqa: F811
    page = agent.page
    account_id = call(page)
    while account_id != "13047":
        page.keyboard.press("4")
        expect(notice(page, "Saved: No answer")).to_be_visible()
        account_id = call(page)
    expect(page.get_by_role("button", name="Not interested")).to_have_count(0)
    page.keyboard.press("1")
    expect(notice(page, "Saved: Settled")).to_be_visible()
    assert state_of(served, account_id) is TaskState.DONE


def test_a_callback_is_promised_in_the_customers_zone(served: Served, agent: Watched) -> None:  # noqa: F811
    """Half past two of the twelfth in Paris, typed digit by digit, is half past one in UTC."""
    page = agent.page
    more_accounts(served, 1)
    account_id = call(page)
    page.keyboard.press("3")
    expect(page.get_by_label("Day and time in Paris")).to_be_focused()
    for typed in ("12", "12", "2011"):
        page.keyboard.type(typed)
    page.keyboard.press("Tab")
    page.keyboard.type("0230PM")
    expect(page.get_by_label("Day and time in Paris")).to_have_value("2011-12-12T14:30")
    page.keyboard.press("Enter")
    expect(notice(page, "Saved: Call back")).to_be_visible()
    with served.store.read() as tx:
        task = tx.tasks.listed(TaskState, account_id=account_id)[0]
    assert task.callback_at == datetime(2011, 12, 12, 13, 30, tzinfo=UTC)
    assert task.owner_id is not None, "whoever promised is offered it first"


def test_an_order_is_placed_without_the_mouse(served: Served, agent: Watched) -> None:  # noqa: F811
    page = agent.page
    call(page)
    page.keyboard.press("o")
    quantity = page.locator("#order").get_by_label("Quantity").first
    expect(quantity).to_be_focused()
    page.keyboard.press("Control+A")
    page.keyboard.type("70")
    page.keyboard.press("Tab")
    page.keyboard.type("they use more")
    tab_to(page, "Send to the ERP")
    page.keyboard.press("Enter")
    expect(notice(page, "Order handed to the ERP's queue")).to_be_visible()
    expect(page.locator("#asked")).to_contain_text("Waiting for the ERP: 70 ×")


def test_every_dialog_is_left_by_escape_with_the_focus_where_it_was(served: Served, agent: Watched) -> None:  # noqa: F811
    page = agent.page
    take_next(page)
    dialogs = [("k", "skip"), ("?", "keys")]
    for stage in ("card", "call"):
        for key, name in dialogs:
            page.keyboard.press(key)
            expect(page.locator(f"dialog#{name}")).to_be_visible()
            page.keyboard.press("Escape")
            expect(page.locator("dialog[open]")).to_have_count(0)
            expect(page.locator(f"[data-key='{key}']:visible").first).to_be_focused()
        if stage == "card":
            page.keyboard.press("s")
            expect(page.get_by_text("In call").first).to_be_visible()
            dialogs = [("o", "order"), ("3", "callback"), ("2", "stock"), ("9", "dnc"), ("f", "no-1"), ("?", "keys")]


@pytest.fixture
def short_holds(tmp_path: Path) -> Iterator[Served]:
    with serving(tmp_path, DeskRules(lease_seconds=3)) as site:
        yield site


def test_the_hold_counts_down_and_its_end_is_said(browser: Browser, short_holds: Served) -> None:  # noqa: F811
    page = browser.new_page()
    page.goto(short_holds.link("agent"))
    account_id = take_next(page)
    left = page.locator("#lease [data-left]")
    expect(left).to_have_text("0:02", timeout=4000)
    expect(left).to_have_text("0:01", timeout=4000)
    expect(left).to_have_text("0:00", timeout=4000)
    with short_holds.store.begin() as tx:
        short_holds.desk.upkeep(tx, tx.db_now() + timedelta(seconds=5))
    expect(notice(page, "This call is no longer yours")).to_be_visible(timeout=10_000)
    expect(page.get_by_role("heading", name="Ready for the next call")).to_be_visible()
    assert state_of(short_holds, account_id) is TaskState.READY
    page.close()
