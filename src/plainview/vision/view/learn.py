"""One look of a view's plate: a median of eleven minutes, each with a vote that nobody was there.

Much stricter than the plate that a lens measures by, which must be there after two seconds and
follows the scene: nobody is to be in this one. A pixel is settled only if

1. in most minutes it was free of people in most moments: no body stood there, nothing differed
   from the measuring plate, and nothing moved, with a margin around each;
2. hardly anything moved there that neither bodies nor a difference explain. Somebody who was there
   when the measuring plate was learned has become part of it, and gives themselves away by this;
3. four in five of the minutes' medians agree.

Who sits down for half of the time makes 3 fail, who sways 2. A sleeper who does not move by a pixel
in all that time passes all three: that is why one look is no plate yet (`day`).
"""

import math
from collections.abc import Iterator
from typing import Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.vision.plate import Luma, exposure

Mask = NDArray[np.bool_]
Packed = NDArray[np.uint8]
"""A mask of eight pixels in a byte, row by row: a lens's memory is dear."""

MOMENT_EVERY: Final = 7.5
"""Seconds between two moments that are looked at."""
MOMENTS: Final = 8
"""Moments that make a vote: a minute."""
VOTES: Final = 11
"""Votes that make a look: from the first moment of one to the last of eleven are 650 s."""
LONGEST: Final = 3600.0
"""Seconds after which a look that has not come about is begun anew: the light has changed."""
MOVED: Final = 14
"""Grey levels between two moments from which a pixel has moved."""
RESTLESS: Final = 0.06
"""Part of the moments in which something may move unexplained."""
AGREE: Final = 0.8
"""Part of the voting minutes that must agree."""
STRIP: Final = 32
"""Rows that are worked on at once."""
LEVELS: Final = 8.0
"""Grey levels to each side within which two minutes agree, at least."""
SHARE: Final = 0.1
"""The same as a part of the luma."""
_MARGIN: Final = np.ones((7, 7), np.uint8)
_SPECK: Final = np.ones((3, 3), np.uint8)
TILE: Final = 13
"""A third of a person of optics.WORK_HEIGHT pixels."""
_BODY: Final = np.ones((TILE, TILE), np.uint8)


class Look(NamedTuple):
    """What eleven minutes show of a scene, in working pixels."""

    luma: Luma
    """(h, w) the median of the votes."""
    settled: Mask
    """(h, w) where they agree, and nobody was seen."""
    begin: int
    """UTC milliseconds of the first moment and of the last."""
    end: int


class ViewLearner:
    """Owns the moments of this minute and the votes of those before, in working pixels (h, w)."""

    def __init__(self, size: tuple[int, int]) -> None:
        """Learn for working pictures of `size` (width, height)."""
        self._shape = (size[1], size[0])
        self._begin()

    def _begin(self) -> None:
        self._moments: list[Luma] = []
        self._free: list[Packed] = []
        self._values: list[Luma] = []
        self._voters: list[Packed] = []
        self._restless = np.zeros(self._shape, dtype=np.uint16)
        self._counted = 0
        self._reference: Luma | None = None
        self._last: Luma | None = None
        self._grown: Mask = np.zeros(self._shape, dtype=np.bool_)
        self._looked = -math.inf
        self._since = 0.0

    def look(self, luma: Luma, occupied: Mask, t: float) -> Look | None:
        """Take a working frame of the time `t` seconds: a look, when enough minutes have voted.

        `occupied` (h, w): bodies, and whatever differs from the measuring plate. Only frames of a
        healthy camera are given. All is begun anew after a look.
        """
        if 0 <= t - self._looked < MOMENT_EVERY:
            return None
        if self._looked > t or t - self._since > LONGEST or self._reference is None:
            self._begin()
            self._reference, self._since = luma.copy(), t
        self._looked = t
        even = self._evened(luma)
        grown = cv2.dilate(occupied.astype(np.uint8), _MARGIN) > 0
        moved = np.zeros(self._shape, dtype=np.bool_)
        if self._last is not None:
            # Where somebody stood a moment ago, their leaving explains it.
            moved = (cv2.absdiff(even, self._last) > MOVED) & ~grown & ~self._grown
            self._restless += moved.astype(np.uint16)
            self._counted += 1
        self._last, self._grown = even, grown
        self._moments.append(even)
        free = ~(grown | (cv2.dilate(moved.astype(np.uint8), _SPECK) > 0))
        self._free.append(np.packbits(free, axis=1))
        if len(self._moments) == MOMENTS:
            self._vote()
        return self._whole_look() if len(self._values) == VOTES else None

    def _evened(self, luma: Luma) -> Luma:
        """`luma` in the exposure of the first moment."""
        assert self._reference is not None  # noqa: S101 - `look` has set it
        gain = exposure(self._reference, luma, None)
        table = np.clip(np.arange(256) * gain, 0, 255)
        return np.asarray(cv2.LUT(luma, np.rint(table).astype(np.uint8)), dtype=np.uint8)

    def _vote(self) -> None:
        """End a minute: its median of the free moments, and where it votes."""
        value = np.zeros(self._shape, dtype=np.uint8)
        votes = np.zeros(self._shape, dtype=np.bool_)
        for rows in self._strips():
            open_ = self._unpacked(self._free, rows)
            value[rows] = _median(np.stack([one[rows] for one in self._moments]), open_)
            votes[rows] = 2 * open_.sum(axis=0) >= MOMENTS
        self._moments.clear()
        self._free.clear()
        self._values.append(value)
        self._voters.append(np.packbits(votes, axis=1))

    def _strips(self) -> Iterator[slice]:
        """Rows, some at a time: a sort of all at once would take many times the memory of these."""
        return (slice(top, top + STRIP) for top in range(0, self._shape[0], STRIP))

    def _unpacked(self, masks: list[Packed], rows: slice) -> Mask:
        """(n, rows, w) of `masks`."""
        found = [np.unpackbits(mask[rows], axis=1, count=self._shape[1]) for mask in masks]
        return np.stack(found) > 0

    def _whole_look(self) -> Look:
        """The look by the votes, after which nothing of it is kept."""
        luma, settled = self._agreed()
        settled &= self._restless <= RESTLESS * max(self._counted, 1)
        found = Look(luma, whole(settled), round(self._since * 1000), round(self._looked * 1000))
        self._begin()
        return found

    def _agreed(self) -> tuple[Luma, Mask]:
        """The median of the votes (h, w), and where enough of them were cast and agree."""
        luma = np.zeros(self._shape, dtype=np.uint8)
        settled = np.zeros(self._shape, dtype=np.bool_)
        for rows in self._strips():
            values = np.stack([value[rows] for value in self._values])
            votes = self._unpacked(self._voters, rows)
            median = _median(values, votes)
            number = votes.sum(axis=0)
            near = np.maximum(LEVELS, SHARE * median.astype(np.float32))
            away = np.abs(values.astype(np.int16) - median.astype(np.int16))
            agree = (votes & (away <= near)).sum(axis=0)
            luma[rows] = median
            settled[rows] = (2 * number >= len(values)) & (agree >= AGREE * number)
        return luma, settled


def _median(values: Luma, counted: Mask) -> Luma:
    """The median (h, w) of `values` (n, h, w) where they are `counted`; 255 where none is."""
    ordered = np.sort(np.where(counted, values, 255), axis=0)
    middle = np.maximum((counted.sum(axis=0) - 1) // 2, 0)[None]
    return np.asarray(np.take_along_axis(ordered, middle, axis=0)[0], dtype=np.uint8)


def whole(settled: Mask) -> Mask:
    """`settled` without specks and gaps; what is not is whole tiles, so that it has no outline.

    Where people come and go at one place, what is unsettled would else be of their shape.
    """
    open_ = cv2.morphologyEx((~settled).astype(np.uint8), cv2.MORPH_OPEN, _SPECK)
    closed = cv2.morphologyEx(open_, cv2.MORPH_CLOSE, _BODY)
    height, width = settled.shape
    padded = np.pad(closed, ((0, -height % TILE), (0, -width % TILE)))
    tiles = padded.reshape(padded.shape[0] // TILE, TILE, padded.shape[1] // TILE, TILE)
    flat = tiles.any(axis=(1, 3)).repeat(TILE, axis=0).repeat(TILE, axis=1)
    return np.asarray(~flat[:height, :width])
