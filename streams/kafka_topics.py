"""The catalogue of topics against a cluster: what differs, and creating what is missing.

Nothing that exists is changed: partitions of a keyed topic cannot be changed without moving accounts away from their
state, and other settings may be somebody's choice. Differences are told with what to do.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaConnectionError, TopicAlreadyExistsError, for_code

from schemas.errors import Unavailable
from schemas.settings import Settings
from schemas.topics import CATALOGUE, MIB
from streams.kafka.names import CHANGELOG
from streams.microbatch.recovery import TOMBSTONES_KEPT_MS

CHANGELOG_CONFIGS = {
    "cleanup.policy": "compact",
    "retention.ms": "-1",
    "max.message.bytes": str(4 * MIB),
    "delete.retention.ms": str(TOMBSTONES_KEPT_MS),
}


DELETE_TRIES, DELETE_SECONDS = 60, 0.5


@dataclass(frozen=True, slots=True)
class Wanted:
    """A topic as it must be."""

    name: str
    partitions: int
    replication: int
    configs: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Found:
    """A topic as it is."""

    partitions: int
    configs: Mapping[str, str]


class Kind(StrEnum):
    """How a topic differs."""

    MISSING = "missing"
    PARTITIONS = "partitions"
    CONFIG = "config"


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference, and what to do about it."""

    topic: str
    kind: Kind
    says: str
    mend: str

    @property
    def stops(self) -> bool:
        """Whether no worker may run like this."""
        return self.kind is not Kind.CONFIG


def wanted(settings: Settings, changelog: str = CHANGELOG) -> tuple[Wanted, ...]:
    """Every topic of an installation, the changelog of the state in force included."""
    replication, keyed = settings.kafka_replication, settings.kafka_partitions
    safe = {"min.insync.replicas": "2"} if replication >= 3 else {}
    topics = [
        Wanted(spec.topic.value, keyed if spec.co_partitioned else 1, replication, {**spec.configs, **safe})
        for spec in CATALOGUE
    ]
    return (*topics, Wanted(changelog, keyed, replication, {**CHANGELOG_CONFIGS, **safe}))


def compare(topics: Iterable[Wanted], found: Mapping[str, Found]) -> list[Difference]:
    """What differs, in the catalogue's order."""
    return [difference for topic in topics for difference in _differences(topic, found.get(topic.name))]


def _differences(topic: Wanted, found: Found | None) -> list[Difference]:
    if found is None:
        says = f"is missing ({topic.partitions} partitions, replication {topic.replication})"
        return [Difference(topic.name, Kind.MISSING, says, "ringahead topics apply")]
    differences = []
    if found.partitions != topic.partitions:
        says = f"has {found.partitions} partitions instead of {topic.partitions}"
        mend = (
            f"set RINGAHEAD_KAFKA_PARTITIONS={found.partitions} if that is what all keyed topics have; "
            "otherwise move to new topics: accounts would be parted from their state"
        )
        differences.append(Difference(topic.name, Kind.PARTITIONS, says, mend))
    for key, value in topic.configs.items():
        if (has := found.configs.get(key)) != value:
            mend = f"kafka-configs.sh --alter --topic {topic.name} --add-config {key}={value}"
            differences.append(Difference(topic.name, Kind.CONFIG, f"has {key}={has} instead of {value}", mend))
    return differences


async def plan(settings: Settings, changelog: str = CHANGELOG) -> list[Difference]:
    """Compare; change nothing. Raises Unavailable when no broker answers."""
    topics = wanted(settings, changelog)
    async with _admin(settings) as admin:
        return compare(topics, await _look(admin, topics))


async def apply(settings: Settings) -> tuple[list[str], list[Difference]]:
    """Create what is missing; the names of what was created, and what still differs. Raises Unavailable."""
    topics = wanted(settings)
    async with _admin(settings) as admin:
        missing = {each.topic for each in compare(topics, await _look(admin, topics)) if each.kind is Kind.MISSING}
        created = [topic for topic in topics if topic.name in missing]
        await _create(admin, created)
        left = [each for each in compare(topics, await _look(admin, topics)) if each.topic not in missing]
    return [topic.name for topic in created], left


async def make_changelog(settings: Settings, name: str) -> None:
    """An empty changelog of that name; one that is there, of a switch that came to nothing, is deleted first."""
    (topic,) = (one for one in wanted(settings, name) if one.name == name)
    async with _admin(settings) as admin:
        await _delete(admin, [name])
        await _create(admin, [topic])


async def drop_changelogs(settings: Settings, kept: str, names: Iterable[str]) -> list[str]:
    """Delete those that exist, but never the one that is kept; their names."""
    async with _admin(settings) as admin:
        return await _delete(admin, [name for name in names if name != kept])


async def _delete(admin: AIOKafkaAdminClient, names: Sequence[str]) -> list[str]:
    """Delete the topics of these names, and wait until they are gone."""
    there = [name for name in names if name in set(await admin.list_topics())]
    if there:
        await admin.delete_topics(there)
    for _ in range(DELETE_TRIES):
        if not there or not set(there) & set(await admin.list_topics()):
            return there
        await asyncio.sleep(DELETE_SECONDS)
    raise Unavailable(f"topic {there[0]} is still there after it was deleted; try again")


async def _look(admin: AIOKafkaAdminClient, topics: Sequence[Wanted]) -> Mapping[str, Found]:
    described = await admin.describe_topics()
    partitions = {topic["topic"]: len(topic["partitions"]) for topic in described}
    there = [topic.name for topic in topics if topic.name in partitions]
    configs = await _configs(admin, there)
    return {name: Found(partitions[name], configs.get(name, {})) for name in there}


async def _configs(admin: AIOKafkaAdminClient, names: Sequence[str]) -> Mapping[str, Mapping[str, str]]:
    if not names:
        return {}
    answers = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name) for name in names])
    resources = [resource for answer in answers for resource in answer.resources]
    return {name: {entry[0]: entry[1] for entry in entries} for _, _, _, name, entries in resources}


async def _create(admin: AIOKafkaAdminClient, topics: Sequence[Wanted]) -> None:
    if not topics:
        return
    new = [NewTopic(t.name, t.partitions, t.replication, topic_configs=dict(t.configs)) for t in topics]
    answer: Any = await admin.create_topics(new)
    for name, code, *said in answer.topic_errors:
        error = for_code(code)
        if code and error is not TopicAlreadyExistsError:
            raise Unavailable(f"topic {name} cannot be created: {error.__name__} {said[0] if said else ''}".strip())


@asynccontextmanager
async def _admin(settings: Settings) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.kafka_bootstrap, request_timeout_ms=10_000)
    try:
        await admin.start()
    except KafkaConnectionError as error:
        await admin.close()
        raise Unavailable(
            f"no Kafka broker answers at {settings.kafka_bootstrap}; start it, or set RINGAHEAD_KAFKA_BOOTSTRAP"
        ) from error
    try:
        yield admin
    finally:
        await admin.close()
