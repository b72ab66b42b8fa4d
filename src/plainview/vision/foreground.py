"""How much each working pixel speaks for or against a body standing before the plate."""

from collections.abc import Sequence

import cv2
import numpy as np

from plainview.vision.bodies import Bodies
from plainview.vision.haze import Haze
from plainview.vision.light import Light
from plainview.vision.optics import Optics
from plainview.vision.plate import Image, Luma, Plate, box
from plainview.vision.shadow import SOFT, ShadowModel
from plainview.vision.tint import ALONE, ENOUGH, Colour, Tint, Tinted

NEUTRAL = 2.5
"""Standard deviations of difference that speak neither way."""
DARKER = -4.0
"""The same, of what is surely darker than the plate."""
LIFT, UNSURE = np.float32(0.25), np.float32(-0.6)
"""Evidence behind a veil: what is added, as a small difference is as likely somebody's as the
plate's noise (half a standard deviation less is neutral), and what no difference comes to."""
SHADOW = 0.1
"""Evidence of a pixel that could be a shadow as well as a body."""
BRIGHTER = np.rint(np.minimum(np.arange(256) / SOFT, 255)).astype(np.uint8)
"""Luma up to which a place may only be lit better, where its structure is kept: a cloud's edge."""


class Foreground:
    """Owns the light of the plate, to compare frames with it."""

    def __init__(
        self, optics: Optics, plate: Plate, haze: Haze | None = None, tint: Tint | None = None
    ) -> None:
        """Measure against `plate` and its `tint`, through what `haze` knows of the air."""
        self._plate = plate
        self.shadows = ShadowModel(optics)
        self._last: tuple[Image, Luma] = (plate.mean, plate.luma)
        self.haze = haze or Haze()
        self.light = Light(plate)
        self.tint = tint
        """The colour of the empty scene, where it is known."""
        self.told: Luma | None = None
        """(h, w) what the last frame's colour says (see tint.Tint.differs)."""
        self._colours: list[Colour] = []

    def evidence(self, luma: Luma, bodies: Luma | None, colour: Colour | None = None) -> Image:
        """(h, w) log-odds, -1 to 1, that a pixel of `luma` shows a body before the plate.

        `bodies` (h, w) is non-zero where they stood in the last frame, which says nothing of the
        light. A pixel that is darker than the plate by a plausible shadow's factor and keeps the
        plate's local structure (its high-pass difference is small) may be a shadow on the ground,
        and speaks for a body hardly more than against one; unless its `colour`, the frame's, is not
        the ground's (see tint.py), which speaks for one by itself.
        """
        plate = self._plate
        background = self.light.relight(luma, bodies)
        signed = cv2.subtract(luma, background, dtype=cv2.CV_32F)
        signed = cv2.multiply(signed, plate.sharpness, scale=1.0 / max(self.light.gain, 0.5))
        smooth = box(np.asarray(signed, dtype=np.float32), 3)
        evidence = np.abs(smooth)
        evidence *= 0.5
        evidence -= 0.5 * NEUTRAL
        np.clip(evidence, -1.0, 1.0, out=evidence)
        self._last = (smooth, background)
        tinted = None
        if self.tint is not None and colour is not None:
            tinted = self.tint.differs(colour, luma, background, self.light.gain)
        self._soften(luma, background, smooth, evidence, tinted)
        if tinted is not None:
            told = ALONE[tinted]
            cv2.copyTo(np.maximum(evidence, told), tinted, evidence)
        self.told = tinted
        return evidence

    @property
    def background(self) -> Luma:
        """(h, w) the plate in the last frame's light."""
        return self._last[1]

    def weighed(self, evidence: Image) -> Image:
        """(h, w) the last frame's `evidence` as it speaks for people, who differ less from the
        ground behind a veil. Itself in clear air.
        """  # noqa: D205 - one sentence
        sure = np.float32(self.haze.sure)
        if sure == 0:
            return evidence
        lifted = np.clip(evidence + LIFT * sure, UNSURE * sure - (1 - sure), 1.0)
        # What may be shadow was looked for in what spoke for a body without: it is no more than so.
        return np.asarray(
            np.where(evidence > SHADOW, lifted, np.minimum(lifted, np.float32(SHADOW))),
            dtype=np.float32,
        )

    def _soften(
        self,
        luma: Luma,
        background: Luma,
        smooth: Image,
        evidence: Image,
        tinted: Luma | None,
    ) -> None:
        """Take what may be shadow out of `evidence`, in place, where there is any evidence.

        What is `tinted` (h, w, non-zero) is no shadow.
        """
        x, y, w, h = cv2.boundingRect((evidence > SHADOW).view(np.uint8))
        if w == 0:
            return
        part = np.s_[max(y - 8, 0) : y + h + 8, max(x - 8, 0) : x + w + 8]
        luma, background = luma[part], background[part]
        smooth, evidence = smooth[part], evidence[part]
        # Structure: what remains of the difference without its low frequencies, in the same units.
        rest = cv2.absdiff(smooth, box(smooth, 9))
        structure = box(np.asarray(rest, dtype=np.float32), 5)
        veil = self.haze.veil
        darkest = veil + (1 - veil) * self.shadows.darkest()
        floor = cv2.LUT(background, np.rint(np.arange(256) * darkest).astype(np.uint8))
        ceiling = cv2.LUT(background, BRIGHTER)
        allowed = np.abs(smooth)
        allowed *= 0.12
        allowed += 1.0
        shadow = (structure < allowed) & (luma >= floor) & (luma <= ceiling)
        if tinted is not None:
            shadow &= tinted[part] == 0
        cv2.copyTo(np.minimum(evidence, np.float32(SHADOW)), shadow.view(np.uint8), evidence)

    def darkening(self, luma: Luma) -> Luma:
        """(h, w) by what factor of the plate `luma`, the last frame, is darker, in steps of 0.02.

        0 where it is hardly darker, or darker than any shadow.
        """
        smooth, background = self._last
        factor = cv2.divide(luma, background, scale=50.0, dtype=cv2.CV_8U)
        dark = (smooth < DARKER) & (factor > 7) & (factor < 45)
        return np.where(dark, factor, 0).astype(np.uint8)

    def look(self, luma: Luma) -> None:
        """Learn of haze from a frame `luma` (h, w) that is not measured."""
        self.evidence(luma, None)
        smooth, background = self._last
        self.haze.look(luma, background, smooth)

    def learn(self, luma: Luma, bodies: Bodies, closed: Luma) -> None:
        """Learn from the last frame, `luma`, and its `bodies` how shadows fall, and of haze."""
        smooth, background = self._last
        self.shadows.learn(bodies, smooth, luma, background, closed)
        self.haze.look(luma, background, smooth)

    def tinted(self, colour: Colour | None) -> Tinted | None:
        """A frame's `colour` and the scene's, None until that is learned."""
        if colour is None:
            return None
        if self.tint is None or self.tint.lost:
            self.tint = None
            self._colours.append(colour)
            if len(self._colours) < ENOUGH:
                return None
            self.tint = Tint.learn(self._colours)
            self._colours.clear()
        return Tinted(colour, self.tint)


def air(optics: Optics, plate: Plate, frames: Sequence[Luma]) -> Haze:
    """What `frames` (h, w) show of a veil before the scene of `plate`."""
    haze = Haze()
    if haze.possible(plate.luma):
        looks = Foreground(optics, plate, haze)
        for luma in frames:
            looks.look(luma)
    return haze
