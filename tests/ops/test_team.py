"""`ringahead team`: what the file says is in force, and a file that is wrong changes nothing."""

from pathlib import Path

import pytest

from console.access import add_user
from ops.cli import run
from ops.embedded.installation import opened
from schemas.settings import load_settings

TEAM = """
[[queues]]
id = "uk"
name = "Britain"
countries = ["GB"]
[[queues]]
id = "care"
classes = ["service"]
place = 0
[[agents]]
name = "anna"
skills = ["sales"]
queues = ["uk", "care"]
shifts = ["mon 08:00-16:30", "fri 22:00-06:00"]
zone = "Europe/London"
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RINGAHEAD_DATA_DIR", str(tmp_path / "var"))
    with opened(load_settings()) as there, there.store.begin() as tx:
        add_user(tx, "anna", "agent", None)
    return tmp_path


def team(home: Path, text: str) -> int:
    path = home / "team.toml"
    path.write_text(text)
    return run(["team", str(path)])


def stored(home: Path) -> tuple[list[str], list[tuple[str, ...]]]:
    with opened(load_settings()) as there, there.store.read() as tx:
        return [queue.queue_id for queue in tx.queues.all()], [agent.queues for agent in tx.agents.all()]


def test_it_sets_queues_and_agents(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert team(home, TEAM) == 0
    assert capsys.readouterr().out == "2 queues, 1 agents\n"
    assert stored(home) == (["care", "uk"], [("uk", "care")])
    assert team(home, '[[queues]]\nid = "all"\n') == 0
    assert stored(home)[0] == ["all"], "the file's queues are all there are"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"mon 08:00-16:30"', '"monday 8-16"'),
        ("Europe/London", "London"),
        ('"uk", "care"', '"uk", "us"'),
        ('countries = ["GB"]', 'countries = ["Britain"]'),
        ('classes = ["service"]', 'classes = ["gossip"]'),
        ('name = "anna"', 'nickname = "anna"'),
        ('id = "care"', 'id = "uk"'),
        ("[[queues]]", "[[queues"),
    ],
)
def test_a_file_that_is_wrong_changes_nothing(home: Path, old: str, new: str) -> None:
    assert team(home, TEAM.replace(old, new, 1)) == 2
    assert stored(home) == ([], [])


def test_an_agent_without_a_login_is_refused_whole(home: Path) -> None:
    assert team(home, TEAM.replace('name = "anna"', 'name = "nobody"')) == 1
    assert stored(home) == ([], [])
