"""Field and Estimate: what the physics of a crowd works on and answers with.

A field is one moment of one ground plane, cell by cell, with what is not known said per cell. No
person is in it: densities, velocities and their errors only. Unknown ground is never empty ground.
"""

import enum
import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from plainview.errors import InputError
from plainview.geometry import Grid, View, cells_inside
from plainview.record import (
    COUNT_STEP,
    DENSITY_STEP,
    NOISE_STEP,
    VELOCITY_STEP,
    Reading,
    unpack_cells,
)

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

Z90 = 1.6449
"""Half the width of a normal distribution's 90 % interval, in standard deviations."""
TOLERANCE = 0.25
"""Half-width of an interval, as a share of a threshold, up to which its value decides."""

OWN_LEAST = 0.05
"""people/m²: see `own_doubt`."""
OWN_FROM, OWN_SHARE = (0.8, 1.2), (0.03, 0.16)
"""people/m² up to which the floor is seen and from which a crowd hides it (`vision/blend.py`), and
what share of its density a place errs by on its own, at each: see `own_doubt`."""


class Side(enum.StrEnum):
    """Where a quantity stands against a threshold."""

    ABOVE = "above"
    BELOW = "below"
    CANNOT_TELL = "cannot-tell"


class Estimate(NamedTuple):
    """A number with the ends of its 90 % interval. NaN where nothing could be measured."""

    value: float
    low: float
    high: float

    def against(self, threshold: float, *, tolerance: float = TOLERANCE) -> Side:
        """Which side of `threshold` (same unit) this is on, or that it cannot be told.

        An interval that leaves the threshold out decides. One that straddles it lets its value
        decide (at the threshold counts as above) as long as its half-width is at most `tolerance`
        times the threshold's size; beyond that the error exceeds the signal, and nothing is told.
        """
        if any(math.isnan(part) for part in self):
            return Side.CANNOT_TELL
        if self.low >= threshold:
            return Side.ABOVE
        if self.high < threshold:
            return Side.BELOW
        if (self.high - self.low) / 2 > tolerance * abs(threshold):
            return Side.CANNOT_TELL
        return Side.ABOVE if self.value >= threshold else Side.BELOW

    def past(self, threshold: float, *, sure: float) -> Side:
        """As `against`, for a quantity whose error is large and whose threshold must not wait.

        Above where the value is at `threshold` or past it, and surely past the share `sure` of it;
        below where it is not, and the high end no farther over it than that. Both ends move with
        the value, so that nothing is harder to tell because there is more of it.
        """
        if any(math.isnan(part) for part in self):
            return Side.CANNOT_TELL
        if self.value >= threshold:
            return Side.ABOVE if self.low >= sure * threshold else Side.CANNOT_TELL
        return Side.BELOW if self.high <= (2 - sure) * threshold else Side.CANNOT_TELL

    @property
    def known(self) -> bool:
        """Whether there is a number at all."""
        return not math.isnan(self.value)


UNKNOWN = Estimate(math.nan, math.nan, math.nan)
"""Nothing could be measured."""


def normal(value: float, deviation: float, *, least: float = -math.inf) -> Estimate:
    """`value` with the 90 % interval of a normal error of standard `deviation`, cut at `least`."""
    half = Z90 * deviation
    return Estimate(value, max(value - half, least), value + half)


class Field(Struct, frozen=True, eq=False):
    """One moment of a ground plane, cell by cell: arrays of (ny, nx), read-only by convention."""

    grid: Grid
    t: float
    """End of the interval that it speaks for, UTC seconds (or seconds from a clip's start)."""
    density: Array
    """people/m²; 0 where unknown."""
    vx: Array
    """Mean velocity of the people in the cell, m/s; 0 where there are none."""
    vy: Array
    variance: Array
    """Variance of speed within the cell, m²/s², as measured: the flow's noise is in it."""
    sigma: Array
    """Standard deviation of the density's error, people/m²."""
    noise: Array
    """Standard deviation of the error of one velocity component of the cell, m/s."""
    known: Mask
    """Cells that a believed camera covers. Elsewhere nothing is said, least of all 'empty'."""
    common: Array
    """What of `sigma` goes together from cell to cell, people/m²: a camera's bias. It adds up over
    a part of the ground, where the rest adds in quadrature."""


class Series(Struct, frozen=True, eq=False):
    """Fields of one ground plane in order of time: arrays of (n, ny, nx), else as in `Field`."""

    grid: Grid
    t: Array
    """(n,) seconds, increasing; not always evenly spaced."""
    density: Array
    vx: Array
    vy: Array
    variance: Array
    sigma: Array
    noise: Array
    known: Mask
    common: Array

    @property
    def span(self) -> float:
        """Seconds from the first field to the last; 0 when there are fewer than two."""
        return float(self.t[-1] - self.t[0]) if len(self.t) > 1 else 0.0

    @property
    def step(self) -> float:
        """Median seconds between fields; NaN when there are fewer than two."""
        return float(np.median(np.diff(self.t))) if len(self.t) > 1 else math.nan


_PLANES = ("density", "vx", "vy", "variance", "sigma", "noise", "known", "common")


def series(fields: Sequence[Field]) -> Series:
    """`fields` as one block. They must share a grid and follow one another in time.

    Raises InputError when there are none, their grids differ, or time does not increase: a clock
    that was set back starts a new series, it does not continue one.
    """
    if not fields:
        raise InputError("there is no field to look at", where="fields", mend="Give at least one")
    grid = fields[0].grid
    times = np.array([field.t for field in fields], dtype=np.float64)
    if any(field.grid != grid for field in fields):
        raise InputError(
            "fields of different grids do not make a series",
            where="fields",
            mend="Start a new series when a site's area or cell changes",
        )
    if not np.all(np.diff(times) > 0):
        raise InputError(
            "the fields do not follow one another in time",
            where="fields",
            mend="Sort them, and start a new series when the clock was set back",
        )
    planes = (np.stack([getattr(field, name) for field in fields]) for name in _PLANES)
    return Series(grid, times, *planes)


def last(fields: Sequence[Field], seconds: float) -> Sequence[Field]:
    """Those of `fields` (in order of time) that lie within `seconds` of the last one."""
    if not fields:
        return fields
    since = fields[-1].t - seconds
    return [field for field in fields if field.t >= since - 1e-9]


def at(block: Series, k: int) -> Field:
    """The field number `k` of `block` (views, not copies)."""
    planes = (getattr(block, name)[k] for name in _PLANES)
    return Field(block.grid, float(block.t[k]), *planes)


def field_of(reading: Reading, view: View, *, inside: Mask | None = None) -> Field:
    """The field that one camera's `reading` says, on the grid of its `view`.

    `inside` (ny, nx) are the cells that the camera measures; those of the view's area when None.
    Coarse cells are spread evenly over their cells inside, so that people are conserved. A camera
    that is not healthy knows nothing: no cell is known, and no density is said.

    `sigma`: the count's 90 % interval gives the error s of the whole count N. A cell's error is the
    `common` part, density * s / N, and a part of its own (`own_doubt`) that even an empty cell has,
    added in quadrature (the first is right for a bias, the second for independent errors; the
    Reading does not say which it is). Quantisation, step² / 12, is added to both errors.
    """
    grid = view.grid()
    measured = cells_inside(grid, view.polygon) if inside is None else inside
    shape = measured.shape
    planes = np.zeros((4, *shape))
    known: Mask = np.zeros(shape, dtype=np.bool_)
    if reading.healthy:
        known = measured.copy()
        _lay(planes, known, reading, measured)
    area = grid.cell**2
    density, vx, vy, variance = planes
    deviation = deviation_of(reading)
    common = common_doubt(density, reading.count * COUNT_STEP, deviation, area)
    own = own_doubt(deviation, int(known.sum()), area, density)
    sigma = np.sqrt(common**2 + own**2 + DENSITY_STEP**2 / 12)
    return Field(
        grid,
        reading.t / 1000,
        density,
        vx,
        vy,
        variance,
        np.where(known, sigma, 0.0),
        np.full(shape, noise_of(reading)),
        known,
        common,
    )


def deviation_of(reading: Reading) -> float:
    """Standard deviation of the error of its count, people, from the 90 % interval."""
    return (reading.high - reading.low) * COUNT_STEP / (2 * Z90)


def noise_of(reading: Reading) -> float:
    """Standard deviation of the error of one velocity component of a cell, m/s, as sent."""
    return math.hypot(reading.noise * NOISE_STEP, VELOCITY_STEP / math.sqrt(12))


def own_doubt(deviation: float, cells: int, area: float, density: Array) -> Array:
    """Standard deviation (ny, nx) of what a place of a few cells errs by on its own, people/m².

    `deviation` people of the whole count, spread over `cells` of `area` m² as if independent, but
    no more than OWN_LEAST + OWN_SHARE * density: beyond that it grows with the root of the ground
    and would call every crowd doubtful. Each of the two estimators has its own share, measured on
    scenes drawn for calibration, that of crowds by train/interval.py; which of them spoke is known
    by the density.
    """
    even = deviation / math.sqrt(max(cells, 1)) / area
    return np.minimum(even, _own_bound(density))


def _own_bound(density: Array) -> Array:
    return OWN_LEAST + np.interp(density, OWN_FROM, OWN_SHARE) * density


def common_doubt(density: Array, count: float, deviation: float, area: float) -> Array:
    """What of the errors of `density` (ny, nx) all cells have in common, people/m²: it adds up.

    `count` people with an error of standard `deviation`, on cells of `area` m²: that error, shared
    out as the people are.
    """
    people = max(count, float(density.sum()) * area, 1.0)
    return np.asarray(density * deviation / people, dtype=np.float64)


def _lay(planes: Array, known: Mask, reading: Reading, measured: Mask) -> None:
    """Lay the cells of `reading` on `planes`; a cell that holds people is known."""
    side = reading.coarse
    cells = unpack_cells(reading)
    if side == 1 and cells:
        # The usual case at once: a cell that is sent is laid where it is, inside or not.
        table = np.array(cells)
        ix, iy = table[:, :2].astype(np.intp).T
        on = (ix < known.shape[1]) & (iy < known.shape[0])
        planes[:, iy[on], ix[on]] = table[on, 2:].T
        known[iy[on], ix[on]] = True
        return
    for cell in cells:
        block = np.s_[cell.iy * side : (cell.iy + 1) * side, cell.ix * side : (cell.ix + 1) * side]
        inside = measured[block]
        if inside.size == 0:
            continue
        # People outside of the measured ground come of another area's Reading: they are kept.
        kept = inside if inside.any() else np.ones_like(inside)
        density = cell.density * side * side / int(kept.sum())
        values = (density, cell.vx, cell.vy, cell.variance)
        for plane, value in zip(planes, values, strict=True):
            plane[block][kept] = value
        known[block] |= kept
