"""Events, and alerts that can be searched for: by kind, place, time and what people wrote."""

from typing import Any

import msgspec
import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from plainview.errors import StoreError
from plainview.store.columns import LONG, label

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
    if op.get_bind().dialect.name == "postgresql":
        # No version before this one kept alerts there.
        op.drop_table("alert")
        _make_alerts()
        _make_notes()
        return
    op.rename_table("alert", "alert_before")
    op.drop_index("alert_open", "alert_before")
    _make_alerts()
    op.execute("CREATE VIRTUAL TABLE alert_note USING fts5(note, tokenize = 'trigram')")
    _move_alerts(op.get_bind())
    op.drop_table("alert_before")


def _make_notes() -> None:
    """What FTS5 does in SQLite: the text, and all its runs of three signs in an index (GIN)."""
    op.create_table(
        "alert_note",
        sa.Column("rowid", LONG, primary_key=True, autoincrement=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("folded", sa.Text, nullable=False),
        sa.Column("signs", postgresql.ARRAY(sa.Text), nullable=False),
    )
    op.create_index("alert_note_signs", "alert_note", ["signs"], postgresql_using="gin")


def _make_alerts() -> None:
    op.create_table(
        "alert",
        sa.Column("number", LONG, primary_key=True),
        sa.Column("id", label(96), nullable=False),
        sa.Column("site", label(64), nullable=False),
        sa.Column("t", LONG, nullable=False),
        sa.Column("open", sa.Boolean, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.Column("kind", label(32), nullable=False),
        sa.Column("raised", LONG, nullable=False),
        sa.Column("zone", label(64), nullable=True),
        sa.Column("x", sa.Float, nullable=True),
        sa.Column("y", sa.Float, nullable=True),
        sa.Column("state", label(16), nullable=False),
        sa.UniqueConstraint("id", name="alert_id"),
    )
    op.create_index("alert_open", "alert", ["open", "t"])
    op.create_index("alert_raised", "alert", ["site", "raised"])


def _make_events() -> None:
    op.create_table(
        "zone",
        sa.Column("id", LONG, primary_key=True, autoincrement=False),
        sa.Column("name", label(64), nullable=False),
        sa.UniqueConstraint("name", name="zone_name"),
    )
    op.create_table(
        "event",
        sa.Column("t", LONG, nullable=False),
        sa.Column("camera", LONG, nullable=False),
        sa.Column("kind", LONG, nullable=False),
        sa.Column("x", LONG, nullable=False),
        sa.Column("y", LONG, nullable=False),
        sa.Column("zone", LONG, nullable=False),
        sa.Column("ended", LONG, nullable=True),
        sa.Column("confidence", LONG, nullable=False),
        sa.Column("standing", LONG, nullable=False),
        sa.PrimaryKeyConstraint("t", "camera", "kind", "x", "y", "zone"),
        sqlite_with_rowid=False,
    )
    op.create_index("event_camera", "event", ["camera", "kind", "standing", "t"])
    open_ones = sa.text("ended IS NULL")
    op.create_index(
        "event_open",
        "event",
        ["camera", "kind"],
        sqlite_where=open_ones,
        postgresql_where=open_ones,
    )
    op.create_table(
        "event_news",
        sa.Column("number", LONG, primary_key=True),
        sa.Column("t", LONG, nullable=False),
        sa.Column("camera", LONG, nullable=False),
        sa.Column("kind", LONG, nullable=False),
        sa.Column("x", LONG, nullable=False),
        sa.Column("y", LONG, nullable=False),
        sa.Column("zone", LONG, nullable=False),
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
