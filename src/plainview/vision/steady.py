"""A camera that sways: how many pixels a picture is beside its plate, and that picture set right.

Wind on a mast and lorries on a bridge move a picture by a pixel or two, to and fro. Against the
plate all its edges then differ, and by flow all of it moves: far away that is many metres a second.
The shift is found as Lucas & Kanade do (IJCAI 1981), over the whole picture and without what stands
before the plate; a picture that is hardly beside it is left as it is.
"""

from typing import Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.vision.plate import Image, Luma, gradients
from plainview.vision.ranks import median

Shift = NDArray[np.float64]
"""(2,) working pixels to the right and down."""
Values = NDArray[np.float32]
"""(n,) at as many pixels."""
Places = NDArray[np.intp]
"""(n,) rows or columns of as many pixels."""

LEAST: Final = 0.5
"""Working pixels from which a picture is set right: less is what each edge's noise allows for."""
MOST: Final = 4.0
"""Working pixels from which it is no swaying, or was not found."""
STEPS: Final = 4
NEAR: Final = 0.04
"""Pixels by which the last step moves, at most."""
OUTLYING: Final = 3.0
"""Times the median difference over which a pixel shows something else."""
BETTER: Final = 0.8
"""Median difference that is left by a shift, of that without one, at most."""
STRUCTURE: Final = 3.0
"""Grey levels a pixel from which there is something to hold a picture against."""
ENOUGH: Final = 0.01
"""Part of the picture that has such structure, at least."""
MINOR: Final = 0.15
"""Part of that which must rise the one way, and fall, at least."""
ALIKE: Final = 0.3
"""Part of the greater one of the two differences that the lesser one is, at least."""
FEW: Final = 600
"""Places of it at which each picture is looked at."""
MAYBE: Final = 0.35
"""Working pixels by which one step moves from which a closer look is worth it."""
KEPT: Final = 50
"""Pictures that are held against one plate before it is looked at anew."""


class _Points(NamedTuple):
    """Some pixels of a plate (n,), and how it rises there."""

    rows: Places
    columns: Places
    values: Values
    gx: Values
    """Grey levels a pixel."""
    gy: Values


class _Held(NamedTuple):
    """What pictures are held against."""

    few: _Points
    """Of the working picture: they tell whether a closer look is worth it."""
    half: Image
    """(h/2, w/2) the plate at half of the working size."""
    gx: Values
    """(n,) grey levels a pixel there, where it has structure."""
    gy: Values
    rows: Places
    """Where that is."""
    columns: Places


class Steady:
    """Owns what pictures are held against, and for how many more."""

    def __init__(self) -> None:
        """No plate yet."""
        self._held: _Held | None = None
        self._left = 0

    def shift(self, luma: Luma, plate: Luma) -> Shift | None:
        """By how much `luma` (h, w) is beside `plate` (h, w); None where that is hardly at all."""
        held = self._hold(plate)
        if held is None or not _may_be(luma, held.few):
            return None
        now = _half(luma)
        now *= _gain(now[held.rows, held.columns], held.half[held.rows, held.columns])
        found = np.zeros(2)
        beside = left = _rest(now, held, found)
        for _ in range(STEPS):
            step = _step(left, held.gx, held.gy)
            found -= step
            if not np.hypot(*found) <= MOST / 2:
                return None
            left = _rest(now, held, found)
            if np.hypot(*step) < NEAR:
                break
        whole = 2 * found
        better = float(np.median(np.abs(left))) <= BETTER * float(np.median(np.abs(beside)))
        sure = better and _both_ways(beside, held.gx * found[0] + held.gy * found[1])
        return whole if sure and float(np.hypot(*whole)) >= LEAST else None

    def _hold(self, plate: Luma) -> _Held | None:
        """What `plate` has to be held against; None where it has too little of it."""
        self._left -= 1
        if self._left < 0:
            self._held, self._left = _held(plate), KEPT
        return self._held


def steadied(luma: Luma, shift: Shift) -> Luma:
    """`luma` (h, w) moved back by `shift`; what comes in at its border is its outermost row."""
    return np.asarray(_moved(luma, shift), dtype=np.uint8)


def _half(luma: Luma) -> Image:
    height, width = luma.shape
    small = cv2.resize(luma, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.GaussianBlur(small.astype(np.float32), (0, 0), 1.0), dtype=np.float32)


def _moved(picture: Luma | Image, shift: Shift) -> NDArray[np.generic]:
    """`picture` (h, w) with what is at (x, y) + `shift` in it at (x, y)."""
    back = np.array([[1.0, 0.0, shift[0]], [0.0, 1.0, shift[1]]])
    height, width = picture.shape
    moved = cv2.warpAffine(
        picture, back, (width, height),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE,
    )  # fmt: skip
    return np.asarray(moved)


def _held(plate: Luma) -> _Held | None:
    half = _half(plate)
    gx, gy = gradients(half)
    y, x = np.nonzero(cv2.magnitude(gx, gy) >= STRUCTURE)
    if len(y) < ENOUGH * half.size:
        return None
    some = np.linspace(0, len(y) - 1, FEW).astype(np.intp)
    rows, columns = 2 * y[some], 2 * x[some]
    smooth = np.asarray(cv2.blur(plate, (5, 5)), dtype=np.float32)
    wx, wy = (one[rows, columns] for one in gradients(smooth))
    few = _Points(rows, columns, smooth[rows, columns], wx, wy)
    return _Held(few, half, gx[y, x], gy[y, x], y, x)


def _gain(values: Values, plate: Values) -> np.float32:
    """What brings `values` (n,) to the light of the `plate` (n,): whatever covers some of them."""
    ratio = np.asarray(plate / np.maximum(values, np.float32(1.0)), dtype=np.float32)
    return np.float32(median(ratio))


def _may_be(luma: Luma, few: _Points) -> bool:
    """Whether `luma` (h, w) may be beside the plate at all, by one step at a `few` places."""
    values = cv2.blur(luma, (5, 5))[few.rows, few.columns].astype(np.float32)
    rest = values * _gain(values, few.values) - few.values
    return float(np.hypot(*_step(rest, few.gx, few.gy))) >= MAYBE


def _both_ways(rest: Values, along: Values) -> bool:
    """Whether the differences `rest` (n,) are a shift's, `along` (n,) which the plate rises.

    A shift makes darker what rises along it, and brighter what falls. Light that changed on one
    side of a wall's foot makes all of that edge brighter or darker.
    """
    rises, falls = rest[along > 0], rest[along < 0]
    if min(len(rises), len(falls)) < MINOR * len(rest):
        return False
    darker, brighter = -float(np.median(rises)), float(np.median(falls))
    return min(darker, brighter) > ALIKE * max(darker, brighter)


def _rest(now: Image, held: _Held, shift: Shift) -> Values:
    """(n,) how `now` (h, w), moved back by `shift`, differs from the plate at its structure."""
    back = np.asarray(_moved(now, shift), dtype=np.float32)
    return np.asarray(back[held.rows, held.columns] - held.half[held.rows, held.columns])


def _step(rest: Values, gx: Values, gy: Values) -> Shift:
    """The shift that explains most of the differences `rest` (n,), but for what is outlying."""
    off = np.abs(rest - np.float32(median(rest)))
    use = off <= OUTLYING * max(median(off), 1.0)
    gx, gy, rest = gx[use], gy[use], rest[use]
    a, b, c = float(gx @ gx), float(gx @ gy), float(gy @ gy)
    square = np.array([[a, b], [b, c]]) + 1e-3 * (a + c + 1.0) * np.eye(2)
    return np.asarray(np.linalg.solve(square, np.array([float(gx @ rest), float(gy @ rest)])))
