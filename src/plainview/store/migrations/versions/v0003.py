"""Events, and alerts that can be searched for: by kind, place, time and what people wrote."""

from typing import Any

import msgspec
import sqlalchemy as sa
from alembic import op

from plainview.errors import StoreError

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_SELF = "Plainview"
_DENSITY = {"density", "inflow", "reach"}
"""Quantities whose alerts are of the kind `density`; all others are of `crowd-movement`."""


def upgrade() -> None:
    """Make the tables of events, and give each kept alert its kind and what is searched for."""
    _make_events()
    op.rename_table("alert", "alert_before")
    op.drop_index("alert_open", "alert_before")
    op.create_table(
        "alert",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("id", sa.String(96), nullable=False),
        sa.Column("site", sa.String(64), nullable=False),
        sa.Column("t", sa.Integer, nullable=False),
        sa.Column("open", sa.Boolean, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("raised", sa.Integer, nullable=False),
        sa.Column("zone", sa.String(64), nullable=True),
        sa.Column("x", sa.Float, nullable=True),
        sa.Column("y", sa.Float, nullable=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.UniqueConstraint("id", name="alert_id"),
    )
    op.create_index("alert_open", "alert", ["open", "t"])
    op.create_index("alert_raised", "alert", ["site", "raised"])
    op.execute("CREATE VIRTUAL TABLE alert_note USING fts5(note, tokenize = 'trigram')")
    _move_alerts(op.get_bind())
    op.drop_table("alert_before")


def _make_events() -> None:
    op.create_table(
        "zone",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(64), nullable=False),
        sa.UniqueConstraint("name", name="zone_name"),
    )
    op.create_table(
        "event",
        sa.Column("t", sa.Integer, nullable=False),
        sa.Column("camera", sa.Integer, nullable=False),
        sa.Column("kind", sa.Integer, nullable=False),
        sa.Column("x", sa.Integer, nullable=False),
        sa.Column("y", sa.Integer, nullable=False),
        sa.Column("zone", sa.Integer, nullable=False),
        sa.Column("ended", sa.Integer, nullable=True),
        sa.Column("confidence", sa.Integer, nullable=False),
        sa.Column("standing", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("t", "camera", "kind", "x", "y", "zone"),
        sqlite_with_rowid=False,
    )
    op.create_index("event_camera", "event", ["camera", "kind", "standing", "t"])
    op.create_index(
        "event_open", "event", ["camera", "kind"], sqlite_where=sa.text("ended IS NULL")
    )
    op.create_table(
        "event_news",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("t", sa.Integer, nullable=False),
        sa.Column("camera", sa.Integer, nullable=False),
        sa.Column("kind", sa.Integer, nullable=False),
        sa.Column("x", sa.Integer, nullable=False),
        sa.Column("y", sa.Integer, nullable=False),
        sa.Column("zone", sa.Integer, nullable=False),
        sa.Column("over", sa.Boolean, nullable=False),
        sqlite_autoincrement=True,
    )


def _move_alerts(connection: sa.Connection) -> None:
    before = connection.exec_driver_sql("SELECT id, site, t, open, data FROM alert_before").all()
    for number, (name, site, t, is_open, data) in enumerate(before, 1):
        found = _read(data)
        at = found.get("at") or (None, None)
        said = "\n".join(s["why"] for s in found.get("history", ()) if s["who"] != _SELF)
        connection.exec_driver_sql(
            "INSERT INTO alert VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (number, name, site, t, is_open, msgspec.msgpack.encode(found) if found else data,
             found.get("kind", "density"), round(found.get("raised_at", t / 1000) * 1000),
             found.get("zone"), *at, found.get("state", "")),
        )  # fmt: skip
        connection.exec_driver_sql(
            "INSERT INTO alert_note (rowid, note) VALUES (?, ?)", (number, said)
        )


def _read(data: bytes) -> dict[str, Any]:
    """A kept alert with its kind. Empty for one that cannot be read: it is left as it is."""
    try:
        found = msgspec.msgpack.decode(data, type=dict[str, Any])
    except msgspec.DecodeError:
        return {}
    kind = "density" if found.get("quantity") in _DENSITY else "crowd-movement"
    return found | {"kind": kind}


def downgrade() -> None:
    """Nothing leads back. Raises StoreError."""
    raise StoreError(
        "the version before cannot read alerts that know their kind",
        where="schema 0003",
        mend="Put back a copy of the database that is older than the upgrade",
    )
