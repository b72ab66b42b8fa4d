"""What a camera's picture is held against: its plate or, until there is one, its own past."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.vision.structure import (
    FLOOR,
    TILES_X,
    TILES_Y,
    Look,
    Picture,
    Reference,
    Tiles,
    reference_of,
    resized,
)

REFRESH: Final = 5.0
"""Seconds after which the reference follows the plate, while nothing is wrong."""


class Remembered:
    """Owns the reference of one stream of one size, and the past that it is made of."""

    def __init__(self) -> None:
        """Nothing is known."""
        self._reference: Reference | None = None
        self._from_plate = False
        self._refreshed = -1e9
        self._history: Picture | None = None
        self._history_age = 0.0
        self._least: Tiles = np.full((TILES_Y, TILES_X), np.inf, np.float32)
        self._pending = self._least

    def follow(
        self,
        luma: NDArray[np.uint8],
        look: Look,
        t: float,
        dt: float,
        plate: NDArray[np.uint8] | Picture | None,
        *,
        wrong: bool,
    ) -> Reference | None:
        """What frame `luma` (h, w), seen as `look` at `t` seconds, is to be held against.

        It follows the plate (or our own past, `dt` seconds later) only while nothing is `wrong`.
        """
        if plate is not None:
            first = not self._from_plate
            if first or (not wrong and not 0 <= t - self._refreshed < REFRESH):
                if plate.shape != luma.shape:
                    plate = resized(plate, (luma.shape[1], luma.shape[0]))
                self._reference, self._from_plate, self._refreshed = reference_of(plate), True, t
                self._history = None  # the plate says it from now on
        elif not self._from_plate:
            self._remember(luma, look, t, dt, wrong=wrong)
        return self._reference

    def _remember(
        self, luma: NDArray[np.uint8], look: Look, t: float, dt: float, *, wrong: bool
    ) -> None:
        if wrong or look.energy.max() < FLOOR:
            self._pending = np.full_like(look.energy, np.inf)
            return
        self._pending = np.minimum(self._pending, look.energy)
        if self._history is None:
            self._history = luma.astype(np.float32)
        else:
            weight = max(min(dt / 10.0, 1.0), dt / max(self._history_age + dt, 1e-3))
            cv2.accumulateWeighted(luma, self._history, weight)
        self._history_age += dt
        if self._history_age > 2.0 and not 0 <= t - self._refreshed < 2.0:
            # What only stood there for a while was no structure: it may drive off. Taken over only
            # after all was well for a while: the first covered frame must not wipe it out.
            self._least = np.minimum(self._least * np.float32(1.01), self._pending)
            self._pending = np.full_like(look.energy, np.inf)
            self._reference, self._refreshed = reference_of(self._history, self._least), t
