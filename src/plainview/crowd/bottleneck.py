"""Flow through a line, and how long until a place is as dense as it may become."""

import math
from typing import NamedTuple

import numpy as np

from plainview.crowd.field import UNKNOWN, Z90, Array, Estimate, Series, normal
from plainview.errors import InputError
from plainview.geometry import Grid, Line

_LEAST_KNOWN = 0.9


class Throughput(NamedTuple):
    """People through a line over a window."""

    forward: Estimate
    """people/s towards the line's forward side."""
    backward: Estimate
    """people/s the other way, not negative."""
    net: Estimate
    """Forward minus backward, people/s."""
    specific: Estimate
    """Net flow for each metre of the line, people/(m s)."""
    known: float
    """Share of the line, over the window, that lay on known ground."""


def flow_through(*, series: Series, line: Line) -> Throughput:
    """Flow of people over `line`: the sum of density * (v . n) * length over the cells it crosses.

    n is the line's unit normal, forward; each cell counts with the length of the line in it. Net
    flow is the mean over the window; forward and backward are the means of its positive and
    negative parts cell by cell and moment by moment, so people who pass one another within one cell
    cancel in both. Error: the densities' sigma is taken as common to the whole window, the flow's
    noise as independent from field to field and, along the line, cell to cell. The noise alone
    would read as flow both ways, s / sqrt(2 pi) for a cell that stands still: that is taken out.

    Estimates are UNKNOWN when under 90 % of the line is known. Raises InputError for a line off the
    grid. Compare with 1.3 to 1.9 people/(m s) for the most that doors carry (`specific_flow`).
    """
    lengths = lengths_in(grid=series.grid, line=line)
    inside = lengths > 0
    if not inside.any():
        raise InputError(
            "the line does not lie on the measured ground",
            where=f"line {line.name}",
            mend="Check that line and area are in the same metres",
        )
    length, seen = lengths[inside], series.known[:, inside]
    known = float((seen * length).sum() / (length.sum() * len(series.t)))
    whole = math.dist(line.start, line.end)
    known *= min(float(length.sum()) / whole, 1.0)
    if known < _LEAST_KNOWN:
        return Throughput(UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, known)
    nx, ny = line.normal()
    speed = series.vx[:, inside] * nx + series.vy[:, inside] * ny
    people = series.density[:, inside] * seen * length
    noise = series.noise[:, inside] * people
    n = len(series.t)
    sigma = series.sigma[:, inside]
    shared = series.common[:, inside]
    own = np.sqrt(np.maximum(sigma**2 - shared**2, 0.0))
    common = float((shared * length * speed * seen).sum() / n) ** 2
    common += float(((own * length * speed * seen).mean(axis=0) ** 2).sum())
    alone = float((noise**2).sum()) / n**2
    deviation = math.sqrt(common + alone)
    each = people * speed
    net = float(each.sum()) / n
    # Of noise alone exp(-z² / 2) is 1 / sqrt 2 on average: so that it is taken out whole.
    rectified = noise / math.sqrt(math.pi) * np.exp(-((each / np.maximum(noise, 1e-12)) ** 2) / 2)
    chance = float(rectified.sum()) / n
    forth = max(float(np.maximum(each, 0).sum()) / n - chance, 0.0)
    back = max(float(np.maximum(-each, 0).sum()) / n - chance, 0.0)
    through = normal(net, deviation)
    return Throughput(
        normal(forth, deviation, least=0.0),
        normal(back, deviation, least=0.0),
        through,
        Estimate(*(end / whole for end in through)),
        known,
    )


def lengths_in(*, grid: Grid, line: Line) -> Array:
    """(ny, nx) metres of `line` in each cell of `grid`, exact to a fiftieth of a cell.

    What lies on the far edges, as a gate at the border of the ground may, is in the last cells.
    """
    nx, ny = grid.shape
    whole = math.dist(line.start, line.end)
    pieces = max(math.ceil(50 * whole / grid.cell), 1)
    along = (np.arange(pieces) + 0.5) / pieces
    x = line.start[0] + along * (line.end[0] - line.start[0])
    y = line.start[1] + along * (line.end[1] - line.start[1])
    column, row = (x - grid.origin[0]) / grid.cell, (y - grid.origin[1]) / grid.cell
    ix = np.where(np.abs(column - nx) < 1e-9, nx - 1, np.floor(column)).astype(np.intp)
    iy = np.where(np.abs(row - ny) < 1e-9, ny - 1, np.floor(row)).astype(np.intp)
    on = (ix >= 0) & (ix < nx) & (iy >= 0) & (iy < ny)
    lengths = np.zeros((ny, nx))
    np.add.at(lengths, (iy[on], ix[on]), whole / pieces)
    return lengths


def time_to_reach(*, density: Estimate, inflow: Estimate, area: float, level: float) -> Estimate:
    """Seconds until `area` m² holds `level` people/m² at the present net `inflow` (people/s).

    t = (level - density) * area / inflow, were the net inflow to stay as it is: a warning, no
    forecast. 0 where the level is reached. inf where it never is at this rate; the high end is inf
    as soon as the inflow might be nought or less.

    90 % interval by Fieller's theorem (Journal of the Royal Statistical Society B 16, 175, 1954):
    the ends of the set of t with (missing - t * inflow)² <= z² (s_missing² + t² s_inflow²). UNKNOWN
    where either is. Raises InputError for an area that is none.
    """
    if not area > 0:
        raise InputError("the area is empty", where="area", mend="Give its square metres")
    if not (density.known and inflow.known):
        return UNKNOWN
    if density.value >= level:
        return Estimate(0.0, 0.0, _late(density, inflow, area, level))
    missing = (level - density.value) * area
    value = missing / inflow.value if inflow.value > 0 else math.inf
    low, high = _fieller(density, inflow, area, level)
    return Estimate(value, min(low, value), max(high, value))


def _late(density: Estimate, inflow: Estimate, area: float, level: float) -> float:
    """High end where the value says reached already."""
    return 0.0 if density.low >= level else _fieller(density, inflow, area, level)[1]


def _fieller(density: Estimate, inflow: Estimate, area: float, level: float) -> tuple[float, float]:
    missing = (level - density.value) * area
    squared = ((density.high - density.low) / (2 * Z90) * area) ** 2
    rate, spread = inflow.value, ((inflow.high - inflow.low) / (2 * Z90)) ** 2
    # (missing - t rate)² = z² (squared + t² spread) as a t² - 2 b t + c = 0
    a, b = rate**2 - Z90**2 * spread, missing * rate
    c = missing**2 - Z90**2 * squared
    if c <= 0:
        low = 0.0
    else:
        root = b**2 - a * c
        low = math.inf if root < 0 else _least_positive(a, b, math.sqrt(root))
    if a <= 0 or rate <= 0:
        return low, math.inf
    return low, max((b + math.sqrt(max(b**2 - a * c, 0.0))) / a, 0.0)


def _least_positive(a: float, b: float, root: float) -> float:
    """Least positive solution of a t² - 2 b t + c = 0, `root` = sqrt(b² - a c); inf if none."""
    if a == 0:
        return math.inf
    ends = [t for t in ((b - root) / a, (b + root) / a) if t > 0]
    return min(ends, default=math.inf)
