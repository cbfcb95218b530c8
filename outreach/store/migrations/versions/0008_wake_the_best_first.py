"""Tasks whose window opens or closes in the same hour are taken in order of rank: the best are offered first."""

from alembic import op
from sqlalchemy import text

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_ASLEEP = text("state = 'ready' AND eligible_from IS NOT NULL")
_READY = text("state = 'ready'")


def upgrade() -> None:
    """To this version."""
    _make(["eligible_from", "rank"], ["eligible_until", "rank"])


def downgrade() -> None:
    """Back to the version before."""
    _make(["eligible_from"], ["eligible_until"])


def _make(waking: list[str], hints: list[str]) -> None:
    for name, columns, where in (("tasks_by_waking", waking, _ASLEEP), ("tasks_by_hint", hints, _READY)):
        op.drop_index(name, "tasks")
        op.create_index(name, "tasks", columns, postgresql_where=where, sqlite_where=where)
