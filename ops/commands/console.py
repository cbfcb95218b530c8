"""`ringahead console`: the web console and the API of the Kafka runtime."""

from collections.abc import Mapping
from typing import Any

import click

from console.app import build
from console.ports import AdminCalls
from console.server import ConsoleServer
from ops import account_log
from ops.events_to_kafka import EventSender
from ops.kafka_lag import KafkaLag
from ops.kafka_profiles import KafkaPlace
from ops.lag_sampler import SampledLag
from ops.letter_places import on_kafka
from ops.profile_desk import answer
from ops.reports.told import told
from ops.resets import KafkaResets
from ops.worker_watch import WorkerPages
from outreach.store import migrate
from outreach.store.sql import SqlStore, store_for
from schemas.errors import Misconfigured
from schemas.settings import Settings, load_settings
from streams.telemetry.logs import set_up


@click.command()
@click.option("--host", help="Address to listen on; else RINGAHEAD_CONSOLE_HOST.")
@click.option("--port", type=click.IntRange(0, 65535), help="0 takes a free one; else RINGAHEAD_CONSOLE_PORT.")
def command(host: str | None, port: int | None) -> None:
    """Serve the web console and the API.

    For the Kafka runtime: tasks are read from PostgreSQL, events that come over HTTP go to the public topics. Any
    number of these processes may run. The embedded runtime has its console in `ringahead serve`.
    """
    settings = load_settings()
    set_up(settings.log_format)
    store = _open(settings)
    try:
        with EventSender(settings) as sender, SampledLag(KafkaLag(settings)) as lag:
            app = build(
                settings,
                store,
                lag,
                accept_events=sender.accept,
                letters=on_kafka(settings, store),
                resets=KafkaResets(settings, store),
                workers=WorkerPages(settings.worker_urls),
                admin=_admin(settings, store),
            )
            server = ConsoleServer(app, host or settings.console_host, settings.console_port if port is None else port)
            click.echo(f"Console: {server.url}  (Ctrl-C ends it)")
            server.run()
    finally:
        store.close()


def _admin(settings: Settings, store: SqlStore) -> AdminCalls:
    """What supervisors' pages ask of this process; no other command reaches it, as there is no token."""
    place = KafkaPlace(settings, store)
    return {
        "account": lambda asked: _account(settings, store, asked),
        "profiles": lambda asked: answer(place, asked),
        "reports": lambda _: told(settings, store),
    }


def _account(settings: Settings, store: SqlStore, asked: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the log by account holds."""
    with store.read() as tx:
        return account_log.answered(settings, tx, asked)


def _open(settings: Settings) -> SqlStore:
    """The database, if this process is the right one for it and it is at this version."""
    if settings.runtime != "kafka":
        raise Misconfigured("the embedded runtime has its console in `ringahead serve`; or set RINGAHEAD_RUNTIME=kafka")
    if settings.database_url is None:
        raise Misconfigured("set RINGAHEAD_DATABASE_URL to the PostgreSQL that the desk writes to")
    store = store_for(settings.sqlalchemy_url)
    version = migrate.version_of(store.engine)
    if not version.is_current:
        store.close()
        raise Misconfigured(f"the database is at {version.found or 'nothing'}: run `ringahead migrate`")
    return store
