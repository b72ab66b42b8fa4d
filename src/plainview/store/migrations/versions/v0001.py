"""The first schema: Readings, their roll-ups, statuses."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make every table."""
    op.create_table(
        "camera",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(64), nullable=False),
        sa.UniqueConstraint("name", name="camera_name"),
    )
    op.create_table(
        "reading",
        sa.Column("t", sa.Integer, nullable=False),
        sa.Column("camera", sa.Integer, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("t", "camera"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "minute_state",
        sa.Column("start", sa.Integer, primary_key=True),
        sa.Column("rows", sa.Integer, nullable=False),
        sa.Column("dirty", sa.Integer, nullable=False),
    )
    for name in ("minute", "hour"):
        op.create_table(
            name,
            sa.Column("camera", sa.Integer, nullable=False),
            sa.Column("start", sa.Integer, nullable=False),
            sa.Column("readings", sa.Integer, nullable=False),
            sa.Column("unhealthy", sa.Integer, nullable=False),
            sa.Column("total", sa.Integer, nullable=False),
            sa.Column("low", sa.Integer, nullable=False),
            sa.Column("high", sa.Integer, nullable=False),
            sa.Column("peak", sa.Integer, nullable=True),
            sa.Column("crossings", sa.LargeBinary, nullable=False),
            sa.Column("health", sa.Integer, nullable=False),
            sa.PrimaryKeyConstraint("camera", "start"),
            sqlite_with_rowid=False,
        )
    op.create_table(
        "status",
        sa.Column("camera", sa.String(64), primary_key=True),
        sa.Column("data", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "mark",
        sa.Column("name", sa.String(32), primary_key=True),
        sa.Column("value", sa.Integer, nullable=False),
    )


def downgrade() -> None:
    """Remove every table."""
    for name in ("camera", "reading", "minute_state", "minute", "hour", "status", "mark"):
        op.drop_table(name)
