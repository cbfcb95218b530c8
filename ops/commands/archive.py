"""`ringahead archive`: the log of record into the database, by account (Kafka runtime)."""

import asyncio

import click

from ops.leaving import stop_at_signal
from outreach.store.migrate import require_current
from outreach.store.sql import SqlStore, store_for
from schemas.errors import Misconfigured
from schemas.settings import Settings, load_settings
from streams.kafka.archive import run_archive
from streams.telemetry.logs import set_up


@click.command()
def command() -> None:
    """Copy the log of record into PostgreSQL, by account: the account's page, `ringahead explain` and exports read it.

    Any number of them share the work. While the database or Kafka is not there they wait. What is older than
    RINGAHEAD_ACCOUNT_LOG_DAYS is forgotten. Stop with SIGTERM: nothing is lost, positions are stored with the copies.
    """
    settings = load_settings()
    set_up(settings.log_format)
    if settings.runtime != "kafka":
        raise Misconfigured("the embedded runtime reads its log by account: `ringahead serve` needs no copy")
    store = store_for(settings.sqlalchemy_url)
    try:
        require_current(store.engine)
        click.echo(f"archive on {settings.kafka_bootstrap}")
        asyncio.run(_until_told(settings, store))
    finally:
        store.close()


async def _until_told(settings: Settings, store: SqlStore) -> None:
    stopped = asyncio.Event()
    stop_at_signal(stopped)
    await run_archive(settings, store, stopped)
