"""Who is seen so dimly that the measurement finds nobody: in fog all of somebody is as a shadow is.

A body asks for evidence that a shadow does not give (foreground.SHADOW), and in fog hardly any
pixel of a coat does. What differs is still as tall and as slim as somebody who stands or walks.
Whether it is one says who was near a thing and went, which is all that it is asked for.
"""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.geometry import BODY_HEIGHT, to_plane
from plainview.vision.bodies import NONE, Bodies
from plainview.vision.events.feet import Standing
from plainview.vision.events.parts import parts
from plainview.vision.events.seen import Seen
from plainview.vision.events.stillness import DIFFERS
from plainview.vision.optics import Floats, Optics

BRIDGE: Final = (0.6, 0.2)
"""Metres up and across between parts of one figure: trousers can be as the ground behind them."""
HEIGHT: Final = (0.65, 1.3)
"""Height over that of somebody who stands there: luggage has half, his shadow adds to it."""
WIDE: Final = 1.0
"""Width over his height, at most."""
FILLED: Final = 0.1
"""Area over the square of his height, at least: of a whole outline it is 0.18."""
DEPTH: Final = 0.17
"""Metres of ground in one row of pixels at his feet, at most: they are known to three of them."""
FOUND: Final = 0.2
"""Part of it that bodies hold already, from which it is they who are seen."""
WEIGHT: Final = 0.5
"""Of one such figure, as a body's."""
MOST: Final = 6
"""Figures in one look: more are rain, leaves or the light."""
FAST: Final = 3.0
"""m/s above which nobody walks; who was not seen a look before is not known to stay: he has it.
"""


class Dim:
    """Owns where such figures were at the last look."""

    def __init__(self, optics: Optics) -> None:
        """Nobody was."""
        self._optics = optics
        self._was: tuple[float, Floats] = (-np.inf, np.zeros((0, 2)))
        scale = float(np.median(optics.tall)) / BODY_HEIGHT if len(optics.tall) else 20.0
        self._bridge = np.ones([max(round(one * scale), 1) | 1 for one in BRIDGE], np.uint8)
        self._least = int(HEIGHT[0] * float(np.min(optics.tall)) if len(optics.tall) else 8)

    def bodies(self, seen: Seen) -> Bodies:
        """Those of `seen`, and such figures as more of them."""
        places = self._places(seen)
        then, was = self._was
        self._was = seen.t, places
        if len(places) == 0:
            return seen.bodies
        velocities = np.tile((FAST, 0.0), (len(places), 1))
        gap = seen.t - then
        if len(was) and 0 < gap < 1:
            apart = np.hypot(*(places[:, None] - was).transpose(2, 0, 1))
            near = apart.argmin(axis=1)
            moved = (places - was[near]) / gap
            known = apart.min(axis=1) < FAST * gap
            velocities[known] = moved[known]
        ones = np.full(len(places), WEIGHT)
        more = NONE._replace(
            places=places, velocities=velocities, weights=ones, visible=np.ones(len(places))
        )
        return Bodies(*(np.concatenate(pair) for pair in zip(seen.bodies, more, strict=True)))

    def _places(self, seen: Seen) -> Floats:
        """(n, 2) ground metres of the figures that are no bodies."""
        differs = np.asarray(seen.evidence > DIFFERS, dtype=np.uint8)
        joined = cv2.morphologyEx(differs, cv2.MORPH_CLOSE, self._bridge)
        labels, stats = parts(joined)
        large = np.nonzero(stats[1:, cv2.CC_STAT_HEIGHT] >= self._least)[0] + 1
        if len(large) == 0:
            return np.zeros((0, 2))
        feet = np.array([_foot(labels, stats[k], int(k)) for k in large])
        places = to_plane(self._optics.projection, feet)
        above = to_plane(self._optics.projection, feet - np.array([0.0, 1.0]))
        # Far away a foot that is a pixel off seems to have walked, or to stand elsewhere.
        fine = np.hypot(*(above - places).T) < DEPTH
        large, places = large[fine], places[fine]
        tall = self._tall(places)
        _, _, w, h, _ = stats[large].T.astype(np.float64)
        slim = (HEIGHT[0] * tall < h) & (h < HEIGHT[1] * tall) & (w < WIDE * tall)
        found = [
            place
            for k, place, height in zip(large[slim], places[slim], tall[slim], strict=True)
            if self._nobody(seen, differs, labels, stats[k], int(k), float(height))
        ]
        if not 0 < len(found) <= MOST:
            return np.zeros((0, 2))
        return np.array(found)

    def _tall(self, places: Floats) -> Floats:
        """(n,) pixels of somebody who stands at `places` (n, 2)."""
        standing = Standing(self._optics.projection, places)
        return np.asarray(np.abs(standing.foot - standing.head)[:, 1], dtype=np.float64)

    @staticmethod
    def _nobody(
        seen: Seen,
        differs: NDArray[np.uint8],
        labels: NDArray[np.int32],
        row: NDArray[np.int32],
        k: int,
        tall: float,
    ) -> bool:
        """Whether enough of part `k`, `row` of its outlines, differs, and no body is there."""
        x, y, w, h, _ = (int(v) for v in row)
        part = np.s_[y : y + h, x : x + w]
        inside = (labels[part] == k) & (differs[part] > 0)
        count = np.count_nonzero(inside)
        held = np.count_nonzero(inside & (seen.mask[part] != 0))
        return bool(count >= FILLED * tall**2 and held < FOUND * count)


def _foot(labels: NDArray[np.int32], row: NDArray[np.int32], k: int) -> tuple[float, float]:
    """(x, y) pixels of the middle of the lowest two rows of part `k`, `row` of its outlines."""
    x, y, w, h, _ = (int(v) for v in row)
    columns = np.nonzero(labels[max(y + h - 2, 0) : y + h, x : x + w] == k)[1]
    return x + float(columns.mean()), float(y + h - 1)
