"""`ringahead serve`: everything in one process on one SQLite file."""

from datetime import datetime

import click

from ops.embedded.installation import Opened, opened
from ops.embedded.server import EmbeddedServer
from ops.embedded.writer import wall_hour
from outreach.profiles import standard_profiles
from schemas.errors import Misconfigured
from schemas.settings import Settings, load_settings
from streams.embedded.lock import hold
from streams.telemetry.logs import set_up

NAME = "ringahead serve"


@click.command()
@click.option("--host", help="Address to listen on; RINGAHEAD_CONSOLE_HOST.")
@click.option(
    "--port", type=click.IntRange(0, 65535), help="Port to listen on, 0 for a free one; RINGAHEAD_CONSOLE_PORT."
)
def command(host: str | None, port: int | None) -> None:
    """Run everything in one process on one SQLite file (embedded runtime).

    Takes events over HTTP (POST /v1/events), keeps every account's state, decides, and serves the console. The file is
    made where there is none; business time passes each hour. Stop it with Ctrl-C or SIGTERM: nothing is lost.
    """
    settings = load_settings()
    set_up(settings.log_format)
    if settings.runtime != "embedded":
        raise Misconfigured(
            "RINGAHEAD_RUNTIME is kafka: start `ringahead worker`, `desk`, `tick` and `console`, or unset it"
        )
    with hold(settings.data_dir, NAME) as lock, opened(settings) as installation:
        shown_port = settings.console_port if port is None else port
        server = EmbeddedServer(installation, host or settings.console_host, shown_port, wall_hour)
        _first_profiles(installation, wall_hour())
        _greet(settings, installation, server.url)
        server.run(lock, NAME)


def _first_profiles(installation: Opened, at: datetime) -> None:
    """A new installation decides by the standard profiles until it has its own."""
    with installation.store.read() as tx:
        known = tx.artefacts.current("profiles")
    if known is None:
        installation.publish_profiles(standard_profiles("standard-1", at), at)


def _greet(settings: Settings, installation: Opened, address: str) -> None:
    click.echo(f"Ringahead serves {settings.sqlite_path} at {address} (Ctrl-C stops it)")
    with installation.store.read() as tx:
        nobody = not tx.users.all()
        unlearnt = tx.artefacts.current("models") is None
    if nobody:
        click.echo("Nobody can log in yet: `ringahead users add NAME --role admin`")
    if unlearnt:
        click.echo("Nothing is learnt yet: bring orders in (`ringahead import FILE`), then `ringahead learn`")
