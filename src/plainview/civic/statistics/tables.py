"""A release as tables: the same figures, one row for each hour, as CSV and as Parquet."""

import csv
import datetime as dt
import io
from collections.abc import Callable, Iterator
from typing import Final

from plainview.civic.statistics.release import Area, Line, Release, encode_release, schema

Cell = str | float | int | None

FOLDER: Final = "statistics"
"""In the state folder: what is published, one folder for each day."""
OCCUPANCY: Final = (
    "level", "id", "site", "district", "hour", "zones", "measured",
    "occupancy", "unbiased", "low", "high",
)  # fmt: skip
CROSSINGS: Final = (
    "zone", "line", "direction", "hour", "measured", "crossings", "unbiased", "low", "high",
)  # fmt: skip


def occupancy_rows(release: Release) -> Iterator[tuple[Cell, ...]]:
    """Rows of OCCUPANCY: city, districts, zones; low to high is the 90 % interval of the noise."""
    hours = [_hour(start) for start in release.hours]
    for area in release.areas:
        for k, hour in enumerate(hours):
            yield (
                area.level, area.id, area.site, area.district, hour, area.zones[k],
                area.measured[k], area.occupancy[k], area.unbiased[k], *_interval(area, k),
            )  # fmt: skip


def crossing_rows(release: Release) -> Iterator[tuple[Cell, ...]]:
    """Rows of CROSSINGS, as `occupancy_rows`."""
    hours = [_hour(start) for start in release.hours]
    for line in release.lines:
        for k, hour in enumerate(hours):
            yield (
                line.zone, line.line, line.direction, hour, line.measured[k], line.crossings[k],
                line.unbiased[k], *_interval(line, k),
            )  # fmt: skip


def _interval(of: Area | Line, k: int) -> tuple[Cell, Cell]:
    """Ends of the 90 % interval, none below 0: there are no negative people."""
    value, error = of.unbiased[k], of.error[k]
    if value is None or error is None:
        return None, None
    return round(max(value - error, 0.0), 2), round(max(value + error, 0.0), 2)


def _hour(start: int) -> str:
    """UTC, as ISO 8601 has it."""
    return dt.datetime.fromtimestamp(start / 1000, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def occupancy_csv(release: Release) -> bytes:
    """Occupancies, RFC 4180 with plain newlines; the first row names the columns."""
    return _csv(OCCUPANCY, occupancy_rows(release))


def crossings_csv(release: Release) -> bytes:
    """Crossings, likewise."""
    return _csv(CROSSINGS, crossing_rows(release))


def _csv(columns: tuple[str, ...], rows: Iterator[tuple[Cell, ...]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_harmless(cell) for cell in row] for row in rows)
    return text.getvalue().encode()


def _harmless(cell: Cell) -> Cell:
    """A name that a spreadsheet would take for a formula gets an apostrophe before it."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(("=", "+", "-", "@")) else cell


def occupancy_parquet(release: Release) -> bytes:
    """Occupancies as Parquet; the guarantee stands in its metadata."""
    return _parquet(release, OCCUPANCY, occupancy_rows(release))


def crossings_parquet(release: Release) -> bytes:
    """Crossings, likewise."""
    return _parquet(release, CROSSINGS, crossing_rows(release))


def _parquet(release: Release, columns: tuple[str, ...], rows: Iterator[tuple[Cell, ...]]) -> bytes:
    import msgspec  # noqa: PLC0415 - beside pyarrow, which is large
    import pyarrow as pa  # noqa: PLC0415 - large, and most commands need none of it
    from pyarrow import parquet  # noqa: PLC0415 - the same

    listed = list(rows)
    fields = [(name, _type(pa, name)) for name in columns]
    told = {
        "day": release.day,
        "guarantee": msgspec.json.encode(release.guarantee).decode(),
        "crossing_guarantee": msgspec.json.encode(release.crossing_guarantee).decode(),
    }
    by_column = {
        name: [_moment(row[k]) if name == "hour" else row[k] for row in listed]
        for k, name in enumerate(columns)
    }
    table = pa.table(by_column, schema=pa.schema(fields, metadata=told))
    sink = io.BytesIO()
    parquet.write_table(table, sink)
    return sink.getvalue()


def _type(pa: object, name: str) -> object:
    kinds = {"hour": ("timestamp", "s", "UTC"), "zones": ("int32",)}
    texts = {"level", "id", "site", "district", "zone", "line", "direction"}
    kind, *arguments = kinds.get(name, ("string",) if name in texts else ("float64",))
    return getattr(pa, kind)(*arguments)


def _moment(hour: Cell) -> dt.datetime:
    return dt.datetime.fromisoformat(str(hour))


FILES: Final[dict[str, Callable[[Release], bytes]]] = {
    "statistics.json": encode_release,
    "occupancy.csv": occupancy_csv,
    "occupancy.parquet": occupancy_parquet,
    "crossings.csv": crossings_csv,
    "crossings.parquet": crossings_parquet,
    "statistics.schema.json": lambda _release: schema(),
}
"""Name of each file that is published -> what makes it."""
