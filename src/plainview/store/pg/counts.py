"""Counts of roll-ups as columns: one binary COPY out, with a row for each camera.

A row for each roll-up would be a message for each: a site's day of minutes has 14,400.
"""

import struct
from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
import psycopg
from numpy.typing import NDArray
from psycopg import sql

from plainview.readings import Ints
from plainview.store import Counts, Span

_HEAD: Final = 19
"""Bytes of a COPY's signature, flags and extension (PostgreSQL's manual, COPY, binary format)."""
_ARRAY: Final = 20
"""Bytes before the elements of an array of one dimension (array_send: dimensions, whether there are
nulls, type, length, lower bound)."""
_COLUMNS: Final = ("start", "readings", "total", "low", "high")
_WANTED: Final = sql.SQL(
    "COPY (SELECT camera, {arrays} FROM (SELECT camera, {columns} FROM {table} "
    "WHERE camera = ANY({cameras}) AND readings > 0 AND ({spans}) ORDER BY camera, start) one "
    "GROUP BY camera) TO STDOUT (FORMAT BINARY)"
)
"""Arrays are in the order of what is below them (PostgreSQL's manual, "Aggregate Functions")."""
_WITHIN: Final = sql.SQL("start >= {since} AND start < {until}")
_SIZE: Final = struct.Struct(">i")
_CAMERA: Final = struct.Struct(">hii")
"""How many fields a row has, and its first: the camera."""


def counts_of(
    connection: psycopg.Connection[Any], table: str, cameras: Sequence[int], spans: Sequence[Span]
) -> dict[int, Counts]:
    """Rows of `table` (minute or hour) in any of `spans`, by the number of their camera."""
    names = [*map(sql.Identifier, _COLUMNS)]
    wanted = _WANTED.format(
        arrays=sql.SQL(", ").join(sql.SQL("array_agg({})").format(name) for name in names),
        columns=sql.SQL(", ").join(names),
        table=sql.Identifier(table),
        cameras=sql.Literal(list(cameras)),
        spans=sql.SQL(" OR ").join(
            _WITHIN.format(since=sql.Literal(since), until=sql.Literal(until))
            for since, until in spans
        ),
    )
    with connection.cursor() as cursor, cursor.copy(wanted) as copy:
        return dict(_rows(b"".join(copy)))


def _rows(said: bytes) -> Iterator[tuple[int, Counts]]:
    at = _HEAD
    while True:
        fields, *_ = struct.unpack_from(">h", said, at)
        if fields < 0:
            return
        _, _, camera = _CAMERA.unpack_from(said, at)
        at += _CAMERA.size
        columns = []
        for _ in _COLUMNS:
            (size,) = _SIZE.unpack_from(said, at)
            at += _SIZE.size
            columns.append(_elements(said, at, size))
            at += size
        yield camera, Counts(*columns)


def _elements(said: bytes, at: int, size: int) -> Ints:
    """The integers of the array of so many bytes, in each of which is its own size."""
    (wide,) = _SIZE.unpack_from(said, at + _ARRAY)
    element = np.dtype([("size", ">i4"), ("value", f">i{wide}")])
    many = (size - _ARRAY) // element.itemsize
    found: NDArray[Any] = np.frombuffer(said, element, many, at + _ARRAY)["value"]
    return found.astype(np.int64)
