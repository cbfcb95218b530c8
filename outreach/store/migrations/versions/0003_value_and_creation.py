"""Accounts by value instead of spend; tasks by the day on which they were opened."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this version. Until an account is told anew its spend stands in for its value."""
    op.add_column("standings", sa.Column("value", sa.Float(), nullable=False, server_default="0"))
    op.execute("UPDATE standings SET value = yearly_spend")
    op.drop_index("ix_standings_yearly_spend", "standings")
    op.create_index("ix_standings_value", "standings", ["value"])
    op.create_index("tasks_by_creation", "tasks", ["created_at"])


def downgrade() -> None:
    """Back to the version before."""
    op.drop_index("tasks_by_creation", "tasks")
    op.drop_index("ix_standings_value", "standings")
    op.create_index("ix_standings_yearly_spend", "standings", ["yearly_spend"])
    op.drop_column("standings", "value")
