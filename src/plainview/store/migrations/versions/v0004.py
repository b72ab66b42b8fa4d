"""The outbox of notices about alerts."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the outbox."""
    op.create_table(
        "delivery",
        sa.Column("route", sa.String(64), nullable=False),
        sa.Column("alert", sa.String(96), nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.Column("t", sa.Integer, nullable=False),
        sa.Column("calm", sa.Boolean, nullable=False),
        sa.Column("waiting", sa.Boolean, nullable=False),
        sa.Column("due", sa.Integer, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("error", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("route", "alert"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "delivery_waiting",
        "delivery",
        ["route", "calm", "alert"],
        sqlite_where=sa.text("waiting"),
    )


def downgrade() -> None:
    """Remove it."""
    op.drop_table("delivery")
