"""The present light on the scene against the plate: exposure over all, clouds in the large.

Exposure is one gain for the picture. What remains is a field of gains that varies
slowly over the ground, a median of block ratios over a window much larger than a person, so that
people do not count as light; where bodies stood in the last frame, the field is kept as it was.
"""

from typing import Any, NamedTuple

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
_LEAST = 0.5 / 255
"""Part of a block that bodies must cover for its light to be taken from around it."""
_GAINS = np.exp((np.arange(256, dtype=np.float32) - 128) / np.float32(_SCALE))
"""(256,) the gain that each code stands for."""
_PLAIN = 0.03
"""A field that deviates by no more than this share is not applied."""


class _Blocks:
    """Owns where the blocks of pictures of one size lie."""

    def __init__(self, shape: tuple[int, ...], size: tuple[int, int]) -> None:
        """Pictures of `shape` (h, w) are made of `size` (columns, rows) blocks."""
        self._size = size
        self._least = _LEAST * shape[0] * shape[1] / (size[0] * size[1])
        self._down = np.linspace(0, shape[0], size[1] + 1)
        self._right = np.linspace(0, shape[1], size[0] + 1)

    def means(self, luma: Luma) -> Luma:
        """(rows, columns) mean of each block of `luma` (h, w)."""
        blocks = cv2.resize(luma, self._size, interpolation=cv2.INTER_AREA)
        return np.asarray(blocks, dtype=np.uint8)

    def covered(self, bodies: Luma) -> NDArray[np.bool_]:
        """(rows, columns) of which blocks `bodies` (h, w, 0 or 1) cover anything worth a word."""
        # Blocks may end within a pixel: the integral image is read between its own.
        rows = np.diff(_between(cv2.integral(bodies), self._down), axis=0)
        areas = np.diff(_between(rows.T, self._right), axis=0).T
        return np.asarray(areas > self._least)


def _between(rows: NDArray[Any], at: NDArray[np.float64]) -> NDArray[np.float64]:
    """(m, n) what the `rows` (k, n) are at the fractional ones `at` (m,)."""
    whole = np.minimum(at.astype(np.intp), len(rows) - 2)
    part = (at - whole)[:, None]
    return np.asarray(rows[whole] * (1 - part) + rows[whole + 1] * part)


class _Lit(NamedTuple):
    """A plate in one light."""

    plate: Luma
    table: Luma
    """(256,) what becomes of each grey level."""
    luma: Luma
    blocks: Luma


class Light:
    """Owns the present field of gains."""

    def __init__(self, plate: Plate) -> None:
        """Light of frames against `plate`."""
        self._plate = plate
        height, width = plate.luma.shape
        self._size = (max(width // BLOCK, 1), max(height // BLOCK, 1))
        self._blocks = _Blocks(plate.luma.shape, self._size)
        self._field = np.full((self._size[1], self._size[0]), 128, dtype=np.uint8)
        self.gain = 1.0
        self._large: Image | None = None
        self._lit: _Lit | None = None

    def relight(self, luma: Luma, bodies: Luma | None) -> Luma:
        """The plate (h, w) in the light of `luma`; `bodies` is non-zero where they stood."""
        plate = self._plate.luma
        self.gain = exposure(luma, plate, bodies)
        lit = self._in_light(plate)
        ratio = np.log((self._blocks.means(luma) + np.float32(4)) / (lit.blocks + np.float32(4)))
        coded = np.clip(np.rint(ratio * _SCALE + 128), 1, 255).astype(np.uint8)
        if bodies is not None and bodies.any():
            coded = self._around(coded, self._blocks.covered(bodies))
        field = np.asarray(cv2.medianBlur(coded, WINDOW), dtype=np.uint8)
        self._field = field
        if _GAINS[int(field.max())] <= 1 + _PLAIN and _GAINS[int(field.min())] >= 1 - _PLAIN:
            self._large = None
            return lit.luma
        smooth = cv2.blur(_GAINS[field], (3, 3))
        size = (plate.shape[1], plate.shape[0])
        large = np.asarray(cv2.resize(smooth, size, interpolation=cv2.INTER_LINEAR), np.float32)
        self._large = large
        return np.asarray(cv2.multiply(lit.luma, large, dtype=cv2.CV_8U), dtype=np.uint8)

    def _in_light(self, plate: Luma) -> _Lit:
        """`plate` with the present gain; the last one where that changes no grey level."""
        table = np.rint(np.clip(np.arange(256) * self.gain, 0, 255)).astype(np.uint8)
        lit = self._lit
        if lit is None or lit.plate is not plate or not np.array_equal(lit.table, table):
            luma = np.asarray(cv2.LUT(plate, table), dtype=np.uint8)
            lit = self._lit = _Lit(plate, table, luma, self._blocks.means(luma))
        return lit

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
