"""What `plainview measure` said: its JSON Lines as frozen records (DESIGN.md section 5)."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from plainview.errors import UNDECODED, InputError
from plainview.geometry import Grid


class _Grid(Struct, frozen=True):
    origin: tuple[float, float]
    cell: float
    shape: tuple[int, int]


class Header(Struct, frozen=True):
    """The first line."""

    plainview: str
    camera: str
    every: float
    """Seconds of one interval."""
    grid: _Grid
    sealed: bool


class Interval(Struct, frozen=True):
    """One line: what was measured in one interval."""

    t: float
    """Seconds from the clip's start to the interval's end."""
    count: float
    low: float
    high: float
    cells: tuple[tuple[int, int, float, float, float, float], ...] = ()
    """ix, iy, people/m², vx m/s, vy m/s, speed variance m²/s²."""
    crossings: dict[str, tuple[float, float]] = {}
    """People forward and backward, by line."""
    health: tuple[str, ...] = ()
    events: tuple[dict[str, Any], ...] = ()


class Doubted(NamedTuple):
    """A stretch of time in which a camera said that it must not be believed."""

    start: float
    """Seconds from the clip's start."""
    end: float
    health: tuple[str, ...]
    """Why: its flags."""


class Measured(NamedTuple):
    """A clip's measurement."""

    header: Header
    intervals: tuple[Interval, ...]

    @property
    def grid(self) -> Grid:
        """The ground grid that the cells refer to."""
        grid = self.header.grid
        return Grid(grid.origin, grid.cell, grid.shape)

    def spans(self) -> Iterator[tuple[float, float, Interval]]:
        """Each interval with its start and end, seconds from the clip's start."""
        start = 0.0
        for interval in self.intervals:
            yield start, interval.t, interval
            start = interval.t

    def doubted(self) -> tuple[Doubted, ...]:
        """The stretches of any health flag, in the order of time; neighbours alike are one."""
        found: list[Doubted] = []
        for start, end, interval in self.spans():
            if not interval.health:
                continue
            if found and found[-1].end == start and found[-1].health == interval.health:
                found[-1] = found[-1]._replace(end=end)
            else:
                found.append(Doubted(start, end, interval.health))
        return tuple(found)


def fields(grid: Grid, interval: Interval) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Density (ny, nx) people/m² and velocity (ny, nx, 2) m/s; NaN velocity in empty cells."""
    nx, ny = grid.shape
    density = np.zeros((ny, nx))
    velocity = np.full((ny, nx, 2), np.nan)
    for ix, iy, people, vx, vy, _ in interval.cells:
        density[iy, ix] = people
        velocity[iy, ix] = vx, vy
    return density, velocity


def parse_measured(lines: Iterable[str | bytes], where: str = "measurement") -> Measured:
    """The measurement in JSON Lines. Raises InputError, naming the line, if it is none."""
    number = 0
    header: Header | None = None
    intervals: list[Interval] = []
    last = 0.0
    try:
        for line in lines:
            number += 1
            if header is None:
                header = msgspec.json.decode(line, type=Header)
                continue
            interval = msgspec.json.decode(line, type=Interval)
            nx, ny = header.grid.shape
            if not interval.t > last:
                raise msgspec.ValidationError("time does not go on")
            if not all(0 <= cell[0] < nx and 0 <= cell[1] < ny for cell in interval.cells):
                raise msgspec.ValidationError("a cell lies outside the grid")
            last = interval.t
            intervals.append(interval)
    except UNDECODED as error:
        raise InputError(
            f"this is not a measurement ({error})",
            where=f"{where}, line {number}",
            mend="Give the JSON Lines that 'plainview measure' writes",
        ) from error
    if header is None:
        raise InputError(
            "the measurement is empty", where=where, mend="Run 'plainview measure' again"
        )
    return Measured(header, tuple(intervals))


def read_measured(path: Path) -> Measured:
    """The measurement in the file at `path`. Raises InputError if it cannot be read or is none."""
    try:
        with path.open("rb") as file:
            return parse_measured(file, str(path))
    except OSError as error:
        raise InputError(
            f"the measurement cannot be read ({error.strerror})",
            where=str(path),
            mend="Check the path",
        ) from error
