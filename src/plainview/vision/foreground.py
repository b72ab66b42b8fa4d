"""How much each working pixel speaks for or against a body standing before the plate."""

import cv2
import numpy as np

from plainview.vision.bodies import Bodies
from plainview.vision.light import Light
from plainview.vision.optics import Optics
from plainview.vision.plate import Image, Luma, Plate
from plainview.vision.shadow import SOFT, ShadowModel

NEUTRAL = 2.5
"""Standard deviations of difference that speak neither way."""


SHADOW = 0.1
"""Evidence of a pixel that could be a shadow as well as a body."""


BRIGHTER = np.rint(np.minimum(np.arange(256) / SOFT, 255)).astype(np.uint8)
"""Luma up to which a place may only be lit better, where its structure is kept: a cloud's edge."""


class Foreground:
    """Owns the light of the plate, to compare frames with it."""

    def __init__(self, optics: Optics, plate: Plate) -> None:
        """Measure against `plate`."""
        self._plate = plate
        self.shadows = ShadowModel(optics)
        self._last: tuple[Image, Luma] = (plate.mean, plate.luma)
        self.light = Light(plate)

    def evidence(self, luma: Luma, bodies: Luma | None) -> Image:
        """(h, w) log-odds, -1 to 1, that a pixel of `luma` shows a body before the plate.

        `bodies` (h, w) is non-zero where they stood in the last frame, which says nothing of the
        light. A pixel that is darker than the plate by a plausible shadow's factor and keeps the
        plate's local structure (its high-pass difference is small) may be a shadow on the ground,
        and speaks for a body hardly more than against one.
        """
        plate = self._plate
        background = self.light.relight(luma, bodies)
        signed = cv2.subtract(luma, background, dtype=cv2.CV_32F)
        signed = cv2.multiply(signed, plate.sharpness, scale=1.0 / max(self.light.gain, 0.5))
        smooth = np.asarray(cv2.blur(signed, (3, 3)), dtype=np.float32)
        evidence = np.abs(smooth)
        evidence *= 0.5
        evidence -= 0.5 * NEUTRAL
        np.clip(evidence, -1.0, 1.0, out=evidence)
        self._last = (smooth, background)
        self._soften(luma, background, smooth, evidence)
        return evidence

    @property
    def background(self) -> Luma:
        """(h, w) the plate in the last frame's light."""
        return self._last[1]

    def _soften(self, luma: Luma, background: Luma, smooth: Image, evidence: Image) -> None:
        """Take what may be shadow out of `evidence`, in place, where there is any evidence."""
        dark = np.nonzero((evidence > SHADOW).any(axis=1))[0]
        if len(dark) == 0:
            return
        rows = slice(max(int(dark[0]) - 8, 0), int(dark[-1]) + 9)
        wide = np.nonzero((evidence[rows] > SHADOW).any(axis=0))[0]
        part = (rows, slice(max(int(wide[0]) - 8, 0), int(wide[-1]) + 9))
        luma, background = luma[part], background[part]
        smooth, evidence = smooth[part], evidence[part]
        # Structure: what remains of the difference without its low frequencies, in the same units.
        structure = cv2.blur(cv2.absdiff(smooth, cv2.blur(smooth, (9, 9))), (5, 5))
        darkest = self.shadows.darkest()
        floor = cv2.LUT(background, np.rint(np.arange(256) * darkest).astype(np.uint8))
        ceiling = cv2.LUT(background, BRIGHTER)
        plain = structure < 1.0 + 0.12 * np.abs(smooth)
        shadow = plain & (luma >= floor) & (luma <= ceiling)
        np.minimum(evidence, SHADOW, out=evidence, where=shadow)

    def learn_shadows(self, luma: Luma, bodies: Bodies, closed: Luma) -> None:
        """Learn from the `bodies` found in the last frame, `luma`, how shadows fall here."""
        smooth, background = self._last
        self.shadows.learn(bodies, smooth, luma, background, closed)
