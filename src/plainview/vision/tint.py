"""What differs from the empty scene by its colour, where grey levels do not say.

By luma alone nobody can tell a coat as light as the ground from the ground, nor a dark one without
folds from a shadow. Light scales what it falls on: in a shadow luma and colour (Cb and Cr, from
grey) shrink by one factor, so that what is left beside that factor is something else's colour
(after Horprasert, Harwood & Davis, A statistical approach for real-time robust background
subtraction and shadow detection, FRAME-RATE workshop, ICCV 1999). The sky lights shadows, too, and
it is bluer than the sun; lamps and a camera's white balance tint whole surroundings.

It says that something stands there. What colour it has is neither kept nor told.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.vision.plate import Image, Luma, box, gradient, half_sample_mode
from plainview.vision.steady import Shift, steadied

Colour = NDArray[np.uint8]
"""(2, h/2, w/2) Cb and Cr of a working frame (h, w), 128 is no colour."""
ENOUGH: Final = 12
"""Looks that the colour of a scene is learned from, at least, once a plate is there."""
FEW: Final = 8
"""Frames that its noise is told by."""
LEAST: Final = 9.0
"""Levels of Cb and Cr together that shadows and the coder may make of the ground's. On the real
walk (PETS S2L1) nine in ten places of what is taken for shadow stay below 3, 99 in 100 of the
ground below 6; a quarter of what people wear lies above 10."""
NOISES: Final = 9.0
"""The same, in levels by which the empty scene usually varies."""
SKY: Final = (0.1, -0.07)
"""Cb and Cr that shadows may have beside the sun's light, as part of their luma: the light of a
blue sky of 11,000 K where 5,500 K is white makes 0.08 and -0.05."""
SHADED: Final = 0.95
"""Part of the plate's luma below which the sky's part may have grown, and from whose inverse on it
may have shrunk."""
BLOCK: Final = 8
"""Pixels a side of the blocks whose tint is told."""
WINDOW: Final = 7
"""Blocks a side of the window whose median is the tint of a place's light: some people wide."""
TINTED: Final = 1.0
"""Levels that the light of a place hardly tints by."""
SPILT: Final = 0.5
"""Part of the most around it up to which a place only has what is spilt from there."""
_AROUND: Final = np.ones((5, 5), np.uint8)
ALL: Final = 0.5
"""Part of the picture that differs when it is the camera that sees other colours, or none."""
FULL: Final = 100
"""Code of what is as sure as can be."""
SPEAKS: Final = (5 / 3, 10 / 3)
"""Times the least from which colour by itself speaks for a body, and is as sure as can be: a poor
coder smears the colours of who walks past over the ground, where they are no shadow, and nobody."""
_TIMES = 1 + np.arange(256) * ((SPEAKS[1] - 1) / FULL)
ALONE: Final = np.clip((_TIMES - SPEAKS[0]) / (SPEAKS[1] - SPEAKS[0]), 0, 1).astype(np.float32)
"""(256,) evidence that each code is by itself."""


class Tint:
    """Owns the colour of the empty scene, at half of the working size."""

    def __init__(self, colour: Colour, noise: float) -> None:
        """Start from the scene's `colour`, which usually varies by `noise` levels."""
        self.mean: Image = colour.astype(np.float32)
        """(2, h/2, w/2)."""
        self.least = max(LEAST, NOISES * noise)
        """Levels of Cb and Cr together that say nothing."""
        self.lost = False
        """Whether most of the last frame differed: these are not its colours any more."""
        self._refresh()

    def _refresh(self) -> None:
        self._bytes: Colour = np.rint(self.mean).astype(np.uint8)
        self._blocks = [_blocks(plane) for plane in self._bytes]

    @classmethod
    def learn(cls, frames: Sequence[Colour]) -> "Tint":
        """Learn from frames spread over time, 3 or more, by the half-sample mode (see plate.py)."""
        stack = np.stack(frames, axis=1)
        colour = np.stack([half_sample_mode(plane) for plane in stack])
        # A few frames tell the noise as well as all, in a fraction of a lens's memory.
        few = frames[:: max(len(frames) // FEW, 1)]
        off = [_amount([box(_from(a, b), 3) for a, b in zip(one, colour, strict=True)])
               for one in few]  # fmt: skip
        nearest = np.partition(np.stack(off), len(off) // 4, axis=0)[len(off) // 4]
        return cls(colour, float(np.median(nearest)))

    def keep(self, other: "Tint", where: NDArray[np.bool_]) -> None:
        """Take the colour of `other`, of the same size, `where` (h, w) of the frame is true."""
        small = self._small(where.astype(np.uint8)) > 0
        self.mean[:, small] = other.mean[:, small]
        self._refresh()

    def follow(self, colour: Colour, free: Luma, rate: float) -> None:
        """Move towards `colour` by `rate` where `free` (h, w, 0 or 255) of the frame allows it."""
        mask = np.where(self._small(free) == 255, 255, 0).astype(np.uint8)
        for mean, now in zip(self.mean, colour, strict=True):
            cv2.accumulateWeighted(now, mean, rate, mask=mask)
        self._refresh()

    def show(self, colour: Colour, where: Luma) -> None:
        """Take over `colour` wherever `where` (h, w, 0 or 1) of the frame says: nobody is there."""
        small = self._small(where) > 0
        self.mean[:, small] = colour[:, small]
        self._refresh()

    def differs(self, colour: Colour, luma: Luma, background: Luma, gain: float) -> Luma | None:
        """(h, w) how much a frame's `colour` speaks for something, 1 to FULL; None for nowhere.

        `luma` (h, w) of the frame, `background` the plate in its light, which is `gain` times what
        it was. 0 is what the light may have done.
        """
        self.lost = False
        lamps = [_tint(now, blocks) for now, blocks in zip(colour, self._blocks, strict=True)]
        part = self._part(colour) if all(lamp is None for lamp in lamps) else np.s_[:, :]
        if part is None:
            return None
        apart = []
        for plane, mean, lamp in zip(colour, self.mean, lamps, strict=True):
            one = box(_from(plane[part], mean[part]), 3)
            if lamp is not None:
                one -= cv2.resize(lamp, plane.shape[::-1], interpolation=cv2.INTER_LINEAR)
            apart.append(one)
        amount = self._beside_light(apart, part, luma, background, gain)
        # Colour is coarse, and spills over the edge of what has it.
        amount[amount < SPILT * cv2.dilate(amount, _AROUND)] = 0
        codes = np.zeros(colour.shape[1:], dtype=np.uint8)
        codes[part] = np.clip((amount / self.least - 1) * (FULL / (SPEAKS[1] - 1)), 0, FULL)
        some = cv2.countNonZero(codes)
        self.lost = some > ALL * codes.size
        if some == 0 or self.lost:
            return None
        size = (luma.shape[1], luma.shape[0])
        return np.asarray(cv2.resize(codes, size, interpolation=cv2.INTER_LINEAR), dtype=np.uint8)

    def _beside_light(
        self,
        apart: Sequence[Image],
        part: tuple[slice, slice],
        luma: Luma,
        background: Luma,
        gain: float,
    ) -> Image:
        """(h, w) levels of Cb and Cr together by which a `part` is `apart` from its light's.

        What the light does is worked out where there may be anything at all.
        """
        amount = np.zeros_like(apart[0])
        where = np.nonzero(_amount(apart) > 0.5 * self.least)
        rows, columns = (2 * (one + (cut.start or 0)) for one, cut in zip(where, part, strict=True))
        now, was = (_of_four(one, rows, columns) for one in (luma, background))
        light = np.clip(now / np.maximum(was, 1), np.float32(0.2), np.float32(2.0))
        for one, mean, sky in zip(apart, self.mean, SKY, strict=True):
            left = one[where] + (mean[part][where] - 128) * (1 - np.float32(gain) * light)
            # The sky's light is more of all there is in a shadow, and less where the sun comes out.
            most = np.float32(sky) * now
            most = np.where(light < SHADED, most, np.where(light > 1 / SHADED, -most, 0))
            left -= np.clip(left, np.minimum(most, 0), np.maximum(most, 0))
            amount[where] += np.abs(left)
        return amount

    def _part(self, colour: Colour) -> tuple[slice, slice] | None:
        """The rows and columns that hold all that may differ; None for nothing."""
        off = cv2.add(*(cv2.absdiff(a, b) for a, b in zip(colour, self._bytes, strict=True)))
        rough = cv2.blur(off, (3, 3)) >= np.uint8(min(0.5 * self.least, 255.0))
        x, y, w, h = cv2.boundingRect(rough.view(np.uint8))
        if w == 0:
            return None
        return slice(max(y - 3, 0), y + h + 3), slice(max(x - 3, 0), x + w + 3)

    def _small(self, picture: Luma) -> Luma:
        """`picture` (h, w) at half of its size."""
        size = (self.mean.shape[2], self.mean.shape[1])
        return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


class Tinted(NamedTuple):
    """A frame's colour beside that of the empty scene."""

    colour: Colour
    tint: Tint

    def outlines(self, shape: tuple[int, ...]) -> tuple[Image, Image]:
        """(h, w) of `shape` each: by how much colours rise per pixel in the frame, in the scene."""
        size = (shape[1], shape[0])
        found = [gradient(one[0]) + gradient(one[1]) for one in (self.colour, self.tint.mean)]
        now, was = (cv2.resize(one, size, interpolation=cv2.INTER_LINEAR) for one in found)
        return np.asarray(now, dtype=np.float32), np.asarray(was, dtype=np.float32)


def moved_back(colour: Colour, shift: Shift) -> Colour:
    """`colour` (2, h/2, w/2) of a working frame moved back by `shift` (see steady.steadied)."""
    return np.stack([steadied(one, shift / 2) for one in colour])


def _from(now: Luma, mean: Luma | Image) -> Image:
    return np.asarray(cv2.subtract(now, mean, dtype=cv2.CV_32F), dtype=np.float32)


def _amount(apart: Sequence[Image]) -> Image:
    """(h, w) levels of Cb and Cr together."""
    return np.asarray(np.abs(apart[0]) + np.abs(apart[1]), dtype=np.float32)


def _of_four(luma: Luma, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> Image:
    """(n,) means of the four pixels of `luma` from (`rows`, `columns`) on, each (n,)."""
    height, width = luma.shape
    sums = np.zeros(len(rows), dtype=np.float32)
    for down in (0, 1):
        for right in (0, 1):
            sums += luma[
                np.minimum(rows + down, height - 1), np.minimum(columns + right, width - 1)
            ]
    return np.asarray(sums * np.float32(0.25), dtype=np.float32)


def _blocks(plane: Luma) -> Luma:
    """(rows, columns) the means of the blocks of `plane` (h, w)."""
    rows, columns = (max(side // BLOCK, 1) for side in plane.shape)
    # Whole blocks alone: OpenCV takes ten times as long for parts of pixels.
    plane = plane[: rows * BLOCK, : columns * BLOCK]
    size = (columns, rows)
    return np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _tint(now: Luma, blocks: Luma) -> Image | None:
    """(rows, columns) levels by which whole surroundings in `now` (h, w) differ from `blocks`.

    None where they hardly do.
    """
    gap = np.clip(_from(_blocks(now), blocks) + 128, 0, 255).astype(np.uint8)
    field = np.asarray(cv2.medianBlur(gap, WINDOW), np.float32) - 128
    return field if float(np.abs(field).max()) > TINTED else None
