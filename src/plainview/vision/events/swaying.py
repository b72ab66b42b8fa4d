"""How far what stands still sways: a body does by millimetres, a thing by nothing at all.

Nobody stands, sits or crouches like a post: within seconds a trunk sways by some millimetres to a
centimetre (Winter, Gait & Posture 3, 1995), which is a fraction of a pixel. Over a whole outline it
is measured to hundredths of one: the shift that explains best how a look differs from what was
shown so far (Lucas & Kanade, IJCAI 1981), beside what the light did. A sway is slow, noise and a
camera in the wind are not: how much slower is the ratio of the variance to that of successive
differences (von Neumann, Annals of Mathematical Statistics 12, 1941).
"""

from collections import deque
from typing import Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.vision.events.flicker import step
from plainview.vision.optics import Floats
from plainview.vision.plate import Image

KEPT: Final = 75
"""Looks that are remembered."""
ENOUGH: Final = 20
"""Looks after which something is said."""
OUTLYING: Final = (0.1, 1.6)
"""Part of the looks that say nothing, as somebody passed before it, and the factor by which the
mean square of what is normally distributed is less without its largest such part."""
GRADIENT: Final = 0.005
"""Squared grey levels a pixel, for each pixel: what has less structure shifts by nothing."""
AROUND: Final = 30
"""Pixels around it from which the camera's own swing is known."""
SLOW: Final = (3.0, 5.0)
"""Ratio of the variance to that of noise from which it may sway, and surely does."""
SWAYS: Final = (0.004, 0.007)
"""Metres, beyond noise, from which it may be a body that sways, and surely is."""
STILL: Final = (0.003, 0.006)
"""Metres, with all noise, up to which surely nothing sways, and from which that is not known."""


class Sway(NamedTuple):
    """What is known of how something sways, 0 to 1 each; both 0 where it is not known."""

    alive: float
    """How surely it sways."""
    still: float
    """How surely it does not."""


UNKNOWN: Final = Sway(0.0, 0.0)


class Swaying:
    """Owns the shifts of one place, look by look: two numbers each."""

    def __init__(self) -> None:
        """Nothing was seen yet."""
        self._shifts: deque[Floats] = deque(maxlen=KEPT)

    def look(
        self, now: Image, shown: Image, mask: NDArray[np.uint8], around: NDArray[np.bool_]
    ) -> None:
        """Note how `now` (h, w) is shifted against what was `shown` (h, w) so far.

        `mask` (h, w): 1 where it is; `around` (h, w): where the ground beside it is seen.
        """
        grown = cv2.dilate(mask, np.ones((3, 3), np.uint8)) > 0
        steep = [np.asarray(one, np.float32) for one in np.gradient(shown)]
        own = _shift(now, shown, steep, grown)
        swing = np.zeros(2)
        if np.count_nonzero(around) >= AROUND:
            swing = _shift(now, shown, steep, around)
        self._shifts.append(np.stack((own, own - swing)))

    def sway(self, metre: float) -> Sway:
        """How surely it sways, and does not, where a metre has `metre` pixels."""
        if len(self._shifts) < ENOUGH:
            return UNKNOWN
        shifts = np.stack(self._shifts)
        variance = _trimmed((shifts - np.median(shifts, axis=0)) ** 2)
        noise = _trimmed(np.diff(shifts, axis=0) ** 2) / 2
        # Where the ground is plain, what it is said to swing by is noise, and no help.
        better = variance.argmin(axis=0), np.arange(2)
        total, fast = float(variance[better].sum()), max(float(noise[better].sum()), 1e-8)
        beyond = np.sqrt(max(total - fast, 0.0)) / metre
        return Sway(
            step(total / fast, *SLOW) * step(float(beyond), *SWAYS),
            1.0 - step(float(np.sqrt(total) / metre), *STILL),
        )


def _shift(now: Image, shown: Image, steep: list[Image], where: NDArray[np.bool_]) -> Floats:
    """(2,) pixels down and to the right by which `now` is shifted `where` (h, w) is true.

    `steep`: the gradients of what was `shown`, downwards and to the right. The light may have
    changed by a factor and by a term.
    """
    was = shown[where]
    parts = np.stack((-steep[0][where], -steep[1][where], was, np.ones_like(was))).astype(float)
    least = np.diag([GRADIENT * was.size] * 2 + [1e-3] * 2)
    found: Floats = np.linalg.solve(parts @ parts.T + least, parts @ (now[where] - was))
    return found[:2]


def _trimmed(squares: Floats) -> Floats:
    """(2, 2) means of `squares` (n, 2, 2), by those that are not the largest."""
    part, factor = OUTLYING
    kept = np.sort(squares, axis=0)[: round((1 - part) * len(squares))]
    mean: Floats = factor * kept.mean(axis=0)
    return mean
