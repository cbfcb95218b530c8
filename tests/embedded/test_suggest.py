"""`ringahead suggest refresh` on an installation of its own."""

import sqlite3
from pathlib import Path

import pytest

from tests.embedded.test_models import installed, run

__all__ = ["installed"]


def rows(folder: Path) -> list[tuple[str, str]]:
    (file,) = (folder / "data").glob("*.sqlite3")
    with sqlite3.connect(file) as connection:
        return connection.execute("SELECT account_id, version FROM suggestion_lists").fetchall()


def test_learn_ranks_everybody_and_refresh_those_that_changed(
    installed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["suggest", "refresh"]) == 1
    assert "ringahead learn" in capsys.readouterr().err
    assert run(["learn", "--as-of", "2022-02-01"]) == 0
    before = rows(installed)
    assert len({account for account, _ in before}) > 20
    capsys.readouterr()
    assert run(["suggest", "refresh", "--as-of", "2022-03-01"]) == 0
    said = capsys.readouterr().out
    assert "accounts ranked by 2022-02-01-" in said
    assert {version for _, version in rows(installed)} == {version for _, version in before}, "nothing is learnt"


def test_an_altered_artefact_is_refused_and_the_lists_stay(installed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["learn", "--as-of", "2022-02-01"]) == 0
    before = rows(installed)
    (file,) = (installed / "data").glob("*.sqlite3")
    with sqlite3.connect(file) as connection:
        connection.execute(
            "UPDATE artefacts SET raw = substr(raw, 1, 1000) WHERE digest ="
            " (SELECT digest FROM artefact_names WHERE name = 'suggestions')"
        )
    connection.close()
    capsys.readouterr()
    assert run(["suggest", "refresh", "--as-of", "2022-03-01"]) != 0
    assert "is not what was stored" in capsys.readouterr().err
    assert rows(installed) == before
