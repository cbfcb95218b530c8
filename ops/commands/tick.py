"""`ringahead tick`: business time passes."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta

import click

from ops.embedded.installation import opened
from ops.embedded.writer import tick_event, wall_hour
from ops.leaving import stop_at_signal
from ops.running import ask
from schemas.errors import BadInput, Unavailable
from schemas.settings import Settings, load_settings
from streams.embedded.lock import hold, owner_of
from streams.kafka.log import append
from streams.telemetry.logs import set_up

CHECK_SECONDS = 5.0
log = logging.getLogger("ringahead.tick")
NAME = "ringahead tick"


@click.command()
@click.option("--once", is_flag=True, help="Write one TimePassed and end; the embedded runtime always does.")
@click.option("--as-of", metavar="TIME", type=click.DateTime(), help="Business time to set (UTC); implies --once.")
def command(once: bool, as_of: datetime | None) -> None:
    """Write business time to every partition each hour.

    One ticker is enough, two are harmless: business time only moves forward. In the embedded runtime `ringahead serve`
    ticks by itself; there this command writes one tick, through the running server or into the stopped file's log.
    """
    settings = load_settings()
    set_up(settings.log_format)
    at = None if as_of is None else _allowed(as_of.replace(tzinfo=UTC))
    if settings.runtime == "kafka":
        asyncio.run(_every_hour(settings, at, once or at is not None))
    else:
        click.echo(f"business time is {_embedded(settings, at or wall_hour())}")


def _allowed(at: datetime) -> datetime:
    """Business time never goes back: a slip of the pen into the future could not be mended."""
    if at > wall_hour() + timedelta(days=1):
        raise BadInput(f"{at:%Y-%m-%d %H:%M} UTC is more than a day ahead, and business time never goes back")
    return at


def _embedded(settings: Settings, at: datetime) -> str:
    owner = owner_of(settings.data_dir)
    if owner is not None:
        return str(ask(owner, "tick", {"as_of": at.isoformat()})["as_of"])
    with hold(settings.data_dir, NAME), opened(settings) as installation:
        installation.runtime.append([tick_event(at)])
        installation.runtime.fold_all()
    return at.isoformat()


async def _every_hour(settings: Settings, at: datetime | None, once: bool) -> None:
    """Until SIGTERM; an hour in which Kafka is not there is written when it is back."""
    stopped = asyncio.Event()
    stop_at_signal(stopped)
    written: datetime | None = None
    while not stopped.is_set():
        hour = at or wall_hour()
        if hour != written:
            written = await _write(settings, hour, once)
        if once:
            return
        await _sleep(stopped, CHECK_SECONDS)


async def _write(settings: Settings, hour: datetime, once: bool) -> datetime | None:
    try:
        await append(settings, [tick_event(hour)])
    except Unavailable as error:
        if once:
            raise
        log.warning("waiting: %s", error)
        return None
    click.echo(f"business time is {hour.isoformat()}")
    return hour


async def _sleep(stopped: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stopped.wait(), seconds)
    except TimeoutError:
        return
