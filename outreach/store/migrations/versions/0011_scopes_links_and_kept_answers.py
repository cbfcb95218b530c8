"""Scopes of API keys, links that customers follow, and answers that are given again for the same idempotency key."""

import sqlalchemy as sa
from alembic import op

from outreach.store.types import UtcMoment, Words

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this version."""
    op.add_column("sessions", sa.Column("scopes", Words()))
    op.create_table(
        "account_links",
        sa.Column("link_id", sa.Text, primary_key=True),
        sa.Column("account_id", sa.Text, nullable=False, index=True),
        sa.Column("created_at", UtcMoment, nullable=False),
        sa.Column("expires_at", UtcMoment, nullable=False),
        sa.Column("revoked_at", UtcMoment),
    )
    op.create_table(
        "kept_answers",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("created_at", UtcMoment, nullable=False, index=True),
        sa.Column("status", sa.Integer, nullable=False),
        sa.Column("media_type", sa.Text, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )


def downgrade() -> None:
    """Back to the version before."""
    op.drop_table("kept_answers")
    op.drop_table("account_links")
    op.drop_column("sessions", "scopes")
