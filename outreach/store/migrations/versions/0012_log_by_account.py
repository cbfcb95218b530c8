"""The log by account, for runtimes whose log cannot be read by account; when API keys were last used."""

import sqlalchemy as sa
from alembic import op

from outreach.store.types import UtcMoment

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this version."""
    op.create_table(
        "account_log",
        sa.Column("partition", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("account_id", sa.Text, nullable=False),
        sa.Column("recorded_ms", sa.BigInteger, nullable=False),
        sa.Column("value", sa.LargeBinary, nullable=False),
    )
    op.create_index("account_log_of_account", "account_log", ["account_id", "partition", "position"])
    op.add_column("sessions", sa.Column("used_at", UtcMoment))


def downgrade() -> None:
    """Back to the version before."""
    op.drop_column("sessions", "used_at")
    op.drop_table("account_log")
