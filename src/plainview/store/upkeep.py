"""Rolling up and deleting in SQLite: functions over a connection that is in a transaction."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from msgspec import Raw, Struct
from sqlalchemy import Connection, Row, Table, bindparam, delete, func, select, update
from sqlalchemy.dialects.sqlite import insert

from plainview.errors import UNDECODED
from plainview.record import Health
from plainview.store import schema
from plainview.store.rollup import HOUR, MINUTE, Sums, add, replace, sums

Minutes = Mapping[int, Sums]
"""One minute's sums by camera number."""


class Brief(Struct, frozen=True, array_like=True, gc=False):
    """The fields of a stored Reading that roll-ups need; its cells are not even looked at."""

    t: int
    span: int
    frames: int
    dropped: int
    count: int
    low: int
    high: int
    noise: int
    coarse: int
    nx: int
    cells: Raw
    crossings: tuple[tuple[int, int], ...]
    health: tuple[Health, ...]


_brief = msgspec.msgpack.Decoder(Brief)
_crossings = msgspec.msgpack.Decoder(tuple[tuple[int, int], ...])


def sums_of(row: Row[Any]) -> Sums:
    """The sums in a row of `minute` or `hour`."""
    return Sums(
        row.readings,
        row.unhealthy,
        row.total,
        row.low,
        row.high,
        row.peak,
        _crossings.decode(row.crossings),
        row.health,
    )


def _values(camera: int, start: int, part: Sums) -> dict[str, Any]:
    crossings = msgspec.msgpack.encode(part.crossings)
    return {"camera": camera, "start": start, **part._asdict(), "crossings": crossings}


def _load(connection: Connection, table: Table, start: int, cameras: Iterable[int]) -> Minutes:
    numbers = sorted(cameras)
    found: dict[int, Sums] = {}
    for k in range(0, len(numbers), 500):
        wanted = table.c.camera.in_(numbers[k : k + 500])
        for row in connection.execute(select(table).where(wanted, table.c.start == start)):
            found[row.camera] = sums_of(row)
    return found


def _save(connection: Connection, table: Table, start: int, parts: Minutes) -> int:
    if parts:
        connection.execute(
            insert(table).prefix_with("OR REPLACE"),
            [_values(camera, start, part) for camera, part in parts.items()],
        )
    return len(parts)


def _in_minute(start: int) -> Any:  # noqa: ANN401 - SQLAlchemy's clause types say no more
    # A Reading at 0 belongs to the first minute, as none ends before it.
    t = schema.reading.c.t
    return (t > (start or -1)) & (t <= start + MINUTE)


def sums_in_minute(connection: Connection, start: int) -> Minutes:
    """Each camera's sums over the Readings of the minute at `start`.

    One that can no longer be read counts as unhealthy: there was an interval, nothing is known of
    it. Reading it back by itself is an error.
    """
    by_camera: defaultdict[int, list[Brief]] = defaultdict(list)
    unreadable: Counter[int] = Counter()
    rows = connection.execute(
        select(schema.reading.c.camera, schema.reading.c.data).where(_in_minute(start))
    )
    for camera, data in rows:
        try:
            by_camera[camera].append(_brief.decode(data))
        except UNDECODED:
            unreadable[camera] += 1
    parts = {camera: sums(readings) for camera, readings in by_camera.items()}
    for camera, many in unreadable.items():
        parts[camera] = add(parts.get(camera, Sums()), Sums(unhealthy=many))
    return parts


def roll_minute(
    connection: Connection, start: int, readings_from: int, known: Minutes | None = None
) -> int:
    """Bring the minute at `start`, and its hour, up to date; the number of rows written.

    `known` are its sums, if somebody has kept them while its Readings came. A minute whose
    Readings were already deleted keeps what it had: late arrivals are added to it, and then deleted
    as well.
    """
    fresh = sums_in_minute(connection, start) if known is None else known
    old = _load(connection, schema.minute, start, fresh)
    if start < readings_from:
        fresh = {camera: add(old.get(camera, Sums()), part) for camera, part in fresh.items()}
        connection.execute(delete(schema.reading).where(_in_minute(start)))
    written = _save(connection, schema.minute, start, fresh)
    hour = start // HOUR * HOUR
    hours = _load(connection, schema.hour, hour, fresh)
    grown = {
        camera: replace(hours.get(camera, Sums()), old.get(camera, Sums()), part)
        for camera, part in fresh.items()
    }
    written += _save(connection, schema.hour, hour, grown)
    state = schema.minute_state
    if start < readings_from:
        connection.execute(delete(state).where(state.c.start == start))
    else:
        connection.execute(update(state).where(state.c.start == start).values(dirty=0))
    return written


def rebuild_hours(connection: Connection, since: int) -> int:
    """Make the hours from `since` on anew from their minutes; the number written."""
    hours: defaultdict[int, dict[int, Sums]] = defaultdict(dict)
    for row in connection.execute(select(schema.minute).where(schema.minute.c.start >= since)):
        parts = hours[row.start // HOUR * HOUR]
        parts[row.camera] = add(parts.get(row.camera, Sums()), sums_of(row))
    return sum(_save(connection, schema.hour, hour, parts) for hour, parts in hours.items())


def delete_readings(connection: Connection, until: int, most: int) -> int:
    """Delete at most `most` Readings with t <= `until`, oldest first; the number deleted."""
    t = schema.reading.c.t
    last = connection.execute(
        select(t).where(t <= until).order_by(t).limit(1).offset(most)
    ).scalar()
    bound = t <= until if last is None else t < last
    if last is not None and connection.execute(select(func.min(t))).scalar() == last:
        bound = t <= last
    return connection.execute(delete(schema.reading).where(bound)).rowcount


def delete_roll_ups(connection: Connection, table: Table, until: int, cameras: list[int]) -> int:
    """Delete the roll-ups of `cameras` that start before `until`; the number deleted."""
    if not cameras:
        return 0
    old = delete(table).where(table.c.camera == bindparam("of"), table.c.start < until)
    return connection.execute(old, [{"of": camera} for camera in cameras]).rowcount
