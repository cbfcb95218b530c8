"""Reports on a page: counted behind it, shown when there, and acceptance straight from the store."""

from collections.abc import Mapping
from typing import Any

from console.counting import Counted
from outreach.records import Showing
from schemas.errors import Unavailable
from tests.console.conftest import Site
from tests.console.seeds import NOW


def shown(number: int, agent: str, answer: str | None, objective: str = "efficiency") -> Showing:
    cell, why = "small-maintenance", "price" if answer == "declined" else None
    about = (f"s{number}", f"a{number}", "t1", "17850", agent, "22423", "Cake stand", objective, cell, 1, "n1", NOW)
    return Showing(*about, answer, why)


def test_acceptance_is_shown_by_objective_with_the_odds(site: Site) -> None:
    rows = [
        shown(n, f"agent-{n % 2}", "accepted" if n % 3 else "declined", ("efficiency", "variety")[n % 4 // 2])
        for n in range(24)
    ]
    with site.store.begin() as tx:
        tx.showings.put(rows)
    page = site.as_role("supervisor").get("/team/reports").text
    assert "66.7%" in page
    assert "efficiency against variety" in page
    assert "price" in page


def test_the_log_is_counted_behind_the_page(site: Site) -> None:
    sue = site.as_role("supervisor")
    assert "The log is being read" in sue.get("/team/reports").text
    site.app.state.console.reports.wait(5)
    page = sue.get("/team/reports/counted").text
    assert "2011Q4 is not over" in page
    assert "0.5000" in page
    assert "12.5%" in page
    assert "too few" in page


def test_a_count_that_fails_says_why_and_keeps_what_was_known() -> None:
    answers: list[Mapping[str, Any] | Exception] = [Unavailable("no broker"), ValueError("x")]

    def count() -> Mapping[str, Any]:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    counted = Counted(count)
    counted.get()
    counted.wait(5)
    assert (counted.get().values, counted.get().failure) == (None, "no broker")
