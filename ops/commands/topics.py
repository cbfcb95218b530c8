"""`ringahead topics plan|apply`: the topics of the Kafka runtime against the catalogue."""

import asyncio
import logging
from collections.abc import Iterable

import click

from schemas.settings import load_settings
from streams.kafka_topics import Difference, apply, plan


@click.group()
def command() -> None:
    """Compare the topics with the catalogue, and create what is missing.

    Partitions and replication come from RINGAHEAD_KAFKA_PARTITIONS and RINGAHEAD_KAFKA_REPLICATION.
    """
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # our own line says it


@command.command("plan")
def show() -> int:
    """Say what differs; change nothing. Exit code 1 while something does."""
    differences = asyncio.run(plan(load_settings()))
    _tell(differences)
    return 1 if differences else 0


@command.command("apply")
def create() -> int:
    """Create what is missing. Exit code 1 if a topic has the wrong number of partitions."""
    created, left = asyncio.run(apply(load_settings()))
    for name in created:
        click.echo(f"created {name}")
    _tell(left)
    return 1 if any(difference.stops for difference in left) else 0


def _tell(differences: Iterable[Difference]) -> None:
    lines = [f"{each.topic} {each.says}\n    -> {each.mend}" for each in differences]
    click.echo("\n".join(lines) or "Every topic is as the catalogue has it.")
