"""Rows into PostgreSQL by binary COPY (its manual, "COPY", "Binary Format")."""

import struct
from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec
import psycopg
from sqlalchemy import Connection

from plainview.store.pg.link import raw
from plainview.store.rollup import Sums

Row = tuple[int, int, bytes]
"""A Reading: its time, its camera's number, its encoding."""

_HEAD: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TAIL: Final = b"\xff\xff"
_READING: Final = struct.Struct("!hiqiii")
_STAGED: Final = struct.Struct("!hiiiqiii")
_POINTER: Final = struct.Struct("!hiqiq")
_LONG: Final = "iq"
_SUMS: Final = struct.Struct(f"!h ii iq ii ii {_LONG * 3} ii i".replace(" ", ""))
_SUMS_WITHOUT_PEAK: Final = struct.Struct(f"!h ii iq ii ii {_LONG * 3} i i".replace(" ", ""))
_HEALTH: Final = struct.Struct("!ii")
_COLUMNS: Final = "camera, start, readings, unhealthy, total, low, high, peak, crossings, health"
_KEPT: Final = ", ".join(f"{c} = excluded.{c}" for c in _COLUMNS.split(", ")[2:])


def _copy(connection: psycopg.Connection[Any], what: str, rows: Iterable[bytes]) -> None:
    command = f"COPY {what} FROM STDIN (FORMAT BINARY)".encode()
    with connection.cursor() as cursor, cursor.copy(command) as copy:
        copy.write(b"".join((_HEAD, *rows, _TAIL)))


def add_new(connection: Connection, rows: Sequence[Row]) -> bool:
    """Add Readings, all of which should be new; False, and nothing is added, where one is not."""
    pack = _READING.pack
    parts = [part for t, camera, data in rows
             for part in (pack(3, 8, t, 4, camera, len(data)), data)]  # fmt: skip
    try:
        with connection.begin_nested():
            _copy(raw(connection), "reading (t, camera, data)", parts)
    except psycopg.errors.UniqueViolation:
        return False
    return True


def merge(connection: Connection, rows: Sequence[Row]) -> set[tuple[int, int]]:
    """Add those Readings that are new, of two for one time and camera the first; their keys."""
    pack = _STAGED.pack
    parts = [part for k, (t, camera, data) in enumerate(rows)
             for part in (pack(4, 4, k, 8, t, 4, camera, len(data)), data)]  # fmt: skip
    link = raw(connection)
    _make_temporary(link, "staged", "position int, t bigint, camera int, data bytea")
    _copy(link, "staged", parts)
    added = link.execute(
        b"INSERT INTO reading SELECT DISTINCT ON (t / 1000, camera, t) t, camera, data FROM staged "
        b"ORDER BY t / 1000, camera, t, position ON CONFLICT DO NOTHING RETURNING t, camera"
    )
    return set(added.fetchall())


def _make_temporary(link: psycopg.Connection[Any], name: str, columns: str) -> None:
    link.execute(
        f"CREATE TEMPORARY TABLE IF NOT EXISTS {name} ({columns}) ON COMMIT DELETE ROWS".encode()
    )


def put_sums(
    connection: Connection, table: str, start: int, parts: Iterable[tuple[int, Sums]]
) -> int:
    """Keep the sums of cameras (by number) of the minute or hour at `start`; how many."""
    rows = [_sums_row(camera, start, part) for camera, part in parts]
    if rows:
        link = raw(connection)
        _make_temporary(link, "summed", f"LIKE {table}")
        link.execute(b"TRUNCATE summed")
        _copy(link, f"summed ({_COLUMNS})", rows)
        link.execute(
            f"INSERT INTO {table} ({_COLUMNS}) SELECT {_COLUMNS} FROM summed "  # noqa: S608 - ours
            f"ON CONFLICT (camera, start) DO UPDATE SET {_KEPT}".encode()
        )
    return len(rows)


def _sums_row(camera: int, start: int, part: Sums) -> bytes:
    crossings = msgspec.msgpack.encode(part.crossings)
    head = (10, 4, camera, 8, start, 4, part.readings, 4, part.unhealthy,
            8, part.total, 8, part.low, 8, part.high)  # fmt: skip
    if part.peak is None:
        packed = _SUMS_WITHOUT_PEAK.pack(*head, -1, len(crossings))
    else:
        packed = _SUMS.pack(*head, 4, part.peak, len(crossings))
    return packed + crossings + _HEALTH.pack(4, part.health)


def point(connection: Connection, newest: Iterable[tuple[int, int]]) -> None:
    """Keep where each camera's newest Reading is: (camera's number, time)."""
    rows = [_POINTER.pack(2, 8, camera, 8, t) for camera, t in newest]
    if rows:
        link = raw(connection)
        _make_temporary(link, "pointed", "LIKE newest")
        link.execute(b"TRUNCATE pointed")
        _copy(link, "pointed", rows)
        link.execute(
            b"INSERT INTO newest SELECT * FROM pointed "
            b"ON CONFLICT (camera) DO UPDATE SET t = excluded.t"
        )
