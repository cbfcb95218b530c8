"""`ringahead worker`: ingest events, keep account state, decide (Faust)."""

import asyncio
import logging
from collections import Counter

import click
import uvloop

from outreach.store.migrate import version_of
from outreach.store.sql import SqlStore, store_for
from schemas.errors import Misconfigured
from schemas.settings import Settings, load_settings
from streams.faust_app import ArtefactsInStore, build_worker
from streams.installing import installation_of
from streams.kafka.generation import Generation
from streams.kafka.names import CHANGELOG, changelog_of
from streams.kafka_topics import plan
from streams.microbatch.pages import Page
from streams.microbatch.worker import run_worker
from streams.telemetry.exposition import CONTENT_TYPE, Exposition
from streams.telemetry.logs import set_up
from streams.telemetry.readings import fold_readings, worker_readings
from streams.telemetry.tracing import tracing_of


@click.command()
def command() -> None:
    """Ingest events, keep account state, decide (Faust).

    Any number of workers share the work; each on one machine needs a RINGAHEAD_WORKER_NAME of its own. Stops at
    SIGTERM within ten seconds, whatever the brokers do; exit code 1 when it could not go on, or did not get on for
    RINGAHEAD_WORKER_STALL_SECONDS. With RINGAHEAD_WORKER_PORT it answers /livez, /readyz and /metrics.
    """
    settings = load_settings()
    set_up(settings.log_format)
    store = store_for(settings.sqlalchemy_url)
    require_current(store)
    generation = Generation.read(store)
    asyncio.run(check_topics(settings, changelog_of(generation.number)))
    loop = uvloop.new_event_loop()
    asyncio.set_event_loop(loop)
    counts = Counter[str]()
    tracing = tracing_of(settings, "worker")
    artefacts = ArtefactsInStore(store)
    app = build_worker(settings, installation_of(settings), artefacts, counts, generation, tracing)
    metrics = Exposition({"worker": lambda: worker_readings(app.status()), "fold": lambda: fold_readings(counts)})
    click.echo(f"worker {settings.worker_name} on {settings.kafka_bootstrap}, state in {app.batch_config.data_dir}")
    address = (settings.worker_host, settings.worker_port) if settings.worker_port else None
    run_worker(
        app, address, {"/metrics": lambda: Page(200, CONTENT_TYPE, metrics.text())}, loop=loop, override_logging=False
    )


def require_current(store: SqlStore) -> None:
    """Raise Misconfigured where the database is not of this release: it names the state that is in force."""
    version = version_of(store.engine)
    if not version.is_current:
        raise Misconfigured(f"the database is at {version.found or 'nothing'}: run `ringahead migrate`")


async def check_topics(settings: Settings, changelog: str = CHANGELOG) -> None:
    """Raise Unavailable without a broker, Misconfigured where the topics cannot carry a worker."""
    logger = logging.getLogger("aiokafka")
    level = logger.level
    logger.setLevel(logging.CRITICAL)  # our own line says it
    try:
        wrong = [difference for difference in await plan(settings, changelog) if difference.stops]
    finally:
        logger.setLevel(level)
    if wrong:
        first, more = wrong[0], f", and {len(wrong) - 1} more" if len(wrong) > 1 else ""
        raise Misconfigured(f"topic {first.topic} {first.says}{more}: {first.mend}")
