"""The catalogue of topics: name, key, what it carries, partitions, and who writes it. Nothing else names a topic."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

MIB = 1024 * 1024


class Topic(StrEnum):
    """Names, as other programs know them."""

    ORDERS = "ringahead.orders"
    USAGE = "ringahead.usage"
    ACCOUNTS = "ringahead.accounts"
    LOG = "ringahead.account-events"
    NEEDS = "ringahead.needs"
    MODELS = "ringahead.models"
    PROFILES = "ringahead.profiles"
    TASK_EVENTS = "ringahead.task-events"
    COMMANDS = "ringahead.commands"
    DEAD_LETTERS = "ringahead.dead-letters"


@dataclass(frozen=True, slots=True)
class TopicSpec:
    """How a topic must be."""

    topic: Topic
    key: Literal["account_id", "name", "source"]
    carries: str
    writer: str
    co_partitioned: bool
    """As many partitions as the log of record; otherwise one."""
    cleanup_policy: Literal["delete", "compact"] = "delete"
    retention_days: int | None = None
    """None: unlimited."""
    max_message_bytes: int = 1 * MIB

    @property
    def configs(self) -> dict[str, str]:
        """Topic configuration as Kafka spells it."""
        retention_ms = -1 if self.retention_days is None else self.retention_days * 86_400_000
        return {
            "cleanup.policy": self.cleanup_policy,
            "retention.ms": str(retention_ms),
            "max.message.bytes": str(self.max_message_bytes),
        }


CATALOGUE: tuple[TopicSpec, ...] = (
    TopicSpec(
        Topic.ORDERS,
        "account_id",
        "order events, CloudEvents",
        "ERP",
        True,
        retention_days=30,
        max_message_bytes=3 * MIB,
    ),
    TopicSpec(
        Topic.USAGE,
        "account_id",
        "usage events, CloudEvents",
        "meters, ERP",
        True,
        retention_days=30,
        max_message_bytes=3 * MIB,
    ),
    TopicSpec(
        Topic.ACCOUNTS,
        "account_id",
        "account and master data events, CloudEvents",
        "ERP, CRM",
        True,
        retention_days=30,
        max_message_bytes=3 * MIB,
    ),
    TopicSpec(
        Topic.LOG,
        "account_id",
        "the log of record",
        "ingest, desk, tick, learn",
        True,
        max_message_bytes=3 * MIB,
    ),
    TopicSpec(
        Topic.NEEDS,
        "account_id",
        "effects of the fold",
        "worker",
        True,
        retention_days=90,
        max_message_bytes=3 * MIB,
    ),
    TopicSpec(
        Topic.MODELS,
        "name",
        "version, digest, where the artefact lies",
        "learn",
        False,
        cleanup_policy="compact",
    ),
    TopicSpec(
        Topic.PROFILES,
        "name",
        "version, digest, where the artefact lies",
        "profiles",
        False,
        cleanup_policy="compact",
    ),
    TopicSpec(Topic.TASK_EVENTS, "account_id", "what became of every task", "desk", True, retention_days=90),
    TopicSpec(Topic.COMMANDS, "account_id", "orders that we ask the ERP to book", "desk", True, retention_days=30),
    TopicSpec(
        Topic.DEAD_LETTERS,
        "source",
        "raw bytes, place, reason",
        "ingest, worker",
        False,
        max_message_bytes=4 * MIB,
    ),
)
SPEC: dict[Topic, TopicSpec] = {spec.topic: spec for spec in CATALOGUE}
PUBLIC_INPUTS: tuple[Topic, ...] = (Topic.ORDERS, Topic.USAGE, Topic.ACCOUNTS)
