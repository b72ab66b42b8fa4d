"""Rows of a table in a file of its own: CSV, Parquet or GeoJSON, by its name's end."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from plainview.civic.exposure.network import MOST_BYTES, places_of, read_json
from plainview.document.toml import read_text
from plainview.errors import InputError

Row = dict[str, Any]


def read_rows(path: Path) -> Iterator[Row]:
    """The rows of the table at `path`; empty fields are left out, lists are split at blanks.

    In GeoJSON a feature's properties are the row: a Point is its place, a Polygon its view. Raises
    InputError for what is no such file.
    """
    suffix = path.suffix.lower()
    if suffix == ".csv":
        yield from _csv(path)
    elif suffix == ".parquet":
        yield from _parquet(path)
    elif suffix in {".geojson", ".json"}:
        yield from _geojson(path)
    else:
        raise InputError(
            "a table of its own is a CSV, Parquet or GeoJSON file",
            where=str(path),
            mend="Give a name that ends so",
        )


def _csv(path: Path) -> Iterator[Row]:
    text = read_text(path, "CSV", MOST_BYTES)
    try:
        for row in csv.DictReader(io.StringIO(text, newline=""), strict=True):
            if None in row or None in row.values():
                raise InputError(
                    "a row has other fields than the first line",
                    where=str(path),
                    mend=f"Mend the row {dict(row)!s:.100}",
                )
            yield _plain({name.strip(): value.strip() for name, value in row.items()})
    except csv.Error as error:
        raise InputError(f"this is no CSV ({error})", where=str(path), mend="Mend it") from error


def _parquet(path: Path) -> Iterator[Row]:
    import pyarrow as pa  # noqa: PLC0415 - 150 ms that other tables need not pay
    import pyarrow.parquet as pq  # noqa: PLC0415 - the same

    try:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches():
                for row in batch.to_pylist():
                    yield _plain(row)
    except (OSError, pa.ArrowException) as error:
        raise InputError(
            f"this is no Parquet file ({error})", where=str(path), mend="Write it again"
        ) from error


def _geojson(path: Path) -> Iterator[Row]:
    data = read_json(path)
    features = data.get("features") if isinstance(data, dict) else None
    if not isinstance(features, list):
        raise InputError(
            "this is no GeoJSON", where=str(path), mend="Give a FeatureCollection (RFC 7946)"
        )
    for number, feature in enumerate(features, 1):
        where = f"{path}, feature {number}"
        match feature:
            case {"geometry": {"type": "Point", "coordinates": place}, "properties": dict(given)}:
                ((longitude, latitude),) = places_of([place], where)
                yield _plain({**given, "longitude": longitude, "latitude": latitude})
            case {
                "geometry": {"type": "Polygon", "coordinates": [list(ring), *_]},
                "properties": dict(given),
            }:
                view = places_of(ring, where)
                view = view[:-1] if view[:1] == view[-1:] else view
                at = {"longitude": view[0][0], "latitude": view[0][1]} if view else {}
                yield _plain({**at, **given, "view": view})
            case _:
                raise InputError(
                    "a feature is no point or polygon with properties",
                    where=where,
                    mend="Give candidates and needs as points, or candidates as their views",
                )


def _plain(row: Row) -> Row:
    """`row` without what is empty; `covers` as a list."""
    found = {name: value for name, value in row.items() if value is not None and value != ""}
    if isinstance(found.get("covers"), str):
        found["covers"] = found["covers"].replace(";", " ").split()
    return found
