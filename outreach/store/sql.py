"""Engines and transactions. SQLite: WAL, BEGIN IMMEDIATE, every commit on disk. PostgreSQL: read committed.

Every error of the driver that means "not now" (connection lost, locked, deadlock) becomes `Unavailable`.
"""

from collections.abc import Generator, Iterable
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import BigInteger, Connection, Engine, TextClause, bindparam, create_engine, event, make_url, text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from outreach.store import ahead, calling, keeping, people, positions, web, work
from outreach.store.books import SqlBooks
from outreach.store.letters import SqlDeadLetters
from outreach.store.log import SqlAccountLog
from outreach.store.reports import SqlReports
from outreach.store.showings import SqlShowings
from outreach.store.suggestions import SqlSuggestions
from outreach.store.tasks import SqlTasks
from outreach.store.together import prepared, together, waits
from schemas.errors import Unavailable
from schemas.ids import stable_hash

BUSY_TIMEOUT_SECONDS = 10.0
_READ_ONLY = "ringahead_read_only"
_NOW = text("SELECT CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)")


def _postgres_now() -> TextClause:
    return text("SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)")


def _turn() -> TextClause:
    return text("SELECT pg_advisory_xact_lock(:turn)").bindparams(bindparam("turn", type_=BigInteger))


def create(url: str) -> Engine:
    """An engine for a SQLAlchemy URL; the folder of a SQLite file is made. Connects to nothing yet."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "postgresql":
        return create_engine(parsed.set(drivername="postgresql+psycopg"), pool_pre_ping=True, hide_parameters=True)
    if parsed.database:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    arguments = {"timeout": BUSY_TIMEOUT_SECONDS, "check_same_thread": False}
    engine = create_engine(parsed, connect_args=arguments, hide_parameters=True)
    event.listen(engine, "connect", _configure_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _configure_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    """The driver would begin a transaction that cannot be upgraded; a writer locks at once instead."""
    read_only = connection.get_execution_options().get(_READ_ONLY, False)
    connection.exec_driver_sql("BEGIN DEFERRED" if read_only else "BEGIN IMMEDIATE")


class SqlTransaction:
    """All repositories on a connection; implements `outreach.ports.Transaction`.

    Bound to a connection of the caller's it commits nothing: call `flush` before you commit.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._waits_for_disk = True
        self.standings = work.SqlStandings(connection)
        self.needs = work.SqlNeeds(connection)
        self.tasks = SqlTasks(connection)
        self.reorders = work.SqlReorders(connection)
        self.attempts = work.SqlAttempts(connection)
        self.contacts = people.SqlContacts(connection)
        self.do_not_call = people.SqlDoNotCall(connection)
        self.registers = calling.SqlRegisters(connection)
        self.erasures = calling.SqlErasures(connection)
        self.queues = calling.SqlQueues(connection)
        self.products = calling.SqlProducts(connection)
        self.asked_orders = calling.SqlAskedOrders(connection)
        self.agents = people.SqlAgents(connection)
        self.users = people.SqlUsers(connection)
        self.sessions = people.SqlSessions(connection)
        self.login_links = people.SqlLoginLinks(connection)
        self.account_links = web.SqlAccountLinks(connection)
        self.account_log = SqlAccountLog(connection)
        self.kept_answers = web.SqlKeptAnswers(connection)
        self.suggestions = SqlSuggestions(connection)
        self.showings = SqlShowings(connection)
        self.reports = SqlReports(connection)
        self.audit = keeping.SqlAudit(connection)
        self.outbox = keeping.SqlOutbox(connection)
        self.books = SqlBooks(connection)
        self.facts = keeping.SqlFacts(connection)
        self.dead_letters = SqlDeadLetters(connection)
        self.artefacts = positions.SqlArtefacts(connection)
        self.clocks = positions.SqlClocks(connection)
        self.offsets = positions.SqlOffsets(connection)

    def db_now(self) -> datetime:
        """The database's clock, UTC, in milliseconds."""
        if waits(self.connection):
            milliseconds = together(self.connection, [(prepared(_postgres_now), {})])[0][0][0]
        else:
            milliseconds = self.connection.scalar(_NOW) or 0
        return datetime.fromtimestamp(milliseconds / 1000, UTC)

    def foresee_claim(self, agent_id: str) -> None:
        """Read what a claim begins with; on PostgreSQL alone."""
        ahead.foresee_claim(self, agent_id)

    def foresee_accounts(self, account_ids: Iterable[str], task_ids: Iterable[str], since: datetime) -> None:
        """Read what eligibility and a card need; on PostgreSQL alone."""
        ahead.foresee_accounts(self, account_ids, task_ids, since)

    def take_turns(self, keys: Iterable[str]) -> None:
        """On PostgreSQL a lock by the hash of each, in one order; SQLite has one writer at a time anyway."""
        if waits(self.connection):
            turns = sorted({int.from_bytes(stable_hash("turn", key), "big", signed=True) for key in keys})
            together(self.connection, [(prepared(_turn), {"turn": turn}) for turn in turns])

    def forgo_disk(self) -> None:
        """On PostgreSQL an asynchronous commit."""
        self._waits_for_disk = False

    def flush(self, *, commits: bool = False) -> None:
        """Write history and messages; nothing else may be appended by others until the commit, which may go along."""
        if self.audit.held_back or self.outbox.held_back:
            waits = self._waits_for_disk
            keeping.flush(self.connection, self.audit, self.outbox, waits_for_disk=waits, commits=commits)


class SqlStore:
    """Transactions on an engine; implements `outreach.ports.Store`."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @contextmanager
    def begin(self) -> Generator[SqlTransaction]:
        """Committed at the end of the block, rolled back by an exception."""
        with _mapped(), self.engine.begin() as connection:
            transaction = SqlTransaction(connection)
            yield transaction
            transaction.flush(commits=True)

    @contextmanager
    def read(self) -> Generator[SqlTransaction]:
        """Sees one state of the database, waits for no writer; nothing that it writes stays."""
        with _mapped(), self.engine.connect() as connection:
            options: dict[str, Any] = {_READ_ONLY: True}
            if connection.dialect.name == "postgresql":
                options = {"postgresql_readonly": True, "isolation_level": "REPEATABLE READ"}
            yield SqlTransaction(connection.execution_options(**options))

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()


def store_for(url: str) -> SqlStore:
    """A store on this database; its tables are made by `outreach.store.migrate`."""
    return SqlStore(create(url))


@contextmanager
def _mapped() -> Generator[None]:
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        raise Unavailable(f"the task database: {_first_line(error)}") from error
    except (psycopg.OperationalError, psycopg.InterfaceError) as error:
        raise Unavailable(f"the task database: {str(error).strip().splitlines()[0]}") from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise Unavailable(f"the task database: {_first_line(error)}") from error
        raise


def _first_line(error: DBAPIError) -> str:
    """What the driver says, without the statement and its values."""
    return str(error.orig).strip().splitlines()[0]
