"""`ringahead demo`: a wholesaler's real year, played in a minute, then the console."""

import time
from pathlib import Path

import click

from ops.demo.play import Played, play
from ops.demo.prepare import Script, put_people, script
from ops.demo.show import show
from ops.demo.team import links, put_team
from ops.embedded.installation import Opened, opened
from ops.embedded.server import EmbeddedServer
from ops.embedded.writer import standing_still, wall_hour
from ops.importers.online_retail import ATTRIBUTION, ZONE
from ops.progress import progress
from schemas.settings import Settings, load_settings
from streams.embedded.lock import hold

NAME = "ringahead demo"


@click.command()
@click.option("--no-serve", is_flag=True, help="End after the print.")
@click.option("--port", type=click.IntRange(0, 65535), help="Port of the console, 0 for a free one.")
def command(no_serve: bool, port: int | None) -> None:
    """Play a wholesaler's year, print what was found, serve the console.

    541,909 real order lines of a UK wholesaler go through the embedded runtime; people, phone numbers, meters and
    papers around them are invented, and marked as such. Starts anew each time, in a folder of its own.
    """
    settings = _settings(load_settings())
    with hold(settings.data_dir, NAME) as lock:
        _start_anew(settings)
        with opened(settings, batch_records=2000) as installation:
            server = None if no_serve else _server(installation, settings.console_port if port is None else port)
            _play(installation)
            if server is not None:
                click.echo(links(installation, server.url))
                server.run(lock, NAME)


def _server(installation: Opened, port: int) -> EmbeddedServer:
    """Bound before the year is played, as a taken port is better told at once."""
    return EmbeddedServer(installation, installation.settings.console_host, port, standing_still)


def _settings(settings: Settings) -> Settings:
    """The demo's own folder, beside whatever else is there."""
    return settings.model_copy(
        update={
            "data_dir": settings.data_dir / "demo",
            "runtime": "embedded",
            "database_url": None,
            "default_zone": ZONE,
            "reporting_currency": "GBP",
        }
    )


def _start_anew(settings: Settings) -> None:
    """Only the demo's own files go."""
    for suffix in ("", "-wal", "-shm"):
        Path(f"{settings.sqlite_path}{suffix}").unlink(missing_ok=True)


def _play(installation: Opened) -> None:
    click.echo(f"Data: {ATTRIBUTION}. People, numbers, meters and papers are invented.")
    prepared, took = _timed_script()
    for what, lines in prepared.report.rows():
        click.echo(f"{lines:>12,}  {what}")
    put_people(installation, prepared.generated, prepared.events[-1].time)
    started = time.monotonic()
    with progress("Playing the year", len(prepared.events)) as advance:
        played = play(installation, prepared.events, advance)
    click.echo(_summary(installation, played, took, time.monotonic() - started))
    put_team(installation)
    with installation.store.read() as tx:
        for line in show(tx, (played.ended_at or wall_hour()).date()):
            click.echo(line)


def _timed_script() -> tuple[Script, float]:
    started = time.monotonic()
    return script(), time.monotonic() - started


def _summary(installation: Opened, played: Played, read_seconds: float, play_seconds: float) -> str:
    figures = installation.runtime.figures
    return (
        f"\nRead in {read_seconds:.0f} s, played in {play_seconds:.0f} s: {played.events:,} events, "
        f"{played.ticks:,} ticks of business time, {len(played.models)} models learnt, "
        f"{figures.effects:,} effects; business time stands at {played.ended_at:%d %B %Y, %H:%M} UTC.\n"
    )
