"""Rolling up and deleting in SQLite: functions over a connection that is in a transaction."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, Table, bindparam, delete, func, select, update
from sqlalchemy.dialects.sqlite import insert

from plainview.record import Reading, decode
from plainview.store import schema
from plainview.store.rollup import HOUR, MINUTE, Sums, add, replace, sums

Minutes = Mapping[int, Sums]
"""One minute's sums by camera number."""

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
    wanted = select(table).where(table.c.camera == bindparam("of"), table.c.start == start)
    found = {camera: connection.execute(wanted, {"of": camera}).first() for camera in cameras}
    return {camera: sums_of(row) for camera, row in found.items() if row is not None}


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
    """Each camera's sums over the Readings of the minute at `start`."""
    by_camera: defaultdict[int, list[Reading]] = defaultdict(list)
    rows = connection.execute(
        select(schema.reading.c.camera, schema.reading.c.data).where(_in_minute(start))
    )
    for camera, data in rows:
        by_camera[camera].append(decode(data))
    return {camera: sums(readings) for camera, readings in by_camera.items()}


def roll_minute(connection: Connection, start: int, readings_from: int) -> int:
    """Bring the minute at `start`, and its hour, up to date; the number of rows written.

    A minute whose Readings were already deleted keeps what it had: late arrivals are added to it,
    and then deleted as well.
    """
    fresh = sums_in_minute(connection, start)
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
