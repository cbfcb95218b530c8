"""`ringahead erase`: first what would go, then it goes; the history has no name."""

from pathlib import Path

import pytest

from ops.cli import run
from ops.embedded.installation import opened
from outreach.records import ContactPoint
from schemas.settings import Settings


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RINGAHEAD_DATA_DIR", str(tmp_path))
    with opened(Settings(data_dir=tmp_path)) as one, one.store.begin() as tx:
        one.desk.put_contacts(tx, [ContactPoint("c9", "acme", "Robin Example", "+447700900555")])
    return tmp_path


def test_a_dry_run_then_the_deed_then_nothing_left(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["erase", "acme"]) == 0
    said = capsys.readouterr().out
    assert "1" in said
    assert "Nothing was changed" in said
    assert run(["erase", "acme", "--yes"]) == 2, "a reason is needed"
    assert run(["erase", "acme", "--yes", "--reason", "retention_over"]) == 0
    assert "erased" in capsys.readouterr().out
    with opened(Settings(data_dir=here)) as one, one.store.read() as tx:
        assert tx.contacts.of_accounts(["acme"]) == []
        (entry,) = tx.audit.about(subject="account:acme", limit=1)
    assert (entry.event, entry.detail) == ("erased", "retention_over")
    assert "Robin" not in str(entry)
    assert run(["erase", "acme"]) == 0
    assert "nothing is left" in capsys.readouterr().out


def test_an_account_that_nobody_knows_is_bad_input(here: Path) -> None:
    assert run(["erase", "nobody"]) != 0
