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
from ops.published_model import card_in_force
from ops.running import ask
from schemas.settings import Settings, load_settings
from streams.embedded.lock import hold, owner_of

NAME = "ringahead learn"


@click.command()
@click.option("--as-of", metavar="DATE", type=click.DateTime(), help="Learn from what was known when this day began.")
@click.option("--anyway", is_flag=True, help="Publish even what does worse than the model in force.")
@click.option("--card", is_flag=True, help="Print the new model's card.")
def command(as_of: datetime | None, anyway: bool, card: bool) -> None:
    """Fit models on everybody's orders and publish them.

    Reads the log of record, fits how often accounts order what, keeps the model under its digest, and writes
    ModelPublished, from which point decisions are taken by it. Before that a candidate is fitted without the newest
    days and judged on them: what does worse than the model in force is refused, and that one stays. Suggestions from
    similar customers are refreshed too. Run it nightly: a model over 7 days old stops new selling calls.
    """
    settings = load_settings()
    at = None if as_of is None else as_of.replace(tzinfo=UTC)
    if settings.runtime == "kafka":
        told = asyncio.run(learn_from_kafka(settings, at, anyway=anyway, told=_say))
    else:
        told = _embedded(settings, at, anyway)
    degraded = " (degraded: too little is known, the shipped prior is used)" if told["degraded"] else ""
    click.echo(f"model {told['version']} is in force, digest {str(told['digest'])[:16]}{degraded}")
    if card:
        click.echo(card_in_force(settings))


def _embedded(settings: Settings, at: datetime | None, anyway: bool) -> Mapping[str, Any]:
    owner = owner_of(settings.data_dir)
    if owner is not None:
        _say(f"`{owner.command}` does the learning")
        return ask(owner, "learn", {"anyway": anyway} | ({} if at is None else {"as_of": at.isoformat()}))
    with hold(settings.data_dir, NAME), opened(settings) as installation:
        with installation.store.read() as tx:
            now = installation.desk.business_time(tx)
        model = Learner(installation).learn(at or now or wall_hour(), anyway=anyway, told=_say)
        _say("judging everybody by it")
        installation.runtime.fold_all()
    return {"version": model.version, "digest": model.digest, "degraded": model.degraded}


def _say(step: str) -> None:
    """The step that begins now; a fit has no shares to count."""
    click.echo(f"learning: {step} ...", err=True)
