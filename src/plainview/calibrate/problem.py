"""The marks of a calibration as arrays, and whether they can say enough."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from plainview.calibrate.marks import Marks
from plainview.errors import CalibrationError
from plainview.geometry import Points
from plainview.plural import counted

PIXEL_ERROR = 1.0
"""Standard error of a click in a picture 1000 pixels wide, in pixels; grows with the picture."""
HEIGHT_SPREAD = 0.04
"""Spread of adults' heights about the average, as a share of it (about 7 cm)."""


class Problem(NamedTuple):
    """Marks as arrays, and which of them are used."""

    size: tuple[int, int]
    sigma: float
    """Standard error of a click, pixels."""
    known: Points
    """(n, 2) pixels of points with coordinates."""
    given: Points
    """(n, 2) their coordinates, metres."""
    ends: Points
    """(2, m, 2) pixels of the distances' ends."""
    metres: Points
    """(m,)"""
    feet: Points
    """(p, 2)"""
    heads: Points
    heights: Points
    """(p,) metres."""
    spread: Points
    """(p,) standard error of each height, as a share of it."""
    used: NDArray[np.bool_]
    """(n + m + p,) points, then distances, then people."""

    def centre(self) -> tuple[float, float]:
        """The principal point."""
        return (self.size[0] - 1) / 2, (self.size[1] - 1) / 2

    def pixels(self) -> Points:
        """(k, 2) every place on the ground that was marked."""
        return np.vstack((self.known, self.ends.reshape(-1, 2), self.feet))

    def without(self, mark: int) -> "Problem":
        """The same with one mark left out."""
        used = self.used.copy()
        used[mark] = False
        return self._replace(used=used)

    def split(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
        """`used` for points, distances and people."""
        n, m = len(self.known), len(self.metres)
        return self.used[:n], self.used[n : n + m], self.used[n + m :]

    def equations(self) -> int:
        """Independent facts about the camera alone; four numbers are sought."""
        points, distances, people = (int(np.count_nonzero(u)) for u in self.split())
        return max(2 * points - 3, 0) + distances + 2 * people


def arrange(marks: Marks) -> Problem:
    """`marks` as arrays, all of them used."""
    pixel = dict(zip(marks.names(), (p.pixel for p in marks.points), strict=True))
    located = [p for p in marks.points if p.ground is not None]
    if len(located) < 2:  # one coordinate alone says nothing
        located = []
    ends = [[pixel[d.between[k]] for d in marks.distances] for k in (0, 1)]
    return Problem(
        size=marks.image_size,
        sigma=PIXEL_ERROR * max(marks.image_size[0] / 1000, 0.5),
        known=np.array([p.pixel for p in located], dtype=np.float64).reshape(-1, 2),
        given=np.array([p.ground for p in located], dtype=np.float64).reshape(-1, 2),
        ends=np.array(ends, dtype=np.float64).reshape(2, -1, 2),
        metres=np.array([d.metres for d in marks.distances], dtype=np.float64),
        feet=np.array([p.foot for p in marks.people], dtype=np.float64).reshape(-1, 2),
        heads=np.array([p.head for p in marks.people], dtype=np.float64).reshape(-1, 2),
        heights=np.array([p.height or marks.height for p in marks.people], dtype=np.float64),
        spread=np.array([0.01 if p.height else HEIGHT_SPREAD for p in marks.people]),
        used=np.ones(len(located) + len(marks.distances) + len(marks.people), dtype=bool),
    )


class TooLittleMarked(CalibrationError):
    """What is marked does not say enough yet, and contradicts nothing."""


def check_enough(problem: Problem, *, spots: int) -> None:
    """Raise CalibrationError where the marks, `spots` of them on the ground, never say enough.

    TooLittleMarked where more marks or numbers are all that it takes.
    """
    points, distances, people = len(problem.known), len(problem.metres), len(problem.feet)
    where = "marks"
    if points + distances + people == 0:
        raise TooLittleMarked(
            f"{spots} ground points are marked, and nothing is known of them yet"
            if spots > 1
            else "too little is marked"
            if spots
            else "nothing is marked",
            where=where,
            mend="Type their distances or coordinates: four points are needed at least"
            if spots > 1
            else "Mark four ground points with coordinates or distances, or three standing people",
        )
    if people and not points and not distances and people < 3:
        raise TooLittleMarked(
            f"{people} standing {'people are' if people > 1 else 'person is'} too few",
            where=where,
            mend="Mark at least three, better six, near and far, left and right",
        )
    if problem.equations() < 4 and not people:
        ask = (
            f"{counted(points, 'point')} with coordinates {_too_few(points)}: mark at least four"
            if points
            else f"{counted(distances, 'distance')} {_too_few(distances)}: measure at least four "
            "among four points, better all six"
        )
        raise TooLittleMarked(ask, where=where, mend="Or mark standing people as well")
    ground = np.vstack((problem.known, problem.ends.reshape(-1, 2)))
    if not people and _collinear(ground, 0.03):
        raise CalibrationError(
            "all points lie on one line in the picture",
            where=where,
            mend="Add points well to the side of that line",
        )
    if points and not people and not distances and _collinear(problem.given, 0.01):
        raise CalibrationError(
            "all given coordinates lie on one line", where=where, mend="Check x and y of each point"
        )


def _collinear(points: Points, limit: float) -> bool:
    singular = np.linalg.svd(points - points.mean(axis=0), compute_uv=False)
    return bool(singular[1] <= limit * max(singular[0], 1e-9))


def _too_few(number: int) -> str:
    return "is too few" if number == 1 else "are too few"
