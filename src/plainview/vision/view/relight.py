"""The present light on a view's plate: six quantised gains, and nothing else of the frame.

The gain of a sixth of the picture is the median ratio of its background pixels to the plate, over
ten seconds, in eighths of a stop, and it moves by one step in five seconds at most. So what a frame
can say through the light is under two bits a second, spread over a sixth of the picture each: no
outline passes. Places where bodies stand, or anything differs from the measuring plate, do not
count; where too little is left, the gain stays.
"""

import math
from collections import deque
from typing import Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.vision.plate import Luma
from plainview.vision.view.scenery import GREY, Scenery

ACROSS: Final = 3
DOWN: Final = 2
STEP: Final = 1 / 8
"""Stops (factors of two) of one step of gain."""
MOST: Final = 16
"""Steps to each side: a quarter of the plate's light to four times it."""
LOOK_EVERY: Final = 1.0
"""Seconds between two looks at the light."""
LOOKS: Final = 10
"""Looks whose median counts."""
MOVE_EVERY: Final = 5.0
"""Seconds between two steps of the gains, at least."""
HOLD: Final = 0.75
"""Steps by which the light must differ before a gain moves."""
_SPARSE: Final = 3
"""Working pixels between two that are looked at."""
_ENOUGH: Final = 0.2
"""Part of the pixels of a field that must be background for its gain to be taken."""


class Gains(NamedTuple):
    """The light on the plate, in `STEP` stops, for each field of the picture, row by row."""

    steps: tuple[int, ...]


PLAIN: Final = Gains((0,) * (ACROSS * DOWN))
"""The plate's own light."""


def relit(plate: Scenery, gains: Gains) -> Luma:
    """`plate` (h, w) in the light of `gains`, which vary smoothly between the fields' middles."""
    width, height = plate.size
    stops = np.array(gains.steps, dtype=np.float32).reshape(DOWN, ACROSS) * np.float32(STEP)
    field = cv2.resize(np.exp2(stops), (width, height), interpolation=cv2.INTER_LINEAR)
    lit = np.asarray(cv2.multiply(plate.luma, field, dtype=cv2.CV_8U), dtype=np.uint8)
    lit[~plate.shown] = GREY
    return lit


class Relighter:
    """Owns the gains, and the looks of the last seconds that they follow."""

    def __init__(self, plate: Scenery) -> None:
        """Compare frames with `plate`."""
        height, width = plate.luma.shape
        rows = np.arange(0, height, _SPARSE)
        columns = np.arange(0, width, _SPARSE)
        self._at = np.ix_(rows, columns)
        self._plate = plate.luma[self._at].astype(np.float32)
        usable = plate.shown[self._at] & (self._plate > 12) & (self._plate < 245)
        field = (rows * DOWN // height)[:, None] * ACROSS + (columns * ACROSS // width)[None]
        self._fields = [usable & (field == k) for k in range(ACROSS * DOWN)]
        self._looks: list[deque[float]] = [deque(maxlen=LOOKS) for _ in self._fields]
        self._looked = self._moved = -math.inf
        self._begun = False
        self.gains = PLAIN

    def look(self, luma: Luma, free: NDArray[np.bool_], t: float) -> None:
        """Look at a frame (h, w) at `t` seconds; `free` (h, w) where it shows background."""
        if 0 <= t - self._looked < LOOK_EVERY:
            return
        self._looked = t
        now, open_ = luma[self._at].astype(np.float32), free[self._at]
        open_ = open_ & (now > 4) & (now < 250)
        for field, looks in zip(self._fields, self._looks, strict=True):
            counted = field & open_
            most = int(np.count_nonzero(field))
            if most and np.count_nonzero(counted) >= max(_ENOUGH * most, 16):
                ratio = float(np.median(now[counted] / self._plate[counted]))
                looks.append(math.log2(max(ratio, 1e-3)) / STEP)
        self._move(t)

    def _move(self, t: float) -> None:
        """Let each gain follow the median of its looks: at once at the start, then by steps."""
        if not self._begun:
            if max(len(looks) for looks in self._looks) < 3:
                return
            self._begun, self._moved = True, t
            self.gains = Gains(tuple(_nearest(looks) for looks in self._looks))
            return
        if 0 <= t - self._moved < MOVE_EVERY:
            return
        self._moved = t
        steps = []
        for step, looks in zip(self.gains.steps, self._looks, strict=True):
            away = float(np.median(looks)) - step if looks else 0.0
            steps.append(_bounded(step + (int(math.copysign(1, away)) if abs(away) > HOLD else 0)))
        self.gains = Gains(tuple(steps))


def _nearest(looks: deque[float]) -> int:
    return _bounded(round(float(np.median(looks)))) if looks else 0


def _bounded(step: int) -> int:
    return min(max(step, -MOST), MOST)
