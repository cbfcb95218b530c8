"""`ringahead desk`: needs into tasks, and what leaves the outbox."""

import asyncio

import click

from ops.leaving import stop_at_signal
from outreach.desk import Desk, rules_from
from outreach.store.migrate import require_current
from outreach.store.sql import SqlStore, store_for
from schemas.errors import Misconfigured
from schemas.settings import Settings, load_settings
from streams.kafka.desk_loop import run_desk
from streams.telemetry.logs import set_up
from streams.telemetry.tracing import stages, tracing_of


@click.command()
def command() -> None:
    """Turn needs into tasks in PostgreSQL, send what leaves the outbox.

    Any number of them share the work. While the database is not there they wait; while Kafka is not there, too. Stop
    with SIGTERM: nothing is lost, as positions are stored with the tasks.
    """
    settings = load_settings()
    set_up(settings.log_format)
    if settings.runtime != "kafka":
        raise Misconfigured("the embedded runtime needs no desk process: `ringahead serve` does its work")
    store = store_for(settings.sqlalchemy_url)
    try:
        require_current(store.engine)
        click.echo(f"desk on {settings.kafka_bootstrap}")
        asyncio.run(_until_told(settings, store))
    finally:
        store.close()


async def _until_told(settings: Settings, store: SqlStore) -> None:
    stopped = asyncio.Event()
    stop_at_signal(stopped)
    desk = Desk(rules_from(settings))
    desk.trace = stages(tracing_of(settings, "desk"))[2]
    await run_desk(settings, store, desk, stopped)
