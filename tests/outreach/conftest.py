"""One suite, three stores: memory, SQLite, PostgreSQL."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from ops.postgres_local import scratch_database, server_for_tests
from outreach.desk import Desk, DeskRules
from outreach.memory import MemoryStore
from outreach.ports import Store
from outreach.store.migrate import upgrade
from outreach.store.schema import metadata
from outreach.store.sql import SqlStore, create
from tests.outreach.made import DatabaseClock, Room, clock

EVERY_STORE = ["memory", "sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]
RULES = DeskRules(holdout_salt="tests", tick_minutes=60)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """A server to make databases on; without one the tests fail, with the reason."""
    with server_for_tests() as url:
        yield url


@pytest.fixture(scope="session")
def migrated_postgres(postgres_server: str) -> Iterator[SqlStore]:
    with scratch_database(postgres_server) as url:
        store = SqlStore(create(url))
        upgrade(store.engine)
        yield store
        store.close()


@pytest.fixture
def postgres_store(migrated_postgres: SqlStore) -> SqlStore:
    """An empty PostgreSQL database."""
    names = ", ".join(f'"{name}"' for name in metadata.tables)
    with migrated_postgres.engine.begin() as connection:
        connection.execute(text(f"TRUNCATE {names}"))
    return migrated_postgres


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sqlite") / "empty.sqlite3"
    engine = create(f"sqlite:///{path}")
    upgrade(engine)
    engine.dispose()
    return path


@pytest.fixture
def sqlite_store(migrated_sqlite: Path, tmp_path: Path) -> Iterator[SqlStore]:
    """An empty SQLite database."""
    path = tmp_path / "desk.sqlite3"
    shutil.copy(migrated_sqlite, path)
    store = SqlStore(create(f"sqlite:///{path}"))
    yield store
    store.close()


@pytest.fixture(params=EVERY_STORE)
def store(request: pytest.FixtureRequest) -> Store:
    if request.param == "memory":
        return MemoryStore(DatabaseClock())
    found: Store = request.getfixturevalue(f"{request.param}_store")
    return found


@pytest.fixture
def room(store: Store) -> Room:
    """An empty call centre on a Tuesday at ten, with one agent."""
    made = Room(store, Desk(RULES))
    made.tell(clock())
    made.staff("anna")
    return made
