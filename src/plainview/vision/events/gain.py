"""How steady a camera's gain is: while it swings, parts of a picture differ that nobody walked in.

The empty scene in the light of now (seen.background) is the plate's, times what the lens takes for
the light. A camera that sets its gain anew every few seconds changes that by a tenth a second,
driving clouds by a fiftieth. Where a fire's own light may be what changes it, two pictures are held
against each other instead: gain changes all of them alike, a fire what is near it. Nothing is said
of fire while it swings: paint that saturates now and then glows and fades like a flame.
"""

import math
from typing import Final

import numpy as np

from plainview.vision.events.flicker import step
from plainview.vision.events.seen import Seen
from plainview.vision.plate import Luma
from plainview.vision.ranks import median

UNSTEADY: Final = (0.04, 0.065)
"""Change of the log of a picture's light a second, on the average of `TIME`, up to which its gain
is steady, and from which it is not: 0.08 to 0.12 where it swings by a quarter, below 0.02 of
clouds."""
TIME: Final = 10.0
"""Seconds."""
STALE: Final = 6.0
"""Seconds after which the light was another for whatever reason."""
EVERY: Final = 0.6
"""Seconds between two pictures that are held against each other, at least."""
ALIKE: Final = 0.4
"""Median departure from the median change, as part of it, up to which a change is a gain's: a
fire's own light falls off with the distance."""
LIT: Final = (40, 230)
"""Grey levels between which a pixel follows the gain: it is neither dark nor saturated."""
LEAST: Final = 64
"""Such pixels that there must be, of every eighth row and column."""
_SPARSE: Final = np.s_[::8, ::8]


class _Swing:
    """Owns how fast the log of something has changed, on the average of `TIME`."""

    def __init__(self) -> None:
        self._speed = 0.0

    def note(self, change: float, dt: float) -> None:
        """It changed by `change` within `dt` seconds."""
        self._speed += min(dt / TIME, 1.0) * (abs(change) / dt - self._speed)

    @property
    def steady(self) -> float:
        return 1.0 - step(self._speed, *UNSTEADY)


class Gain:
    """Owns how bright the lens took one view to be a moment ago, and how that has swung."""

    def __init__(self) -> None:
        """Nothing was seen yet."""
        self._light = self._t = math.nan
        self._swing = _Swing()

    def steady(self, seen: Seen) -> float:
        """0 to 1: how far the camera's gain can be taken to have been steady before `seen`."""
        empty = seen.plate.luma[_SPARSE].astype(np.float32) + np.float32(1)
        light = math.log(median((seen.background[_SPARSE] + np.float32(1)) / empty))
        passed = seen.t - self._t
        if 0 < passed < STALE:
            self._swing.note(light - self._light, passed)
        self._light, self._t = light, seen.t
        return self._swing.steady


class PictureGain:
    """Owns a picture of a moment ago, and how the gain between two has swung."""

    def __init__(self) -> None:
        """Nothing was seen yet."""
        self._luma: Luma | None = None
        self._t = math.nan
        self._swing = _Swing()

    def steady(self, seen: Seen) -> float:
        """0 to 1: how far the camera's gain can be taken to have been steady before `seen`."""
        dt = seen.t - self._t
        if not 0 <= dt < EVERY:
            now = seen.luma[_SPARSE].copy()
            if dt > 0 and self._luma is not None and self._luma.shape == now.shape:
                self._swing.note(gained(self._luma, now), dt)
            self._luma, self._t = now, seen.t
        return self._swing.steady


def gained(before: Luma, now: Luma) -> float:
    """Log of the gain between two pictures (h, w) of one scene; 0 where they differ otherwise."""
    lit = (np.minimum(before, now) >= LIT[0]) & (np.maximum(before, now) <= LIT[1])
    if np.count_nonzero(lit) < LEAST:
        return 0.0
    changes = np.log(now[lit] / before[lit].astype(np.float64))
    gain = median(changes)
    return gain if median(np.abs(changes - gain)) <= ALIKE * abs(gain) else 0.0
