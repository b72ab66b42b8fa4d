"""How steady a camera's gain is: while it swings, parts of a picture differ that nobody walked in.

The empty scene in the light of now (seen.background) is the plate's, times what the lens takes for
the light. A camera that sets its gain anew every few seconds changes that by a tenth a second,
driving clouds by a fiftieth.
"""

import math
from typing import Final

import numpy as np

from plainview.vision.events.flicker import step
from plainview.vision.events.seen import Seen
from plainview.vision.ranks import median

UNSTEADY: Final = (0.04, 0.065)
"""Change of the log of a picture's light a second, on the average of `TIME`, up to which its gain
is steady, and from which it is not: 0.08 to 0.12 where it swings by a quarter, below 0.02 of
clouds."""
TIME: Final = 10.0
"""Seconds."""
STALE: Final = 6.0
"""Seconds after which the light was another for whatever reason."""
_SPARSE: Final = np.s_[::8, ::8]


class Gain:
    """Owns how bright one view was a moment ago, and how fast that has changed lately."""

    def __init__(self) -> None:
        """Nothing was seen yet."""
        self._light = math.nan
        self._t = math.nan
        self._speed = 0.0

    def steady(self, seen: Seen) -> float:
        """0 to 1: how far the camera's gain can be taken to have been steady before `seen`."""
        empty = seen.plate.luma[_SPARSE].astype(np.float32) + np.float32(1)
        light = math.log(median((seen.background[_SPARSE] + np.float32(1)) / empty))
        passed = seen.t - self._t
        if 0 < passed < STALE:
            speed = abs(light - self._light) / passed
            self._speed += min(passed / TIME, 1.0) * (speed - self._speed)
        self._light, self._t = light, seen.t
        return 1.0 - step(self._speed, *UNSTEADY)
