"""Packed crowds up to 8 people/m²: who stands shoulder to shoulder, still, drifting or surging."""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from plainview.errors import InputError
from plainview.geometry import Point
from plainview.synth.simulate import RATE, heights
from plainview.synth.trajectories import Trajectories, trajectories

Floats = NDArray[np.float64]
Rect = tuple[float, float, float, float]
"""Least x, least y, greatest x, greatest y, metres."""

JITTER = 0.10
"""How far each person stands off the hexagonal place, in units of the spacing there."""
SWAY = 0.015
"""Metres: amplitude of a standing body's own sway."""


class Surge(NamedTuple):
    """How a packed crowd moves as a whole: a drift, and waves that pass through it."""

    drift: Point = (0.0, 0.0)
    """m/s."""
    speed: float = 0.0
    """Root mean square speed of each component of the waves' motion, m/s."""
    waves: int = 6
    length: float = 5.0
    """Metres: the shortest wavelength; the longest is three times that."""
    period: float = 6.0
    """Seconds: the shortest period; the longest is twice that."""


STILL = Surge()


def places(rect: Rect, density: tuple[float, float], generator: np.random.Generator) -> Floats:
    """(n, 2) metres: rows across x, `density` people/m² at the least y and at the greatest.

    A hexagonal packing of spacing sqrt(2 / (sqrt(3) density)) (the closest at a given density),
    each place moved by JITTER. Raises InputError for densities outside 0.1 to 9 people/m².
    """
    x0, y0, x1, y1 = rect
    if not all(0.1 <= value <= 9 for value in density):
        raise InputError(f"a density of {density} people/m²", mend="Use 0.1 to 9")
    found: list[Point] = []
    y, row = y0, 0
    while True:
        wanted = np.interp(y, (y0, y1), density)
        gap = math.sqrt(2 / (math.sqrt(3) * float(wanted)))
        y += gap * math.sqrt(3) / 4
        if y >= y1:
            break
        start = x0 + gap * (0.25 + 0.5 * (row % 2))
        moved = generator.normal(0.0, JITTER * gap, (math.ceil((x1 - x0) / gap), 2))
        line = np.arange(start, x1, gap)
        found += [(float(x + a), float(y + b)) for x, (a, b) in zip(line, moved, strict=False)]
        y, row = y + gap * math.sqrt(3) / 4, row + 1
    return np.array(found).reshape(-1, 2)


def packed(
    rect: Rect,
    density: tuple[float, float],
    seconds: float,
    seed: int,
    *,
    surge: Surge = STILL,
) -> Trajectories:
    """People packed over `rect`, who sway, drift and surge together for `seconds`.

    Waves are plane and random; each person moves as the wave does at its own place, so that
    neighbours move alike and keep their distance. Raises InputError as `places`.
    """
    generator = np.random.default_rng(seed)
    home = places(rect, density, generator)
    t = np.arange(math.ceil(seconds * RATE) + 1) / RATE
    phase = generator.uniform(0, 2 * np.pi, (2, len(home), 1))
    rate = generator.uniform(0.7, 1.6, (2, len(home), 1))
    moved = SWAY * np.sin(rate * t + phase)
    if surge.speed > 0:
        pushed = waves(surge, generator)(np.repeat(home, len(t), axis=0), np.tile(t, len(home)))
        moved = moved + pushed.T.reshape(moved.shape)
    x = home[:, :1] + moved[0] + surge.drift[0] * t
    y = home[:, 1:] + moved[1] + surge.drift[1] * t
    return trajectories(
        rate=RATE,
        person=np.repeat(np.arange(len(home)), len(t)),
        frame=np.tile(np.arange(len(t)), len(home)),
        x=x.ravel(),
        y=y.ravel(),
        height=heights(len(home), generator),
    )


def waves(surge: Surge, generator: np.random.Generator) -> Callable[[Floats, Floats], Floats]:
    """Random plane waves of `surge`: from places (m, 2) and times (m,) to shifts (m, 2), metres."""
    n = surge.waves
    way = generator.uniform(0, 2 * np.pi, n)
    number = 2 * np.pi / (surge.length * generator.uniform(1, 3, n))
    omega = 2 * np.pi / (surge.period * generator.uniform(1, 2, n))
    ahead = number * np.stack((np.cos(way), np.sin(way)))
    swing, start = generator.uniform(0, 2 * np.pi, (2, n))
    # A sine of amplitude a and angular frequency w moves at a w / sqrt(2) root mean square, and a
    # wave's direction shares that among two components.
    size = surge.speed * 2 / math.sqrt(n) / omega
    turned = size * np.stack((np.cos(swing), np.sin(swing)))

    def shift(place: Floats, t: Floats) -> Floats:
        return np.asarray(np.sin(place @ ahead - t[:, None] * omega + start) @ turned.T)

    return shift
