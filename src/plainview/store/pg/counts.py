"""Counts of roll-ups as columns: one binary COPY out, however many rows a month of a site has."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import psycopg
from numpy.typing import NDArray
from psycopg import sql

from plainview.store import Counts, Span
from plainview.store.rolled import by_camera

_HEAD: Final = 19
"""Bytes of a COPY's signature, flags and extension (PostgreSQL's manual, COPY, binary format)."""
_TAIL: Final = 2
_FIELDS: Final = (
    ("camera", 4),
    ("start", 8),
    ("readings", 4),
    ("total", 8),
    ("low", 8),
    ("high", 8),
)
_ROW: Final = np.dtype(
    [("fields", ">i2")]
    + [part for name, size in _FIELDS for part in ((f"{name}_size", ">i4"), (name, f">i{size}"))]
)
"""A row without nulls: how many fields, and of each its size and what it is."""
_WANTED: Final = sql.SQL(
    "COPY (SELECT {columns} FROM {table} WHERE camera = ANY({cameras}) AND readings > 0 "
    "AND ({spans}) ORDER BY camera, start) TO STDOUT (FORMAT BINARY)"
)
_WITHIN: Final = sql.SQL("start >= {since} AND start < {until}")


def counts_of(
    connection: psycopg.Connection[Any], table: str, cameras: Sequence[int], spans: Sequence[Span]
) -> dict[int, Counts]:
    """Rows of `table` (minute or hour) in any of `spans`, by the number of their camera."""
    wanted = _WANTED.format(
        columns=sql.SQL(", ").join(sql.Identifier(name) for name, _ in _FIELDS),
        table=sql.Identifier(table),
        cameras=sql.Literal(list(cameras)),
        spans=sql.SQL(" OR ").join(
            _WITHIN.format(since=sql.Literal(since), until=sql.Literal(until))
            for since, until in spans
        ),
    )
    with connection.cursor() as cursor, cursor.copy(wanted) as copy:
        said = b"".join(copy)
    rows = np.frombuffer(said, _ROW, (len(said) - _HEAD - _TAIL) // _ROW.itemsize, _HEAD)
    return by_camera([_ints(rows[name]) for name, _ in _FIELDS])


def _ints(column: NDArray[Any]) -> NDArray[np.int64]:
    return column.astype(np.int64)
