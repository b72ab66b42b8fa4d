"""Which way shadows fall, voted for by all who stand in the frames that a plate was learned from.

Where nothing is known of shadows yet, bodies are fitted to them as well, and the ground where a
shadow lies is never looked at (shadow.py learns from what bodies leave open). So the bodies of some
frames are fitted once under each of sixteen directions. What a direction's strips uncover beside
the bodies is dark by one and the same factor in the true one, and bodies that stood for shadows are
no longer needed; elsewhere it is the plate, or clothes and limbs of every shade.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.vision.bodies import NONE, Bodies, BodyModel, update
from plainview.vision.foreground import Foreground
from plainview.vision.optics import FARTHEST, Floats, Optics
from plainview.vision.plate import Luma, Plate
from plainview.vision.shadow import DIRECTIONS, Sun, towards

FRAMES = 8
"""Frames that are looked at, at most."""
BODIES = 6
"""Bodies in all of them from which on there is a vote."""
BEGIN, END, HALF = 0.3, 1.3, 0.2
"""Metres from the feet between which shadow is looked for, and half the width of the strip."""
MARGIN = np.ones((5, 5), dtype=np.uint8)
"""Around bodies: what looks out of their outlines is no ground."""
STEPS, ALIKE = 50, 7
"""Grey steps of the factor of darkening, 0 to 1, and how many a shadow's spreads over."""
CONTRAST, LEAST = 1.6, 0.09
"""How many times more than three steps to either side, and than elsewhere, must be dark in one
direction, and which part of the ground at least. Without a sun there are 0.02 to 0.08."""
ODD = 0.8
"""Bodies beside which all may be dark for another reason: of a few they are too large a part."""
KEPT = 300
"""Places of which is kept how bodies stand there, at most: two megabytes."""


class _Again(BodyModel):
    """Owns what is alike each time when bodies are fitted to the same few frames."""

    def __init__(self, optics: Optics) -> None:
        super().__init__(optics)
        self._near: dict[int, tuple[Floats, NDArray[np.int32]]] = {}
        self._drawn: dict[bytes, list[NDArray[np.int32]]] = {}
        self._first = self._evidence.copy()
        self._places = np.empty(0, dtype=np.intp)

    def begin(self, evidence: NDArray[np.float32], shadow: Floats | None = None) -> None:
        """As of any model."""
        super().begin(evidence, shadow)
        self._first[:] = self._evidence
        self._places = super().promising()

    def restart(self, cast: Floats) -> None:
        """Begin anew with the evidence of the last `begin`, and shadows that end at `cast` (2,)."""
        self.shade(cast)
        self._evidence[:] = self._first
        self._open_2d[:] = 1

    def promising(self) -> NDArray[np.intp]:
        """As of any model; asked once a fit, before anything is explained."""
        return self._places

    def beside(self, index: int) -> tuple[Floats, NDArray[np.int32]]:
        """As of any model."""
        kept = self._near.get(index)
        if kept is None:
            kept = super().beside(index)
            if len(self._near) < KEPT:
                self._near[index] = kept
        return kept

    def outline(self, place: Floats) -> list[NDArray[np.int32]]:
        """As of any model."""
        key = place.tobytes()
        kept = self._drawn.get(key)
        if kept is None:
            kept = super().outline(place)
            if len(self._drawn) < KEPT:
                self._drawn[key] = kept
        return kept


class Sundial:
    """Owns how fitting goes under each direction, for the frames of one plate."""

    def __init__(self, optics: Optics, plate: Plate) -> None:
        """Look through `optics` at frames before `plate`."""
        self._optics = optics
        self._model = _Again(optics)
        self._foreground = Foreground(optics, plate)
        self._looks = np.zeros(DIRECTIONS)
        self._factors = np.zeros((DIRECTIONS, STEPS))
        self._needed = np.zeros(DIRECTIONS)

    def read(self, frames: Sequence[Luma]) -> Sun | None:
        """How shadows fall in `frames` (h, w); None where none do."""
        step = max(len(frames) // FRAMES, 1)
        for luma in frames[step // 2 :: step][:FRAMES]:
            evidence = self._foreground.evidence(luma, None)
            factor = self._foreground.darkening(luma)
            self._model.begin(evidence)
            for k in range(DIRECTIONS):
                self._model.restart(towards(k) * END)
                self._look(k, update(self._model, NONE, 0.2), factor)
        return self._vote()

    def _look(self, k: int, bodies: Bodies, factor: NDArray[np.uint8]) -> None:
        """Note what strips in direction `k` show beside `bodies`; `factor` (h, w), 0 if none."""
        self._needed[k] += bodies.weights.sum()
        beside = np.zeros(factor.shape, dtype=np.uint8)
        for polygon in self._strips(bodies.places, towards(k)):
            cv2.fillPoly(beside, [polygon], 1)
        beside[cv2.dilate(self._model.closed(), MARGIN) > 0] = 0
        seen = np.bincount(factor[beside > 0], minlength=STEPS)
        self._looks[k] += seen.sum()
        self._factors[k, 1:] += seen[1:STEPS]

    def _strips(self, places: Floats, way: Floats) -> list[NDArray[np.int32]]:
        """Pixels (4, 1, 2) of the strip beside each of `places` (n, 2) that is before us."""
        side = np.array([-way[1], way[0]]) * HALF
        begin, end = BEGIN * way, END * way
        strip = np.array([begin + side, end + side, end - side, begin - side])
        projection = self._optics.projection
        corners = (places[:, None] + strip) @ projection[:, :2].T + projection[:, 3]
        corners = corners[corners[..., 2].min(axis=1) > 0.5]
        pixels = np.clip(np.rint(corners[..., :2] / corners[..., 2:]), -FARTHEST, FARTHEST)
        return list(pixels.astype(np.int32)[:, :, None, :])

    def _vote(self) -> Sun | None:
        """The direction in which the ground is dark by one factor, and that, if there is one."""
        usual = float(np.median(self._needed))
        if usual < BODIES or self._looks.min() == 0:
            return None
        alike = np.apply_along_axis(np.convolve, 1, self._factors, np.ones(ALIKE), "same")
        share = alike.max(axis=1) / self._looks * (usual / self._needed) ** 2
        k = int(np.argmax(share))
        beside = max(share[(k + 3) % DIRECTIONS], share[k - 3], float(np.median(share)))
        if share[k] <= max(CONTRAST * beside, LEAST + ODD / usual):
            return None
        return Sun(k, float(alike[k].argmax()) / STEPS)
