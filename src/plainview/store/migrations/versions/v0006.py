"""What each route has taken last about an alert, so that no notice refers to one it never got."""

import sqlalchemy as sa
from alembic import op

from plainview.store.columns import LONG

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add it. What is delivered already says so itself when the next notice comes.

    Of what waits, an alert's first step (revision 1) comes after nothing. What a route took before
    a later one was not kept: unknown, for nothing would cut it from an alert that it was told of.
    """
    op.add_column("delivery", sa.Column("told", LONG, nullable=False, server_default="0"))
    op.execute("UPDATE delivery SET told = -1 WHERE waiting AND revision > 1")


def downgrade() -> None:
    """Remove it."""
    op.drop_column("delivery", "told")
