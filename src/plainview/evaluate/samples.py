"""Every measured ground cell beside the truth, with what may explain its error."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from plainview.evaluate.measured import Measured, fields
from plainview.evaluate.score import local_density, touches, true_fields
from plainview.evaluate.truth import Fault, Truth
from plainview.geometry import View, camera_centre, cells_inside

Floats = NDArray[np.float64]


class Samples(NamedTuple):
    """One row for each cell inside the area and each interval without a true fault."""

    true: Floats
    """(n,) people/m², local density (see `score.local_density`)."""
    said: Floats
    """(n,) people/m²."""
    true_velocity: Floats
    """(n, 2) m/s, local velocity: momentum under the same kernel over density. NaN: nobody."""
    said_velocity: Floats
    """(n, 2) m/s; NaN where nobody was said to be."""
    distance: Floats
    """(n,) metres from the camera to the cell's middle."""
    interval: NDArray[np.int64]
    """(n,) number of the interval within its clip."""


class Sight(NamedTuple):
    """One clip's samples, and how its camera saw them."""

    scene: str
    group: str
    """real, recorded (rendered from recorded walks), packed or simulated."""
    light: str
    tilt: float
    """Degrees that the camera looks down below the horizon, in the picture's middle."""
    samples: Samples


def tilt(view: View) -> float:
    """Degrees below the horizon of the principal axis (Hartley & Zisserman, section 6.2.3)."""
    return math.degrees(math.asin(-float(np.clip(view.matrix()[2, 2], -1.0, 1.0))))


def local_velocity(
    density: Floats, velocity: Floats, inside: NDArray[np.bool_], cell: float
) -> Floats:
    """(ny, nx, 2) m/s: momentum over density, both under the kernel of `local_density`.

    Helbing, Johansson & Al-Abideen, Phys. Rev. E 75, 046109 (2007), section II. `velocity`
    (ny, nx, 2) may be NaN in empty cells; NaN where the kernel finds nobody.
    """
    under = local_density(density, inside, cell)
    momentum = np.nan_to_num(velocity) * density[..., None]
    moved = np.stack([local_density(momentum[..., k], inside, cell) for k in (0, 1)], axis=-1)
    return np.divide(moved, under[..., None], out=np.full_like(moved, np.nan),
                     where=under[..., None] > 1e-6)  # fmt: skip


def cell_samples(
    measured: Measured, truth: Truth, view: View, faults: Sequence[Fault] = ()
) -> Samples:
    """Truth and measurement of `view`'s cells; intervals that touch a fault are left out."""
    grid = measured.grid
    inside = cells_inside(grid, view.polygon)
    centres = grid.centres()[inside]
    away = np.column_stack((centres, np.zeros(len(centres)))) - camera_centre(view.matrix())
    distance = np.linalg.norm(away, axis=1)
    kept: list[tuple[Floats, ...]] = []
    numbers: list[int] = []
    for number, (start, end, interval) in enumerate(measured.spans()):
        if any(touches(f, start, end) for f in faults):
            continue
        numbers.append(number)
        row: list[Floats] = []
        for density, velocity in (true_fields(truth, grid, start, end), fields(grid, interval)):
            row.append(local_density(density, inside, grid.cell)[inside])
            row.append(local_velocity(density, velocity, inside, grid.cell)[inside])
        kept.append(tuple(row))
    n = len(centres)
    empty = (np.empty(0), np.empty((0, 2)), np.empty(0), np.empty((0, 2)))
    columns = [np.concatenate(column) for column in zip(*kept, strict=True)] if kept else empty
    return Samples(
        columns[0], columns[2], columns[1], columns[3],
        np.tile(distance, len(numbers)), np.repeat(np.array(numbers, dtype=np.int64), n),
    )  # fmt: skip
