"""Where in a picture anything is warm enough in its colour to be flame: mostly nowhere."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.vision.plate import Luma

WARM: Final = 14
"""Cr less Cb that a flame, or what is beside its core, always has more of."""
AROUND: Final = 4
"""Chroma pixels around what is warm that are looked at."""
Part = tuple[slice, slice]
"""Rows and columns."""


def warm_part(half: Luma, chroma: NDArray[np.uint8]) -> tuple[Part, Part] | None:
    """The part of `half` (h, w) and of `chroma` that holds all that is warm; None for nothing.

    `chroma` (2, h, w) or (2, h/2, w/2); of another size, all of both.
    """
    warm = cv2.subtract(chroma[1], chroma[0]) > WARM
    x, y, w, h = cv2.boundingRect(warm.astype(np.uint8))
    if w == 0:
        return None
    rows = slice(max(y - AROUND, 0), y + h + AROUND)
    columns = slice(max(x - AROUND, 0), x + w + AROUND)
    if half.shape == chroma.shape[1:]:
        return (rows, columns), (rows, columns)
    if half.shape != (2 * chroma.shape[1], 2 * chroma.shape[2]):
        return (slice(None), slice(None)), (slice(None), slice(None))
    twice = slice(2 * rows.start, 2 * rows.stop), slice(2 * columns.start, 2 * columns.stop)
    return twice, (rows, columns)


def at_size(half: Luma, chroma: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """`chroma` (2, h, w) at the size of `half` (h, w)."""
    if half.shape == chroma.shape[1:]:
        return chroma
    size = (half.shape[1], half.shape[0])
    planes = [cv2.resize(one, size, interpolation=cv2.INTER_LINEAR) for one in chroma]
    return np.asarray(planes, dtype=np.uint8)
