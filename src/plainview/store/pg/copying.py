"""Rows into PostgreSQL by binary COPY (its manual, "COPY", "Binary Format").

Fields of fixed length are laid out for all rows at once: there are 60,000 a second.
"""

import struct
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np
import psycopg
from sqlalchemy import Connection

from plainview.readings import Ints
from plainview.store.pg.link import raw
from plainview.store.sheets import Held

_HEAD: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TAIL: Final = b"\xff\xff"
_COLUMNS: Final = "camera, start, readings, unhealthy, total, low, high, peak, crossings, health"
_KEPT: Final = ", ".join(f"{c} = excluded.{c}" for c in _COLUMNS.split(", ")[2:])
_NO_CROSSINGS: Final = msgspec.msgpack.encode(())


class Rows(NamedTuple):
    """Readings as the table has them, in the order of its index."""

    times: Ints
    cameras: Ints
    data: Sequence[bytes]
    sizes: Ints
    """Bytes of each of `data`."""


def rows(times: Ints, cameras: Ints, data: Sequence[bytes]) -> Rows:
    """Rows of these, (n,) each."""
    return Rows(times, cameras, data, _lengths(data))


def _laid_out(n: int, values: Sequence[tuple[int, Any]]) -> list[bytes]:
    """`n` pieces of rows, of integers of so many bytes; a value is the same in all, or (n,)."""
    kinds = [(f"f{k}", f">i{size}") for k, (size, _) in enumerate(values)]
    table = np.empty(n, dtype=kinds)
    for k, (_, value) in enumerate(values):
        table[f"f{k}"] = value
    step, data = table.dtype.itemsize, table.tobytes()
    return [data[k : k + step] for k in range(0, len(data), step)]


def _field(size: int, value: Any) -> list[tuple[int, Any]]:  # noqa: ANN401 - a number or an array
    return [(4, size), (size, value)]


def _lengths(data: Sequence[bytes]) -> Ints:
    return np.fromiter(map(len, data), np.int64, len(data))


def _copy(connection: psycopg.Connection[Any], what: str, rows: Iterable[bytes]) -> None:
    command = f"COPY {what} FROM STDIN (FORMAT BINARY)".encode()
    with connection.cursor() as cursor, cursor.copy(command) as copy:
        copy.write(b"".join((_HEAD, *rows, _TAIL)))


def add_new(connection: Connection, rows: Rows) -> bool:
    """Add Readings, all of which should be new; False, and nothing is added, where one is not."""
    heads = _laid_out(
        len(rows.data),
        [(2, 3), *_field(8, rows.times), *_field(4, rows.cameras), (4, rows.sizes)],
    )
    parts = chain.from_iterable(zip(heads, rows.data, strict=True))
    try:
        with connection.begin_nested():
            _copy(raw(connection), "reading (t, camera, data)", parts)
    except psycopg.errors.UniqueViolation:
        return False
    return True


def merge(connection: Connection, rows: Rows) -> Ints:
    """Add those Readings that are new, of two for one time and camera the first; their places."""
    n = len(rows.data)
    places = _field(4, np.arange(n))
    heads = _laid_out(
        n,
        [(2, 4), *places, *_field(8, rows.times), *_field(4, rows.cameras),
         (4, rows.sizes)],
    )  # fmt: skip
    link = raw(connection)
    _make_temporary(link, "staged", "position int, t bigint, camera int, data bytea")
    _copy(link, "staged", chain.from_iterable(zip(heads, rows.data, strict=True)))
    return _added(link.execute(_MERGE).fetchall(), rows)


_MERGE: Final = (
    b"INSERT INTO reading SELECT DISTINCT ON (t / 1000, camera, t) t, camera, data FROM staged "
    b"ORDER BY t / 1000, camera, t, position ON CONFLICT DO NOTHING RETURNING t, camera"
)
_LATE: Final = (
    b"INSERT INTO straggler SELECT * FROM unnest(%s::bigint[], %s::int[], %s::bytea[]) "
    b"ON CONFLICT DO NOTHING RETURNING t, camera"
)


def add_late(connection: Connection, rows: Rows) -> Ints:
    """Put Readings of deleted minutes where their roll-ups find them; the places of new ones."""
    given = (rows.times.tolist(), rows.cameras.tolist(), [*rows.data])
    return _added(raw(connection).execute(_LATE, given).fetchall(), rows)


def _added(keys: Iterable[tuple[int, int]], rows: Rows) -> Ints:
    """Places of the first of `rows` for each of `keys`."""
    new, places = set(keys), []
    for place, key in enumerate(zip(rows.times.tolist(), rows.cameras.tolist(), strict=True)):
        if key in new:
            new.discard(key)
            places.append(place)
    return np.array(places, np.int64)


def _make_temporary(link: psycopg.Connection[Any], name: str, columns: str) -> None:
    link.execute(
        f"CREATE TEMPORARY TABLE IF NOT EXISTS {name} ({columns}) ON COMMIT DELETE ROWS".encode()
    )


def add_names(connection: Connection, table: str, numbers: Mapping[str, int]) -> None:
    """Add `numbers` of names that have none to `table`."""
    heads = _laid_out(len(numbers), [(2, 2), *_field(8, np.fromiter(numbers.values(), np.int64))])
    rows = []
    for head, name in zip(heads, numbers, strict=True):
        text = name.encode()
        rows.append(head + _SIZE.pack(len(text)) + text)
    _copy(raw(connection), f"{table} (id, name)", rows)


def put_statuses(connection: Connection, change: int, encoded: Mapping[str, bytes]) -> None:
    """Keep the statuses of cameras, encoded, as those of that change.

    As arrays: some come with each batch, and what was in a temporary table costs the server several
    files at each commit.
    """
    raw(connection).execute(_PUT_STATUSES, (change, [*encoded], [*encoded.values()]))


_PUT_STATUSES: Final = (
    b"INSERT INTO status (camera, data, changed) "
    b"SELECT said.camera, said.data, %s FROM unnest(%s::text[], %s::bytea[]) said(camera, data) "
    b"ON CONFLICT (camera) DO UPDATE SET data = excluded.data, changed = excluded.changed"
)
_SIZE: Final = struct.Struct(">i")


def put_sums(connection: Connection, table: str, start: int, held: Held) -> int:
    """Keep the sums of cameras of the minute or hour at `start`; how many."""
    if not len(held.cameras):
        return 0
    link = raw(connection)
    _make_temporary(link, "summed", f"LIKE {table}")
    link.execute(b"TRUNCATE summed")
    _copy(link, f"summed ({_COLUMNS})", _sums_rows(start, held))
    link.execute(
        f"INSERT INTO {table} ({_COLUMNS}) SELECT {_COLUMNS} FROM summed "  # noqa: S608 - ours
        f"ON CONFLICT (camera, start) DO UPDATE SET {_KEPT}".encode()
    )
    return len(held.cameras)


def _sums_rows(start: int, held: Held) -> list[bytes]:
    rows: list[bytes] = []
    for none in (False, True):  # a peak, or none: rows of two lengths
        which = (held.peaks < 0) == none
        n = int(which.sum())
        if not n:
            continue
        said = _crossings(held.lines[which], held.crossings[which])
        readings, unhealthy, total, low, high = held.sums[which].T
        heads = _laid_out(
            n,
            [
                (2, 10),
                *_field(4, held.cameras[which]),
                *_field(8, start),
                *_field(4, readings),
                *_field(4, unhealthy),
                *_field(8, total),
                *_field(8, low),
                *_field(8, high),
                *([(4, -1)] if none else _field(4, held.peaks[which])),
                (4, _lengths(said)),
            ],
        )
        tails = _laid_out(n, _field(4, held.health[which]))
        rows += chain.from_iterable(zip(heads, said, tails, strict=True))
    return rows


def _crossings(lines: Ints, crossings: Ints) -> list[bytes]:
    if not lines.any():
        return [_NO_CROSSINGS] * len(lines)
    encode = msgspec.msgpack.Encoder().encode
    both = zip(lines.tolist(), crossings.tolist(), strict=True)
    return [encode(said[:many]) for many, said in both]


def point(connection: Connection, cameras: Ints, times: Ints) -> None:
    """Keep where the newest Readings of `cameras` are: their times."""
    if not len(cameras):
        return
    link = raw(connection)
    _make_temporary(link, "pointed", "LIKE newest")
    link.execute(b"TRUNCATE pointed")
    _copy(link, "pointed", _laid_out(len(cameras), [(2, 2), *_field(8, cameras),
                                                    *_field(8, times)]))  # fmt: skip
    link.execute(
        b"INSERT INTO newest SELECT * FROM pointed "
        b"ON CONFLICT (camera) DO UPDATE SET t = excluded.t"
    )
