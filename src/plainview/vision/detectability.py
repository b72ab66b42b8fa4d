"""How surely somebody who is there is found, by contrast and by how much of them shows.

Clothes as bright as the ground behind them, and people in front, leave little of a body that speaks
for it, and with it falls the chance that it is found. Each body that is found then stands for more
than itself, by one over its chance (Horvitz & Thompson, JASA 47, 1952; with what is measured on who
was found in the chance: Borchers et al., Biometrics 54, 1998). How well people stand out here is
taken from those who show whole, each standing for those like it who were not found: their median,
and a spread that people have anywhere. In a crowd more are lost than these two tell: people side by
side are taken for one, and who is not found hides others, too.
"""

from collections import deque

import numpy as np

from plainview.geometry import BODY_HEIGHT
from plainview.vision.bodies import Bodies
from plainview.vision.optics import Floats, Optics, flat_samples
from plainview.vision.plate import Image

EVIDENCE = np.array([-0.3, 0.0, 0.2, 0.4, 0.6])
CHANCE = np.array([0.2, 0.5, 0.75, 0.9, 1.0])
"""Chance that somebody is found whose whole silhouette has that mean evidence, what is hidden of it
counted as none: docs/design/0009-measurement.md."""
SPREAD = 0.27
"""Standard deviation of people's mean evidence within one scene."""
USUAL, PRIOR = 0.85, 8
"""Median evidence of people who are all found, which is assumed before any is seen, and for how
many bodies that stands."""
REACH = 2.5
"""Metres around somebody within which others are counted."""
LOOSE = 0.25
"""people/m² of others up to which as many are found twice as are lost in company."""
STRIP = 0.67
"""Metres: width of the strip from somebody towards the camera, as long as a body hides ground, in
which another hides him, or is taken for one with him."""
FAR = 10.0
"""Metres: the most that a body hides of the ground behind it."""
MEMORY = 400
"""Bodies whose evidence is remembered."""
LEAST = 0.3
"""Visible part below which others are hidden.py's to estimate: the chance falls no further."""
MOST = 2.0
"""People that one who is found stands for, at most."""
_VISIBLE = np.linspace(LEAST, 1.0, 8)
_Z = np.linspace(-2.5, 2.5, 41)
_DENSITY = np.exp(-0.5 * _Z**2) / np.exp(-0.5 * _Z**2).sum()


def _found(visible: Floats, median: float) -> Floats:
    people = np.clip(median + SPREAD * _Z, -1.0, 1.0)
    return np.asarray(np.interp(visible[:, None] * people, EVIDENCE, CHANCE) @ _DENSITY)


def chance(visible: Floats, median: float) -> Floats:
    """(n,) chance to find somebody whose part `visible` (n,) shows, where people show `median`.

    `median` is that of their mean evidence, -1 to 1, where nothing hides them. The chance is one
    where they stand out as USUAL: what hiding loses there is hidden.py's, and `crowding`'s.
    """
    found = _found(visible, median) / _found(visible, USUAL)
    return np.asarray(np.clip(found, 1 / MOST, 1.0))


def middle(seen: Floats) -> float:
    """The median evidence of people of whom those with `seen` (n,) were found.

    Each of them stands for as many as would have to be there for one like it to be found.
    """
    ordered = np.sort(seen)
    stand_for = np.cumsum(1 / np.interp(ordered, EVIDENCE, CHANCE))
    return float(ordered[np.searchsorted(stand_for, 0.5 * stand_for[-1])])


def crowding(places: Floats, weights: Floats, centre: Floats) -> Floats:
    """(n,) people for each of those found at `places` (n, 2), for the crowd that they stand in.

    Where people stand upright and at random, those in the strip before somebody are as many as the
    density times its area (Boolean model: Chiu et al., Stochastic Geometry and its Applications,
    2013, chapter 3); to first order as many are lost. `weights` (n,); `centre` (3,) is the camera.
    """
    gap = np.hypot(*(places[:, None] - places[None]).transpose(2, 0, 1))
    others = ((gap < REACH) @ weights - weights) / (np.pi * REACH**2)
    away = np.hypot(*(places - centre[:2]).T)
    hides = np.minimum(BODY_HEIGHT * away / max(float(centre[2]), 0.5), FAR)
    return np.asarray(np.clip(1 + STRIP * hides * (others - LOOSE), 1.0, MOST))


def shown(optics: Optics, places: Floats, evidence: Image) -> Floats:
    """(n,) mean `evidence` (h, w) over the bodies at `places` (n, 2)."""
    flat, _ = flat_samples(optics.projection, optics.centre, optics.size, places)
    # One more stands for what lies outside the picture, and speaks neither way.
    padded = np.append(evidence.ravel(), np.float32(0))
    return np.asarray(padded[flat].mean(axis=1, dtype=np.float64))


class Detectability:
    """Owns how well the people stood out who were found whole."""

    def __init__(self, optics: Optics) -> None:
        """Learn from bodies seen through `optics`; all are taken to stand out until then."""
        self._optics = optics
        self._seen: deque[float] = deque(maxlen=MEMORY)
        self._chances = chance(_VISIBLE, USUAL)

    def learn(self, bodies: Bodies, evidence: Image) -> None:
        """Take note of those of `bodies` that show whole in a frame's `evidence` (h, w)."""
        whole = (bodies.weights > 0.9) & (bodies.visible > 0.8)
        if not whole.any():
            return
        seen = shown(self._optics, bodies.places[whole], evidence)
        self._seen.extend(seen.tolist())
        n = len(self._seen)
        median = (n * middle(np.array(self._seen)) + PRIOR * USUAL) / (n + PRIOR)
        self._chances = chance(_VISIBLE, median)

    def chances(self, visible: Floats) -> Floats:
        """(n,) chance with which somebody is found of whom the part `visible` (n,) shows."""
        return np.asarray(np.interp(visible, _VISIBLE, self._chances), dtype=np.float64)

    def stand_for(self, bodies: Bodies, weights: Floats, first: int) -> Floats:
        """(n,) people that each of `bodies` with `weights` (n,) stands for.

        The `first` ones stand before the plate; of the others contrast says nothing.
        """
        people = crowding(bodies.places, weights, self._optics.centre)
        people[:first] /= self.chances(bodies.visible[:first])
        return np.minimum(people, MOST)
