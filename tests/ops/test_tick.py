"""`ringahead tick`: business time never goes back, so it is not pushed far ahead by a slip."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ops.cli import run


def test_a_time_far_ahead_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RINGAHEAD_DATA_DIR", str(tmp_path))
    assert run(["tick", "--as-of", "2062-01-01"]) == 2
    assert "never goes back" in capsys.readouterr().err


def test_an_earlier_time_is_set(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RINGAHEAD_DATA_DIR", str(tmp_path))
    yesterday = datetime.now(UTC) - timedelta(days=1)
    assert run(["tick", "--as-of", f"{yesterday:%Y-%m-%d}"]) == 0
    assert f"{yesterday:%Y-%m-%d}" in capsys.readouterr().out
