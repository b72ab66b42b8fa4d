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
    _make_readings()
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
        # Rows lie in the order in which hours went by: BRIN finds old ones with next to no index.
        op.create_index("hour_start", "hour", ["start"], postgresql_using="brin")
        op.create_index("minute_start", "minute", ["start"], postgresql_using="brin")
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


def _make_readings() -> None:
    columns = (
        sa.Column("t", LONG, nullable=False),
        sa.Column("camera", sa.Integer, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
    )
    if op.get_bind().dialect.name == "sqlite":
        key = sa.PrimaryKeyConstraint("t", "camera")
        op.create_table("reading", *columns, key, sqlite_with_rowid=False)
        return
    op.create_table("reading", *columns, postgresql_partition_by="RANGE (t)")
    # By second, then camera: a batch goes to the end of the index, and one camera's minute is 60
    # look-ups in it and not a walk past those of 60,000 cameras.
    op.execute("CREATE UNIQUE INDEX reading_key ON reading ((t / 1000), camera, t)")


def downgrade() -> None:
    """Remove every table."""
    for name in ("camera", "reading", "minute_state", "minute", "hour", "status", "mark"):
        op.drop_table(name)
