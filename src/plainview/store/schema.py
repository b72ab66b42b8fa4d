"""The tables of both databases. Made and changed only by the migrations beside this file."""

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
    Text,
    UniqueConstraint,
    column,
    table,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from plainview.store.columns import LONG, label

metadata = MetaData()

camera = Table(
    "camera",
    metadata,
    Column("id", LONG, primary_key=True, autoincrement=False),
    Column("name", label(64), nullable=False),
    UniqueConstraint("name", name="camera_name"),
)
"""A short number for each camera's name."""

reading = Table(
    "reading",
    metadata,
    Column("t", LONG, nullable=False),
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
    Column("start", LONG, primary_key=True, autoincrement=False),
    Column("rows", LONG, nullable=False),
    Column("dirty", LONG, nullable=False),
)
"""Each minute that has Readings: how many were offered, and whether it must be rolled up again."""


def _roll_up(name: str) -> Table:
    return Table(
        name,
        metadata,
        Column("camera", Integer, nullable=False),
        Column("start", LONG, nullable=False),
        Column("readings", Integer, nullable=False),
        Column("unhealthy", Integer, nullable=False),
        Column("total", LONG, nullable=False),
        Column("low", LONG, nullable=False),
        Column("high", LONG, nullable=False),
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
    Column("camera", label(64), primary_key=True),
    Column("data", LargeBinary, nullable=False),
    Column("changed", LONG, nullable=False, server_default="0"),
)
"""`changed` grows with each that PostgreSQL is given: readers elsewhere fetch what is new."""

fence = Table(
    "fence",
    metadata,
    Column("camera", label(64), primary_key=True),
    Column("token", LONG, nullable=False),
)
"""The last token given out for a camera's placement; it never goes back."""

alert = Table(
    "alert",
    metadata,
    Column("number", LONG, primary_key=True),
    Column("id", label(96), nullable=False),
    Column("site", label(64), nullable=False),
    Column("t", LONG, nullable=False),
    Column("open", Boolean, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Column("kind", label(32), nullable=False),
    Column("raised", LONG, nullable=False),
    Column("zone", label(64), nullable=True),
    Column("x", Float, nullable=True),
    Column("y", Float, nullable=True),
    Column("state", label(16), nullable=False),
    UniqueConstraint("id", name="alert_id"),
    Index("alert_open", "open", "t"),
    Index("alert_raised", "site", "raised"),
)
"""Alerts with all that happened to them, as MessagePack; few, and each changed a few times. Beside
it what is searched for: UTC milliseconds at which it was raised, and ground metres."""

alert_note = table(
    "alert_note",
    column("rowid", LONG),
    column("note", String),
    column("folded", String),
    column("signs", ARRAY(Text)),
)
"""Full text of what persons wrote about an alert, by its number. Three signs at a time, so that it
finds Chinese as well as English: in SQLite its own kind of table (FTS5) with the note alone, in
PostgreSQL an index over all runs of three signs. So it is not in `metadata`."""

newest = table("newest", column("camera", LONG), column("t", LONG))
"""PostgreSQL: where a camera's newest Reading is, as of the last roll-up."""

straggler = table(
    "straggler", column("t", LONG), column("camera", LONG), column("data", LargeBinary)
)
"""PostgreSQL: Readings of minutes that are deleted already, until they are in their roll-ups."""

zone = Table(
    "zone",
    metadata,
    Column("id", LONG, primary_key=True, autoincrement=False),
    Column("name", label(64), nullable=False),
    UniqueConstraint("name", name="zone_name"),
)
"""A short number, from 1, for each name that a zone has had."""

event = Table(
    "event",
    metadata,
    Column("t", LONG, nullable=False),
    Column("camera", LONG, nullable=False),
    Column("kind", LONG, nullable=False),
    Column("x", LONG, nullable=False),
    Column("y", LONG, nullable=False),
    Column("zone", LONG, nullable=False),
    Column("ended", LONG, nullable=True),
    Column("confidence", LONG, nullable=False),
    Column("standing", LONG, nullable=False),
    PrimaryKeyConstraint("t", "camera", "kind", "x", "y", "zone"),
    Index("event_camera", "camera", "kind", "standing", "t"),
    Index(
        "event_open",
        "camera",
        "kind",
        sqlite_where=text("ended IS NULL"),
        postgresql_where=text("ended IS NULL"),
    ),
    sqlite_with_rowid=False,
)
"""What cameras saw happen: one row from its start to its end. Its key is what the camera said, so a
Reading that comes twice makes one event. `t` and `ended` are UTC milliseconds, x and y units of
PLACE_STEP on the site's ground, zone 0 is none; kinds and standings are numbers of `events.py`."""

event_news = Table(
    "event_news",
    metadata,
    Column("number", LONG, primary_key=True),
    Column("t", LONG, nullable=False),
    Column("camera", LONG, nullable=False),
    Column("kind", LONG, nullable=False),
    Column("x", LONG, nullable=False),
    Column("y", LONG, nullable=False),
    Column("zone", LONG, nullable=False),
    Column("over", Boolean, nullable=False),
    sqlite_autoincrement=True,
)
"""Keys of validated events that started or ended, until what watches has heard of them. Written
with the events, and removed with the alerts that are made of them: a restart loses none and tells
none twice. Numbers never come again."""

delivery = Table(
    "delivery",
    metadata,
    Column("route", label(64), nullable=False),
    Column("alert", label(96), nullable=False),
    Column("revision", LONG, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Column("t", LONG, nullable=False),
    Column("calm", Boolean, nullable=False),
    Column("waiting", Boolean, nullable=False),
    Column("due", LONG, nullable=False),
    Column("tries", LONG, nullable=False),
    Column("error", String, nullable=False),
    Column("told", LONG, nullable=False, server_default="0"),
    PrimaryKeyConstraint("route", "alert"),
    Index(
        "delivery_waiting",
        "route",
        "calm",
        "alert",
        sqlite_where=text("waiting"),
        postgresql_where=text("waiting"),
    ),
    sqlite_with_rowid=False,
)
"""The outbox: the newest notice about each alert for each route, written with the alert itself.
What is urgent is not `calm`, so that it comes first in the order of the index."""

mark = Table(
    "mark",
    metadata,
    Column("name", label(32), primary_key=True),
    Column("value", LONG, nullable=False),
)
"""`readings_from`: Readings up to this time are deleted, or about to be; it never goes back."""
