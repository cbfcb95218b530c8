"""Queues and shifts, registers of numbers, erasures, products, orders asked of the ERP; who a task waits for."""

from typing import Any

from alembic import op
from sqlalchemy import Boolean, Column, Float, Index, Integer, PrimaryKeyConstraint, Text, text

from outreach.store.types import UtcMoment

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_AWAKE = text("state = 'ready' AND eligible_from IS NULL")
_RANKED = ["skill", "task_class", "rank", "task_id"]
_GRACE = {"postgresql": "callback_at + interval '15 minutes'", "sqlite": "callback_at + 900000000"}


def upgrade() -> None:
    """To this version."""
    for table, columns in _added().items():
        for column in columns:
            op.add_column(table, column)
    grace = _GRACE[op.get_bind().dialect.name]
    op.execute(text(f"UPDATE tasks SET owner_until = {grace} WHERE owner_id IS NOT NULL AND callback_at IS NOT NULL"))  # noqa: S608 - one of two texts above
    op.execute(text("UPDATE tasks SET owner_id = NULL WHERE callback_at IS NULL"))
    op.create_index("attempts_by_number", "attempts", ["number_key", "started_at"])
    _rank_index(["queue", *_RANKED])
    for name, parts in _tables().items():
        op.create_table(name, *parts)


def downgrade() -> None:
    """Back to the version before."""
    for name in _tables():
        op.drop_table(name)
    _rank_index(_RANKED)
    op.drop_index("attempts_by_number", "attempts")
    for table, columns in _added().items():
        for column in columns:
            op.drop_column(table, column.name)


def _added() -> dict[str, tuple[Column[Any], ...]]:
    return {
        "tasks": (Column("owner_until", UtcMoment), Column("queue", Text, nullable=False, server_default="")),
        "attempts": (Column("channel", Text, nullable=False, server_default="phone"), Column("number_key", Text)),
        "agents": (
            Column("queues", Text, nullable=False, server_default="[]"),
            Column("shifts", Text, nullable=False, server_default="[]"),
            Column("zone", Text, nullable=False, server_default="UTC"),
        ),
    }


def _rank_index(columns: list[str]) -> None:
    op.drop_index("tasks_by_rank", "tasks")
    op.create_index("tasks_by_rank", "tasks", columns, postgresql_where=_AWAKE, sqlite_where=_AWAKE)


def _tables() -> dict[str, tuple[Any, ...]]:
    """As they were first: a snapshot."""
    return {
        "queues": (
            Column("queue_id", Text, primary_key=True),
            *(Column(name, Text, nullable=False) for name in ("name", "classes", "skills")),
            *(Column(name, Text, nullable=False) for name in ("countries", "regions", "sizes")),
            Column("place", Integer, nullable=False),
        ),
        "registers": (
            Column("register", Text, primary_key=True),
            Column("generation", Text, nullable=False),
            Column("copied_at", UtcMoment, nullable=False),
            Column("numbers", Integer, nullable=False),
        ),
        "register_numbers": (
            *(Column(name, Text, nullable=False) for name in ("number", "register", "generation")),
            PrimaryKeyConstraint("number", "register", "generation"),
            Index("register_numbers_by_generation", "register", "generation"),
        ),
        "erasures": (
            Column("account_id", Text, primary_key=True),
            Column("at", UtcMoment, nullable=False),
            Column("actor", Text, nullable=False),
        ),
        "products": (
            Column("sku", Text, primary_key=True),
            Column("group", Text, nullable=False),
            Column("as_of", UtcMoment, nullable=False),
            Column("name", Text, nullable=False),
            Column("available", Boolean(create_constraint=False), nullable=False),
            Column("lead_time_days", Float),
            *(Column(name, Text) for name in ("unit_price", "currency")),
            Index("products_by_group", "group"),
        ),
        "asked_orders": (
            Column("command_id", Text, primary_key=True),
            Column("account_id", Text, nullable=False),
            Column("task_id", Text, nullable=False, index=True),
            *(Column(name, Text, nullable=False) for name in ("agent_id", "currency", "lines_json")),
            Column("asked_at", UtcMoment, nullable=False),
            Column("state", Text, nullable=False),
            Column("order_id", Text),
            Column("promised_at", UtcMoment),
            *(Column(name, Text) for name in ("total", "reason")),
            Column("answered_at", UtcMoment),
            Index("asked_orders_by_account", "account_id", "asked_at"),
        ),
    }
