"""The fundamental diagram, density against speed: from video beside PedPy from trajectories."""

import math
import os
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from plainview.evaluate.reference import Compared, Course
from plainview.evaluate.table import number, table

Floats = NDArray[np.float64]

STEPS = (0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0)
"""Edges of the density bins, people/m²."""

ALT = (
    "Scatter of speed over density, one dot for each second: open dots are from trajectories, "
    "filled ones from video; where the video is measured rightly, they lie on each other."
)
"""What the figure shows, for who cannot see it."""


class Bin(NamedTuple):
    """Mean speed at one density."""

    low: float
    high: float
    """people/m²."""
    video: float
    """m/s; NaN where nothing was measured at that density."""
    video_seconds: int
    """Seconds measured at that density."""
    pedpy: float
    pedpy_seconds: int


class Curve(NamedTuple):
    """The diagram of the scenes of one kind of traffic."""

    name: str
    bins: tuple[Bin, ...]


def weidmann(density: Floats) -> Floats:
    """Speed in m/s at `density` people/m² (0 to 5.4) of walkways in general.

    1.34 (1 - exp(-1.913 (1 / density - 1 / 5.4))): Weidmann, Transporttechnik der Fussgänger, 1993.
    """
    return np.asarray(1.34 * (1 - np.exp(-1.913 * (1 / density - 1 / 5.4))))


def points(courses: Iterable[Course]) -> tuple[Floats, Floats]:
    """(n,) density and (n,) speed of every interval with people in it."""
    dense, fast = [np.empty(0)], [np.empty(0)]
    for course in courses:
        known = np.isfinite(course.speed) & (course.density > 0)
        dense.append(course.density[known])
        fast.append(course.speed[known])
    return np.concatenate(dense), np.concatenate(fast)


def traffic(scene: str) -> str:
    """What kind of traffic a recorded scene shows, by its name."""
    return "one way" if "-uo" in scene else "two ways"


def curve(name: str, found: Sequence[Compared]) -> Curve:
    """Mean speed by density over all of `found`, each source binned by its own density."""
    ours = points(one.video for one in found)
    theirs = points(one.reference for one in found)
    bins = []
    for low, high in pairwise(STEPS):
        video, video_seconds = _mean(*ours, low, high)
        pedpy, pedpy_seconds = _mean(*theirs, low, high)
        bins.append(Bin(low, high, video, video_seconds, pedpy, pedpy_seconds))
    return Curve(name, tuple(bins))


def _mean(dense: Floats, fast: Floats, low: float, high: float) -> tuple[float, int]:
    chosen = (dense >= low) & (dense < high)
    n = int(np.count_nonzero(chosen))
    return (float(fast[chosen].mean()) if n else math.nan), n


def curves(found: Sequence[Compared]) -> tuple[Curve, ...]:
    """A curve for each kind of traffic among `found`."""
    kinds = dict.fromkeys(traffic(one.scene) for one in found)
    return tuple(curve(kind, [o for o in found if traffic(o.scene) == kind]) for kind in kinds)


def curve_table(found: Sequence[Curve]) -> str:
    """Mean speed in m/s by density, with the seconds that it is a mean of."""
    rows = [
        (
            row.name,
            f"{one.low:g} to {one.high:g}",
            number(one.video),
            str(one.video_seconds),
            number(one.pedpy),
            str(one.pedpy_seconds),
        )
        for row in found
        for one in row.bins
        if one.video_seconds or one.pedpy_seconds
    ]
    head = ("traffic", "people/m²", "video, m/s", "seconds", "PedPy, m/s", "seconds")
    return table(head, rows, words=2)


def page(found: Sequence[Curve], figure: Path | None, shown_in: Path) -> str:
    """The Markdown of the diagram for the page `shown_in`: the `figure`, if any, and its table."""
    text = ""
    if figure is not None:
        link = Path(os.path.relpath(figure, shown_in.parent)).as_posix()
        text = f"![{ALT}]({link})\n\n"
    return (
        f"{text}Each dot is one second of one measurement area in rendered video of the recorded\n"
        "Jülich walks, from cameras that nothing was trained on; open dots are PedPy on the\n"
        "trajectories themselves. In two-way traffic a cell's velocity is the mean of both\n"
        "directions, so that its size is less than the people's own speed.\n\n"
        f"{curve_table(found)}"
    )
