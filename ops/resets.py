"""Resets of a consumer group's offsets on a real Kafka: plan, and do. The group must have no members."""

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from ops.kafka_lag import Clients, Position, clients, positions
from outreach.ports import Store
from outreach.records import AuditEntry
from schemas.base import EARLIEST
from schemas.errors import BadInput, Refused, Unavailable
from schemas.settings import Settings
from schemas.topics import PUBLIC_INPUTS, Topic
from streams.kafka.archive import GROUP as ARCHIVE_GROUP
from streams.kafka.desk_loop import GROUP as DESK_GROUP
from streams.kafka.names import GROUP as WORKER_GROUP
from streams.lag.resets import PartitionReset, ResetAsked, ResetPlan, compact, within

T = TypeVar("T")

ANSWER_SECONDS = 30.0
MEANS: Mapping[tuple[str, str], str] = {
    (WORKER_GROUP, Topic.LOG.value): (
        "The log of record: nothing is read again and nothing skipped. The position in each partition's state rules "
        "the fold; this offset is what lag tools show until the worker commits. To fold anew: `ringahead rebuild`."
    ),
    **{
        (WORKER_GROUP, topic.value): (
            f"{topic.value}: what is read again is appended to the log again; the fold knows an account's last 256 "
            "events as duplicates and counts older orders as late. What is skipped never reaches the log."
        )
        for topic in PUBLIC_INPUTS
    },
    (DESK_GROUP, Topic.NEEDS.value): (
        "Needs: the desk's positions in the database are set, too. Read again, they change nothing: a need opens once "
        "and ends once. What is skipped becomes no task until its account is judged again."
    ),
    (ARCHIVE_GROUP, Topic.LOG.value): (
        "The log by account: the positions in the database are set, too. What is read again is kept once. What is "
        "skipped is missing on accounts' pages; the fold does not read it."
    ),
    (DESK_GROUP, Topic.DEAD_LETTERS.value): (
        "Dead letters: each is kept once, however often it is read. What is skipped is not shown."
    ),
}


class KafkaResets:
    """See `console.ports.OffsetResets`."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self._settings = settings
        self._store = store

    def plan(self, asked: ResetAsked) -> ResetPlan:
        """A dry run. Raises Unavailable, BadInput."""
        return self._run(asked)

    def reset(self, asked: ResetAsked, actor: str) -> ResetPlan:
        """Do it, and keep who did. Raises Refused while the group has members, Unavailable, BadInput."""
        plan = self._run(asked)
        if plan.refused:
            raise Refused("group_has_members" if plan.members else "nothing_to_reset", plan.refused)
        self._commit(plan)
        with self._store.begin() as tx:
            if plan.group in (DESK_GROUP, ARCHIVE_GROUP):
                tx.offsets.put(plan.group, {(one.topic, one.partition): one.to for one in plan.partitions})
            tx.audit.append([_entry(plan, actor, min((c.as_of for c in tx.clocks.all()), default=EARLIEST))])
        return plan

    def _run(self, asked: ResetAsked) -> ResetPlan:
        return _answered(self._settings, planned(self._settings.kafka_bootstrap, asked))

    def _commit(self, plan: ResetPlan) -> None:
        wanted = {TopicPartition(one.topic, one.partition): one.to for one in plan.partitions}
        _answered(self._settings, commit(self._settings.kafka_bootstrap, plan.group, wanted))


def _answered(settings: Settings, work: Coroutine[Any, Any, T]) -> T:
    try:
        return asyncio.run(asyncio.wait_for(work, ANSWER_SECONDS))
    except (KafkaError, OSError, TimeoutError) as error:
        raise Unavailable(f"no broker answers at {settings.kafka_bootstrap}: {error!r}") from error


async def planned(bootstrap: str, asked: ResetAsked) -> ResetPlan:
    """What the reset would do, as the brokers know it now."""
    async with clients(bootstrap) as all_of:
        found = [one for one in await positions(all_of, asked.group) if _is_meant(one, asked)]
        unknown = set(asked.topics) - {one.place.topic for one in found}
        if unknown:
            raise BadInput(f"{asked.group} does not read {', '.join(sorted(unknown))}")
        targets = await _targets(all_of.raw, asked, found)
        members = await member_count(all_of, asked.group)
    parts = tuple(
        PartitionReset(
            one.place.topic, one.place.partition, one.committed, one.begin, one.end,
            within(targets[one.place], one.begin, one.end),
        )
        for one in found
    )  # fmt: skip
    topics = dict.fromkeys(one.topic for one in parts)
    says = tuple(MEANS[asked.group, topic] for topic in topics if (asked.group, topic) in MEANS)
    return ResetPlan(asked.group, members, parts, says)


async def member_count(all_of: Clients, group: str) -> int:
    """How many consumers the group has now."""
    answers = await all_of.admin.describe_consumer_groups([group])
    return sum(len(described[5]) for answer in answers for described in answer.groups)


async def commit(bootstrap: str, group: str, offsets: Mapping[TopicPartition, int]) -> None:
    """Set the group's offsets; the broker itself refuses while there are members."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, group_id=group, enable_auto_commit=False)
    async with consumer:
        consumer.assign([*offsets])
        await consumer.commit(dict(offsets))


def _is_meant(one: Position, asked: ResetAsked) -> bool:
    by_topic = not asked.topics or one.place.topic in asked.topics
    return by_topic and (not asked.partitions or one.place.partition in asked.partitions)


async def _targets(
    reader: AIOKafkaConsumer, asked: ResetAsked, found: Sequence[Position]
) -> Mapping[TopicPartition, int]:
    match asked.where:
        case "beginning":
            return {one.place: one.begin for one in found}
        case "end":
            return {one.place: one.end for one in found}
        case "offset":
            return {one.place: asked.offset or 0 for one in found}
        case "time":
            at_ms = round(asked.at.astimezone(UTC).timestamp() * 1000) if asked.at else 0
            known = await reader.offsets_for_times({one.place: at_ms for one in found}) if found else {}
            return {one.place: known[one.place].offset if known.get(one.place) else one.end for one in found}


def _entry(plan: ResetPlan, actor: str, at: datetime) -> AuditEntry:
    before, after = compact(plan.partitions, after=False), compact(plan.partitions, after=True)
    detail = f"{plan.read_again} offsets are read again, {plan.skipped} skipped"
    return AuditEntry(0, at, f"group:{plan.group}", None, actor, "offsets_reset", before, after, 1, detail)
