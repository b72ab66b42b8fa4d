"""Rain: streaks that are in one frame and not in the next, two of which pass for somebody far away.

A drop falls past a camera in less than a frame's time, so it shows as a small bright streak of
which the frame before had nothing, where people have moved by less than their own width (Garg &
Nayar, Int. J. Computer Vision 75, 2007). While many such are there in every frame, what is small
and upright, and was nowhere near in both frames before, speaks neither for nor against a body.
"""

from collections import deque
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.vision.plate import Image

DIFFERS: Final = 0.3
"""Evidence of what is more than light."""
SMALL: Final = 120
"""Working pixels of a streak, at most."""
NEAR: Final = (np.ones((5, 5), np.uint8), np.ones((9, 9), np.uint8))
"""Pixels around what differed a frame, and two, ago in which what differs now may be the same."""
MANY: Final = 8.0
"""Streaks in a frame, in the mean of the last, from which it rains."""
RATE: Final = 0.2
"""Weight of one look in that mean."""
LOOK_EVERY: Final = 1.0
"""Seconds between two looks while it does not rain."""
FRAME: Final = 0.35
"""Seconds between two frames past which somebody may be anywhere else in the second."""


class Rain:
    """Owns where something differed in the last two frames, and how many streaks were lately."""

    def __init__(self) -> None:
        """Nothing was seen yet."""
        self._before: deque[NDArray[np.uint8]] = deque(maxlen=len(NEAR))
        self._streaks = 0.0
        self._since = LOOK_EVERY

    @property
    def falls(self) -> bool:
        """Whether it rains."""
        return self._streaks >= MANY

    def dried(self, evidence: Image, dt: float) -> Image:
        """`evidence` (h, w) of a frame `dt` seconds after the last as it speaks for bodies.

        Itself where it does not rain.
        """
        if not 0 < dt <= FRAME:
            self._before.clear()
        before, now = list(self._before), (evidence > DIFFERS).view(np.uint8)
        self._before.appendleft(now)
        self._since += dt
        if len(before) < len(NEAR):
            return evidence
        if not self.falls and self._since < LOOK_EVERY:
            return evidence
        self._since = 0.0
        count, labels, stats, _ = cv2.connectedComponentsWithStats(now, connectivity=8)
        last, first = (cv2.dilate(one, near) for one, near in zip(before, NEAR, strict=True))
        was = cv2.bitwise_and(last, first) > 0
        wide, tall = stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT]
        fleeting = np.logical_and(stats[:, cv2.CC_STAT_AREA] <= SMALL, tall > wide)
        fleeting &= np.bincount(labels[was], minlength=count) == 0
        fleeting[0] = False
        self._streaks += RATE * (float(np.count_nonzero(fleeting)) - self._streaks)
        if not self.falls:
            return evidence
        return np.where(fleeting[labels], np.float32(0), evidence)
