"""The present light on the scene against the plate: exposure over all, clouds in the large.

Exposure is one gain for the picture. What remains is a field of gains that varies
slowly over the ground, a median of block ratios over a window much larger than a person, so that
people do not count as light; where bodies stood in the last frame, the field is kept as it was.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.vision.plate import Image, Luma, Plate, exposure

BLOCK = 8
"""Working pixels a side of one block."""
WINDOW = 11
"""Blocks a side of the window whose median is a place's light: two people tall."""
_SCALE = 48.0
"""Steps of the 8-bit logarithmic ratio per e-fold: 2 % a step, 0.07 to 14 in all."""
_PLAIN = 0.03
"""A field that deviates by no more than this share is not applied."""


class Light:
    """Owns the present field of gains."""

    def __init__(self, plate: Plate) -> None:
        """Light of frames against `plate`."""
        self._plate = plate
        height, width = plate.luma.shape
        self._size = (max(width // BLOCK, 1), max(height // BLOCK, 1))
        self._field = np.full((self._size[1], self._size[0]), 128, dtype=np.uint8)
        self.gain = 1.0
        self._large: Image | None = None

    def relight(self, luma: Luma, bodies: Luma | None) -> Luma:
        """The plate (h, w) in the light of `luma`; `bodies` is non-zero where they stood."""
        plate = self._plate.luma
        self.gain = exposure(luma, plate, bodies)
        table = np.clip(np.arange(256) * self.gain, 0, 255)
        lit = np.asarray(cv2.LUT(plate, np.rint(table).astype(np.uint8)), dtype=np.uint8)
        now = cv2.resize(luma, self._size, interpolation=cv2.INTER_AREA)
        then = cv2.resize(lit, self._size, interpolation=cv2.INTER_AREA)
        ratio = np.log((now + np.float32(4)) / (then + np.float32(4)))
        coded = np.clip(np.rint(ratio * _SCALE + 128), 1, 255).astype(np.uint8)
        if bodies is not None:
            share = cv2.resize(bodies * np.uint8(255), self._size, interpolation=cv2.INTER_AREA)
            coded = self._around(coded, np.asarray(share > 0))
        self._field = np.asarray(cv2.medianBlur(coded, WINDOW), dtype=np.uint8)
        gains = np.exp((self._field.astype(np.float32) - 128) / np.float32(_SCALE))
        if float(np.abs(gains - 1).max()) <= _PLAIN:
            self._large = None
            return lit
        smooth = cv2.blur(gains, (3, 3))
        size = (plate.shape[1], plate.shape[0])
        large = np.asarray(cv2.resize(smooth, size, interpolation=cv2.INTER_LINEAR), np.float32)
        self._large = large
        return np.asarray(cv2.multiply(lit, large, dtype=cv2.CV_8U), dtype=np.uint8)

    def _around(self, coded: Luma, covered: NDArray[np.bool_]) -> Luma:
        """`coded` ratios with those of `covered` blocks taken from the open ones around them."""
        window = (WINDOW, WINDOW)
        open_ = (~covered).astype(np.float32)
        weight = cv2.blur(open_, window)
        near = cv2.blur(coded * open_, window) / np.maximum(weight, np.float32(1e-6))
        known = covered & (weight > 0.05)
        filled = np.where(covered, self._field, coded)
        filled[known] = np.rint(near[known]).astype(np.uint8)
        return np.asarray(filled, dtype=np.uint8)

    def unlit(self, luma: Luma) -> NDArray[np.uint8]:
        """`luma` (h, w) brought back to the plate's own light."""
        table = np.clip(np.arange(256) / self.gain, 0, 255)
        if self._large is None:
            return np.asarray(cv2.LUT(luma, np.rint(table).astype(np.uint8)), dtype=np.uint8)
        flat = cv2.divide(luma, self._large, dtype=cv2.CV_8U)
        return np.asarray(cv2.LUT(flat, np.rint(table).astype(np.uint8)), dtype=np.uint8)
