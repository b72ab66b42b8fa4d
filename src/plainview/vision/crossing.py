"""People who cross a line, from flux: density times velocity through it, never from tracks.

For a smooth kernel K of unit integral across the line, the flux of bodies with weight w and normal
velocity v_n is the sum of w * v_n * K(distance), and its integral over the time of one passage is
exactly w (Edie's generalised flow, as used by Steffen & Seyfried, Physica A 389, 2010, over a
measuring strip). Someone who dithers on the line adds as much forward as backward; velocity within
its noise adds nothing.
"""

from collections.abc import Sequence

import numpy as np

from plainview.geometry import Line
from plainview.vision.optics import Floats

STRIP = 0.8
"""Half-width of the measuring strip, metres."""
STILL = 0.12
"""Normal speed, m/s, within which a body counts as standing on the line."""


class Crossings:
    """Owns the flux through each line since the last reading."""

    def __init__(self, lines: Sequence[Line]) -> None:
        """Count across `lines`."""
        self._lines = [
            (
                np.array(line.start),
                np.array(line.end) - np.array(line.start),
                np.array(line.normal()),
            )
            for line in lines
        ]
        self._flux = np.zeros((len(lines), 2))

    def add(self, places: Floats, velocities: Floats, weights: Floats, dt: float) -> None:
        """Let bodies (n) move for `dt` seconds."""
        if len(weights) == 0:
            return
        for k, (start, along, normal) in enumerate(self._lines):
            offset = places - start
            distance = offset @ normal
            length = float(np.hypot(*along))
            position = offset @ along / length
            near = np.abs(distance) < STRIP
            near &= (position > -0.2) & (position < length + 0.2)
            if not np.any(near):
                continue
            kernel = (1 + np.cos(np.pi * distance[near] / STRIP)) / (2 * STRIP)
            speed = velocities[near] @ normal
            speed = np.where(np.abs(speed) < STILL, 0.0, speed)
            flux = weights[near] * speed * kernel * dt
            self._flux[k] += flux[flux > 0].sum(), -flux[flux < 0].sum()

    def take(self, step: float) -> tuple[tuple[int, int], ...]:
        """(forward, backward) by line in units of `step` people; the remainder is carried on."""
        whole = np.floor(self._flux / step + 1e-9)
        self._flux -= whole * step
        return tuple((int(f), int(b)) for f, b in whole)
