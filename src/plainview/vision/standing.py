"""People who stand in the plate: upright bodies over what sways there, where the network agrees.

They differ from the plate too little to be found before it. What sways (sway.py) is explained by
bodies as what differs is (bodies.py). Leaves and their shadows sway too; so a body counts only
where the network, which reads the picture without the plate (dense.py), finds people as well.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.vision.bodies import APART, NONE, Bodies, BodyModel, update
from plainview.vision.optics import SAMPLE_Z, SAMPLES, Floats, Optics, silhouettes
from plainview.vision.plate import Image, Luma, Plate
from plainview.vision.sway import Sway

LOOK_EVERY, RARELY = 2.0, 4.0
"""Seconds between two looks while something sways, and where nothing does."""
MEAN = 2.0
"""Seconds before a look over which pictures are averaged: a mean has less noise."""
MOST = 250
"""Pictures of it, at most: their sum must fit into 16 bits."""
STILL, ALIVE = 0.12, 0.35
"""Sway (`Sway.swaying`) that speaks for nobody, and from which on it speaks fully for a body."""
AGAINST, FOR = -0.25, 1.3
"""The least and the most evidence: feet stand still, and much of a body is too plain to show."""
SETTLE = 3
"""Looks that the frames of a plate stand for, once what sways in it is known."""
CLEAR, QUIET = 0.6, 0.25
"""Sway within a body's trunk at least, and beside and above it at most, in units of ALIVE, for it
to be a person's whoever else reads people there: what sways is as large as one, and no larger."""
TRUNK = 0.45
"""Part of a body's height above which it is compared with what is beside it."""
BESIDE = 7.0
"""Working pixels beside a body, for the window of `sway` to see none of it."""
_ACROSS = SAMPLES // len(np.unique(SAMPLE_Z))
"""Samples of a body's silhouette side by side."""


class Standing:
    """Owns what sways in one view's plate, and the bodies that explain it."""

    def __init__(self, optics: Optics, plate: Plate, frames: Sequence[Luma] = ()) -> None:
        """Look for people in `plate`, which was learned from `frames` (h, w)."""
        self._optics = optics
        self._plate = plate
        self._sway = Sway(optics.size)
        self._seen: NDArray[np.uint16] | None = None
        self._count = 0
        self._since = 0.0
        self.alive = np.ones((1, 1), dtype=np.uint8)
        """(h/2, w/2) 0 where nothing has swayed for long: nobody stands in the plate there."""
        self.bodies = NONE
        """The mixture of those in the plate, whether or not the network finds them."""
        self._sway.learn(frames, plate)
        self._told = 0
        for _ in range(SETTLE if frames else 0):
            self._explain(NONE, None)

    def frame(
        self, luma: Luma, background: Luma, found: Bodies, cast: Floats | None, dt: float
    ) -> None:
        """Look at a trusted frame `luma` (h, w), `dt` seconds after the last.

        `background` (h, w) is the plate in its light; `found` stand before the plate; `cast` (2,)
        is each body's shadow, which sways with it.
        """
        self._since += dt
        wait = LOOK_EVERY if len(self.bodies.weights) else RARELY
        if self._since <= wait - MEAN:
            return
        if self._seen is None:
            self._seen = np.zeros(luma.shape, dtype=np.uint16)
        if self._count < MOST:
            self._seen += luma
            self._count += 1
        if self._since < wait - 0.01:
            return
        if self._since < wait + MEAN:
            mean = self._seen.astype(np.float32)
            mean /= np.float32(self._count)
            self._sway.look(mean, background.astype(np.float32), self._plate)
            self._explain(found, cast)
        self._seen, self._count, self._since = None, 0, 0.0

    def _explain(self, found: Bodies, cast: Floats | None) -> None:
        """Explain what sways by bodies, those before the plate first."""
        sway, known = self._sway.swaying()
        self.alive = np.asarray((sway > STILL) | ~known, dtype=np.uint8)
        evidence = FOR * np.clip((sway - STILL) / (ALIVE - STILL), 0, 1)
        evidence[sway < STILL] = AGAINST
        evidence[~known] = 0
        if not (evidence > 0.5).any():
            self.bodies = NONE
            return
        # Made for one look: kept until the next it would be a twentieth of a lens's memory.
        model = BodyModel(self._optics)
        whole = cv2.resize(evidence, self._optics.size, interpolation=cv2.INTER_LINEAR)
        model.begin(np.asarray(whole, dtype=np.float32), cast)
        for place in found.places[found.weights > 0.5]:
            model.explain(place)
        after = update(model, self.bodies, LOOK_EVERY)
        self.bodies = after._replace(velocities=np.zeros_like(after.velocities))

    def alone(self) -> NDArray[np.bool_]:
        """(n,) which of `bodies` sway clearly while nothing around them does."""
        if len(self.bodies.weights) == 0:
            return np.zeros(0, dtype=np.bool_)
        optics = self._optics
        pixels = silhouettes(optics.projection, optics.centre, self.bodies.places)
        rows = pixels.reshape(len(pixels), -1, _ACROSS, 2)
        rows = rows[:, np.unique(SAMPLE_Z) > TRUNK]
        middle, side = rows[:, :, _ACROSS // 2], rows[:, :, -1] - rows[:, :, _ACROSS // 2]
        wide = np.maximum(np.hypot(*np.moveaxis(side, -1, 0)), 1e-6)[..., None]
        off = side / wide * (wide + BESIDE)
        over = rows[:, -1] + 2 * (middle[:, -1] - middle[:, -2])[:, None]
        around = np.concatenate((middle + off, middle - off, over), axis=1)
        sway, known = self._sway.swaying()
        level = np.minimum(sway / np.float32(ALIVE), 1.0) * known
        within = _mean_at(level, rows[:, :, 1:-1].reshape(len(rows), -1, 2))
        return np.asarray((within > CLEAR) & (_mean_at(level, around) < QUIET))

    def new(self) -> bool:
        """Whether more stand in the plate than when this was asked last."""
        there = int((self.bodies.weights > 0.5).sum())
        more, self._told = there > self._told, there
        return more

    def beside(self, found: Bodies, agreed: NDArray[np.bool_]) -> Bodies:
        """Those of `bodies` that are `agreed` (n,) on, or alone, and are not among `found`."""
        keep = agreed | self.alone()
        if len(found.weights) and len(keep):
            gap = np.hypot(*(self.bodies.places[:, None] - found.places).transpose(2, 0, 1))
            keep &= ((gap < APART) * found.weights).max(axis=1) < 0.5
        return Bodies(*(part[keep] for part in self.bodies))


def _mean_at(half: Image, pixels: Floats) -> Floats:
    """(n,) mean of `half` (h/2, w/2) at working `pixels` (n, m, 2)."""
    x, y = np.moveaxis(np.floor(pixels / 2).astype(np.intp), -1, 0)
    rows, columns = half.shape
    values = half[np.clip(y, 0, rows - 1), np.clip(x, 0, columns - 1)]
    return np.asarray(values.mean(axis=1), dtype=np.float64)
