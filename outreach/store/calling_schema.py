"""Tables of what calling needs besides tasks: queues, registers, erasures, products, orders asked of the ERP."""

from sqlalchemy import Boolean, Column, Float, Index, Integer, PrimaryKeyConstraint, Table, Text, false

from outreach.records import AnswerState
from outreach.store.schema import metadata
from outreach.store.types import UtcMoment, Word, Words

__all__ = ["asked_orders", "erasures", "metadata", "products", "queues", "register_numbers", "registers", "showings"]

queues = Table(
    "queues",
    metadata,
    Column("queue_id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("classes", Words(), nullable=False),
    Column("skills", Words(), nullable=False),
    Column("countries", Words(), nullable=False),
    Column("regions", Words(), nullable=False),
    Column("sizes", Words(), nullable=False),
    Column("place", Integer, nullable=False),
)

registers = Table(
    "registers",
    metadata,
    Column("register", Text, primary_key=True),
    Column("generation", Text, nullable=False),
    Column("copied_at", UtcMoment, nullable=False),
    Column("numbers", Integer, nullable=False),
)

register_numbers = Table(
    "register_numbers",
    metadata,
    Column("number", Text, nullable=False),
    Column("register", Text, nullable=False),
    Column("generation", Text, nullable=False),
    PrimaryKeyConstraint("number", "register", "generation"),
    Index("register_numbers_by_generation", "register", "generation"),
)

erasures = Table(
    "erasures",
    metadata,
    Column("account_id", Text, primary_key=True),
    Column("at", UtcMoment, nullable=False),
    Column("actor", Text, nullable=False),
)

products = Table(
    "products",
    metadata,
    Column("sku", Text, primary_key=True),
    Column("group", Text, nullable=False),
    Column("as_of", UtcMoment, nullable=False),
    Column("name", Text, nullable=False),
    Column("available", Boolean(create_constraint=False), nullable=False),
    Column("lead_time_days", Float),
    Column("unit_price", Text),
    Column("currency", Text),
    Column("unit_factor", Float, nullable=False, server_default="1"),
    Index("products_by_group", "group"),
)

asked_orders = Table(
    "asked_orders",
    metadata,
    Column("command_id", Text, primary_key=True),
    Column("account_id", Text, nullable=False),
    Column("task_id", Text, nullable=False, index=True),
    Column("agent_id", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("lines_json", Text, nullable=False),
    Column("asked_at", UtcMoment, nullable=False),
    Column("state", Word(AnswerState), nullable=False),
    Column("order_id", Text),
    Column("promised_at", UtcMoment),
    Column("total", Text),
    Column("reason", Text),
    Column("answered_at", UtcMoment),
    Index("asked_orders_by_account", "account_id", "asked_at"),
)

showings = Table(
    "suggestion_showings",
    metadata,
    Column("showing_id", Text, primary_key=True),
    Column("attempt_id", Text, nullable=False),
    Column("task_id", Text, nullable=False, index=True),
    Column("account_id", Text, nullable=False, index=True),
    Column("agent_id", Text, nullable=False),
    Column("sku", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("objective", Text, nullable=False),
    Column("profile", Text, nullable=False),
    Column("rank", Integer, nullable=False),
    Column("version", Text, nullable=False),
    Column("shown_at", UtcMoment, nullable=False, index=True),
    Column("answer", Text),
    Column("why", Text),
    Column("answered_at", UtcMoment),
    Column("drawn", Boolean(create_constraint=False), nullable=False, server_default=false()),
    Index("suggestion_showings_by_answer", "answer", "answered_at"),
)
