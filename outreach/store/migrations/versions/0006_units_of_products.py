"""How many units of its group one unit of a product holds."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this version. Until a product is told anew it counts as one unit, as before."""
    op.add_column("products", sa.Column("unit_factor", sa.Float(), nullable=False, server_default="1"))


def downgrade() -> None:
    """Back to the version before."""
    op.drop_column("products", "unit_factor")
