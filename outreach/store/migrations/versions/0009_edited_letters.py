"""What an operator made of a dead letter is kept beside it."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this version."""
    op.add_column("dead_letters", sa.Column("edited_key", sa.LargeBinary))
    op.add_column("dead_letters", sa.Column("edited_raw", sa.LargeBinary))


def downgrade() -> None:
    """Back to the version before."""
    op.drop_column("dead_letters", "edited_raw")
    op.drop_column("dead_letters", "edited_key")
