"""Checks of the Kafka runtime's servers, with short waits: nothing there is an answer, too."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from ops.checks import Check, missing, note, ok
from ops.checks.database import checks_of
from outreach.store.sql import create
from schemas.errors import Unavailable
from schemas.settings import Settings
from streams.kafka_topics import Difference, plan

ANSWER_SECONDS = 5
START_KAFKA = "python -m ops.kafka_local start --data var/kafka, or docker compose up -d kafka"
START_DATABASE = "docker compose up -d postgres, or point RINGAHEAD_DATABASE_URL at a PostgreSQL server"
POSTGRES = "set RINGAHEAD_DATABASE_URL=postgresql+psycopg://user:password@host/ringahead"

Plan = Callable[[Settings], Awaitable[list[Difference]]]


def kafka(settings: Settings, ask: Plan = plan) -> tuple[Check, ...]:
    """The brokers answer, and the topics are as the catalogue has them."""
    place = settings.kafka_bootstrap
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # our own line says it
    try:
        differences = asyncio.run(_within(ask, settings))
    except (Unavailable, OSError, TimeoutError):
        return (missing("Kafka", f"nothing answers at {place}", START_KAFKA),)
    return ok("Kafka", f"answers at {place}"), *topics(differences)


def topics(differences: Sequence[Difference]) -> tuple[Check, ...]:
    """What differs from the catalogue; a difference that stops workers is a thing that is missing."""
    if not differences:
        return (ok("Topics", "as the catalogue has them"),)
    return tuple(
        (missing if each.stops else note)("Topics", f"{each.topic} {each.says}", each.mend) for each in differences
    )


def postgres(settings: Settings) -> tuple[Check, ...]:
    """A PostgreSQL server answers, its tables are those of this version, and a model is in force."""
    if settings.database_url is None:
        return (missing("PostgreSQL", "RINGAHEAD_DATABASE_URL is not set", f"{START_DATABASE}; then {POSTGRES}"),)
    try:
        url = make_url(settings.database_url.get_secret_value())
    except ArgumentError:
        return (missing("PostgreSQL", "RINGAHEAD_DATABASE_URL cannot be read as a URL", POSTGRES),)
    if url.get_backend_name() != "postgresql":
        return (missing("PostgreSQL", f"the database is {url.get_backend_name()}", POSTGRES),)
    place = f"{url.host}:{url.port or 5432}/{url.database}"
    patient = url.update_query_dict({"connect_timeout": str(ANSWER_SECONDS)})
    engine = create(patient.render_as_string(hide_password=False))
    try:
        return ok("PostgreSQL", f"answers at {place}"), *checks_of(engine, settings)
    except Unavailable as error:
        return (missing("PostgreSQL", f"no connection to {place}: {error}", START_DATABASE),)
    finally:
        engine.dispose()


async def _within(ask: Plan, settings: Settings) -> list[Difference]:
    return await asyncio.wait_for(ask(settings), ANSWER_SECONDS)
