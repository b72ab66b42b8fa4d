"""The outbox of notices about alerts."""

import sqlalchemy as sa
from alembic import op

from plainview.store.columns import LONG, label

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the outbox."""
    op.create_table(
        "delivery",
        sa.Column("route", label(64), nullable=False),
        sa.Column("alert", label(96), nullable=False),
        sa.Column("revision", LONG, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.Column("t", LONG, nullable=False),
        sa.Column("calm", sa.Boolean, nullable=False),
        sa.Column("waiting", sa.Boolean, nullable=False),
        sa.Column("due", LONG, nullable=False),
        sa.Column("tries", LONG, nullable=False),
        sa.Column("error", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("route", "alert"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "delivery_waiting",
        "delivery",
        ["route", "calm", "alert"],
        sqlite_where=sa.text("waiting"),
        postgresql_where=sa.text("waiting"),
    )


def downgrade() -> None:
    """Remove it."""
    op.drop_table("delivery")
