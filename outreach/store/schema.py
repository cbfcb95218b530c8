"""Every table of the task database. Columns stand in the order of the record's fields: rows become records as they are.

Two rules are the database's own: one open task of an account and class, one held task of an agent.
"""

from collections.abc import Collection
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    and_,
    false,
    literal_column,
    type_coerce,
)
from sqlalchemy.sql.elements import ColumnElement

from outreach.records import NeedStatus, ReorderState
from outreach.store.types import UtcMoment, Word, Words
from outreach.task import HELD, OPEN, WAITING, TaskState
from schemas.decisions import NeedKind, Reason, TaskClass
from schemas.events.accounts import Channel
from schemas.events.ours import Disposition

metadata = MetaData()

standings = Table(
    "standings",
    metadata,
    Column("account_id", Text, primary_key=True),
    Column("account_version", BigInteger, nullable=False),
    Column("yearly_spend", Float, nullable=False),
    Column("body", Text, nullable=False),
    Column("value", Float, nullable=False, index=True, server_default="0"),
)

needs = Table(
    "needs",
    metadata,
    Column("need_id", Text, primary_key=True),
    Column("account_id", Text, nullable=False),
    Column("account_version", BigInteger, nullable=False),
    Column("status", Word(NeedStatus), nullable=False),
    Column("group", Text, nullable=False),
    Column("at", UtcMoment, nullable=False),
    Column("group_name", Text, nullable=False),
    Column("cycle", Integer, nullable=False),
    Column("kind", Word(NeedKind)),
    Column("task_class", Word(TaskClass)),
    Column("task_id", Text, index=True),
    Column("quantity_units", Float, nullable=False),
    Column("p_due", Float, nullable=False),
    Column("attempt_id", Text),
    Column("valid_until", UtcMoment),
    Column("opened_at", UtcMoment),
    Column("ended_at", UtcMoment),
    Column("cause", Text),
    Column("order_id", Text),
    Column("reasons", Words(Reason), nullable=False),
    Column("evidence_json", Text, nullable=False),
    Index("needs_by_account", "account_id", "at"),
    Index("needs_by_status", "status", "at"),
)

tasks = Table(
    "tasks",
    metadata,
    Column("task_id", Text, primary_key=True),
    Column("account_id", Text, nullable=False),
    Column("task_class", Word(TaskClass), nullable=False),
    Column("state", Word(TaskState), nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("created_at", UtcMoment, nullable=False),
    Column("changed_at", UtcMoment, nullable=False),
    Column("valid_until", UtcMoment, nullable=False),
    Column("skill", Text, nullable=False),
    Column("rank", BigInteger, nullable=False),
    Column("p_due", Float, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("not_before", UtcMoment),
    Column("callback_at", UtcMoment),
    Column("owner_id", Text),
    Column("agent_id", Text),
    Column("token", Text),
    Column("held_since", UtcMoment),
    Column("timer_until", UtcMoment),
    Column("attempt_id", Text),
    Column("contact_id", Text),
    Column("skips", Integer, nullable=False),
    Column("supervised", Boolean(create_constraint=False), nullable=False),
    Column("banner", Text),
    Column("flag", Text),
    Column("eligible_from", UtcMoment),
    Column("eligible_until", UtcMoment),
    Column("hint_reason", Word(Reason)),
    Column("awaiting_since", UtcMoment),
    Column("closed_at", UtcMoment),
    Column("outcome", Text),
    Column("owner_until", UtcMoment),
    Column("queue", Text, nullable=False, server_default=""),
    Column("queue_kept", Boolean(create_constraint=False), nullable=False, server_default=false()),
    Index("tasks_by_account", "account_id", "state"),
    Index("tasks_by_creation", "created_at"),
)


def in_state(states: Collection[TaskState]) -> ColumnElement[bool]:
    """The states as literals, so that a planner sees which partial index serves a query."""
    words: list[ColumnElement[Any]] = [literal_column(f"'{state}'") for state in TaskState if state in states]
    return tasks.c.state == words[0] if len(words) == 1 else tasks.c.state.in_(words)


def _partial(
    name: str,
    states: Collection[TaskState],
    *columns: Column[Any],
    unique: bool = False,
    only: ColumnElement[bool] | None = None,
) -> None:
    where = in_state(states) if only is None else and_(in_state(states), only)
    Index(name, *columns, unique=unique, postgresql_where=where, sqlite_where=where)


_partial("tasks_one_open", OPEN, tasks.c.account_id, tasks.c.task_class, unique=True)
_partial("tasks_one_held", HELD, tasks.c.agent_id, unique=True)
AWAKE, ASLEEP = tasks.c.eligible_from.is_(None), tasks.c.eligible_from.is_not(None)
"""Whether a ready task is among those that a claim walks, or waits for its calling hours apart from them."""
_RANKED = (tasks.c.queue, tasks.c.skill, tasks.c.task_class, tasks.c.rank, tasks.c.task_id)
_partial("tasks_by_rank", {TaskState.READY}, *_RANKED, only=AWAKE)
_partial("tasks_by_waking", {TaskState.READY}, tasks.c.eligible_from, tasks.c.rank, only=ASLEEP)
_partial("tasks_by_hint", {TaskState.READY}, tasks.c.eligible_until, tasks.c.rank)
_partial("tasks_by_schedule", {TaskState.SCHEDULED}, tasks.c.not_before)
_partial("tasks_by_validity", WAITING, tasks.c.valid_until)
_partial("tasks_by_timer", HELD, tasks.c.timer_until)
_partial("tasks_by_order", {TaskState.AWAITING_ORDER}, tasks.c.awaiting_since)
_partial("tasks_lost", {TaskState.NEEDS_DISPOSITION}, tasks.c.rank, tasks.c.task_id)
FLAGGED = tasks.c.flag.is_not(None)
Index("tasks_flagged", tasks.c.rank, tasks.c.task_id, postgresql_where=FLAGGED, sqlite_where=FLAGGED)

exclusions = Table(
    "exclusions",
    metadata,
    Column("task_id", Text, nullable=False),
    Column("agent_id", Text, nullable=False),
    Column("until", UtcMoment, nullable=False),
    PrimaryKeyConstraint("task_id", "agent_id"),
)

reorders = Table(
    "reorders",
    metadata,
    Column("reorder_id", Text, primary_key=True),
    Column("need_id", Text, nullable=False, unique=True),
    Column("account_id", Text, nullable=False, index=True),
    Column("state", Word(ReorderState), nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("account_version", BigInteger, nullable=False),
    Column("group", Text, nullable=False),
    Column("group_name", Text, nullable=False),
    Column("quantity_units", Float, nullable=False),
    Column("edited", Boolean(create_constraint=False), nullable=False),
    Column("created_at", UtcMoment, nullable=False),
    Column("changed_at", UtcMoment, nullable=False),
    Column("valid_until", UtcMoment, nullable=False),
    Column("command_id", Text),
    Column("order_id", Text),
    Column("cause", Text),
    Column("evidence_json", Text, nullable=False),
    Index("reorders_by_state", "state", "created_at"),
)

attempts = Table(
    "attempts",
    metadata,
    Column("attempt_id", Text, primary_key=True),
    Column("task_id", Text, nullable=False, index=True),
    Column("account_id", Text, nullable=False),
    Column("task_class", Word(TaskClass), nullable=False),
    Column("agent_id", Text, nullable=False),
    Column("started_at", UtcMoment, nullable=False),
    Column("contact_id", Text),
    Column("ended_at", UtcMoment),
    Column("disposition", Word(Disposition)),
    Column("override_reason", Text),
    Column("channel", Word(Channel), nullable=False, server_default="phone"),
    Column("number_key", Text),
    Index("attempts_by_account", "account_id", "started_at"),
    Index("attempts_by_number", "number_key", "started_at"),
    Index("attempts_by_start", "started_at"),
)

audit = Table(
    "audit",
    metadata,
    Column("audit_id", BigInteger, primary_key=True, autoincrement=False),
    Column("at", UtcMoment, nullable=False),
    Column("subject", Text, nullable=False, index=True),
    Column("account_id", Text, index=True),
    Column("actor", Text, nullable=False),
    Column("event", Text, nullable=False),
    Column("before", Text),
    Column("after", Text),
    Column("version", BigInteger, nullable=False),
    Column("detail", Text, nullable=False),
    Column("digest", Text, nullable=False),
)

outbox = Table(
    "outbox",
    metadata,
    Column("outbox_id", BigInteger, primary_key=True, autoincrement=False),
    Column("dedup_key", Text, nullable=False, unique=True),
    Column("destination", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("created_at", UtcMoment, nullable=False),
    Column("sent_at", UtcMoment),
)
Index(
    "outbox_by_leaving",
    outbox.c.sent_at,
    postgresql_where=outbox.c.sent_at.is_not(None),
    sqlite_where=outbox.c.sent_at.is_not(None),
)
Index(
    "outbox_pending",
    outbox.c.destination,
    outbox.c.outbox_id,
    postgresql_where=outbox.c.sent_at.is_(None),
    sqlite_where=outbox.c.sent_at.is_(None),
)

contacts = Table(
    "contacts",
    metadata,
    Column("contact_id", Text, primary_key=True),
    Column("account_id", Text, nullable=False, index=True),
    Column("person", Text, nullable=False),
    Column("number", Text, index=True),
    Column("channel", Word(Channel), nullable=False),
    Column("zone", Text),
    Column("valid", Boolean(create_constraint=False), nullable=False),
    Column("rank", Integer, nullable=False),
    Column("origin", Text),
)

do_not_call = Table(
    "do_not_call",
    metadata,
    Column("number", Text, primary_key=True),
    Column("at", UtcMoment, nullable=False),
    Column("source", Text, nullable=False),
)

dead_letters = Table(
    "dead_letters",
    metadata,
    Column("letter_id", Text, primary_key=True),
    Column("reason", Text, nullable=False, index=True),
    Column("first_seen", UtcMoment, nullable=False, index=True),
    Column("body", Text, nullable=False),
    Column("settled_at", UtcMoment),
    Column("settled_how", Text),
    Column("edited_key", LargeBinary),
    Column("edited_raw", LargeBinary),
)

artefacts = Table(
    "artefacts",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("raw", LargeBinary, nullable=False),
)

artefact_names = Table(
    "artefact_names",
    metadata,
    Column("name", Text, primary_key=True),
    Column("version", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("at", UtcMoment, nullable=False),
)

artefact_history = Table(
    "artefact_history",
    metadata,
    Column("name", Text, primary_key=True),
    Column("digest", Text, primary_key=True),
    Column("version", Text, nullable=False),
    Column("at", UtcMoment, nullable=False),
)

clocks = Table(
    "clocks",
    metadata,
    Column("partition", Integer, primary_key=True, autoincrement=False),
    Column("as_of", UtcMoment, nullable=False),
    Column("body", Text, nullable=False),
)

offsets = Table(
    "offsets",
    metadata,
    Column("consumer", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("partition", Integer, nullable=False),
    Column("next_offset", BigInteger, nullable=False),
    PrimaryKeyConstraint("consumer", "topic", "partition"),
)

agents = Table(
    "agents",
    metadata,
    Column("agent_id", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("skills", Words(), nullable=False),
    Column("expiries", Integer, nullable=False),
    Column("queues", Words(), nullable=False, server_default="[]"),
    Column("shifts", Words(), nullable=False, server_default="[]"),
    Column("zone", Text, nullable=False, server_default="UTC"),
)

users = Table(
    "users",
    metadata,
    Column("user_id", Text, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("role", Text, nullable=False),
    Column("password_hash", Text),
    Column("created_at", UtcMoment, nullable=False),
    Column("disabled", Boolean(create_constraint=False), nullable=False),
    Column("failed_count", Integer, nullable=False),
    Column("locked_until", UtcMoment),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", Text, primary_key=True),
    Column("user_id", Text, nullable=False, index=True),
    Column("csrf", Text, nullable=False),
    Column("created_at", UtcMoment, nullable=False),
    Column("expires_at", UtcMoment, nullable=False),
    Column("scopes", Words()),
    Column("used_at", UtcMoment),
)

login_links = Table(
    "login_links",
    metadata,
    Column("token_hash", Text, primary_key=True),
    Column("user_id", Text, nullable=False),
    Column("expires_at", UtcMoment, nullable=False),
    Column("used_at", UtcMoment),
)

suggestion_lists = Table(
    "suggestion_lists",
    metadata,
    Column("account_id", Text, primary_key=True),
    Column("version", Text, nullable=False),
    Column("as_of", UtcMoment),
    Column("body", LargeBinary, nullable=False),
)


def reason_of(reasons: Column[tuple[Reason, ...]], reason: Reason) -> ColumnElement[bool]:
    """Whether a tuple of reasons holds this one: it is stored as a JSON array of words."""
    return type_coerce(reasons, Text).contains(f'"{reason}"')


desk_facts = Table(
    "desk_facts",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)
