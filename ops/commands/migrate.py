"""`ringahead migrate`: bring the task database to this version."""

import click

from outreach.store import migrate
from outreach.store.sql import create
from schemas.settings import load_settings


@click.command()
@click.option("--check", is_flag=True, help="Change nothing; exit code 1 when the database is not at this version.")
def command(check: bool) -> int:
    """Bring the database to this version.

    The database is RINGAHEAD_DATABASE_URL, else the SQLite file in RINGAHEAD_DATA_DIR. Safe to run twice, and
    from several machines at once.
    """
    engine = create(load_settings().sqlalchemy_url)
    try:
        before = migrate.version_of(engine) if check else migrate.upgrade(engine)
    finally:
        engine.dispose()
    if before.is_current:
        click.echo(f"The database is at version {before.wanted}; nothing to do.")
        return 0
    if check:
        click.echo(f"The database is at {before.found or 'nothing'}; this program needs {before.wanted}.")
        return 1
    click.echo(f"The database was at {before.found or 'nothing'} and is now at version {before.wanted}.")
    return 0
