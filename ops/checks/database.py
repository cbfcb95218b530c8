"""Checks of the task database, be it the SQLite file or a PostgreSQL server: its version, its model, its people."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import Engine
from sqlalchemy.exc import DatabaseError

from ops.checks import Check, missing, note, ok
from outreach.store.migrate import version_of
from outreach.store.sql import SqlStore, SqlTransaction, create
from schemas.errors import Unavailable
from schemas.needs import ClockMoved
from schemas.settings import Settings

LEARN = "ringahead learn"


def sqlite_file(settings: Settings) -> tuple[Check, ...]:
    """The embedded runtime's file, where there is one already; nothing is made."""
    if not settings.sqlite_path.exists():
        return (note("Database", f"{settings.sqlite_path} is not there yet", "ringahead demo, or ringahead serve"),)
    engine = create(f"sqlite:///{settings.sqlite_path}")
    try:
        return checks_of(engine, settings)
    except (Unavailable, DatabaseError) as error:
        cause = getattr(error, "orig", None) or error
        return (
            missing("Database", f"{settings.sqlite_path}: {cause}", "restore the file from a backup, or move it away"),
        )
    finally:
        engine.dispose()


def checks_of(engine: Engine, settings: Settings) -> tuple[Check, ...]:
    """Version of the tables; then model and users. Raises Unavailable."""
    version = version_of(engine)
    if not version.is_current:
        said = f"tables are at version {version.found or 'nothing'}, this program needs {version.wanted}"
        return (missing("Tables", said, "ringahead migrate"),)
    with SqlStore(engine).read() as tx:
        return ok("Tables", f"version {version.wanted}"), _model(tx, settings), _users(tx)


def _model(tx: SqlTransaction, settings: Settings) -> Check:
    """Its age is counted in business time: a demo's model of 2011 is not stale in its own December."""
    clocks = [clock for clock in tx.clocks.all() if clock.model_published_at is not None]
    if not clocks:
        return note("Model", "nothing is learnt yet: nothing is decided, no call task opens", LEARN)
    oldest = max((clock.as_of - (clock.model_published_at or clock.as_of) for clock in clocks), default=timedelta())
    versions = ", ".join(sorted({clock.model_version or "?" for clock in clocks}))
    if oldest > timedelta(days=settings.stale_model_days):
        return note("Model", f"{versions} is {oldest.days} days old: new selling tasks are stopped", LEARN)
    return ok("Model", f"{versions}, {max(oldest.days, 0)} days old in business time{_rollout(clocks)}")


def _rollout(clocks: Sequence[ClockMoved]) -> str:
    """How many accounts the model and profiles in force have reached, while they are rolled out."""
    running = [one.rollout for one in clocks if one.rollout is not None and one.rollout.finished_at is None]
    if not running:
        return ""
    done, total = sum(one.accounts_done for one in running), sum(one.accounts_total for one in running)
    return f"; {done:,} of {total:,} accounts of {len(running)} partitions are judged anew"


def _users(tx: SqlTransaction) -> Check:
    count = len(tx.users.all())
    if not count:
        return note("Users", "nobody can log in yet", "ringahead users add NAME --role admin")
    return ok("Users", f"{count} can log in")
