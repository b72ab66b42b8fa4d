"""Whether people cast shadows here, in which direction and how dark, learned from the people.

Around the feet of certain bodies the ground is looked at in sixteen directions. Where the sun (or
one strong lamp) shines, one direction is darker than the plate again and again and by the same
factor; under clouds none is. Without cast shadows a dark body is not mistaken for one.
"""

from typing import NamedTuple

import numpy as np

from plainview.geometry import project
from plainview.vision.bodies import Bodies
from plainview.vision.optics import Floats, Optics
from plainview.vision.plate import Image, Luma

DIRECTIONS = 16
_RADII = np.array([0.7, 0.95, 1.2, 1.7, 2.3, 3.0, 4.0, 5.5])
_NEAR = 3
"""The innermost radii, whose shares tell the direction; all of them tell the length."""
_ANGLES = np.arange(DIRECTIONS) * (2 * np.pi / DIRECTIONS)
_RING = np.stack((np.cos(_ANGLES), np.sin(_ANGLES)), axis=-1)[:, None, :] * _RADII[:, None]
ENOUGH = 60.0
"""Ground samples per direction before anything is concluded."""
_MEMORY = 600.0
"""Samples per direction that are remembered."""
BAND = 0.13
"""A shadow's factor varies by this much over the ground, as sky and walls light it."""
FIRST = 0.4
"""The same bound while nothing is known."""
SOFT = 0.72
"""Factor above which darkening is a soft shadow that any light makes near the feet."""

TALL = 1.75
"""Metres of a body, whose shadow's length is learned."""
KEPT = 1.2
"""How much more than elsewhere must be dark where shadows were told to fall, to hold on to it."""
SEEN, USUAL = 0.05, 1.2
"""Part of the ground near the feet that must be dark for the length of shadows to be taken from
it, and their length before that, metres."""


def towards(k: int) -> Floats:
    """(2,) metre in direction `k` on the ground."""
    return np.array([np.cos(_ANGLES[k]), np.sin(_ANGLES[k])])


class Sun(NamedTuple):
    """How shadows fall."""

    way: int
    """Which of the DIRECTIONS."""
    factor: float
    """What is left of the ground's luma."""


class Cast(NamedTuple):
    """Shadows so dark that they are of one piece with what throws them."""

    slope: Floats
    """(2,) metres along the ground for each metre of height."""
    darkest: float
    """Least factor of the ground's luma in it."""


class ShadowModel:
    """Owns what was seen of the ground around people's feet."""

    def __init__(self, optics: Optics) -> None:
        """Learn from bodies seen through `optics`; nothing is known yet."""
        self._optics = optics
        self._dark = np.zeros((DIRECTIONS, len(_RADII)))
        self._looks = np.zeros((DIRECTIONS, len(_RADII)))
        self._factor = np.zeros(DIRECTIONS)
        self._cast: Floats | None = None
        self._darkest = FIRST
        self._told: Sun | None = None

    def tell(self, sun: Sun) -> None:
        """Shadows were found to fall as under `sun`: so they do until the ground says no."""
        self._told = sun
        self._conclude()

    def cast(self) -> Floats | None:
        """(2,) metres from a body's feet to the end of its shadow; None where none is cast."""
        return self._cast

    def dark(self) -> Cast | None:
        """How dark shadows are thrown; None where none are, or only soft ones."""
        if self._cast is None or self._darkest >= SOFT - BAND:
            return None
        return Cast(self._cast / TALL, self._darkest)

    def darkest(self) -> float:
        """Least factor of the plate's luma that may be shadow."""
        return self._darkest

    def _conclude(self) -> None:
        """Say anew what follows from all that was seen."""
        k = self._sun()
        self._cast = None if k is None else self._end(k)
        if k is not None:
            if self._told is not None and k == self._told.way:
                factor = self._told.factor
            else:
                factor = float(self._factor[k] / max(float(self._dark[k, :_NEAR].sum()), 1e-9))
            self._darkest = min(max(factor - BAND, 0.15), SOFT)
        else:
            self._darkest = FIRST if self._looks[:, :_NEAR].sum() < ENOUGH else SOFT

    def _sun(self) -> int | None:
        """Index of the direction in which shadows fall; None where they fall in none."""
        looks = self._looks[:, :_NEAR].sum(axis=1)
        if looks.min() < ENOUGH:
            return None if self._told is None else self._told.way
        share = self._dark[:, :_NEAR].sum(axis=1) / looks
        wide = (share + np.roll(share, 1) + np.roll(share, -1)) / 3
        k = int(np.argmax(wide))
        usual = float(np.quantile(wide, 0.25))
        told = None if self._told is None else self._told.way
        if told is not None and wide[told] <= KEPT * usual:
            told, self._told = None, None
        beside = usual if told is None else max(usual, float(wide[told]))
        return k if wide[k] > max(usual + 0.1, 1.6 * beside) else told

    def _end(self, k: int) -> Floats:
        """(2,) metres from a body's feet to the end of its shadow, in about the direction `k`."""
        near = [(k - 1) % DIRECTIONS, k, (k + 1) % DIRECTIONS]
        dark, looks = self._dark[near], np.maximum(self._looks[near], 1)
        share = (dark / looks).max(axis=0)
        if share[:_NEAR].max() < SEEN:
            return towards(k) * USUAL
        # The direction to a third of a step, from the shares beside the best one.
        weight = (dark[:, :_NEAR].sum(axis=1) / looks[:, :_NEAR].sum(axis=1)) ** 2
        angle = _ANGLES[k] + (weight[2] - weight[0]) / weight.sum() * (2 * np.pi / DIRECTIONS)
        long = share >= 0.35 * share[:_NEAR].max()
        reach = _RADII[len(_RADII) - 1 if long.all() else max(int(np.argmin(long)) - 1, 0)]
        return np.array([np.cos(angle) * reach, np.sin(angle) * reach], dtype=np.float64)

    def learn(
        self, bodies: Bodies, smooth: Image, luma: Luma, background: Luma, closed: Luma
    ) -> None:
        """Look around the feet of `bodies`.

        `smooth` (h, w) is the signed difference in standard deviations, `background` the relit
        plate, `closed` non-zero where bodies stand.
        """
        certain = (bodies.weights > 0.9) & (bodies.visible > 0.7)
        places = bodies.places[certain]
        if len(places) == 0:
            return
        ground = (places[:, None, None, :] + _RING).reshape(-1, 2)
        pixels, depth = project(
            self._optics.projection, np.column_stack((ground, np.zeros(len(ground))))
        )
        columns, rows = np.rint(pixels).astype(np.intp).T
        height, width = luma.shape
        good = (depth > 0) & (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
        columns, rows = np.where(good, columns, 0), np.where(good, rows, 0)
        good &= closed[rows, columns] == 0
        dark = good & (smooth[rows, columns] < -4.0)
        factor = luma[rows, columns] / np.maximum(background[rows, columns], 1.0)
        dark &= (factor > 0.15) & (factor < 0.9)
        shape = (len(places), DIRECTIONS, len(_RADII))
        self._looks += good.reshape(shape).sum(axis=0)
        self._dark += dark.reshape(shape).sum(axis=0)
        self._factor += np.where(dark, factor, 0.0).reshape(shape)[..., :_NEAR].sum(axis=(0, 2))
        if self._looks.max() > _MEMORY:
            self._looks *= 0.5
            self._dark *= 0.5
            self._factor *= 0.5
        self._conclude()
