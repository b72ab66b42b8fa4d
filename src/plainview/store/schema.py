"""The SQLite store's tables. Made and changed only by the migrations beside this file."""

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    UniqueConstraint,
    column,
    table,
    text,
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
    Column("number", Integer, primary_key=True),
    Column("id", String(96), nullable=False),
    Column("site", String(64), nullable=False),
    Column("t", Integer, nullable=False),
    Column("open", Boolean, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("raised", Integer, nullable=False),
    Column("zone", String(64), nullable=True),
    Column("x", Float, nullable=True),
    Column("y", Float, nullable=True),
    Column("state", String(16), nullable=False),
    UniqueConstraint("id", name="alert_id"),
    Index("alert_open", "open", "t"),
    Index("alert_raised", "site", "raised"),
)
"""Alerts with all that happened to them, as MessagePack; few, and each changed a few times. Beside
it what is searched for: UTC milliseconds at which it was raised, and ground metres."""

alert_note = table("alert_note", column("rowid", Integer), column("note", String))
"""Full text of what persons wrote about an alert, by its number: SQLite's own kind of table (FTS5),
so it is not in `metadata`. Three signs at a time, so that it finds Chinese as well as English."""

zone = Table(
    "zone",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(64), nullable=False),
    UniqueConstraint("name", name="zone_name"),
)
"""A short number, from 1, for each name that a zone has had."""

event = Table(
    "event",
    metadata,
    Column("t", Integer, nullable=False),
    Column("camera", Integer, nullable=False),
    Column("kind", Integer, nullable=False),
    Column("x", Integer, nullable=False),
    Column("y", Integer, nullable=False),
    Column("zone", Integer, nullable=False),
    Column("ended", Integer, nullable=True),
    Column("confidence", Integer, nullable=False),
    Column("standing", Integer, nullable=False),
    PrimaryKeyConstraint("t", "camera", "kind", "x", "y", "zone"),
    Index("event_camera", "camera", "kind", "standing", "t"),
    Index("event_open", "camera", "kind", sqlite_where=text("ended IS NULL")),
    sqlite_with_rowid=False,
)
"""What cameras saw happen: one row from its start to its end. Its key is what the camera said, so a
Reading that comes twice makes one event. `t` and `ended` are UTC milliseconds, x and y units of
PLACE_STEP on the site's ground, zone 0 is none; kinds and standings are numbers of `events.py`."""

event_news = Table(
    "event_news",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("t", Integer, nullable=False),
    Column("camera", Integer, nullable=False),
    Column("kind", Integer, nullable=False),
    Column("x", Integer, nullable=False),
    Column("y", Integer, nullable=False),
    Column("zone", Integer, nullable=False),
    Column("over", Boolean, nullable=False),
    sqlite_autoincrement=True,
)
"""Keys of validated events that started or ended, until what watches has heard of them. Written
with the events, and removed with the alerts that are made of them: a restart loses none and tells
none twice. Numbers never come again."""

delivery = Table(
    "delivery",
    metadata,
    Column("route", String(64), nullable=False),
    Column("alert", String(96), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Column("t", Integer, nullable=False),
    Column("calm", Boolean, nullable=False),
    Column("waiting", Boolean, nullable=False),
    Column("due", Integer, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("error", String, nullable=False),
    PrimaryKeyConstraint("route", "alert"),
    Index("delivery_waiting", "route", "calm", "alert", sqlite_where=text("waiting")),
    sqlite_with_rowid=False,
)
"""The outbox: the newest notice about each alert for each route, written with the alert itself.
What is urgent is not `calm`, so that it comes first in the order of the index."""

mark = Table(
    "mark",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("value", Integer, nullable=False),
)
"""`readings_from`: Readings up to this time are deleted, or about to be; it never goes back."""
