"""A queue that a supervisor chose, and indexes of what supervisors look at among a million tasks."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

FLAGGED = sa.text("flag IS NOT NULL")
LOST = sa.text("state = 'needs_disposition'")


def upgrade() -> None:
    """To this version."""
    op.add_column("tasks", sa.Column("queue_kept", sa.Boolean, nullable=False, server_default=sa.false()))
    for name, where in (("tasks_flagged", FLAGGED), ("tasks_lost", LOST)):
        op.create_index(name, "tasks", ["rank", "task_id"], postgresql_where=where, sqlite_where=where)


def downgrade() -> None:
    """Back to the version before."""
    op.drop_index("tasks_lost", "tasks")
    op.drop_index("tasks_flagged", "tasks")
    op.drop_column("tasks", "queue_kept")
