"""`ringahead suggest`: keep what is suggested to accounts up to date between two nights of learning."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import click

from ops.embedded.installation import opened
from ops.embedded.learner import Learner
from ops.embedded.writer import wall_hour
from ops.kafka_learner import refresh_from_kafka
from ops.running import ask
from schemas.settings import Settings, load_settings
from streams.embedded.lock import hold, owner_of

NAME = "ringahead suggest"


@click.group()
def command() -> None:
    """Keep suggestions from similar customers up to date."""


@command.command()
@click.option("--as-of", metavar="DATE", type=click.DateTime(), help="Rank by what was known when this day began.")
def refresh(as_of: datetime | None) -> None:
    """Rank again the accounts that ordered or refused something since they were last ranked.

    Uses the artefact that `ringahead learn` put in force; nothing is learnt. What was altered is refused, and the lists
    stay as they are.
    """
    settings = load_settings()
    at = None if as_of is None else as_of.replace(tzinfo=UTC)
    done = asyncio.run(refresh_from_kafka(settings, at)) if settings.runtime == "kafka" else _embedded(settings, at)
    click.echo(f"{done['accounts']:,} accounts ranked by {done['version']}: {done['rows']:,} suggestions kept")


def _embedded(settings: Settings, at: datetime | None) -> dict[str, Any]:
    owner = owner_of(settings.data_dir)
    if owner is not None:
        click.echo(f"`{owner.command}` does the ranking", err=True)
        return dict(ask(owner, "suggest", {} if at is None else {"as_of": at.isoformat()}))
    with hold(settings.data_dir, NAME), opened(settings) as installation:
        with installation.store.read() as tx:
            now = installation.desk.business_time(tx)
        return Learner(installation).refresh(at or now or wall_hour())
