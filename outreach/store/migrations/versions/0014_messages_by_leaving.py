"""Messages by when they left: what is older than it must be kept is found without a walk."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this version."""
    left = sa.text("sent_at IS NOT NULL")
    op.create_index("outbox_by_leaving", "outbox", ["sent_at"], postgresql_where=left, sqlite_where=left)


def downgrade() -> None:
    """Back to the version before."""
    op.drop_index("outbox_by_leaving", "outbox")
