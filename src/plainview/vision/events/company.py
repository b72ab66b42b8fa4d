"""Who was near a place a little while ago: places of bodies over some seconds, and no identity.

Who walked away from a place is known by a balance, without following anybody: what moves outwards
through a ring around it, less what moves inwards. Who passes by does both, who comes and stays
only the one.
"""

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
RING: Final = (0.9, 3.5)
"""Metres from a place of one who walks away from it: nearer may be what stands there itself."""
ASIDE: Final = (0.7, 0.4)
"""Metres from a place, and metres for each metre that somebody is from it, by which the way of one
who walks away from it may miss it: what stands there has a size, and directions have errors."""
WALKS: Final = (0.4, 3.0)
"""m/s of one who walks: the place of one who stands drifts, and what is faster drives."""


class Company:
    """Owns the places of bodies in the last `SPAN` seconds: bounded, and told apart by nothing."""

    def __init__(self) -> None:
        """Nobody was there."""
        self._moments: deque[tuple[float, Floats, Floats]] = deque(maxlen=round(SPAN / EVERY) + 1)

    def note(self, t: float, bodies: Bodies) -> None:
        """Remember where `bodies` are at `t` seconds, unless the last moment was just before."""
        if self._moments and 0 <= t - self._moments[-1][0] < EVERY - 0.05:
            return
        there = bodies.weights > LEAST
        self._moments.append((t, bodies.places[there], bodies.velocities[there]))

    def nearest(self, place: Floats, start: float, end: float) -> float:
        """Least distance in metres of anybody from `place` (2,) in [`start`, `end`] seconds.

        Infinite where nobody was there, or it is too long ago.
        """
        gaps = [
            float(np.hypot(*(places - place).T).min())
            for t, places, _ in self._moments
            if start <= t <= end and len(places)
        ]
        return min(gaps, default=float("inf"))

    def gone(self, place: Floats, start: float, end: float) -> float:
        """How many people, net, walked away from `place` (2,) after `start`, until `end` seconds.

        About 1 for one who left and 0 for one who passed by; below 0 for one who came.
        """
        total, before = 0.0, start
        for t, places, velocities in self._moments:
            if start < t <= end:
                total += min(t - before, 2 * EVERY) * _outwards(place, places, velocities)
                before = t
        return total / (RING[1] - RING[0])


def _outwards(place: Floats, places: Floats, velocities: Floats) -> float:
    """Sum of the outward speeds, m/s, of those in the ring whose way leads from `place`, or to it.

    `places`, `velocities`: (n, 2) metres and m/s.
    """
    apart = places - place
    far = np.hypot(*apart.T)
    speed = np.hypot(*velocities.T)
    across = np.abs(apart[:, 0] * velocities[:, 1] - apart[:, 1] * velocities[:, 0])
    from_it = across <= (ASIDE[0] + ASIDE[1] * far) * speed
    walks = (speed > WALKS[0]) & (speed < WALKS[1])
    counts = (far > RING[0]) & (far < RING[1]) & walks & from_it
    return float(((apart * velocities).sum(axis=1) / np.maximum(far, 1e-6))[counts].sum())
