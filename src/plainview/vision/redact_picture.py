"""Obscures a picture: grey blocks everywhere, but for rectangles that a person drew. Pure.

Blocks are so large that no face, gait or silhouette is in them: a twelfth of the picture's height,
32 pixels at least; their brightness is the mean, in 16 steps, without colour, and is looked at
anew only twice a second, since a mosaic over something that moves can be put together again from
many pictures (Cavedon, Foschini, Vigna, "Getting the Face Behind the Squares: Reconstructing
Pixelized Video Streams", WOOT 2011).
"""

import itertools
from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.vision.redact_job import Key, Rect

Plane = NDArray[np.uint8]

FINEST: Final = 32
"""Pixels of a block at least."""
_BLOCKS: Final = 12
"""Blocks from top to bottom at most."""
EVERY: Final = 500_000
"""Microseconds for which a block stays as it is."""
_STEP: Final = 16
GREY: Final = 128
"""Chroma without colour."""


def block_size(height: int) -> int:
    """Pixels of a block's side in a picture so high: even."""
    return max(FINEST, -(-height // _BLOCKS) + 1 & ~1)


def blocks(luma: Plane, side: int) -> Plane:
    """(h, w) `luma` as blocks of `side` pixels: the mean of each, in 16 steps."""
    height, width = luma.shape
    down, across = -height % side, -width % side
    whole = cv2.copyMakeBorder(luma, 0, down, 0, across, cv2.BORDER_REPLICATE)
    rows, columns = whole.shape[0] // side, whole.shape[1] // side
    means = whole.reshape(rows, side, columns, side).mean(axis=(1, 3))
    steps = (means // _STEP * _STEP + _STEP // 2).astype(np.uint8)
    return np.repeat(np.repeat(steps, side, axis=0), side, axis=1)[:height, :width]


def shown_at(track: Sequence[Key], t: int) -> Rect | None:
    """Where a hand-drawn region is at `t`: on the straight way between two of its keys.

    None before its first and after its last: nothing is shown that nobody drew.
    """
    for before, after in itertools.pairwise(track):
        if before.t <= t <= after.t:
            share = (t - before.t) / max(after.t - before.t, 1)
            x0, y0, x1, y1 = (
                a + share * (b - a) for a, b in zip(before.rect, after.rect, strict=True)
            )
            return (x0, y0, x1, y1)
    return None


def bounded(rect: Rect, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """`rect` in whole, even pixels inside a picture of (width, height): never larger than drawn."""
    width, height = size
    x0, y0 = (-(-max(int(np.ceil(v)), 0) // 2) * 2 for v in rect[:2])
    x1, y1 = min(int(rect[2]), width) & ~1, min(int(rect[3]), height) & ~1
    return (x0, y0, max(x1, x0), max(y1, y0))


class Obscurer:
    """Owns the blocks that are shown, until they are looked at anew."""

    def __init__(self, size: tuple[int, int], tracks: Sequence[Sequence[Key]], most: float) -> None:
        """Pictures of `size` (width, height); regions show at most the share `most` of one."""
        self.size = size
        self._tracks = tracks
        self._most = most
        self._side = block_size(size[1])
        self._blocks: Plane | None = None
        self._until = 0

    def obscure(self, planes: tuple[Plane, Plane, Plane], t: int) -> tuple[Plane, Plane, Plane]:
        """Luma (h, w) and both chroma planes (h/2, w/2) of the picture at `t`, obscured.

        A picture of another size than the first has no regions: they were not drawn on it. Where
        regions would show more than their share, none is shown.
        """
        luma, *chroma = planes
        if self._blocks is None or self._blocks.shape != luma.shape or t >= self._until:
            self._blocks, self._until = blocks(luma, self._side), t + EVERY
        fresh = self._blocks.copy()
        colour = [np.full_like(plane, GREY) for plane in chroma]
        if luma.shape[::-1] == self.size:
            for x0, y0, x1, y1 in self._rects(t):
                fresh[y0:y1, x0:x1] = luma[y0:y1, x0:x1]
                for mine, theirs in zip(colour, chroma, strict=True):
                    part = (slice(y0 // 2, y1 // 2), slice(x0 // 2, x1 // 2))
                    mine[part] = theirs[part]
        return fresh, colour[0], colour[1]

    def _rects(self, t: int) -> list[tuple[int, int, int, int]]:
        drawn = [rect for track in self._tracks if (rect := shown_at(track, t)) is not None]
        rects = [bounded(rect, self.size) for rect in drawn]
        area = sum((x1 - x0) * (y1 - y0) for x0, y0, x1, y1 in rects)
        return rects if area <= self._most * self.size[0] * self.size[1] else []
