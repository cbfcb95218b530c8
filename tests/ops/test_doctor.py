"""The doctor names what is missing, says how to mend it, and fails only for the configured runtime."""

import sqlite3
from pathlib import Path

import pytest
from aiokafka.errors import KafkaConnectionError
from pydantic import SecretStr

from ops.checks import State, machine, missing, servers
from ops.checks import survey as survey_module
from ops.checks.survey import survey
from ops.cli import run
from schemas.settings import Settings
from schemas.topics import CATALOGUE
from streams.embedded.lock import hold

PLANNED = {str(spec.topic): 4 if spec.co_partitioned else 1 for spec in CATALOGUE}


async def nothing_there(_: str) -> dict[str, int]:
    raise KafkaConnectionError


async def all_there(_: str) -> dict[str, int]:
    return PLANNED


def test_kafka_that_answers() -> None:
    assert [check.state for check in servers.kafka(Settings(), all_there)] == [State.OK, State.OK]


def test_kafka_that_does_not_answer_names_the_place_and_how_to_start_one() -> None:
    (check,) = servers.kafka(Settings(kafka_bootstrap="broker:9092"), nothing_there)
    assert check.state is State.MISSING
    assert "broker:9092" in check.says
    assert "ops.kafka_local" in check.mend


def test_absent_topic_is_named() -> None:
    found = {name: count for name, count in PLANNED.items() if name != "ringahead.needs"}
    check = servers.topics(found, 4)
    assert (check.state, check.mend) == (State.MISSING, "ringahead topics apply")
    assert "1 of 10" in check.says
    assert "ringahead.needs" in check.says


def test_other_partitions_are_told() -> None:
    check = servers.topics(PLANNED | {"ringahead.account-events": 8}, 4)
    assert check.state is State.MISSING
    assert "ringahead.account-events has 8, not 4" in check.says


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
