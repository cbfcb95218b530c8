"""In a real Chromium: a consent that is withdrawn reaches the open page within a second, by a standing alone, too."""

import time

import pytest
from playwright.sync_api import Locator, expect

from outreach.task import TaskState
from schemas.needs import Effect, Place, WithdrawNeed
from tests.console.seeds import NOW, standing
from tests.console.test_browser import (  # noqa: F401 - fixtures
    BANNER_SECONDS,
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
WITHDRAWN = "They have withdrawn their consent to be called"


def told(site: Served, effects: list[Effect]) -> float:
    """The moment of the commit, monotonic seconds."""
    with site.store.begin() as tx:
        site.desk.apply_effects(tx, effects)
    return time.monotonic()


def withdrawn(account_id: str) -> Effect:
    return standing(account_id, 59, withdrawn=(("selling", "phone"),))


def heard(page_notice: Locator, since: float, what: str) -> None:
    expect(page_notice).to_be_visible(timeout=BANNER_SECONDS * 1000)
    took = time.monotonic() - since
    print(f"\nbanner {took:.2f} s after the commit: {what}")
    assert took < BANNER_SECONDS


def test_before_the_call_the_task_is_taken_back(served: Served, agent: Watched) -> None:  # noqa: F811
    page = agent.page
    expect(page.locator("[data-live=on]")).to_be_visible()
    account_id = take_next(page)
    heard(notice(page, WITHDRAWN), told(served, [withdrawn(account_id)]), "consent withdrawn, card open")
    expect(page.get_by_role("button", name="Start call")).to_have_count(0)
    assert state_of(served, account_id) is TaskState.READY
    assert take_next(page) != account_id


def test_in_the_call_it_is_said_and_the_call_goes_on(served: Served, agent: Watched) -> None:  # noqa: F811
    page = agent.page
    expect(page.locator("[data-live=on]")).to_be_visible()
    account_id = take_next(page)
    page.keyboard.press("s")
    expect(page.get_by_text("In call").first).to_be_visible()
    heard(notice(page, WITHDRAWN), told(served, [withdrawn(account_id)]), "consent withdrawn, in the call")
    page.keyboard.press("9")
    page.keyboard.press("y")
    expect(notice(page, "Saved: Do not call again")).to_be_visible()
    assert state_of(served, account_id) is TaskState.CANCELLED


def test_with_its_needs_withdrawn_the_task_is_over(served: Served, agent: Watched) -> None:  # noqa: F811
    page = agent.page
    expect(page.locator("[data-live=on]")).to_be_visible()
    account_id = take_next(page)
    with served.store.read() as tx:
        needs = tx.needs.lines([task.task_id for task in tx.tasks.open_of([account_id])])
    place = Place(partition=0, offset=1)
    gone = [
        WithdrawNeed(
            account_id=account_id,
            account_version=60 + number,
            at=NOW,
            place=place,
            need_id=need.need_id,
            group=need.group,
            cause="policy",
        )
        for number, need in enumerate(needs)
    ]
    since = told(served, [withdrawn(account_id), *gone])
    heard(notice(page, "This task has ended"), since, "consent and needs withdrawn")
    expect(page.get_by_role("button", name="Start call")).to_have_count(0)
