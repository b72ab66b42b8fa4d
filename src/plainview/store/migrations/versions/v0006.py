"""What each route has taken last about an alert, so that no notice refers to one it never got."""

import sqlalchemy as sa
from alembic import op

from plainview.store.columns import LONG

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add it: nothing so far. What is delivered already says so when the next notice comes."""
    op.add_column("delivery", sa.Column("told", LONG, nullable=False, server_default="0"))


def downgrade() -> None:
    """Remove it."""
    op.drop_column("delivery", "told")
