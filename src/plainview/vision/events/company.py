"""Who was near a place a little while ago: places of bodies over some seconds, and no identity."""

from collections import deque
from typing import Final

import numpy as np

from plainview.vision.bodies import Bodies
from plainview.vision.optics import Floats

SPAN: Final = 24.0
"""Seconds that are remembered."""
EVERY: Final = 0.4
"""Seconds between two moments that are remembered."""
LEAST: Final = 0.35
"""Weight of a body that counts as somebody."""


class Company:
    """Owns the places of bodies in the last `SPAN` seconds: bounded, and told apart by nothing."""

    def __init__(self) -> None:
        """Nobody was there."""
        self._moments: deque[tuple[float, Floats]] = deque(maxlen=round(SPAN / EVERY) + 1)

    def note(self, t: float, bodies: Bodies) -> None:
        """Remember where `bodies` are at `t` seconds, unless the last moment was just before."""
        if self._moments and 0 <= t - self._moments[-1][0] < EVERY - 0.05:
            return
        there = bodies.weights > LEAST
        self._moments.append((t, bodies.places[there]))

    def nearest(self, place: Floats, start: float, end: float) -> float:
        """Least distance in metres of anybody from `place` (2,) in [`start`, `end`] seconds.

        Infinite where nobody was there, or it is too long ago.
        """
        gaps = [
            float(np.hypot(*(places - place).T).min())
            for t, places in self._moments
            if start <= t <= end and len(places)
        ]
        return min(gaps, default=float("inf"))

    def beside(self, place: Floats, span: tuple[float, float], start: float, end: float) -> bool:
        """Whether anybody was between the two distances `span` (metres) from `place` then."""
        return any(
            bool(np.any((gap > span[0]) & (gap < span[1])))
            for t, places in self._moments
            if start <= t <= end
            for gap in [np.hypot(*(places - place).T)]
        )
