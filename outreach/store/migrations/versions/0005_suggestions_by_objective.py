"""Suggestions have a place under each objective; what was shown in a call is kept with its answer."""

from typing import Any

from alembic import op
from sqlalchemy import Boolean, Column, Float, Index, Integer, Text, false

from outreach.store.types import UtcMoment

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this version."""
    for column in _columns():
        op.add_column("suggestions", column)
    op.create_table("suggestion_showings", *_showings())


def downgrade() -> None:
    """Back to the version before."""
    op.drop_table("suggestion_showings")
    for column in _columns():
        op.drop_column("suggestions", column.name)


def _columns() -> tuple[Column[Any], ...]:
    return (
        *(Column(name, Integer, nullable=False, server_default="0") for name in _PLACES),
        Column("is_new", Boolean(create_constraint=False), nullable=False, server_default=false()),
        Column("probability", Float),
        *(Column(name, Integer) for name in ("buyers", "neighbours")),
        Column("base_rate", Float),
        Column("as_of", UtcMoment),
    )


_PLACES = ("efficiency", "variety", "innovation")
_WORDS = ("sku", "name", "objective", "profile")


def _showings() -> tuple[Any, ...]:
    """As it was first: a snapshot."""
    return (
        Column("showing_id", Text, primary_key=True),
        Column("attempt_id", Text, nullable=False),
        *(Column(name, Text, nullable=False, index=True) for name in ("task_id", "account_id")),
        Column("agent_id", Text, nullable=False),
        *(Column(name, Text, nullable=False) for name in _WORDS),
        Column("rank", Integer, nullable=False),
        Column("version", Text, nullable=False),
        Column("shown_at", UtcMoment, nullable=False, index=True),
        *(Column(name, Text) for name in ("answer", "why")),
        Column("answered_at", UtcMoment),
        Index("suggestion_showings_by_answer", "answer", "answered_at"),
    )
