"""In a real Chromium: an action and a change from elsewhere at the same moment.

The action's answer is what the page shows, and nobody loses their place or what they filled in when a part is renewed.
"""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from outreach.task import TaskState
from tests.console.seeds import evidence, need
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


class Gate:
    """Requests whose address has this in it wait until the test opens."""

    def __init__(self, page: Page, part: str) -> None:
        self.page, self.part = page, part
        self.waiting: list[Route] = []
        self.is_open = False
        page.route(lambda address: part in address, self._stop)

    def _stop(self, route: Route) -> None:
        if self.is_open:
            route.continue_()
        else:
            self.waiting.append(route)

    def wait(self) -> None:
        """Until one stands at the gate."""
        for _ in range(100):
            if self.waiting:
                return
            self.page.wait_for_timeout(50)
        raise AssertionError(f"nothing asked for {self.part}")

    def open(self) -> None:
        """Everything goes on, now and later."""
        self.is_open = True
        for route in self.waiting:
            route.continue_()


def changes(served: Served, account_id: str, version: int) -> None:  # noqa: F811
    """One more line for the task of this account: its open page looks again."""
    with served.store.begin() as tx:
        more = need(
            account_id, f"more-{version}", "Napkins", "Every month.", version, evidence=evidence("Every month.")
        )
        served.desk.apply_effects(tx, [more])


def test_a_change_while_the_call_starts_does_not_swallow_the_start(served: Served, agent: Watched) -> None:  # noqa: F811
    page = agent.page
    account_id = take_next(page)
    gate = Gate(page, "/start")
    page.keyboard.press("s")
    gate.wait()
    with page.expect_response("**/agent/desk?about=*"):
        changes(served, account_id, 60)
    page.wait_for_timeout(200)
    gate.open()
    expect(page.get_by_text("In call").first).to_be_visible()
    expect(page.locator("a.dial")).to_be_focused()
    expect(page.get_by_text("Napkins", exact=True)).to_be_visible()
    assert state_of(served, account_id) is TaskState.IN_CALL


def test_what_was_asked_before_an_action_does_not_come_after_it(served: Served, agent: Watched) -> None:  # noqa: F811
    page = agent.page
    account_id = take_next(page)
    gate = Gate(page, "/agent/desk?about")
    changes(served, account_id, 60)
    gate.wait()
    page.keyboard.press("s")
    expect(page.get_by_text("In call").first).to_be_visible()
    gate.open()
    expect(page.get_by_text("Napkins", exact=True)).to_be_visible()
    expect(page.get_by_text("In call").first).to_be_visible()


def test_a_dialog_that_opens_while_the_page_looks_stays_open(served: Served, agent: Watched) -> None:  # noqa: F811
    page = agent.page
    account_id = take_next(page)
    page.keyboard.press("s")
    expect(page.get_by_text("In call").first).to_be_visible()
    gate = Gate(page, "/agent/desk?about")
    changes(served, account_id, 60)
    gate.wait()
    page.keyboard.press("3")
    field = page.get_by_label("Day and time in London")
    expect(field).to_be_focused()
    gate.open()
    page.wait_for_timeout(300)
    expect(field).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_text("Napkins", exact=True)).to_be_visible()


def test_the_focus_stays_where_it_is_when_the_page_is_renewed(served: Served, agent: Watched) -> None:  # noqa: F811
    page = agent.page
    account_id = take_next(page)
    page.keyboard.press("s")
    expect(page.get_by_text("In call").first).to_be_visible()
    button = page.get_by_role("button", name="Busy")
    button.focus()
    changes(served, account_id, 60)
    expect(page.get_by_text("Napkins", exact=True)).to_be_visible()
    expect(button).to_be_focused()


@pytest.fixture
def supervisor(browser: Browser, served: Served) -> Iterator[Page]:  # noqa: F811
    page = browser.new_page()
    page.goto(served.link("supervisor"))
    yield page
    page.close()


def test_what_a_supervisor_has_chosen_stays_when_the_board_is_renewed(
    served: Served,  # noqa: F811
    agent: Watched,  # noqa: F811
    supervisor: Page,
) -> None:
    account_id = take_next(agent.page)
    agent.page.keyboard.press("s")
    expect(agent.page.get_by_text("In call").first).to_be_visible()
    agent.page.goto("about:blank")
    with served.store.begin() as tx:
        served.desk.upkeep(tx, tx.db_now() + timedelta(hours=2))
    supervisor.reload()
    chosen = supervisor.locator("select[name=disposition]").first
    chosen.select_option("no_answer")
    chosen.focus()
    supervisor.keyboard.press("Tab")
    with supervisor.expect_response("**/team/board*"):
        changes(served, account_id, 60)
    supervisor.wait_for_timeout(200)
    expect(chosen).to_have_value("no_answer")
    expect(supervisor.locator("form:has(select[name=disposition]) button").first).to_be_focused()
