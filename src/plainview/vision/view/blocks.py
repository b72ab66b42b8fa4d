"""The coarse blocks of ground that activity is drawn in: never finer than a third of a person.

The ground grid's cells are joined, two by two, again and again, and a square is split only where
each of its four quarters would be at least `LEAST` on the ground, and in the picture at least a
third of a standing person's height along its shorter side. So far away, where the ground is
foreshortened, blocks are large; what fits in one says that somebody is there, not how they stand.
"""

import math
from typing import Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.geometry import BODY_HEIGHT, View, cells_inside, project
from plainview.record import Reading, unpack_cells

LEAST: Final = 0.5
"""Metres of a block's side on the ground."""
PART: Final = 1 / 3
"""Of a person's height in the picture: a block's shorter side there."""
_DEPTH: Final = 0.3
"""Metres before the camera from which ground is drawn."""
_SUB: Final = 4
"""Points along each side of a block that its outline in the picture is made from."""


class Block(NamedTuple):
    """One block of ground."""

    outline: NDArray[np.int32]
    """(n, 1, 2) whole working pixels: its corners and points between them."""
    centre: tuple[float, float]
    """Metres."""
    side: float
    """Metres."""
    area: float
    """m² of the area that is measured in it."""


class Activity(NamedTuple):
    """What one block holds in one Reading."""

    block: int
    density: float
    """people/m² of its measured ground."""
    vx: float
    """m/s"""
    vy: float
    """m/s"""


class Blocks:
    """The fixed blocks of one view at one size of working picture. Immutable once made."""

    def __init__(self, view: View, size: tuple[int, int]) -> None:
        """Blocks of `view` in working pictures of `size` (width, height)."""
        self._grid = view.grid()
        self._size = size
        self._matrix = view.scaled(*size).matrix()
        nx, ny = self._grid.shape
        self._inside = cells_inside(self._grid, view.polygon)
        if not self._inside.any():
            self._inside = np.ones((ny, nx), dtype=np.bool_)
        self._least = max(math.ceil(LEAST / self._grid.cell - 1e-9), 1)
        self.of_cell = np.full((ny, nx), -1, dtype=np.int32)
        """(ny, nx) the number of the block that a cell lies in; -1 where none is drawn."""
        self.all: list[Block] = []
        whole = self._least
        while whole < max(nx, ny):
            whole *= 2
        self._split(0, 0, whole)

    def _split(self, ix: int, iy: int, cells: int) -> None:
        """Make a block of the square of `cells` a side at (ix, iy), or of its parts."""
        part = np.s_[iy : iy + cells, ix : ix + cells]
        ground = int(np.count_nonzero(self._inside[part]))
        if not ground:
            return
        half = cells // 2
        corners = [(ix + dx, iy + dy) for dy in (0, half) for dx in (0, half)]
        if half >= self._least and cells % 2 == 0 and all(self._fit(*at, half) for at in corners):
            for at in corners:
                self._split(*at, half)
            return
        outline = self._outline(ix, iy, cells)
        if outline is None or not self._coarse(ix, iy, cells):
            # Part of it lies behind or beside the camera: what of it can be drawn is found below.
            if half >= self._least and cells % 2 == 0:
                for at in corners:
                    self._split(*at, half)
            return
        self.of_cell[part][self._inside[part]] = len(self.all)
        (ox, oy), side, _ = self._grid
        middle = (ox + (ix + cells / 2) * side, oy + (iy + cells / 2) * side)
        self.all.append(Block(outline, middle, cells * side, ground * side**2))

    def _fit(self, ix: int, iy: int, cells: int) -> bool:
        """Whether that square is coarse enough to be a block, or holds nothing to draw."""
        nothing = not self._inside[iy : iy + cells, ix : ix + cells].any()
        return nothing or self._coarse(ix, iy, cells)

    def _points(self, ix: int, iy: int, cells: int) -> NDArray[np.float64]:
        """(4 * _SUB, 3) world metres along its outline."""
        (ox, oy), side, _ = self._grid
        along = np.arange(_SUB) / _SUB
        square = np.concatenate(
            [
                np.column_stack((along, 0 * along)),
                np.column_stack((0 * along + 1, along)),
                np.column_stack((1 - along, 0 * along + 1)),
                np.column_stack((0 * along, 1 - along)),
            ]
        )
        plan = (square * cells + (ix, iy)) * side + (ox, oy)
        return np.column_stack((plan, np.zeros(len(plan))))

    def _outline(self, ix: int, iy: int, cells: int) -> NDArray[np.int32] | None:
        """Its outline in working pixels; None where part of it is not before the camera."""
        pixels, depth = project(self._matrix, self._points(ix, iy, cells))
        if depth.min() < _DEPTH:
            return None
        return np.clip(np.rint(pixels), -32_000, 32_000).astype(np.int32)[:, None, :]

    def _coarse(self, ix: int, iy: int, cells: int) -> bool:
        """Whether the shorter side in the picture is at least a third of a person there."""
        points = self._points(ix, iy, cells)
        pixels, depth = project(self._matrix, points)
        if depth.min() < _DEPTH:
            return True  # right before the camera all is large
        heads, above = project(self._matrix, points + np.array((0.0, 0.0, BODY_HEIGHT)))
        if above.min() < _DEPTH:
            return False  # a head beside or above the camera has no height in the picture
        tall = float(np.linalg.norm(heads - pixels, axis=1).max())
        rectangle = cv2.minAreaRect(pixels.astype(np.float32)[:, None, :])
        return min(rectangle[1]) >= tall * PART

    def activity(self, reading: Reading) -> list[Activity]:
        """What the cells of `reading` say of each block that holds anybody, in their order.

        Raises ValueError for a Reading of another grid.
        """
        nx = self._grid.shape[0]
        k = reading.coarse
        if reading.nx != -(-nx // k):
            message = f"rows of {reading.nx} cells are not of this camera"
            raise ValueError(message)
        sums = np.zeros((3, len(self.all)))
        for cell in unpack_cells(reading):
            part = np.s_[cell.iy * k : (cell.iy + 1) * k, cell.ix * k : (cell.ix + 1) * k]
            numbers = self.of_cell[part]
            numbers = numbers[numbers >= 0]
            if not len(numbers):
                continue
            people = cell.density * (k * self._grid.cell) ** 2 / len(numbers)
            for row, value in enumerate((people, people * cell.vx, people * cell.vy)):
                np.add.at(sums[row], numbers, value)
        return [
            Activity(
                int(n),
                float(sums[0, n]) / self.all[n].area,
                float(sums[1, n] / sums[0, n]),
                float(sums[2, n] / sums[0, n]),
            )
            for n in np.nonzero(sums[0] > 0)[0]
        ]

    def pixels(self, points: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Working pixels (n, 2) of ground `points` (n, 2), and which are before the camera."""
        ground = np.column_stack((points, np.zeros(len(points))))
        found, depth = project(self._matrix, ground)
        return found, depth > _DEPTH

    def person(self, point: tuple[float, float]) -> float:
        """Working pixels from feet to head of a standing person at the ground `point`."""
        feet = np.array([(*point, 0.0), (*point, BODY_HEIGHT)])
        pixels, depth = project(self._matrix, feet)
        if depth.min() < _DEPTH:
            return float(self._size[1])
        return float(np.linalg.norm(pixels[1] - pixels[0]))
