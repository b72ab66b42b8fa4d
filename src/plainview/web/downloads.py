"""What was searched for as files: CSV (RFC 4180) and GeoJSON (RFC 7946), written while it is read.

Bounded: where more is found than a file may have, the file says so in its end.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import msgspec
from msgspec import Struct

MOST: Final = 100_000
"""Rows of one file."""
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


class Row(Struct, frozen=True):
    """One event or alert: its values by name, and its place on the map where it has one."""

    values: dict[str, str | float | int | None]
    position: tuple[float, float] | None
    """Longitude and latitude, degrees."""


def csv_lines(names: Sequence[str], rows: Iterable[Row]) -> Iterator[str]:
    """A header and a line for each of `rows`, at most MOST; `names` are the columns."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([*names, "longitude", "latitude"])
    for k, row in enumerate(rows):
        if k == MOST:
            writer.writerow([f"cut: more than {MOST} rows fit; search for less"])
            break
        writer.writerow([*map(_cell, map(row.values.get, names)), *(row.position or ("", ""))])
        yield _taken(text)
    yield _taken(text)


def _taken(text: io.StringIO) -> str:
    taken = text.getvalue()
    text.seek(0)
    text.truncate()
    return taken


def _cell(value: str | float | None) -> str | float:
    """`value` as a spreadsheet shows it: what a person wrote is never taken for a formula."""
    if value is None:
        return ""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def geojson_parts(rows: Iterable[Row]) -> Iterator[str]:
    """A FeatureCollection of `rows`, at most MOST; its member `complete` says whether it is all."""
    yield '{"type":"FeatureCollection","features":['
    complete = "true"
    for k, row in enumerate(rows):
        if k == MOST:
            complete = "false"
            break
        place = None if row.position is None else {"type": "Point", "coordinates": row.position}
        feature = {"type": "Feature", "id": row.values.get("id"), "geometry": place,
                   "properties": row.values}  # fmt: skip
        yield f"{',' if k else ''}{msgspec.json.encode(feature).decode()}"
    yield f'],"complete":{complete}}}'
