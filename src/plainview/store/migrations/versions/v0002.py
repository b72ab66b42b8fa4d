"""Alerts, and what people did about them."""

import sqlalchemy as sa
from alembic import op

from plainview.store.columns import LONG, label

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table of alerts."""
    op.create_table(
        "alert",
        sa.Column("id", label(96), primary_key=True),
        sa.Column("site", label(64), nullable=False),
        sa.Column("t", LONG, nullable=False),
        sa.Column("open", sa.Boolean, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
    )
    op.create_index("alert_open", "alert", ["open", "t"])


def downgrade() -> None:
    """Remove it."""
    op.drop_table("alert")
