"""The SQLite store's tables. Made and changed only by the migrations beside this file."""

from sqlalchemy import (
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    UniqueConstraint,
)

metadata = MetaData()

camera = Table(
    "camera",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(64), nullable=False),
    UniqueConstraint("name", name="camera_name"),
)
"""A short number for each camera's name."""

reading = Table(
    "reading",
    metadata,
    Column("t", Integer, nullable=False),
    Column("camera", Integer, nullable=False),
    Column("data", LargeBinary, nullable=False),
    PrimaryKeyConstraint("t", "camera"),
    sqlite_with_rowid=False,
)
"""Readings as MessagePack, in order of time: appending touches the last pages only, and dropping
the oldest is one range (docs/design/0005)."""

minute_state = Table(
    "minute_state",
    metadata,
    Column("start", Integer, primary_key=True),
    Column("rows", Integer, nullable=False),
    Column("dirty", Integer, nullable=False),
)
"""Each minute that has Readings: how many were offered, and whether it must be rolled up again."""


def _roll_up(name: str) -> Table:
    return Table(
        name,
        metadata,
        Column("camera", Integer, nullable=False),
        Column("start", Integer, nullable=False),
        Column("readings", Integer, nullable=False),
        Column("unhealthy", Integer, nullable=False),
        Column("total", Integer, nullable=False),
        Column("low", Integer, nullable=False),
        Column("high", Integer, nullable=False),
        Column("peak", Integer, nullable=True),
        Column("crossings", LargeBinary, nullable=False),
        Column("health", Integer, nullable=False),
        PrimaryKeyConstraint("camera", "start"),
        sqlite_with_rowid=False,
    )


minute = _roll_up("minute")
hour = _roll_up("hour")
"""Sums, not means, in the units of record.py: they can be added up without loss."""

status = Table(
    "status",
    metadata,
    Column("camera", String(64), primary_key=True),
    Column("data", LargeBinary, nullable=False),
)

alert = Table(
    "alert",
    metadata,
    Column("id", String(96), primary_key=True),
    Column("site", String(64), nullable=False),
    Column("t", Integer, nullable=False),
    Column("open", Boolean, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Index("alert_open", "open", "t"),
)
"""Alerts with all that happened to them, as MessagePack; few, and each changed a few times."""

mark = Table(
    "mark",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("value", Integer, nullable=False),
)
"""`readings_from`: Readings up to this time are deleted, or about to be; it never goes back."""
