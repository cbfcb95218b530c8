"""What each page says: to whom, why, and honestly about what is not known."""

from tests.console.conftest import Site


def test_agent_starts_idle_and_next_shows_whom_why_and_what(site: Site) -> None:
    agent = site.as_role("agent", "/agent")
    assert "Ready for the next call" in agent.get("/agent").text
    card = agent.post("/agent/next").text
    assert card
