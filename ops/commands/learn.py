"""`ringahead learn`: fit models on everybody's orders and publish them."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import click

from ops.embedded.installation import opened
from ops.embedded.learner import Learner
from ops.embedded.writer import wall_hour
from ops.kafka_learner import learn_from_kafka
from ops.running import ask
from schemas.settings import Settings, load_settings
from streams.embedded.lock import hold, owner_of

NAME = "ringahead learn"


@click.command()
@click.option("--as-of", metavar="DATE", type=click.DateTime(), help="Learn from what was known when this day began.")
def command(as_of: datetime | None) -> None:
    """Fit models on everybody's orders and publish them.

    Reads the log of record, fits how often accounts order what, keeps the model under its digest, and writes
    ModelPublished, from which point decisions are taken by it. Suggestions from similar customers are refreshed too.
    Run it nightly: a model over 7 days old stops new selling calls.
    """
    settings = load_settings()
    at = None if as_of is None else as_of.replace(tzinfo=UTC)
    told = asyncio.run(learn_from_kafka(settings, at)) if settings.runtime == "kafka" else _embedded(settings, at)
    degraded = " (degraded: too little is known, the shipped prior is used)" if told["degraded"] else ""
    click.echo(f"model {told['version']} is in force, digest {str(told['digest'])[:16]}{degraded}")


def _embedded(settings: Settings, at: datetime | None) -> Mapping[str, Any]:
    owner = owner_of(settings.data_dir)
    if owner is not None:
        return ask(owner, "learn", {} if at is None else {"as_of": at.isoformat()})
    with hold(settings.data_dir, NAME), opened(settings) as installation:
        with installation.store.read() as tx:
            now = installation.desk.business_time(tx)
        model = Learner(installation).learn(at or now or wall_hour())
        installation.runtime.fold_all()
    return {"version": model.version, "digest": model.digest, "degraded": model.degraded}
