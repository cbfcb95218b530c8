"""Migrations lead from nothing to exactly the tables of the program, on both databases."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import inspect, text

from ops.postgres_local import scratch_database
from outreach.store import migrate
from outreach.store.schema import metadata
from outreach.store.sql import create
from schemas.errors import Misconfigured, Unavailable


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path):  # type: ignore[no-untyped-def]
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/new/desk.sqlite3"
    else:
        with scratch_database(request.getfixturevalue("postgres_server")) as found:
            yield found


def test_from_nothing_to_the_programs_tables(url: str) -> None:
    engine = create(url)
    with pytest.raises(Misconfigured, match="ringahead migrate"):
        migrate.require_current(engine)
    assert migrate.upgrade(engine).found is None
    assert migrate.differences(engine) == []
    assert set(inspect(engine).get_table_names()) == {*metadata.tables, "alembic_version"}
    found = {index["name"] for table in metadata.tables for index in inspect(engine).get_indexes(table)}
    assert {"tasks_one_open", "tasks_one_held", "outbox_pending"} <= found
    migrate.require_current(engine)
    assert migrate.upgrade(engine).is_current, "twice is once"
    engine.dispose()


def test_a_newer_database_is_left_alone(url: str) -> None:
    engine = create(url)
    migrate.upgrade(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(Misconfigured, match="newer"):
        migrate.upgrade(engine)
    engine.dispose()


def test_a_lost_column_is_noticed(tmp_path: Path) -> None:
    engine = create(f"sqlite:///{tmp_path}/x.sqlite3")
    migrate.upgrade(engine)
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE agents DROP COLUMN expiries"))
    assert "expiries" in str(migrate.differences(engine))
    engine.dispose()


def test_a_file_that_cannot_be_made_says_so(tmp_path: Path) -> None:
    (tmp_path / "desk.sqlite3").mkdir()
    engine = create(f"sqlite:///{tmp_path}/desk.sqlite3")
    with pytest.raises(Unavailable):
        migrate.upgrade(engine)
    engine.dispose()


def test_the_command_migrates_and_checks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ops.commands.migrate import command

    monkeypatch.setenv("RINGAHEAD_DATA_DIR", str(tmp_path / "var"))
    monkeypatch.delenv("RINGAHEAD_DATABASE_URL", raising=False)
    codes = []
    for arguments in (["--check"], [], ["--check"], []):
        done = CliRunner().invoke(command, arguments, standalone_mode=False)
        assert done.exception is None, done.output
        codes.append((done.return_value, done.output.split(";")[0].strip()))
    assert [code for code, _ in codes] == [1, 0, 0, 0]
    assert (
        codes[-1][1]
        == f"The database is at version {migrate.version_of(create(f'sqlite:///{tmp_path}/var/ringahead.sqlite3')).wanted}"
    )
