"""How much each working pixel speaks for or against a body standing before the plate."""

import cv2
import numpy as np

from plainview.vision.plate import Image, Luma, Plate, exposure

NEUTRAL = 2.5
"""Standard deviations of difference that speak neither way."""
DARKEST_SHADOW = 0.35
"""A cast shadow keeps at least this part of the light: the sky and walls still shine into it."""


class Foreground:
    """Owns the plate's present relation to the light: gain, offset and the relit background."""

    def __init__(self, plate: Plate) -> None:
        """Measure against `plate`."""
        self.plate = plate
        self.gain = 1.0
        self.offset = 0.0
        self.background: Luma = plate.luma

    def evidence(self, luma: Luma, ignore: Luma | None) -> Image:
        """(h, w) log-odds, -1 to 1, that a pixel of `luma` shows a body before the plate.

        `ignore` (h, w) is non-zero where bodies stood, which say nothing of the light. A pixel that
        is darker than the plate by a plausible shadow's factor and keeps the plate's local
        structure (its high-pass difference is small) is taken for a shadow on the ground.
        """
        plate = self.plate
        self.gain, self.offset = exposure(luma, plate.luma, ignore)
        relit = np.clip(np.arange(256) * self.gain + self.offset, 0, 255)
        self.background = background = cv2.LUT(plate.luma, np.rint(relit).astype(np.uint8))
        scale = 1.0 / max(self.gain, 0.5)
        signed = cv2.subtract(luma, background, dtype=cv2.CV_32F)
        signed = cv2.multiply(signed, plate.sharpness, scale=scale)
        smooth = cv2.blur(signed, (3, 3))
        # Structure: what remains of the difference without its low frequencies, in the same units.
        rough = cv2.absdiff(smooth, cv2.blur(smooth, (9, 9)))
        structure = cv2.blur(rough, (5, 5))
        plain = np.abs(smooth)
        difference = plain * 0.5 - 0.5 * NEUTRAL
        np.clip(difference, -1.0, 1.0, out=difference)
        floor = cv2.LUT(background, np.rint(np.arange(256) * DARKEST_SHADOW).astype(np.uint8))
        shadow = (smooth < 0) & (luma > floor) & (structure < 1.0 + 0.12 * plain)
        np.minimum(difference, -0.1, out=difference, where=shadow)
        self.shadow = shadow
        return np.asarray(difference)
