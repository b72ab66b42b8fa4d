"""A camera that sways: how many pixels a picture is beside its plate, and that picture set right.

Wind on a mast and lorries on a bridge move a picture by a pixel or two, to and fro. Against the
plate all its edges then differ, and by flow all of it moves: far away that is many metres a second.
The shift is found as Lucas & Kanade do (IJCAI 1981), over the whole picture and without what stands
before the plate, in a coarse picture first and then in a finer one; a picture that is hardly beside
it is left as it is.
"""

from collections import deque
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
MOST: Final = 9.0
"""Working pixels from which it is no swaying, or was not found."""
SCALES: Final = (4, 2)
"""Working pixels to one of the pictures in which it is looked for, the coarse one first."""
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
RECENT: Final = 25
"""Shifts that tell whether a camera sways: of five seconds of frames."""
APART: Final = 2.0
"""Working pixels that some of these lie apart while it does."""
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


class _Scaled(NamedTuple):
    """The plate in a smaller picture."""

    scale: int
    """Working pixels to one of its own."""
    values: Values
    """(n,) grey levels where it has structure."""
    gx: Values
    """(n,) grey levels a pixel there."""
    gy: Values
    rows: Places
    """Where that is."""
    columns: Places


class _Held(NamedTuple):
    """What pictures are held against."""

    few: _Points
    """Of the working picture: they tell whether a closer look is worth it."""
    scaled: tuple[_Scaled, ...]
    """For each of SCALES."""


class Steady:
    """Owns what pictures are held against, for how many more, and how far the last were beside."""

    def __init__(self) -> None:
        """No plate yet."""
        self._held: _Held | None = None
        self._left = 0
        self._shifts: deque[Shift] = deque(maxlen=RECENT)

    @property
    def sways(self) -> bool:
        """Whether the last pictures were beside the plate by one shift after another.

        A camera that was knocked aside stands still again, beside it by one and the same.
        """
        if len(self._shifts) < 2:
            return False
        return float(np.ptp(np.stack(self._shifts), axis=0).max()) > APART

    def shift(self, luma: Luma, plate: Luma) -> Shift | None:
        """By how much `luma` (h, w) is beside `plate` (h, w); None where that is hardly at all."""
        shift = self._shift(luma, plate)
        if shift is not None:
            self._shifts.append(shift)
        return shift

    def _shift(self, luma: Luma, plate: Luma) -> Shift | None:
        held = self._hold(plate)
        if held is None or not _may_be(luma, held.few):
            return None
        shift = np.zeros(2)
        for fine in held.scaled:
            now = _smaller(luma, fine.scale)
            now *= _gain(now[fine.rows, fine.columns], fine.values)
            better = _refined(now, fine, shift)
            if better is None:
                return None
            shift = better
        beside, left = _rest(now, fine, np.zeros(2)), _rest(now, fine, shift)
        less = float(np.median(np.abs(left))) <= BETTER * float(np.median(np.abs(beside)))
        sure = less and _both_ways(beside, fine.gx * shift[0] + fine.gy * shift[1])
        return shift if sure and float(np.hypot(*shift)) >= LEAST else None

    def _hold(self, plate: Luma) -> _Held | None:
        """What `plate` has to be held against; None where it has too little of it."""
        self._left -= 1
        if self._left < 0:
            self._held, self._left = _held(plate), KEPT
        return self._held


def steadied(luma: Luma, shift: Shift) -> Luma:
    """`luma` (h, w) moved back by `shift`; what comes in at its border is its outermost row."""
    return np.asarray(_moved(luma, shift), dtype=np.uint8)


def _smaller(luma: Luma, scale: int) -> Image:
    height, width = luma.shape
    small = cv2.resize(luma, (width // scale, height // scale), interpolation=cv2.INTER_AREA)
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
    scaled = [_scaled(plate, scale) for scale in SCALES]
    fine = scaled[-1]
    if len(fine.values) < ENOUGH * plate.size / fine.scale**2 or any(
        len(one.values) == 0 for one in scaled
    ):
        return None
    some = np.linspace(0, len(fine.values) - 1, FEW).astype(np.intp)
    rows, columns = fine.scale * fine.rows[some], fine.scale * fine.columns[some]
    smooth = np.asarray(cv2.blur(plate, (5, 5)), dtype=np.float32)
    wx, wy = (one[rows, columns] for one in gradients(smooth))
    few = _Points(rows, columns, smooth[rows, columns], wx, wy)
    return _Held(few, tuple(scaled))


def _scaled(plate: Luma, scale: int) -> _Scaled:
    small = _smaller(plate, scale)
    gx, gy = gradients(small)
    y, x = np.nonzero(cv2.magnitude(gx, gy) >= STRUCTURE)
    return _Scaled(scale, small[y, x], gx[y, x], gy[y, x], y, x)


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


def _refined(now: Image, held: _Scaled, shift: Shift) -> Shift | None:
    """A better `shift` of `now` (h, w), in working pixels; None where it is too far."""
    for _ in range(STEPS):
        step = held.scale * _step(_rest(now, held, shift), held.gx, held.gy)
        shift = shift - step
        if not np.hypot(*shift) <= MOST:
            return None
        if np.hypot(*step) < NEAR * held.scale:
            break
    return shift


def _rest(now: Image, held: _Scaled, shift: Shift) -> Values:
    """(n,) how `now` (h, w), moved back by `shift`, differs from the plate at its structure."""
    back = np.asarray(_moved(now, shift / held.scale), dtype=np.float32)
    return np.asarray(back[held.rows, held.columns] - held.values)


def _step(rest: Values, gx: Values, gy: Values) -> Shift:
    """The shift that explains most of the differences `rest` (n,), but for what is outlying."""
    off = np.abs(rest - np.float32(median(rest)))
    use = off <= OUTLYING * max(median(off), 1.0)
    gx, gy, rest = gx[use], gy[use], rest[use]
    a, b, c = float(gx @ gx), float(gx @ gy), float(gy @ gy)
    square = np.array([[a, b], [b, c]]) + 1e-3 * (a + c + 1.0) * np.eye(2)
    return np.asarray(np.linalg.solve(square, np.array([float(gx @ rest), float(gy @ rest)])))
