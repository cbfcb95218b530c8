"""Migrations lead from nothing to exactly the tables of the program, on both databases."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import inspect, text

from ops.postgres_local import scratch_database
from outreach.store import migrate, schema
from outreach.store.schema import metadata
from outreach.store.sql import SqlStore, create
from schemas.errors import Misconfigured, Unavailable
from tests.outreach.made import NOW


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


def test_lists_and_artefacts_of_before_are_carried_over(url: str) -> None:
    engine = create(url)
    recommenders = {digest * 32: b"RHSIM" + digest.encode() for digest in ("aa", "bb")}
    columns = "account_id, rank, sku, name, sentence, version, efficiency, is_new, base_rate, as_of"
    rows = [(f"a{who:04d}", rank, f"s{rank}", "One", "Said.", "v1", rank) for who in range(1001) for rank in (2, 1)]
    with engine.begin() as connection:
        migrate.upgrade_to(connection, "0006")
        connection.execute(
            text(f"INSERT INTO suggestions ({columns}) VALUES (:a, :r, :s, :n, :t, :v, :e, :i, 0.25, NULL)"),
            [dict(zip("arsntve", row, strict=True)) | {"i": True} for row in rows],
        )
        for digest, raw in recommenders.items():
            connection.execute(text("INSERT INTO artefacts VALUES (:d, :r)"), {"d": digest, "r": raw})
        named = schema.artefact_names.insert().values(name="suggestions", version="v1", digest="aa" * 32, at=NOW)
        connection.execute(named)
    migrate.upgrade(engine)
    assert migrate.differences(engine) == []
    with SqlStore(engine).read() as tx:
        first = tx.suggestions.of_account("a1000")
        assert [(one.rank, one.sku, one.efficiency, one.is_new, one.base_rate) for one in first] == [
            (1, "s1", 1, True, 0.25),
            (2, "s2", 2, True, 0.25),
        ]
        assert len(tx.suggestions.of_account("a0000")) == 2
        assert {(v, d) for v, d, _ in tx.artefacts.history("suggestions")} == {("v1", "aa" * 32), ("", "bb" * 32)}
    engine.dispose()
