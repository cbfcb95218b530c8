"""An index over the beginnings of calls: what was done today is counted without walking over all of them."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this version."""
    op.create_index("attempts_by_start", "attempts", ["started_at"])


def downgrade() -> None:
    """Back to the version before."""
    op.drop_index("attempts_by_start", "attempts")
