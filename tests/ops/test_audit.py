"""`ringahead audit` on a real SQLite file."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import text

from ops.commands.audit import command
from outreach.records import AuditEntry
from outreach.store.migrate import upgrade
from outreach.store.sql import SqlStore, create

NOW = datetime(2026, 5, 1, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SqlStore:
    monkeypatch.setenv("RINGAHEAD_DATA_DIR", str(tmp_path))
    made = SqlStore(create(f"sqlite:///{tmp_path / 'ringahead.sqlite3'}"))
    upgrade(made.engine)
    with made.begin() as tx:
        tx.audit.append(
            [AuditEntry(0, NOW, f"task:{n}", "acme", "anna", "claimed", "ready", "leased", n) for n in (1, 2)]
        )
    return made


def run(*arguments: str) -> Result:
    return CliRunner().invoke(command, arguments, standalone_mode=False)


def test_a_whole_history_is_said_to_be_whole_and_its_head_can_be_noted(store: SqlStore) -> None:
    result = run("verify")
    assert result.return_value == 0
    assert "2 entries" in result.stdout
    assert "whole" in result.stdout
    head = result.stdout.split("head ")[1].split()[0]
    assert head.startswith("2:")
    assert run("verify", "--noted", head).return_value == 0
    assert run("verify", "--noted", "2:00").return_value == 1
    for wrong in ("yesterday", "\u00b2:ab", "5:"):
        assert "ID:DIGEST" in str(run("verify", "--noted", wrong).exception)


def test_a_change_is_found(store: SqlStore) -> None:
    with store.engine.begin() as connection:
        connection.execute(text("UPDATE audit SET actor = 'eve' WHERE audit_id = 1"))
    result = run("verify")
    assert result.return_value == 1
    assert "entry 1 or the one before it was changed" in result.stdout


def test_entries_are_listed_newest_first(store: SqlStore) -> None:
    lines = run("list").stdout
    assert lines.index("task:2") < lines.index("task:1")
    assert "task:2" not in run("list", "--subject", "task:1").stdout
    assert "Nothing" in run("list", "--account", "nobody").stdout
