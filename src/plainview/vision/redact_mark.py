"""The visible watermark of a released film: which release it is, on every picture, all over it."""

import datetime as dt
from typing import Final

import cv2
import numpy as np

from plainview.vision.redact_picture import GREY, Plane

_FONT: Final = cv2.FONT_HERSHEY_SIMPLEX
_RULED: Final = 100
"""Pixels between two figures of the ruler."""


class Mark:
    """Owns what is drawn over each picture of one size."""

    def __init__(self, size: tuple[int, int], text: str, *, ruler: bool) -> None:
        """`text` in plain letters; `ruler` shows pixels, for whoever draws a region."""
        width, height = size
        self._text = text
        self._band = max(height // 24 + 1 & ~1, 20)
        self._scale = self._band / 36
        mask = np.zeros((height, width), np.uint8)
        step = max(height // 4, 3 * self._band)
        wide = cv2.getTextSize(f"{text}   ", _FONT, self._scale, 1)[0][0]
        for row, y in enumerate(range(step // 2, height - self._band, step)):
            for x in range(-wide * (row % 2) // 2, width, wide):
                cv2.putText(mask, text, (x, y), _FONT, self._scale, 255, 1)
        self._all_over = mask > 0
        self._ruler = _ruler(size, self._scale) if ruler else None

    def draw(self, planes: tuple[Plane, Plane, Plane], t: int, *, camera: str) -> None:
        """Draw over the planes themselves, of the picture at `t` (microseconds UTC)."""
        luma, *chroma = planes
        under = luma[self._all_over]
        # Half way to white, or to black where it is bright: seen on everything.
        luma[self._all_over] = np.where(under < GREY, under // 2 + 127, under // 2)
        if self._ruler is not None:
            luma[self._ruler] = 255
        top = luma.shape[0] - self._band
        luma[top:] = 16
        for plane in chroma:
            plane[top // 2 :] = GREY
        moment = dt.datetime.fromtimestamp(t // 10_000 / 100, dt.UTC)
        said = f"{self._text}  {camera}  {moment:%Y-%m-%d %H:%M:%S.%f}"[:-4] + " UTC"
        at = (4, luma.shape[0] - self._band // 3)
        wide = cv2.getTextSize(said, _FONT, self._scale, 1)[0][0]
        scale = min(self._scale, self._scale * (luma.shape[1] - 8) / max(wide, 1))
        cv2.putText(luma, said, at, _FONT, scale, 235, 1)


def _ruler(
    size: tuple[int, int], scale: float
) -> "np.ndarray[tuple[int, int], np.dtype[np.bool_]]":
    width, height = size
    mask = np.zeros((height, width), np.uint8)
    for x in range(_RULED, width, _RULED):
        cv2.line(mask, (x, 0), (x, 8), 255, 1)
        cv2.putText(mask, str(x), (x + 2, 14), _FONT, scale * 0.7, 255, 1)
    for y in range(_RULED, height, _RULED):
        cv2.line(mask, (0, y), (8, y), 255, 1)
        cv2.putText(mask, str(y), (10, y + 4), _FONT, scale * 0.7, 255, 1)
    return mask > 0
