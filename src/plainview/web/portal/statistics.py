"""The page of published statistics: what the noise left, drawn without a script."""

import functools
import re
import zoneinfo
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
from msgspec import Struct

from plainview.civic.statistics.release import Area, Figures, Line, Release, decode_release
from plainview.civic.statistics.tables import FILES
from plainview.errors import UNDECODED, InputError

WIDTH, HEIGHT = 400, 190
"""Units of a drawing."""
LEFT, RIGHT, TOP, BOTTOM = 40.0, 8.0, 10.0, 26.0
AREAS_PER_PAGE: Final = 12
MOST_DAYS: Final = 60
"""Days that the page lists; older ones are found by their address."""

ENTRY: Final = "entry.json"
DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


class Bar(NamedTuple):
    """One hour."""

    x: float
    width: float
    y: float
    height: float
    low: float
    """y of the interval's lower end."""
    high: float


class Chart(NamedTuple):
    """The hours of one area, or of one direction of a line, drawn."""

    of: Area | Line
    bars: tuple[Bar, ...]
    """Of the hours that something is said of."""
    ticks: tuple[tuple[float, float], ...]
    """(y, people)."""
    hours: tuple[tuple[float, str], ...]
    """(x, hour of the day)."""
    base: float
    rows: tuple[tuple[str, float | None, float, float], ...]
    """(hour, people, low, high) for those who read rather than look."""


class Told(Struct, frozen=True):
    """What `entry.json` says beside a release."""

    index: int
    document: str


def days_of(folder: Path) -> list[str]:
    """Published days, the latest first."""
    try:
        names = [path.name for path in folder.iterdir()]
    except OSError:
        return []
    return sorted((name for name in names if DAY.fullmatch(name)), reverse=True)


def statistics(folder: Path, parts: tuple[str, ...], page: int) -> dict[str, Any] | None:
    """What the page's template is given for `parts` of its address; None where there is no page."""
    days = days_of(folder)
    day = parts[1] if len(parts) == 2 else next(iter(days), "")
    if len(parts) > 2 or (len(parts) == 2 and day not in days):
        return None
    listed = {"days": days[:MOST_DAYS], "day": day, "release": None}
    if not day:
        return listed
    try:
        release, told = _read(folder, day)
    except (OSError, InputError, *UNDECODED):
        return None
    rest = release.areas[1:]
    pages = max(-(-max(len(rest), len(release.lines)) // AREAS_PER_PAGE), 1)
    page = min(max(page, 1), pages)
    shown = slice((page - 1) * AREAS_PER_PAGE, page * AREAS_PER_PAGE)
    return {
        **listed,
        "release": release,
        "entry": told.index,
        "document": told.document,
        "city": chart(release, release.areas[0]),
        "charts": [chart(release, area) for area in rest[shown]],
        "lines": [chart(release, line) for line in release.lines[shown]],
        "files": [name for name in FILES if not name.startswith("crossings") or release.lines],
        "page": page,
        "pages": pages,
        "zones": sum(area.level == "zone" for area in release.areas),
    }


def _read(folder: Path, day: str) -> tuple[Release, Told]:
    path = folder / day / "statistics.json"
    told = msgspec.json.decode((folder / day / ENTRY).read_bytes(), type=Told)
    return _release(path, path.stat().st_mtime_ns), told


@functools.lru_cache(maxsize=4)
def _release(path: Path, _changed: int) -> Release:
    return decode_release(path.read_bytes())


def chart(release: Release, of: Area | Line) -> Chart:
    """`of` as bars with the 90 % interval of their noise, from 0 to a round number above."""
    values: Figures = of.crossings if isinstance(of, Line) else of.occupancy
    ends = [
        (max(value - error, 0.0), max(value + error, 0.0))
        for value, error in zip(of.unbiased, of.error, strict=True)
        if value is not None and error is not None
    ]
    step = _round_step(max((high for _, high in ends), default=1.0))
    most = step * max(1, -(-max((high for _, high in ends), default=1.0) // step))
    base = HEIGHT - BOTTOM
    slot = (WIDTH - LEFT - RIGHT) / len(release.hours)

    def up(people: float) -> float:
        return round(base - people / most * (base - TOP), 1)

    zone = zoneinfo.ZoneInfo(release.timezone)
    hours = [datetime.fromtimestamp(start / 1000, UTC).astimezone(zone) for start in release.hours]
    bars: list[Bar] = []
    rows: list[tuple[str, float | None, float, float]] = []
    for k, (value, unbiased, error) in enumerate(zip(values, of.unbiased, of.error, strict=True)):
        if value is None or unbiased is None or error is None:
            rows.append((f"{hours[k]:%H:%M}", None, 0.0, 0.0))
            continue
        low, high = max(unbiased - error, 0.0), max(unbiased + error, 0.0)
        rows.append((f"{hours[k]:%H:%M}", value, low, high))
        y = up(value)
        bars.append(
            Bar(
                round(LEFT + k * slot + slot * 0.15, 1), round(slot * 0.7, 1), y,
                round(base - y, 1), up(low), up(high),
            )
        )  # fmt: skip
    count = round(most / step)
    return Chart(
        of=of,
        bars=tuple(bars),
        ticks=tuple((up(step * k), step * k) for k in range(count + 1)),
        hours=tuple(
            (round(LEFT + k * slot, 1), f"{hour:%H}") for k, hour in enumerate(hours) if k % 6 == 0
        ),
        base=base,
        rows=tuple(rows),
    )


def _round_step(most: float) -> float:
    """A step of 1, 2 or 5 times a power of ten that gives two to five of them up to `most`."""
    step = 1.0
    while most / step > 5:
        step *= 2.5 if f"{step:g}".startswith("2") else 2.0
    return step
