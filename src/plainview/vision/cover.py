"""A cover over a part of the picture: flat, sudden, and hanging into it from its border; or paint.

What is so near to the lens is out of focus and has no edges of its own; what drives in and stays
has wheels and windows. Paint lies in blots all over the picture: there little of the structure
comes through, and between them it is as clear as ever. Fog and dusk take their time.
"""

from collections import deque
from typing import Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.vision.latch import Latch, Timing

SHARE: Final = 0.25
"""Share of the tiles that can be lost from which on a part is covered."""
SPRAYED: Final = 0.4
"""And which must be lost in all where paint in blots hides so many."""
SPREAD: Final = 0.8
"""Part of the picture's width, and of its height, over which blots of paint lie."""
STILL_COVERED: Final = 0.7
"""Part of SHARE down to which it remains so."""
SUDDEN: Final = 4.0
"""Seconds within which a cover comes."""
CLEAR: Final = 0.6
"""Energy, beside the reference's, that what is covered had until then."""
THIN: Final = 0.1
"""Energy, beside the clearest tiles', under which something is before what is lit as ever."""
FAINT: Final = 0.05
"""And under which that is so in any light: a hard shadow leaves a sixth, after gamma."""
_EVERY: Final = 1.0
"""Seconds between two pictures that are remembered."""


class Tiled(NamedTuple):
    """A picture by tiles, each (rows, columns), beside the one that it is held against."""

    lost: NDArray[np.bool_]
    """Whose structure is gone."""
    flat: NDArray[np.bool_]
    """In which there is none now."""
    clear: NDArray[np.float32]
    """Energy beside the reference's."""
    clearest: float
    """That of the clearest tiles."""
    agreement: NDArray[np.float32]
    """Correlation with it."""
    structured: NDArray[np.bool_]
    """Which have some in the reference."""


def clearest(clear: NDArray[np.float32], agreement: NDArray[np.float32]) -> float:
    """How clear the clearest tiles are that agree, at most 1; 0 where too few agree to say so.

    `clear` is energy beside the reference's, `agreement` the correlation with it, both (rows,
    columns). What shows a small share of that is behind paint.
    """
    seen = agreement > 0.4
    if np.count_nonzero(seen) < 5:
        return 0.0
    return min(float(np.percentile(clear[seen], 97)), 1.0)


def beside(tiles: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """`tiles` and those next to them: where paint ends it has an edge of its own."""
    return cv2.dilate(tiles.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0


def _everywhere(tiles: NDArray[np.bool_]) -> bool:
    """Whether `tiles` lie all over the picture, as paint does and a lorry's side does not."""
    places = np.argwhere(tiles)
    return bool(np.all(np.ptp(places, axis=0) + 1 >= SPREAD * np.array(tiles.shape)))


class Cover:
    """Owns how clear the picture was in the last seconds, and how long a part of it is covered."""

    def __init__(self) -> None:
        """Nothing seen yet."""
        self._latch = Latch(Timing(6.0, 2.0))
        self._clear: deque[tuple[float, NDArray[np.float32]]] = deque()

    @property
    def raised(self) -> bool:
        """Whether a part is covered."""
        return self._latch.raised

    @property
    def suspected(self) -> bool:
        """Whether it was in the last look."""
        return self._latch.suspected

    def look(self, seen: Tiled, t: float, dt: float, *, held: bool) -> NDArray[np.bool_]:
        """Take a picture at `t` seconds, `dt` after the last; return the tiles that paint hides.

        `held`: the camera is taken for blind already, so that what hides it need not have come now.
        """
        faint = seen.clear < FAINT * seen.clearest
        painted = faint & (self._was_clear(t) | held | self._latch.suspected)
        painted |= beside(painted) & (seen.agreement < 0.4)
        lost = (seen.lost | painted) & seen.structured
        many = max(int(np.count_nonzero(seen.structured)), 1)
        _, regions = cv2.connectedComponents((seen.flat | faint).astype(np.uint8))
        border = np.concatenate((regions[0], regions[-1], regions[:, 0], regions[:, -1]))
        of_region = np.bincount(regions[lost], minlength=int(regions.max()) + 1)
        hanging = np.isin(np.arange(len(of_region)), border[border > 0])
        region = int(np.argmax(of_region * hanging))
        hidden = int(of_region[region] * hanging[region])
        there = self._latch.suspected
        least = many * (STILL_COVERED if there else 1.0)
        hangs = hidden > SHARE * least and (there or self._sudden(lost & (regions == region), t))
        blots = painted & faint & seen.structured
        sprayed = (
            np.count_nonzero(blots) > SHARE * least
            and np.count_nonzero(lost) > SPRAYED * least
            and _everywhere(blots)
        )
        self._latch.feed(bool(hangs or sprayed), dt)
        self._remember(seen.clear, t)
        return painted

    def _sudden(self, where: NDArray[np.bool_], t: float) -> bool:
        """Whether `where` was clear within the last SUDDEN seconds, before anything came."""
        before = self._before(t)
        return before is not None and float(np.mean(before[where])) > CLEAR

    def _was_clear(self, t: float) -> NDArray[np.bool_] | bool:
        """Tiles that were clear within the last SUDDEN seconds before `t`."""
        before = self._before(t)
        return False if before is None else np.asarray(before > CLEAR, dtype=bool)

    def _before(self, t: float) -> NDArray[np.float32] | None:
        """How clear the picture was SUDDEN seconds ago, at least half as many."""
        return next(
            (clear for then, clear in self._clear if SUDDEN / 2 <= t - then <= SUDDEN + _EVERY),
            None,
        )

    def _remember(self, clear: NDArray[np.float32], t: float) -> None:
        while self._clear and not 0 <= t - self._clear[0][0] <= SUDDEN:
            self._clear.popleft()
        if not self._clear or t - self._clear[-1][0] >= _EVERY:
            self._clear.append((t, clear))
