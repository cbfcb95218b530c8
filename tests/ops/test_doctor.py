"""The doctor names what is missing, says how to mend it, and fails only for the configured runtime."""

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from ops.checks import State, database, machine, missing, servers
from ops.checks import survey as survey_module
from ops.checks.survey import survey
from ops.cli import run
from outreach.store.migrate import upgrade
from outreach.store.sql import SqlStore, create
from schemas.errors import Unavailable
from schemas.needs import ClockMoved
from schemas.settings import Settings
from streams.embedded.lock import hold
from streams.kafka_topics import Difference, Kind


async def nothing_there(_: Settings) -> list[Difference]:
    raise Unavailable("no broker")


async def silence(_: Settings) -> list[Difference]:
    raise TimeoutError


async def all_there(_: Settings) -> list[Difference]:
    return []


def test_kafka_that_answers() -> None:
    assert [check.state for check in servers.kafka(Settings(), all_there)] == [State.OK, State.OK]


@pytest.mark.parametrize("ask", [nothing_there, silence])
def test_kafka_that_does_not_answer_names_the_place_and_how_to_start_one(ask: servers.Plan) -> None:
    (check,) = servers.kafka(Settings(kafka_bootstrap="broker:9092"), ask)
    assert check.state is State.MISSING
    assert "broker:9092" in check.says
    assert "ops.kafka_local" in check.mend


@pytest.mark.parametrize(
    ("kind", "state"),
    [(Kind.MISSING, State.MISSING), (Kind.PARTITIONS, State.MISSING), (Kind.CONFIG, State.NOTE)],
)
def test_topic_that_differs_is_named_with_its_remedy(kind: Kind, state: State) -> None:
    (check,) = servers.topics([Difference("ringahead.needs", kind, "is missing", "ringahead topics apply")])
    assert check.state is state
    assert check.says == "ringahead.needs is missing"
    assert check.mend == "ringahead topics apply"


@pytest.mark.parametrize(
    ("url", "word"),
    [(None, "is not set"), ("no url", "cannot be read"), ("sqlite:///x.db", "the database is sqlite")],
)
def test_database_that_is_no_postgres(url: str | None, word: str) -> None:
    (check,) = servers.postgres(Settings(database_url=None if url is None else SecretStr(url)))
    assert check.state is State.MISSING
    assert word in check.says
    assert "RINGAHEAD_DATABASE_URL" in check.mend


def test_database_password_is_never_shown() -> None:
    url = SecretStr("postgresql+psycopg://user:canary@127.0.0.1:1/ringahead")
    checks = servers.postgres(Settings(database_url=url))
    assert "canary" not in repr(checks)
    assert checks[0].state is State.MISSING


@pytest.mark.parametrize(
    ("check", "state"),
    [
        (machine.python((3, 10, 4)), State.MISSING),
        (machine.python((3, 14, 0)), State.OK),
        (machine.time_zones("Nowhere/Nothing"), State.MISSING),
        (machine.time_zones(), State.OK),
        (machine.port("127.0.0.1", 8080, ours=False, bindable=lambda *_: False), State.MISSING),
        (machine.port("127.0.0.1", 8080, ours=True, bindable=lambda *_: False), State.OK),
        (machine.port("127.0.0.1", 8080, ours=False, bindable=lambda *_: True), State.OK),
        (machine.port("127.0.0.1", 0, ours=False, bindable=lambda *_: False), State.OK),
        (machine.java(lambda _: None), State.MISSING),
        (machine.java(lambda _: "java", lambda _: 'openjdk version "11.0.2"'), State.MISSING),
        (machine.java(lambda _: "java", lambda _: 'openjdk version "21" 2023'), State.OK),
        (machine.tool("Chromium", ("a", "b"), "install", lambda name: "/b" if name == "b" else None), State.OK),
        (machine.tool("Chromium", ("a", "b"), "install", lambda _: None), State.MISSING),
    ],
)
def test_machine(check: machine.Check, state: State) -> None:
    assert check.state is state
    assert state is not State.MISSING or check.mend


def test_data_folder_is_not_made_by_looking(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    assert machine.data_folder(folder).state is not State.MISSING
    assert machine.sqlite(folder).state is State.OK
    assert list(tmp_path.iterdir()) == []


def test_data_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "var").touch()
    assert machine.data_folder(tmp_path / "var").state is State.MISSING


def test_old_sqlite(tmp_path: Path) -> None:
    assert machine.sqlite(tmp_path, (3, 31, 0)).state is State.MISSING
    assert machine.sqlite(tmp_path, sqlite3.sqlite_version_info).state is State.OK


@pytest.fixture
def no_servers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine with no server at all."""
    absent = missing("Kafka", "nothing answers", "start it")
    monkeypatch.setattr(survey_module.servers, "kafka", lambda _: (absent,))
    monkeypatch.setattr(survey_module.machine, "can_bind", lambda *_: True)
    monkeypatch.setenv("RINGAHEAD_DATA_DIR", str(tmp_path / "var"))


@pytest.mark.usefixtures("no_servers")
@pytest.mark.parametrize(("runtime", "code"), [("embedded", 0), ("kafka", 1)])
def test_verdict_is_about_the_configured_runtime(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], runtime: str, code: int
) -> None:
    monkeypatch.setenv("RINGAHEAD_RUNTIME", runtime)
    assert run(["doctor"]) == code
    said = capsys.readouterr().out
    assert "nothing answers" in said
    assert "-> start it" in said
    assert said.strip().endswith(
        "The embedded runtime has all that it needs." if code == 0 else "The kafka runtime lacks: Kafka, PostgreSQL."
    )


@pytest.mark.usefixtures("no_servers")
def test_every_missing_thing_has_a_remedy() -> None:
    checks = [check for group in survey(Settings()) for check in group.checks]
    assert [check.topic for check in checks if check.state is State.MISSING and not check.mend] == []


@pytest.mark.usefixtures("no_servers")
def test_held_data_folder_is_told_and_no_fault(capsys: pytest.CaptureFixture[str]) -> None:
    with hold(Settings().data_dir, "ringahead serve"):
        assert run(["doctor"]) == 0
    assert "held by `ringahead serve`" in capsys.readouterr().out


NOW = datetime(2024, 6, 1, tzinfo=UTC)


def checks(folder: Path) -> dict[str, tuple[State, str]]:
    found = database.sqlite_file(Settings(data_dir=folder))
    return {check.topic: (check.state, check.says) for check in found}


def installed(folder: Path) -> SqlStore:
    store = SqlStore(create(f"sqlite:///{folder / 'ringahead.sqlite3'}"))
    upgrade(store.engine)
    return store


def test_database_that_is_not_there_is_no_fault_and_is_not_made(tmp_path: Path) -> None:
    assert checks(tmp_path)["Database"][0] is State.NOTE
    assert list(tmp_path.iterdir()) == []


def test_database_of_another_version(tmp_path: Path) -> None:
    store = SqlStore(create(f"sqlite:///{tmp_path / 'ringahead.sqlite3'}"))
    with store.begin():
        pass
    store.close()
    state, said = checks(tmp_path)["Tables"]
    assert state is State.MISSING
    assert "version nothing" in said


def test_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "ringahead.sqlite3").write_bytes(b"not a database" * 100)
    state, said = checks(tmp_path)["Database"]
    assert state is State.MISSING
    assert "not a database" in said


@pytest.mark.parametrize(
    ("age_days", "state", "word"),
    [(None, State.NOTE, "nothing is decided"), (2, State.OK, "2 days old"), (9, State.NOTE, "9 days old")],
)
def test_age_of_the_model_in_business_time(tmp_path: Path, age_days: int | None, state: State, word: str) -> None:
    store = installed(tmp_path)
    if age_days is not None:
        published = NOW - timedelta(days=age_days)
        with store.begin() as tx:
            tx.clocks.put([ClockMoved(partition=0, as_of=NOW, model_version="m1", model_published_at=published)])
    store.close()
    found = checks(tmp_path)
    assert found["Tables"][0] is State.OK
    assert found["Users"] == (State.NOTE, "nobody can log in yet")
    assert found["Model"][0] is state
    assert word in found["Model"][1]
