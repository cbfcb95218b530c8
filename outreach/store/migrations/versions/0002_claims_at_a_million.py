"""The index of a claim: the awake tasks of each skill and class in order of rank; the others by when they wake."""

from alembic import op
from sqlalchemy import text

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_AWAKE = text("state = 'ready' AND eligible_from IS NULL")
_ASLEEP = text("state = 'ready' AND eligible_from IS NOT NULL")
_READY = text("state = 'ready'")


def upgrade() -> None:
    """To this version."""
    op.drop_index("tasks_by_rank", "tasks")
    columns = ["skill", "task_class", "rank", "task_id"]
    op.create_index("tasks_by_rank", "tasks", columns, postgresql_where=_AWAKE, sqlite_where=_AWAKE)
    op.create_index("tasks_by_waking", "tasks", ["eligible_from"], postgresql_where=_ASLEEP, sqlite_where=_ASLEEP)


def downgrade() -> None:
    """Back to the version before."""
    op.drop_index("tasks_by_waking", "tasks")
    op.drop_index("tasks_by_rank", "tasks")
    op.create_index("tasks_by_rank", "tasks", ["rank", "task_id"], postgresql_where=_READY, sqlite_where=_READY)
