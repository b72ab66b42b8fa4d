"""Fences of cameras' placements; in PostgreSQL, what other processes read beside the writer."""

import sqlalchemy as sa
from alembic import op

from plainview.store.columns import LONG, label

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table of fences, number the changes of statuses, and what PostgreSQL needs."""
    op.create_table(
        "fence",
        sa.Column("camera", label(64), primary_key=True),
        sa.Column("token", LONG, nullable=False),
    )
    op.add_column("status", sa.Column("changed", LONG, nullable=False, server_default="0"))
    if op.get_bind().dialect.name != "postgresql":
        return
    op.create_table(
        "newest",
        sa.Column("camera", LONG, primary_key=True, autoincrement=False),
        sa.Column("t", LONG, nullable=False),
        postgresql_with={"fillfactor": 50},
    )
    op.create_table(
        "straggler",
        sa.Column("t", LONG, nullable=False),
        sa.Column("camera", LONG, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("t", "camera"),
    )


def downgrade() -> None:
    """Remove them."""
    op.drop_table("fence")
    op.drop_column("status", "changed")
    if op.get_bind().dialect.name == "postgresql":
        op.drop_table("newest")
        op.drop_table("straggler")
