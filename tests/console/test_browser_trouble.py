"""In a real Chromium: back after a disposition, two tabs, a session that ends in a call, no consent keys only."""

import pytest
from playwright.sync_api import Page, expect

from console.access import add_user
from console.passwords import Passwords
from outreach.task import TaskState
from tests.console.seeds import NOW
from tests.console.test_browser import (  # noqa: F401 - fixtures
    Served,
    Watched,
    agent,
    browser,
    notice,
    served,
    state_of,
    take_next,
)

pytestmark = pytest.mark.browser


def calling(page: Page) -> str:
    account_id = take_next(page)
    page.keyboard.press("s")
    expect(page.get_by_text("In call").first).to_be_visible()
    return account_id


def test_back_after_a_disposition_cannot_say_it_twice(served: Served, agent: Watched) -> None:  # noqa: F811
    page = agent.page
    account_id = calling(page)
    page.keyboard.press("4")
    expect(notice(page, "Saved: No answer")).to_be_visible()
    page.goto(served.url + "/accounts")
    page.go_back()
    expect(page.get_by_role("heading", name="Ready for the next call")).to_be_visible()
    expect(page.get_by_role("button", name="No answer")).to_have_count(0)
    assert state_of(served, account_id) is TaskState.SCHEDULED
    with served.store.read() as tx:
        assert len(tx.attempts.of_accounts([account_id], NOW.replace(year=2000))) == 1


def test_a_second_tab_shows_the_same_call_and_the_slower_one_is_told(served: Served, agent: Watched) -> None:  # noqa: F811
    page = agent.page
    account_id = calling(page)
    other = page.context.new_page()
    other.goto(served.url + "/agent")
    expect(other.get_by_text("In call").first).to_be_visible()
    other.keyboard.press("4")
    expect(notice(other, "Saved: No answer")).to_be_visible()
    page.keyboard.press("1")
    expect(notice(page, "This call is no longer yours")).to_be_visible()
    expect(page.get_by_role("heading", name="Ready for the next call")).to_be_visible()
    assert state_of(served, account_id) is TaskState.SCHEDULED
    other.close()


def test_a_tab_that_comes_to_the_front_looks_again(served: Served, agent: Watched) -> None:  # noqa: F811
    page = agent.page
    calling(page)
    other = page.context.new_page()
    other.goto(served.url + "/agent")
    other.keyboard.press("4")
    expect(notice(other, "Saved: No answer")).to_be_visible()
    other.close()
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.get_by_role("heading", name="Ready for the next call")).to_be_visible()


def test_a_session_that_ends_in_a_call_says_so_and_the_call_is_still_there(served: Served, agent: Watched) -> None:  # noqa: F811
    page = agent.page
    account_id = calling(page)
    page.context.clear_cookies()
    page.keyboard.press("4")
    expect(page.get_by_text("Your session has ended", exact=False)).to_be_visible()
    assert account_id not in page.locator("main, body").first.inner_text()
    assert state_of(served, account_id) is TaskState.IN_CALL
    agent.complaints.clear()  # the browser speaks of the refused request
    page.goto(served.link("agent"))
    expect(page.get_by_text("In call").first).to_be_visible()
    page.keyboard.press("4")
    expect(notice(page, "Saved: No answer")).to_be_visible()
    agent.complaints.clear()


def test_who_has_a_password_signs_in_with_it_and_comes_back_to_the_call(served: Served, agent: Watched) -> None:  # noqa: F811
    page = agent.page
    with served.store.begin() as tx:
        add_user(tx, "ruth", "agent", Passwords().hash("correct horse battery"))
    page.context.clear_cookies()
    page.goto(served.url + "/agent")
    for password in ("wrong horse battery", "correct horse battery"):
        page.get_by_label("Name").fill("ruth")
        page.get_by_label("Password").fill(password)
        page.keyboard.press("Enter")
        if password.startswith("wrong"):
            expect(page.get_by_text("Name and password do not match")).to_be_visible(timeout=15_000)
    expect(page.get_by_role("heading", name="Ready for the next call")).to_be_visible(timeout=15_000)
    agent.complaints.clear()  # the browser speaks of the refused sign-in


def test_the_whole_call_with_the_keyboard_alone(served: Served, agent: Watched) -> None:  # noqa: F811
    """Tab and Enter only, no single keys and no mouse: claim, start, promise a callback, and out of the dialog."""
    page = agent.page
    tab_to(page, "Next call")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Held for you").first).to_be_visible()
    tab_to(page, "Start call")
    page.keyboard.press("Enter")
    expect(page.get_by_text("In call").first).to_be_visible()
    tab_to(page, "Call back")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Day and time in London")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("dialog#callback")).to_be_hidden()
    expect(page.get_by_role("button", name="Call back")).to_be_focused()
    page.keyboard.press("Enter")
    tab_to(page, "Save")
    page.keyboard.press("Enter")
    expect(notice(page, "Saved: Call back")).to_be_visible()


def tab_to(page: Page, name: str) -> None:
    """Press Tab until something of that name has the focus, which must be seen there."""
    for _ in range(80):
        said = page.evaluate("document.activeElement?.innerText ?? ''")
        if name in said and page.evaluate("document.activeElement.matches('button, a')"):
            assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not reach {name}")
