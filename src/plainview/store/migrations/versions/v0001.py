"""The first schema: Readings, their roll-ups, statuses."""

import sqlalchemy as sa
from alembic import op

from plainview.store.columns import LONG, label

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make every table."""
    op.create_table(
        "camera",
        sa.Column("id", LONG, primary_key=True, autoincrement=False),
        sa.Column("name", label(64), nullable=False),
        sa.UniqueConstraint("name", name="camera_name"),
    )
    op.create_table(
        "reading",
        sa.Column("t", LONG, nullable=False),
        sa.Column("camera", sa.Integer, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("t", "camera"),
        sqlite_with_rowid=False,
        postgresql_partition_by="RANGE (t)",
    )
    op.create_table(
        "minute_state",
        sa.Column("start", LONG, primary_key=True, autoincrement=False),
        sa.Column("rows", LONG, nullable=False),
        sa.Column("dirty", LONG, nullable=False),
    )
    for name in ("minute", "hour"):
        op.create_table(
            name,
            sa.Column("camera", sa.Integer, nullable=False),
            sa.Column("start", LONG, nullable=False),
            sa.Column("readings", sa.Integer, nullable=False),
            sa.Column("unhealthy", sa.Integer, nullable=False),
            sa.Column("total", LONG, nullable=False),
            sa.Column("low", LONG, nullable=False),
            sa.Column("high", LONG, nullable=False),
            sa.Column("peak", sa.Integer, nullable=True),
            sa.Column("crossings", sa.LargeBinary, nullable=False),
            sa.Column("health", sa.Integer, nullable=False),
            sa.PrimaryKeyConstraint("camera", "start"),
            sqlite_with_rowid=False,
            postgresql_partition_by="RANGE (start)" if name == "minute" else None,
            # An hour's row is written anew each minute: in the same page, while there is room.
            postgresql_with={"fillfactor": 50} if name == "hour" else {},
        )
    if op.get_bind().dialect.name == "postgresql":
        _make_rests()
    op.create_table(
        "status",
        sa.Column("camera", label(64), primary_key=True),
        sa.Column("data", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "mark",
        sa.Column("name", label(32), primary_key=True),
        sa.Column("value", LONG, nullable=False),
    )


def _make_rests() -> None:
    """What no partition was made for has a place all the same; whole hours are found by BRIN."""
    for table in ("reading", "minute"):
        op.execute(f"CREATE TABLE {table}_rest PARTITION OF {table} DEFAULT")
    for table in ("minute", "hour"):
        op.create_index(f"{table}_start", table, ["start"], postgresql_using="brin")


def downgrade() -> None:
    """Remove every table."""
    for name in ("camera", "reading", "minute_state", "minute", "hour", "status", "mark"):
        op.drop_table(name)
