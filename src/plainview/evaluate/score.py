"""How far measured intervals lie from the truth: counts, velocities, crossings, density, health.

Pure functions. An interval's truth is the mean over the frames that lie in it. Nothing here tells
one person from another beyond two neighbouring frames of the *truth*, to see who crossed a line.
"""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from scipy.optimize import linear_sum_assignment
from shapely import contains_xy
from shapely.geometry import Polygon

from plainview.evaluate.measured import Interval, Measured, fields
from plainview.evaluate.truth import Fault, Truth
from plainview.geometry import Grid, Line, Point, View, cells_inside

MOVING = 0.3
"""m/s above which somebody counts as moving."""
PRESENT = 0.25
"""People that a cell must hold on average over an interval for its velocity to be judged."""
REACH = 1.5
"""Cell sides: how far the measured cell may lie from the true one to be compared with it."""
BANDS = (0.0, 0.5, 1.0, 2.0, 3.0, 5.0, math.inf)
"""Edges of the density bands, people/m²."""
KERNEL_RADIUS = 1.0
"""R of the kernel exp(-r²/R²), metres, with which local density is defined: Helbing, Johansson &
Al-Abideen, Phys. Rev. E 75, 046109 (2007), section II."""
LEAP = 0.75
"""Metres between predicted and next true place beyond which two rows are not the same person."""

Floats = NDArray[np.float64]


class CountScore(NamedTuple):
    """Error of the count over the intervals in which the camera could be believed."""

    intervals: int
    truth: float
    """Mean true count, people."""
    mae: float
    bias: float
    """Mean of measured minus true, people."""
    rmse: float
    coverage: float
    """Share of intervals whose 90 % interval holds the truth; 0.90 would be exact."""
    width: float
    """Mean width of that interval, people."""


class VelocityScore(NamedTuple):
    """Error of cells' velocity where people truly moved faster than MOVING."""

    cells: int
    matched: float
    """Share of those cells that have a measured one within REACH."""
    speed: float
    """Median of the absolute error of |v|, m/s."""
    speed_bias: float
    """Median of measured minus true |v|, m/s."""
    direction: float
    """Median of the direction's error, degrees. A measured standstill counts as 90."""


class CrossingScore(NamedTuple):
    """People over one line in the whole clip."""

    line: str
    forward: float
    """True."""
    backward: float
    measured_forward: float
    measured_backward: float


class Band(NamedTuple):
    """Cells whose true local density lies in low <= density < high."""

    low: float
    high: float
    cells: int
    truth: float
    """Mean, people/m²."""
    measured: float
    error: float
    """Mean absolute error, people/m²."""
    relative: float
    """Mean of absolute error over truth; NaN in the band that begins at zero."""


class DensityScore(NamedTuple):
    """Error of the local density, cell by cell and over the whole area."""

    bands: tuple[Band, ...]
    relative: float
    """Mean relative error over all cells from 0.5 to 5 people/m²; NaN if there are none."""
    area_truth: float
    """Mean density of the whole area, people/m²."""
    area_measured: float


class HealthScore(NamedTuple):
    """Whether faults were flagged, and nothing else."""

    faulty: int
    """Intervals that lie wholly in a true fault."""
    flagged: int
    """Of those, flagged with anything."""
    named: int
    """Of those, flagged with the right name."""
    sound: int
    """Intervals that touch no fault."""
    false: int
    """Of those, flagged."""


class Score(NamedTuple):
    """All of one clip."""

    counts: CountScore
    velocity: VelocityScore
    crossings: tuple[CrossingScore, ...]
    density: DensityScore
    health: HealthScore


def touches(fault: Fault, start: float, end: float) -> bool:
    """Whether a fault was there at any time from `start` to `end`, seconds."""
    return fault.start < end and start < fault.end


def true_counts(measured: Measured, truth: Truth, polygon: tuple[Point, ...]) -> Floats:
    """(n,) mean people inside `polygon` (ground metres) in each interval; NaN without a frame."""
    inside = contains_xy(Polygon(polygon), truth.place[:, 0], truth.place[:, 1])
    counts = []
    for start, end, _ in measured.spans():
        rows, frames = truth.between(start, end)
        counts.append(np.count_nonzero(inside[rows]) / frames if frames else math.nan)
    return np.array(counts, dtype=np.float64)


def count_score(
    measured: Measured, truth: Truth, polygon: tuple[Point, ...], faults: Sequence[Fault] = ()
) -> CountScore:
    """Error of the count. Intervals in a true fault are left out; those flagged for none are not.

    Bias and errors in people; see CountScore.
    """
    true = true_counts(measured, truth, polygon)
    said = np.array([(i.count, i.low, i.high) for i in measured.intervals]).reshape(-1, 3)
    sound = np.array(
        [not any(touches(f, start, end) for f in faults) for start, end, _ in measured.spans()],
        dtype=bool,
    )
    judged = sound & np.isfinite(true)
    true, said = true[judged], said[judged]
    if not len(true):
        return CountScore(0, *(math.nan,) * 6)
    error = said[:, 0] - true
    slack = 1e-6
    held = (said[:, 1] - slack <= true) & (true <= said[:, 2] + slack)
    return CountScore(
        intervals=len(true),
        truth=float(true.mean()),
        mae=float(np.abs(error).mean()),
        bias=float(error.mean()),
        rmse=float(np.sqrt((error**2).mean())),
        coverage=float(held.mean()),
        width=float((said[:, 2] - said[:, 1]).mean()),
    )


def true_fields(truth: Truth, grid: Grid, start: float, end: float) -> tuple[Floats, Floats]:
    """Cell counting over one interval: density (ny, nx) people/m² and velocity (ny, nx, 2) m/s.

    Velocity is the mean over the people in a cell, NaN where nobody was.
    """
    rows, frames = truth.between(start, end)
    nx, ny = grid.shape
    cells = np.floor((truth.place[rows] - np.array(grid.origin)) / grid.cell).astype(np.int64)
    within = np.all((cells >= 0) & (cells < (nx, ny)), axis=1)
    flat = cells[within, 1] * nx + cells[within, 0]
    people = np.bincount(flat, minlength=nx * ny).astype(np.float64)
    moved = truth.velocity[rows][within]
    sums = [np.bincount(flat, weights=moved[:, k], minlength=nx * ny) for k in (0, 1)]
    with np.errstate(invalid="ignore"):
        velocity = np.stack(sums, axis=-1) / people[:, None]
    density = people / (max(frames, 1) * grid.cell**2)
    return density.reshape(ny, nx), velocity.reshape(ny, nx, 2)


def velocity_score(measured: Measured, truth: Truth, faults: Sequence[Fault] = ()) -> VelocityScore:
    """Error of velocity, for every cell in which people truly moved.

    A true cell is compared with the nearest measured one within REACH cell sides (itself, where it
    was measured).
    """
    grid = measured.grid
    said: list[Floats] = []
    true: list[Floats] = []
    wanted = 0
    for start, end, interval in measured.spans():
        if any(touches(f, start, end) for f in faults):
            continue
        density, velocity = true_fields(truth, grid, start, end)
        speed = np.hypot(velocity[..., 0], velocity[..., 1])
        # NaN compares false: cells in which nobody was are not judged.
        moving = np.argwhere((density * grid.cell**2 >= PRESENT) & (speed > MOVING))
        wanted += len(moving)
        places = np.array([(cell[1], cell[0]) for cell in interval.cells]).reshape(-1, 2)
        answers = np.array([cell[3:5] for cell in interval.cells]).reshape(-1, 2)
        for place in moving:
            distance = np.hypot(*(places - place).T)
            if len(distance) and distance.min() <= REACH:
                said.append(answers[distance.argmin()])
                true.append(velocity[tuple(place)])
    if not said:
        return VelocityScore(wanted, 0.0 if wanted else math.nan, *(math.nan,) * 3)
    v, w = np.array(said), np.array(true)
    speeds = np.hypot(*v.T) - np.hypot(*w.T)
    turn = np.degrees(
        np.arctan2(v[:, 1] * w[:, 0] - v[:, 0] * w[:, 1], np.einsum("ij,ij->i", v, w))
    )
    still = np.hypot(*v.T) == 0
    return VelocityScore(
        cells=wanted,
        matched=len(v) / wanted,
        speed=float(np.median(np.abs(speeds))),
        speed_bias=float(np.median(speeds)),
        direction=float(np.median(np.where(still, 90.0, np.abs(turn)))),
    )


def _steps(truth: Truth) -> tuple[Floats, Floats]:
    """Where each person was in one frame and in the next: (m, 2) and (m, 2) ground metres."""
    before, after = [np.empty((0, 2))], [np.empty((0, 2))]
    frames = np.unique(truth.frame)
    edges = np.searchsorted(truth.frame, [*frames, frames[-1] + 1] if len(frames) else [])
    for k in range(len(frames) - 1):
        if frames[k + 1] != frames[k] + 1:
            continue
        now, then = slice(edges[k], edges[k + 1]), slice(edges[k + 1], edges[k + 2])
        predicted = truth.place[now] + truth.velocity[now] / truth.rate
        distance = np.linalg.norm(predicted[:, None] - truth.place[then][None], axis=2)
        rows, columns = linear_sum_assignment(distance)
        near = distance[rows, columns] <= LEAP
        before.append(truth.place[now][rows[near]])
        after.append(truth.place[then][columns[near]])
    return np.concatenate(before), np.concatenate(after)


def true_crossings(truth: Truth, line: Line) -> tuple[int, int]:
    """How many people truly went over `line` forward and backward in the whole clip."""
    before, after = _steps(truth)
    start, end = np.array(line.start), np.array(line.end)
    normal, along = np.array(line.normal()), end - start
    a, b = (before - start) @ normal, (after - start) @ normal
    changed = (a < 0) != (b < 0)
    share = np.divide(a, a - b, out=np.zeros_like(a), where=changed)
    crossing = before + share[:, None] * (after - before)
    position = (crossing - start) @ along / float(along @ along)
    on = changed & (position >= 0) & (position <= 1)
    return int(np.count_nonzero(on & (b >= 0))), int(np.count_nonzero(on & (b < 0)))


def crossing_scores(
    measured: Measured, truth: Truth, lines: Sequence[Line]
) -> tuple[CrossingScore, ...]:
    """True and measured people over each of `lines` in the whole clip."""
    scores = []
    for line in lines:
        said = [i.crossings.get(line.name, (0.0, 0.0)) for i in measured.intervals]
        forward, backward = true_crossings(truth, line)
        scores.append(
            CrossingScore(
                line.name, forward, backward, sum(s[0] for s in said), sum(s[1] for s in said)
            )
        )
    return tuple(scores)


def local_density(field: Floats, inside: NDArray[np.bool_], cell: float) -> Floats:
    """`field` (ny, nx) people/m² under the kernel of KERNEL_RADIUS, as if `inside` were all.

    The kernel's part outside the area is divided out, so that a uniform crowd keeps its density up
    to the edge.
    """
    sigma = KERNEL_RADIUS / math.sqrt(2) / cell
    weight = gaussian_filter(inside.astype(np.float64), sigma, mode="constant")
    smooth = gaussian_filter(np.where(inside, field, 0.0), sigma, mode="constant")
    return np.divide(smooth, weight, out=np.zeros_like(smooth), where=weight > 1e-9)


def density_score(
    measured: Measured, truth: Truth, polygon: tuple[Point, ...], faults: Sequence[Fault] = ()
) -> DensityScore:
    """Error of local density in every cell inside `polygon` and interval outside true faults."""
    grid = measured.grid
    inside = cells_inside(grid, polygon)
    true, said = [np.empty(0)], [np.empty(0)]
    for start, end, interval in measured.spans():
        if any(touches(f, start, end) for f in faults):
            continue
        density, _ = true_fields(truth, grid, start, end)
        true.append(local_density(density, inside, grid.cell)[inside])
        said.append(local_density(fields(grid, interval)[0], inside, grid.cell)[inside])
    t, m = np.concatenate(true), np.concatenate(said)
    bands = tuple(_band(low, high, t, m) for low, high in pairwise(BANDS))
    return DensityScore(
        bands=bands,
        relative=_band(0.5, 5.0, t, m).relative,
        area_truth=float(t.mean()) if len(t) else math.nan,
        area_measured=float(m.mean()) if len(m) else math.nan,
    )


def _band(low: float, high: float, true: Floats, said: Floats) -> Band:
    chosen = (true >= low) & (true < high)
    t, m = true[chosen], said[chosen]
    if not len(t):
        return Band(low, high, 0, *(math.nan,) * 4)
    error = np.abs(m - t)
    relative = float((error / t).mean()) if low > 0 else math.nan
    return Band(low, high, len(t), float(t.mean()), float(m.mean()), float(error.mean()), relative)


def health_score(measured: Measured, faults: Sequence[Fault] = ()) -> HealthScore:
    """Whether intervals in `faults` were flagged, and others were not.

    Intervals that a fault begins or ends in are judged in neither way.
    """
    faulty: list[tuple[Interval, set[str]]] = []
    sound: list[Interval] = []
    for start, end, interval in measured.spans():
        whole = {f.flag for f in faults if f.start <= start and end <= f.end}
        if whole:
            faulty.append((interval, whole))
        elif not any(touches(f, start, end) for f in faults):
            sound.append(interval)
    return HealthScore(
        faulty=len(faulty),
        flagged=sum(bool(i.health) for i, _ in faulty),
        named=sum(bool(flags & set(i.health)) for i, flags in faulty),
        sound=len(sound),
        false=sum(bool(i.health) for i in sound),
    )


def score(measured: Measured, truth: Truth, view: View, faults: Sequence[Fault] = ()) -> Score:
    """All scores of one clip, measured in `view`."""
    return Score(
        counts=count_score(measured, truth, view.polygon, faults),
        velocity=velocity_score(measured, truth, faults),
        crossings=crossing_scores(measured, truth, view.lines),
        density=density_score(measured, truth, view.polygon, faults),
        health=health_score(measured, faults),
    )
