"""Brings a database to this version of the schema, or says how far it is from it."""

from dataclasses import dataclass
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import InterfaceError, OperationalError

from outreach.store.log_schema import metadata
from schemas.errors import Misconfigured, Unavailable

_LOCK = text("SELECT pg_advisory_xact_lock(7241004)")
"""Two processes that start together migrate one after the other."""


@dataclass(frozen=True, slots=True)
class Version:
    """Where a database stands."""

    found: str | None
    """None: empty."""
    wanted: str

    @property
    def is_current(self) -> bool:
        """Whether this program can work on it."""
        return self.found == self.wanted


def version_of(engine: Engine) -> Version:
    """Where the database stands; raises Unavailable."""
    try:
        with engine.connect() as connection:
            found = MigrationContext.configure(connection).get_current_revision()
    except (OperationalError, InterfaceError) as error:
        raise Unavailable(f"the task database: {str(error.orig).strip().splitlines()[0]}") from error
    return Version(found, _head())


def upgrade(engine: Engine) -> Version:
    """To the newest version, in one transaction; where it stood before. Twice is once. Raises Unavailable,
    and Misconfigured for a database of a newer program."""
    before = version_of(engine)
    if before.is_current:
        return before
    if before.found is not None and before.found not in _known():
        raise Misconfigured(f"the database is at {before.found}, which this program does not know: it is newer")
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(_LOCK)
        upgrade_to(connection, "head")
    return before


def upgrade_to(connection: Connection, revision: str) -> None:
    """To one version, in the caller's transaction."""
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def require_current(engine: Engine) -> None:
    """Raises Misconfigured with the command that mends it."""
    version = version_of(engine)
    if not version.is_current:
        raise Misconfigured(f"the database is at {version.found or 'nothing'}: run `ringahead migrate`")


def differences(engine: Engine) -> list[str]:
    """What the migrated database lacks against the program's own tables; empty: nothing."""
    with engine.connect() as connection:
        found = MigrationContext.configure(connection)
        return [str(difference) for difference in compare_metadata(found, metadata)]


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    return config


def _head() -> str:
    head = ScriptDirectory.from_config(_config()).get_current_head()
    if head is None:
        raise AssertionError("there is no migration")
    return head


def _known() -> set[str]:
    return {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
