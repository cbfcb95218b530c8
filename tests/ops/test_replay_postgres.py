"""`ringahead replay` and `ringahead explain` on PostgreSQL: an installation of the Kafka runtime, its log in a file."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from ops.cli import run
from ops.commands.replay import _from_file
from ops.embedded.installation import installation_of, opened
from ops.postgres_local import scratch_database, server_for_tests
from outreach.desk import Desk, rules_from
from outreach.store.migrate import upgrade
from outreach.store.sql import SqlStore, store_for
from schemas.settings import Settings
from streams.embedded.runtime import ArtefactsOn
from streams.processor import LogFolder
from tests.ops.test_explain_and_replay import folder  # noqa: F401  # the played installation is shared
from tests.streams.harness import MemoryStore

pytestmark = pytest.mark.postgres
BATCH = 37


def carried_over(source: Path, log: Path, store: SqlStore) -> None:
    """What a worker and a desk make of the log, batch by batch, with the artefacts of the other installation."""
    settings = Settings(data_dir=source)
    desk, states = Desk(rules_from(settings)), MemoryStore()
    with opened(settings) as one, one.store.read() as theirs, store.begin() as tx:
        for raw in theirs.connection.scalars(text("SELECT raw FROM artefacts")):
            tx.artefacts.put(raw)
        folder = LogFolder(0, states, installation_of(settings), ArtefactsOn(tx.connection))
        records = list(_from_file(log))
        for start in range(0, len(records), BATCH):
            folded = folder.fold(records[start : start + BATCH])
            states.write(folded.writes)
            desk.apply_effects(tx, folded.effects)
    more = True
    while more:
        with store.begin() as tx:
            more = desk.upkeep(tx, tx.db_now()).more


@pytest.fixture
def installation(
    folder: Path,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[tuple[SqlStore, Path]]:
    """A database that holds what the log makes of it, and the log."""
    log = tmp_path / "log.jsonl"
    monkeypatch.setenv("RINGAHEAD_DATA_DIR", str(folder))
    assert run(["replay", "--out", str(log)]) == 0
    with server_for_tests() as server, scratch_database(server) as url:
        store = store_for(url)
        upgrade(store.engine)
        carried_over(folder, log, store)
        monkeypatch.setenv("RINGAHEAD_RUNTIME", "kafka")
        monkeypatch.setenv("RINGAHEAD_DATA_DIR", str(tmp_path / "nothing"))
        monkeypatch.setenv("RINGAHEAD_DATABASE_URL", url)
        yield store, log
        store.close()


def test_the_log_gives_what_the_database_holds(
    installation: tuple[SqlStore, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    store, log = installation
    with store.read() as tx:
        assert sum(tx.tasks.counts().values()) > 5, "the play went nowhere"
    assert run(["replay", "--log", str(log)]) == 0
    said = capsys.readouterr().out
    assert "equal" in said
    assert "compared: 0 needs" not in said
    with store.engine.begin() as connection:
        connection.execute(
            text("UPDATE needs SET reasons = '[\"holdout\"]' WHERE need_id = (SELECT min(need_id) FROM needs)")
        )
    assert run(["replay", "--log", str(log)]) == 1
    assert "first difference: need" in capsys.readouterr().out


def test_a_task_is_explained(installation: tuple[SqlStore, Path], capsys: pytest.CaptureFixture[str]) -> None:
    store, _ = installation
    with store.engine.connect() as connection:
        task_id = connection.scalar(text("SELECT min(task_id) FROM tasks"))
    assert run(["explain", task_id, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["task_id"], said["profiles"]) == (task_id, ["p-1"])
    assert said["decisions"][0]["what"] == "opened"
    assert all(line["evidence"]["profile"] for line in said["lines"])
