"""`ringahead lag`, `dead-letters` and `reset` on the embedded runtime: tables, JSON, exit codes."""

import json
from pathlib import Path
from typing import Any

import pytest

from ops.cli import run
from ops.embedded.installation import opened
from schemas.settings import Settings
from streams.ingest import IngestRules
from streams.microbatch.ports import Record

AT_MS = 1_772_438_400_000
ORDER = {
    "specversion": "1.0", "id": "o-1", "source": "erp", "type": "ringahead.OrderPlaced.v1", "subject": "A1",
    "time": "2026-03-01T10:00:00Z", "data": {"order_id": "1", "lines": [{"sku": "X", "quantity": -2}]},
}  # fmt: skip
LETTER = "http/0/7"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file with one dead letter, nobody running."""
    monkeypatch.setenv("RINGAHEAD_DATA_DIR", str(tmp_path))
    with opened(Settings(data_dir=tmp_path)) as installation:
        records = [Record("http", 0, 7, AT_MS, None, json.dumps(ORDER).encode())]
        installation.runtime.take(records, IngestRules(key_required=False))
    return tmp_path


def told(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


def test_a_letter_is_edited_replayed_and_becomes_a_fact(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["dead-letters", "list", "--json"]) == 0
    listed = told(capsys)
    assert listed["waiting"] == {"negative_quantity": 1}
    assert [one["letter_id"] for one in listed["letters"]] == [LETTER]
    assert run(["dead-letters", "replay", LETTER]) == 1, "it would be refused again"
    assert "negative_quantity" in capsys.readouterr().err
    good = folder / "good.json"
    good.write_text(json.dumps(ORDER).replace("-2", "2"))
    assert run(["dead-letters", "edit", LETTER, "--file", str(good)]) == 0
    assert run(["dead-letters", "replay", "--reason", "negative_quantity"]) == 0
    capsys.readouterr()
    assert run(["dead-letters", "show", LETTER, "--json"]) == 0
    shown = told(capsys)
    assert shown["how"].startswith("replayed as ringahead.account-events/0/")
    assert [entry[2] for entry in shown["history"]] == ["letter_replayed", "letter_edited"]
    assert all(entry[1].startswith("ringahead dead-letters (") for entry in shown["history"])
    with opened(Settings(data_dir=folder)) as installation:
        events = [event for _, batch in installation.read_log() for event in batch]
    assert [(event.subject, event.replay_of) for event in events] == [("A1", LETTER)]
    assert run(["dead-letters", "discard", LETTER, "--why", "again"]) == 1, "it is settled"


def test_a_letter_is_discarded_with_a_reason(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["dead-letters", "discard", LETTER, "--why", "a test of the ERP"]) == 0
    assert run(["dead-letters", "list", "--settled"]) == 0
    assert "discarded by ringahead dead-letters" in capsys.readouterr().out
    assert run(["dead-letters", "replay", "no/0/0"]) == 1
    assert run(["dead-letters", "replay"]) == 2
    assert run(["dead-letters", "show", "no/0/0"]) == 1


def test_lag_of_the_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["lag", "--samples", "1", "--json"]) == 0
    (row,) = told(capsys)
    assert (row["group"], row["lag_events"], row["lag_seconds"]) == ("ringahead-embedded", 0, 0.0)
    assert (row["catch_up_seconds"], row["shrinks"]) == (0.0, True)
    with opened(Settings(data_dir=folder)) as installation:
        good = json.dumps(ORDER).replace("-2", "2").encode()
        installation.runtime.take([Record("http", 0, 8, AT_MS, None, good)], IngestRules(key_required=False))
    assert run(["lag", "--samples", "3", "--every", "0.1"]) == 1, "nobody folds, and a record waits"
    said = capsys.readouterr().out
    assert "STALL" in said
    assert "records wait, and no offset moved" in said
    assert run(["lag", "other", "--samples", "1"]) == 2


def test_nothing_to_reset_in_a_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["reset", "ringahead-embedded", "--to-end"]) == 1
    assert "ringahead rebuild" in capsys.readouterr().err
