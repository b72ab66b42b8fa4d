"""PedPy on trajectories beside our fields from video: density, speed and flow in one place.

PedPy (Schrödter et al., https://pedpy.readthedocs.io) is the reference of pedestrian dynamics. It
is told who is who, because the trajectories of a published experiment or of a simulation say so;
what is measured from video never is.
"""

import math
import warnings
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import pedpy
from numpy.typing import NDArray

from plainview.evaluate.measured import Measured, fields
from plainview.evaluate.table import number, percent, table
from plainview.geometry import Line

Floats = NDArray[np.float64]
Rect = tuple[float, float, float, float]
"""Least x, least y, greatest x, greatest y, metres."""

CUTOFF = 1.0
"""Metres: greatest reach of a person's Voronoi cell (Steffen & Seyfried 2010)."""
SPEED_STEP = 0.25
"""Seconds before and after that PedPy takes a person's speed over."""
MARGIN = 2.0
"""Metres around the measurement area in which people count as neighbours."""


class Walks(NamedTuple):
    """Trajectories as PedPy wants them: one row for each person and sample."""

    person: NDArray[np.int64]
    frame: NDArray[np.int64]
    x: Floats
    """Metres."""
    y: Floats
    rate: float
    """Samples per second."""


class Course(NamedTuple):
    """What happened in one measurement area, interval by interval: arrays (n,)."""

    density: Floats
    """people/m²."""
    speed: Floats
    """Mean speed of the people there, m/s; NaN where nobody was."""


class Agreement(NamedTuple):
    """Ours beside PedPy's for one quantity."""

    ours: float
    """Mean over the intervals."""
    pedpy: float
    ratio: float
    relative: float
    """Mean over the intervals of |ours - PedPy's| / PedPy's."""


class Compared(NamedTuple):
    """One scene: our fields from video beside PedPy from trajectories."""

    scene: str
    voronoi: Agreement
    """Density by Voronoi cells, people/m²."""
    classic: Agreement
    """Density by counting in the area, people/m²."""
    speed: Agreement
    """m/s."""
    flow: Agreement
    """People over the line, both ways, per second. One value for the whole clip."""
    video: Course
    reference: Course
    """Density by Voronoi cells."""


def pedpy_course(
    walks: Walks, area: Rect, floor: Rect, spans: Sequence[tuple[float, float]]
) -> tuple[Course, Floats]:
    """Voronoi density and mean speed in `area` in each of `spans` (seconds), and classic density.

    `floor` is where people can be; its edge cuts their Voronoi cells. Raises nothing of its own.
    """
    x0, y0, x1, y1 = area
    near = (walks.y >= y0 - MARGIN) & (walks.y <= y1 + MARGIN)
    near &= (walks.x >= x0 - MARGIN) & (walks.x <= x1 + MARGIN)
    near &= (walks.x > floor[0]) & (walks.x < floor[2])
    near &= (walks.y > floor[1]) & (walks.y < floor[3])
    last = math.ceil(spans[-1][1] * walks.rate)
    near &= walks.frame < last
    data = _trajectories(walks, near)
    place = pedpy.MeasurementArea(_corners(area))
    ground = (max(floor[0], x0 - MARGIN), max(floor[1], y0 - MARGIN),
              min(floor[2], x1 + MARGIN), min(floor[3], y1 + MARGIN))  # fmt: skip
    with warnings.catch_warnings():
        # PedPy tells of frames with too few people for Voronoi cells; those count by what is there.
        warnings.simplefilter("ignore")
        cells = pedpy.compute_individual_voronoi_polygons(
            traj_data=data,
            walkable_area=pedpy.WalkableArea(_corners(ground)),
            cut_off=pedpy.Cutoff(radius=CUTOFF),
            use_blind_points=True,
        )
        voronoi, _ = pedpy.compute_voronoi_density(
            individual_voronoi_data=cells, measurement_area=place
        )
        classic = pedpy.compute_classic_density(traj_data=data, measurement_area=place)
        speeds = pedpy.compute_individual_speed(
            traj_data=data,
            frame_step=max(1, round(SPEED_STEP * walks.rate)),
            speed_calculation=pedpy.SpeedCalculation.BORDER_SINGLE_SIDED,
        )
        speed = pedpy.compute_mean_speed_per_frame(
            traj_data=data, individual_speed=speeds, measurement_area=place
        )
    dense, plain, fast = (
        _by_span(column, spans, walks.rate)
        for column in (voronoi["density"], classic["density"], speed["speed"])
    )
    return Course(np.nan_to_num(dense), fast), np.nan_to_num(plain)


def _trajectories(walks: Walks, chosen: NDArray[np.bool_]) -> pedpy.TrajectoryData:
    return pedpy.TrajectoryData(
        data=pd.DataFrame(
            {
                "id": walks.person[chosen],
                "frame": walks.frame[chosen],
                "x": walks.x[chosen],
                "y": walks.y[chosen],
            }
        ),
        frame_rate=walks.rate,
    )


def _corners(rect: Rect) -> list[tuple[float, float]]:
    x0, y0, x1, y1 = rect
    return [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]


def _by_span(
    column: "pd.Series[float]", spans: Sequence[tuple[float, float]], rate: float
) -> Floats:
    """The mean of a column by frame over each span; NaN where it has no frame."""
    frames = column.index.to_numpy()
    if column.index.nlevels > 1:
        frames = column.index.get_level_values("frame").to_numpy()
    values = column.to_numpy(dtype=np.float64)
    found = []
    for start, end in spans:
        chosen = (frames >= start * rate - 1e-6) & (frames < end * rate - 1e-6)
        chosen &= np.isfinite(values)
        found.append(values[chosen].mean() if chosen.any() else math.nan)
    return np.array(found, dtype=np.float64)


def pedpy_flow(walks: Walks, line: Line, floor: Rect, seconds: float) -> float:
    """People per second over `line`, both ways, by PedPy's N-t curve up to `seconds`."""
    inside = (walks.x > floor[0]) & (walks.x < floor[2]) & (walks.frame < seconds * walks.rate)
    data = _trajectories(walks, inside)
    if not len(data.data):
        return 0.0
    curve, _ = pedpy.compute_n_t(
        traj_data=data, measurement_line=pedpy.MeasurementLine([line.start, line.end])
    )
    counted = curve["cumulative_pedestrians"]
    return float(counted.max()) / seconds if len(counted) else 0.0


def video_course(measured: Measured, area: Rect) -> Course:
    """Density and mean speed in `area` from measured cells: those whose middle lies inside.

    People of whole cells are divided by the area's own size, because no one stands in the wall that
    a cell may reach into. Speed is that of the cells' velocities, weighted by people.
    """
    x0, y0, x1, y1 = area
    grid = measured.grid
    centres = grid.centres()
    inside = (centres[..., 0] > x0) & (centres[..., 0] < x1)
    inside &= (centres[..., 1] > y0) & (centres[..., 1] < y1)
    density, speed = [], []
    for interval in measured.intervals:
        people, velocity = fields(grid, interval)
        here = people[inside]
        fast = np.nan_to_num(np.hypot(velocity[inside, 0], velocity[inside, 1]))
        total = float(here.sum())
        density.append(total * grid.cell**2 / ((x1 - x0) * (y1 - y0)))
        speed.append(float(here @ fast) / total if total > 0 else math.nan)
    return Course(np.array(density), np.array(speed))


def agreement(ours: Floats, theirs: Floats) -> Agreement:
    """How far ours (n,) lies from PedPy's (n,), over the intervals in which both are known."""
    known = np.isfinite(ours) & np.isfinite(theirs)
    a, b = ours[known], theirs[known]
    if not len(a) or not b.mean() > 0:
        return Agreement(math.nan, math.nan, math.nan, math.nan)
    some = b > 0.05 * b.mean()
    relative = float(np.mean(np.abs(a[some] - b[some]) / b[some]))
    return Agreement(float(a.mean()), float(b.mean()), float(a.mean() / b.mean()), relative)


def compare(
    scene: str, measured: Measured, walks: Walks, area: Rect, floor: Rect, line: Line
) -> Compared:
    """Our fields of `scene` from video beside PedPy's from `walks`, in `area` and over `line`."""
    spans = [(start, end) for start, end, _ in measured.spans()]
    reference, classic = pedpy_course(walks, area, floor, spans)
    video = video_course(measured, area)
    seconds = spans[-1][1]
    crossed = sum(sum(i.crossings.get(line.name, (0.0, 0.0))) for i in measured.intervals)
    flow = pedpy_flow(walks, line, floor, seconds)
    return Compared(
        scene=scene,
        voronoi=agreement(video.density, reference.density),
        classic=agreement(video.density, classic),
        speed=agreement(video.speed, reference.speed),
        flow=agreement(np.array([crossed / seconds]), np.array([flow])),
        video=video,
        reference=reference,
    )


def compared_table(found: Sequence[Compared]) -> str:
    """Ours from video beside PedPy's from trajectories, with ratio and mean relative error."""

    def cells(value: Agreement) -> tuple[str, str, str]:
        shown = f"{number(value.ours)} / {number(value.pedpy)}"
        return shown, number(value.ratio), percent(value.relative)

    head = ("scene", "density / Voronoi", "ratio", "error", "density / classic", "ratio", "error",
            "speed / PedPy", "ratio", "error", "flow / PedPy", "ratio")  # fmt: skip
    rows = [
        (
            one.scene,
            *cells(one.voronoi),
            *cells(one.classic),
            *cells(one.speed),
            *cells(one.flow)[:2],
        )
        for one in found
    ]
    return table(head, rows)
