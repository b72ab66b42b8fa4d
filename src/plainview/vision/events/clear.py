"""How clearly what is sighted stands out: by night, in fog, rain, glare and shake less than by day.

What differs is held against noise: that of the plate there, or what the picture departs from the
empty scene by now where nobody is, if that is more (rain, a swaying camera, a lens that glares).
A thing as strong as `HALF` times that noise is half as surely what it is taken for; of those that
stand out well nearly nothing is taken. Signal to noise as the measure of what can be told from a
picture is Rose's (J. Opt. Soc. Am. 38, 196, 1948). It tells how sure an event is. Whether it is
told hangs on that in kinds of which the right ones are hardly ever less sure than not
(Patience.likely); a fire's smoke is as pale as it is, and a left thing as small.
"""

from typing import Final

import numpy as np

from plainview.geometry import BODY_HEIGHT
from plainview.vision.events.detector import Sighting
from plainview.vision.events.seen import Seen
from plainview.vision.events.solid import pixel, span
from plainview.vision.optics import Floats
from plainview.vision.ranks import median, ranked

HALF: Final = 3.0
"""Times the noise: from about there on the lens takes a pixel for something before the plate."""
EVERY: Final = 1.0
"""Seconds between two looks at what the whole picture departs by."""
NINTH: Final = 0.9
"""Share of the pixels in which nobody is that depart less: what sways are edges, which are few."""
_NINTH_OF_NORMAL: Final = 1.645
"""Standard deviations within which nine in ten of a normal distribution lie."""
WIDE: Final = 0.4
"""Half of a window's width, by the height of a person there."""
FEW: Final = 6
"""Pixels that differ, fewer of which say nothing."""
_SPARSE: Final = np.s_[::8, ::8]


class Clear:
    """Owns how far one camera's picture departs from its empty scene where nobody is."""

    def __init__(self, projection: Floats) -> None:
        """`projection`: (3, 4) world -> working pixels."""
        self._rows = projection.tolist()
        self._looked = -np.inf
        self._departs = 0.0

    def of(self, seen: Seen, sighting: Sighting) -> float | None:
        """0 to 1: how clearly `sighting` stands out in `seen`; None where nothing differs there."""
        window = self._window(sighting, seen.luma.shape)
        differs = seen.evidence[window] > 0
        if np.count_nonzero(differs) < FEW:
            return None
        now = seen.luma[window][differs].astype(np.float32)
        strength = median(np.abs(now - seen.background[window][differs]))
        noise = max(median(seen.plate.noise[window][differs]), self._departure(seen), 1e-6)
        return strength**2 / (strength**2 + (HALF * noise) ** 2)

    def _departure(self, seen: Seen) -> float:
        """Grey levels, as a standard deviation, by which `seen` departs where nobody is."""
        if not 0 <= seen.t - self._looked < EVERY:
            self._looked = seen.t
            nobody = seen.evidence[_SPARSE] < 0
            if nobody.any():
                now = seen.luma[_SPARSE][nobody].astype(np.float32)
                departs = np.abs(now - seen.background[_SPARSE][nobody])
                self._departs = ranked(departs, NINTH) / _NINTH_OF_NORMAL
        return self._departs

    def _window(self, sighting: Sighting, shape: tuple[int, ...]) -> tuple[slice, slice]:
        """Rows and columns of a picture of `shape` (h, w) that show what is sighted."""
        column, foot = pixel(self._rows, sighting.x, sighting.y, 0.0)
        _, head = pixel(self._rows, sighting.x, sighting.y, BODY_HEIGHT)
        tall = max(foot - head, 2.0)
        wide = (WIDE + sighting.spread / BODY_HEIGHT) * tall
        return (
            span(head, foot + 0.2 * tall + 1, shape[0]),
            span(column - wide, column + wide + 1, shape[1]),
        )
