"""What a view showed first, where its plate shows what came only later.

A clip's plate is learned from its first half minute, and a live lens's from as much: who lies down
in it and stays is a part of the plate, and would be told of when he gets up. The first seconds
show that place as it was. Where the plate has an outline there that they have not, they are what
frames are held against (the edges of a ghost: Cucchiara, Grana, Piccardi & Prati, IEEE PAMI 25,
2003).
"""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.vision.events.parts import parts
from plainview.vision.events.seen import Seen
from plainview.vision.foreground import NEUTRAL, SHADOW
from plainview.vision.plate import Image, Luma, Plate, gradient

LOOKS: Final = 5
"""Looks that the first picture is the median of: rain, and whoever passes, are not in it."""
STALE: Final = 300.0
"""Seconds after which the first picture says nothing any more: shadows have moved."""
ANEW: Final = 60.0
"""Seconds after which another plate is one of another light, and has first seconds of its own."""
DIFFERS: Final = (5.0, 2.0)
"""Grey levels, and standard deviations of the plate's noise, by which the two must differ."""
GIVEN_BACK: Final = 2.0
"""Grey levels up to which the plate has become true: it follows slowly, and only so far."""
OUTLINE: Final = (1.3, 0.5)
"""How much more outline the plate must have: a factor, and grey levels a pixel."""
DARKEST: Final = 0.4
"""Part of the light that a shadow leaves, at least."""
LEAST: Final = 12
"""Pixels of a place, at least."""
RIM: Final = 4
"""Pixels around a place into which its colour reaches: it is coded at half the picture's size."""


class Founding:
    """Owns the first picture of one view, and where it is held against."""

    def __init__(self) -> None:
        """Nothing was seen yet."""
        self._plate: Plate | None = None
        self._first: Image | None = None
        self._firsts: list[Image] = []
        self._since = 0.0
        self._where: NDArray[np.bool_] | None = None
        self._part: tuple[slice, slice] | None = None
        self._noise = 1.0

    def note(self, seen: Seen) -> None:
        """Learn from a look what was there first, and where the plate has become true since.

        `seen` shows colour as brightness (coloured.py) where what is asked about does, too: that
        tells a coat from ground as light as it, and falsifies the outline of what it came to.
        """
        if self._plate is None or not 0 <= seen.t - self._since < STALE:
            self._begin(seen)
        elif self._plate is not seen.plate:
            if seen.t - self._since > ANEW:
                self._begin(seen)
            self._plate, self._where, self._part = seen.plate, None, None
        if self._first is None:
            self._learn(seen)
        elif self._where is None:
            self._where = self._ghosts(seen.plate)
            self._part = _around(self._where)
        elif self._part is not None:
            # Ghosts are given back to the plate where they are seen to be ones (scene.Keeper).
            untrue = self._gap(seen.plate, self._part) > GIVEN_BACK
            self._where[self._part] &= _closed(untrue.view(np.uint8)) > 0
            self._part = _around(self._where)

    def evidence(self, seen: Seen) -> Image:
        """(h, w) the evidence of `seen`, against the first picture where the plate is not true."""
        return self.held(seen._replace(tinted=None)).evidence

    def held(self, seen: Seen) -> Seen:
        """`seen` held against the first picture where the plate is not true.

        By brightness alone: the colour of the scene is known from the same pictures as the plate.
        """
        where, first, part = self._where, self._first, self._part
        if where is None or first is None or part is None:
            return seen
        untrue, tinted = where[part], seen.tinted
        if tinted is not None:
            part = _padded(part, RIM)
            tinted = tinted.copy()
            untrue = where[part] | (_grown(where[part], RIM) & (tinted[part] > 0))
            tinted[part][untrue] = 0
        lit = (seen.background[part] + np.float32(1)) / (seen.plate.luma[part] + np.float32(1))
        behind = first[part] * lit
        ahead = seen.luma[part].astype(np.float32) - behind
        gap = np.asarray(cv2.blur(ahead, (3, 3)), np.float32) / self._noise
        against = np.clip(0.5 * np.abs(gap) - 0.5 * NEUTRAL, -1.0, 1.0)
        # As foreground.Foreground: what is darker and keeps the ground's structure may be shadow.
        structure = cv2.blur(np.abs(gap - cv2.blur(gap, (9, 9))), (5, 5))
        shadow = (structure < 1.0 + 0.12 * np.abs(gap)) & (gap < 0)
        shadow &= seen.luma[part] > DARKEST * behind
        np.minimum(against, SHADOW, out=against, where=shadow)
        evidence = seen.evidence.copy()
        evidence[part][untrue] = against[untrue]
        return seen._replace(evidence=evidence, tinted=tinted)

    def behind(self, plate: Plate) -> Luma:
        """(h, w) `plate`, in its own light, with the first picture where it is not true."""
        if self._where is None or self._first is None or self._part is None:
            return plate.luma
        luma, where = plate.luma.copy(), self._where[self._part]
        first = self._first[self._part][where]
        luma[self._part][where] = np.clip(first, 0, 255).astype(np.uint8)
        return luma

    def _begin(self, seen: Seen) -> None:
        self._plate, self._since = seen.plate, seen.t
        self._first, self._firsts, self._where, self._part = None, [], None, None

    def _learn(self, seen: Seen) -> None:
        lit = (seen.plate.luma + np.float32(1)) / (seen.background + np.float32(1))
        self._firsts.append(np.asarray(seen.luma * lit, np.float32))
        if len(self._firsts) == LOOKS:
            self._first = np.asarray(np.median(self._firsts, axis=0), np.float32)
            self._firsts = []

    def _ghosts(self, plate: Plate) -> NDArray[np.bool_]:
        """(h, w) where `plate` shows something that the first picture does not."""
        found = np.zeros(plate.luma.shape, np.bool_)
        if self._first is None or self._first.shape != plate.luma.shape:
            return found
        self._noise = float(np.median(plate.noise))
        least = max(DIFFERS[0], DIFFERS[1] * self._noise)
        height, width = plate.luma.shape
        differs = (self._gap(plate, (slice(0, height), slice(0, width))) > least).view(np.uint8)
        labels, stats = parts(_closed(differs))
        outlines = gradient(self._first), gradient(plate.luma)
        for k in np.nonzero(stats[1:, cv2.CC_STAT_AREA] >= LEAST)[0] + 1:
            window = _window(stats[k])
            blob = (labels[window] == k).view(np.uint8)
            if not _take(found[window], blob, outlines, window):
                # Tape that moves in the wind joins a head: what is of the plate is, by itself.
                _take_parts(found[window], blob & differs[window], outlines, window)
        return found

    def _gap(self, plate: Plate, part: tuple[slice, slice]) -> Image:
        """(h, w) grey levels between `plate` and the first picture in a `part` of it."""
        rows, columns = part
        if self._first is None:
            return np.zeros(plate.luma[part].shape, np.float32)
        # With the pixels around the part, where there are any: they count for its border.
        wide = _padded(part, 1)
        top, left = (one.start for one in wide)
        gap = np.abs(cv2.blur(self._first[wide] - plate.luma[wide], (3, 3)))
        inner = gap[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
        return np.asarray(inner, np.float32)


def _closed(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """`mask` (h, w) and what lies between: in places a thing is as light as the ground."""
    return np.asarray(cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8)), np.uint8)


def _grown(mask: NDArray[np.bool_] | NDArray[np.uint8], by: int) -> NDArray[np.bool_]:
    """`mask` (h, w), `by` pixels larger on each side."""
    side = 2 * by + 1
    return np.asarray(cv2.dilate(mask.view(np.uint8), np.ones((side, side), np.uint8)) > 0)


def _padded(part: tuple[slice, slice], by: int) -> tuple[slice, slice]:
    """`part`, `by` pixels larger on each side where there are any."""
    rows, columns = (slice(max(one.start - by, 0), one.stop + by) for one in part)
    return rows, columns


def _window(stat: NDArray[np.int32]) -> tuple[slice, slice]:
    """The rows and columns of a part with `stat` (5,), and four around it."""
    x, y, w, h, _ = (int(v) for v in stat)
    return slice(max(y - 4, 0), y + h + 4), slice(max(x - 4, 0), x + w + 4)


def _take(
    found: NDArray[np.bool_],
    blob: NDArray[np.uint8],
    outlines: tuple[Image, Image],
    window: tuple[slice, slice],
) -> bool:
    """Whether `blob` (h, w), in its `window`, is of the plate alone: it is `found` (h, w) then.

    `outlines`: steepness of the first picture and of the plate, whole.
    """
    grown = _grown(blob, 1)
    before, after = (float(one[window][grown].mean()) for one in outlines)
    if after <= OUTLINE[0] * before + OUTLINE[1]:
        return False
    found |= grown
    return True


def _take_parts(
    found: NDArray[np.bool_],
    own: NDArray[np.uint8],
    outlines: tuple[Image, Image],
    window: tuple[slice, slice],
) -> None:
    """Those parts of `own` (h, w) that _take() takes by themselves."""
    labels, stats = parts(own)
    for k in np.nonzero(stats[1:, cv2.CC_STAT_AREA] >= LEAST)[0] + 1:
        _take(found, (labels == k).astype(np.uint8), outlines, window)


def _around(where: NDArray[np.bool_]) -> tuple[slice, slice] | None:
    """The rows and columns that hold all of `where` (h, w); None for nothing."""
    x, y, w, h = cv2.boundingRect(where.view(np.uint8))
    return (slice(y, y + h), slice(x, x + w)) if w else None
