"""Checks of the Kafka runtime's servers, with short waits: nothing there is an answer, too."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from sqlalchemy import create_engine, inspect, make_url, text
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from ops.checks import Check, missing, ok
from schemas.settings import Settings
from schemas.topics import CATALOGUE

ANSWER_SECONDS = 3
START_KAFKA = "python -m ops.kafka_local start --data var/kafka, or docker compose up -d kafka"
START_DATABASE = "docker compose up -d postgres, or point RINGAHEAD_DATABASE_URL at a PostgreSQL server"
POSTGRES = "set RINGAHEAD_DATABASE_URL=postgresql+psycopg://user:password@host/ringahead"

Partitions = Mapping[str, int]
"""Number of partitions by topic."""


def kafka(settings: Settings, ask: Callable[[str], Awaitable[Partitions]] | None = None) -> tuple[Check, ...]:
    """The brokers answer, and the topics are as the catalogue has them."""
    place = settings.kafka_bootstrap
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # our own line says it
    try:
        found = asyncio.run(_within(ask or _partitions, place))
    except (KafkaError, OSError, TimeoutError):
        return (missing("Kafka", f"nothing answers at {place}", START_KAFKA),)
    return ok("Kafka", f"answers at {place}"), topics(found, settings.kafka_partitions)


def topics(found: Partitions, partitions: int) -> Check:
    """Compare topics with the catalogue."""
    planned = {str(spec.topic): partitions if spec.co_partitioned else 1 for spec in CATALOGUE}
    absent = [name for name in planned if name not in found]
    if absent:
        return missing(
            "Topics", f"{len(absent)} of {len(planned)} are missing: {', '.join(absent)}", "ringahead topics apply"
        )
    wrong = [f"{name} has {found[name]}, not {count}" for name, count in planned.items() if found[name] != count]
    if wrong:
        said = f"partitions differ from the plan: {'; '.join(wrong)}"
        return missing("Topics", said, f"RINGAHEAD_KAFKA_PARTITIONS={found['ringahead.account-events']}")
    return ok("Topics", f"all {len(planned)} as planned, {partitions} partitions")


def postgres(settings: Settings) -> tuple[Check, ...]:
    """A PostgreSQL server answers, and its tables are those of this version."""
    if settings.database_url is None:
        return (missing("PostgreSQL", "RINGAHEAD_DATABASE_URL is not set", f"{START_DATABASE}; then {POSTGRES}"),)
    try:
        url = make_url(settings.database_url.get_secret_value())
    except ArgumentError:
        return (missing("PostgreSQL", "RINGAHEAD_DATABASE_URL cannot be read as a URL", POSTGRES),)
    if url.get_backend_name() != "postgresql":
        return (missing("PostgreSQL", f"the database is {url.get_backend_name()}", POSTGRES),)
    return _postgres_at(settings.database_url.get_secret_value(), f"{url.host}:{url.port or 5432}/{url.database}")


def _postgres_at(url: str, place: str) -> tuple[Check, ...]:
    engine = create_engine(url, connect_args={"connect_timeout": ANSWER_SECONDS})
    try:
        with engine.connect() as connection:
            version = connection.execute(text("SHOW server_version")).scalar_one()
            tables = inspect(connection).get_table_names()
    except SQLAlchemyError as error:
        cause = " ".join(str(getattr(error, "orig", None) or error).split())[:200]
        return (missing("PostgreSQL", f"no connection to {place}: {cause}", START_DATABASE),)
    finally:
        engine.dispose()
    migrated = ok("Tables", f"{len(tables)} tables") if tables else missing("Tables", "none yet", "ringahead migrate")
    return ok("PostgreSQL", f"{version} at {place}"), migrated


async def _within(ask: Callable[[str], Awaitable[Partitions]], place: str) -> Partitions:
    return await asyncio.wait_for(ask(place), ANSWER_SECONDS)


async def _partitions(place: str) -> Partitions:
    admin = AIOKafkaAdminClient(bootstrap_servers=place, request_timeout_ms=ANSWER_SECONDS * 1000)
    try:
        await admin.start()
        described = await admin.describe_topics()
    finally:
        await admin.close()
    return {topic["topic"]: len(topic["partitions"]) for topic in described}
