"""A cover over a part of the picture: flat, sudden, and hanging into it from its border.

What is so near to the lens is out of focus and has no edges of its own; what drives in and stays
has wheels and windows. Fog and dusk take their time.
"""

from collections import deque
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.vision.latch import Latch, Timing

SHARE: Final = 0.25
"""Share of the tiles that can be lost from which on a part is covered."""
STILL_COVERED: Final = 0.7
"""Part of SHARE down to which it remains so."""
SUDDEN: Final = 4.0
"""Seconds within which a cover comes."""
CLEAR: Final = 0.6
"""Energy, beside the reference's, that what is covered had until then."""
_EVERY: Final = 1.0
"""Seconds between two pictures that are remembered."""


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

    def look(
        self,
        lost: NDArray[np.bool_],
        flat: NDArray[np.bool_],
        clear: NDArray[np.float32],
        many: int,
        t: float,
        dt: float,
    ) -> None:
        """Take a picture at `t` seconds, `dt` after the last, by tiles (rows, columns).

        `lost`: whose structure is gone, of `many` that have some; `flat`: in which there is none
        now; `clear`: energy beside the reference's.
        """
        _, regions = cv2.connectedComponents(flat.astype(np.uint8))
        border = np.concatenate((regions[0], regions[-1], regions[:, 0], regions[:, -1]))
        of_region = np.bincount(regions[lost], minlength=int(regions.max()) + 1)
        hanging = np.isin(np.arange(len(of_region)), border[border > 0])
        region = int(np.argmax(of_region * hanging))
        share = float(of_region[region] * hanging[region]) / max(many, 1)
        there = self._latch.suspected
        least = SHARE * (STILL_COVERED if there else 1.0)
        covered = share > least and (there or self._sudden(lost & (regions == region), t))
        self._latch.feed(covered, dt)
        self._remember(clear, t)

    def _sudden(self, where: NDArray[np.bool_], t: float) -> bool:
        """Whether `where` was clear within the last SUDDEN seconds, before anything came."""
        before = [clear for then, clear in self._clear if SUDDEN / 2 <= t - then <= SUDDEN + _EVERY]
        return bool(before) and float(np.mean(before[0][where])) > CLEAR

    def _remember(self, clear: NDArray[np.float32], t: float) -> None:
        while self._clear and not 0 <= t - self._clear[0][0] <= SUDDEN:
            self._clear.popleft()
        if not self._clear or t - self._clear[-1][0] >= _EVERY:
            self._clear.append((t, clear))
