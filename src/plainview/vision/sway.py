"""What lives in the plate: how well a picture's small differences from it are explained by a shift.

Who stands from the first frame on is learned into the plate, but nobody stands like a post: a
standing body sways by several millimetres within seconds (Winter, Gait & Posture 3, 1995), the
more the higher, and shifts its weight. Pixel by pixel that is less than the noise that edges are
granted. But over a window as wide as a limb it shows: the difference from the plate is that of a
picture moved by a part of a pixel (Lucas & Kanade, IJCAI 1981). Floors, furniture and parked cars
differ by noise, which no shift explains. What the whole picture moves by is the camera's own swing
and is taken off first.
"""

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.vision.plate import Image, Luma, Plate, exposure, gradients

Mask = NDArray[np.bool_]

MEMORY = 15.0
"""Looks that are remembered."""
ENOUGH = 4.0
"""Looks at a place after which something is said of it."""
MOST = 3.0
"""The most that one look says, as ratio of what a shift explains and what it does not."""
AREA = 13
"""Pixels of half of the working size, of the square over which light is evened out: wider than a
body."""
WINDOW = 1.2
"""Standard deviation of the window, in pixels of half of the working size: a limb's width."""
PLAIN = 0.5
"""Added to the squared gradient: under it, noise alone would explain any shift."""
STRONG = 3.5
"""Standard deviations from which on something stands before the plate, and nothing is learned."""
AROUND = 2
"""Pixels of half of the working size around such a place that are not learned from."""
BODY, HEALED = (3, 5), 8.0
"""Pixels of half of the working size over which the plate changes by as many grey levels at once
where it is given another background: edges that are mended are narrower."""
OUTLYING = 9.0
"""Times the median squared difference over which a pixel says little of how the camera swings."""
LEAST, SHAKEN = 0.003, 8.0
"""Squared pixels that no shift counts below: always, and for each that the whole picture swung by.
What a camera's swing leaves at strong edges is no sway."""
SWINGS = 8.0
"""Looks over which the camera's swing is averaged: a mean picture may swing little by chance."""
_NARROW = np.ones((3, 3), np.uint8)


class Sway:
    """Owns how much each pixel of half of the working size has swayed about the plate."""

    def __init__(self, size: tuple[int, int]) -> None:
        """Nothing is known yet of a working picture of `size` (w, h)."""
        self._half = (max(size[0] // 2, 1), max(size[1] // 2, 1))
        shape = (self._half[1], self._half[0])
        self._sum = np.zeros(shape, dtype=np.float32)
        self._looks = np.zeros(shape, dtype=np.float32)
        self._plate: Luma | None = None
        self._swung = 0.0

    def learn(self, frames: Sequence[Luma], plate: Plate) -> None:
        """Look at the `frames` (h, w) that `plate` was learned from, at means of two."""
        for first, second in zip(frames[::2], frames[1::2], strict=False):
            seen = cv2.addWeighted(first, 0.5, second, 0.5, 0, dtype=cv2.CV_32F)
            gain = 0.5 * sum(exposure(one, plate.luma, None) for one in (first, second))
            lit = np.clip(plate.mean * np.float32(gain), 0, 255)
            self.look(np.asarray(seen, dtype=np.float32), lit, plate)

    def look(self, picture: Image, background: Image, plate: Plate) -> None:
        """Compare `picture` (h, w), a mean over a second or two, with `background` in its light."""
        ratio, before = self._explained(picture, background, plate.sharpness)
        small = cv2.resize(plate.luma, self._half, interpolation=cv2.INTER_AREA)
        if self._plate is not None:
            # Who stood there has gone, and nothing sways there.
            change = cv2.blur(cv2.subtract(small, self._plate, dtype=cv2.CV_32F), BODY)
            given = _around(np.abs(change) > HEALED)
            self._sum[given] = 0
            self._looks[given] = ENOUGH
        self._plate = np.asarray(small, dtype=np.uint8)
        kept = np.float32(1 - 1 / MEMORY)
        free = ~before
        self._sum[free] = kept * self._sum[free] + ratio[free]
        self._looks[free] = kept * self._looks[free] + 1

    def _explained(self, a: Image, b: Image, sharpness: Image) -> tuple[Image, Mask]:
        """(h/2, w/2) how well shifts explain `a` - `b`, and where something stands before `b`."""
        d = a - b
        before = _around(self._halved(np.abs(cv2.blur(d * sharpness, (3, 3)))) > STRONG)
        middle = np.asarray(cv2.addWeighted(a, 0.5, b, 0.5, 0), dtype=np.float32)
        gx, gy = gradients(middle)
        del middle  # each is a megabyte
        # Who stands there would darken the floor beside him, and any edge there explain it.
        even = _light(self._halved(d), (~before).astype(np.float32))
        d -= cv2.resize(even, d.shape[::-1], interpolation=cv2.INTER_LINEAR)
        pairs = ((gx, gx), (gx, gy), (gy, gy), (gx, d), (gy, d), (d, d))
        seen = _Products(*(self._halved(p * q) for p, q in pairs))
        u, v = _swing(seen)
        xx, xy, yy, xd, yd, dd = (
            np.asarray(cv2.GaussianBlur(one, (0, 0), WINDOW), dtype=np.float32)
            for one in _without(seen, u, v)
        )
        noise = max(float(np.median(dd)), 1e-3)
        self._swung += (u * u + v * v - self._swung) / SWINGS
        least = LEAST + SHAKEN * max(u * u + v * v, self._swung)
        ground = (noise + least * (xx + yy)).astype(np.float32)
        xx, yy = xx + np.float32(PLAIN), yy + np.float32(PLAIN)
        explained = (yy * xd * xd - 2 * xy * xd * yd + xx * yd * yd) / (xx * yy - xy * xy)
        ratio = explained / (np.maximum(dd - explained, 0) + ground)
        return np.clip(ratio, 0, MOST).astype(np.float32), before

    def _halved(self, picture: Image) -> Image:
        small = cv2.resize(picture, self._half, interpolation=cv2.INTER_AREA)
        return np.asarray(small, dtype=np.float32)

    def swaying(self) -> tuple[Image, Mask]:
        """(h/2, w/2) mean of the ratio over what is remembered, and where enough was seen.

        The window makes what sways wider than it is: that is taken off again.
        """
        mean = self._sum / np.maximum(self._looks, np.float32(1))
        return np.asarray(cv2.erode(mean, _NARROW), np.float32), self._looks >= ENOUGH


def _light(d: Image, free: Image) -> Image:
    """(h/2, w/2) mean of `d` (h/2, w/2) around each pixel, over what is `free` (1, or else 0)."""
    share = np.maximum(cv2.blur(free, (AREA, AREA)), np.float32(1e-3))
    return np.asarray(cv2.blur(d * free, (AREA, AREA)) / share, dtype=np.float32)


class _Products(NamedTuple):
    """Products of a picture's gradient (x, y) and its difference d, each (h/2, w/2)."""

    xx: Image
    xy: Image
    yy: Image
    xd: Image
    yd: Image
    dd: Image


def _without(seen: _Products, u: float, v: float) -> _Products:
    """`seen` once a shift of the whole picture by `u` and `v` pixels is taken off."""
    xx, xy, yy, xd, yd, dd = seen
    rest = dd - 2 * (u * xd + v * yd) + u * u * xx + 2 * u * v * xy + v * v * yy
    return _Products(
        xx, xy, yy, xd - u * xx - v * xy, yd - u * xy - v * yy, np.maximum(rest, np.float32(0))
    )


def _swing(seen: _Products) -> tuple[float, float]:
    """Pixels by which the whole picture is shifted, by least squares that outliers do not draw."""
    u = v = 0.0
    seen = _Products(*(one[::3, ::3] for one in seen))
    for _ in range(3):
        rest = _without(seen, u, v).dd
        noise = OUTLYING * float(np.median(rest)) + 1e-3
        weight = 1 / np.square(1 + rest / np.float32(noise))
        a, b, c, p, q = (float(np.vdot(weight, one)) for one in seen[:5])
        least = 1e-3 * (a + c) + 1e-3
        spread = (a + least) * (c + least) - b * b
        u, v = ((c + least) * p - b * q) / spread, ((a + least) * q - b * p) / spread
    return u, v


def _around(mask: Mask) -> Mask:
    """`mask` and AROUND pixels around it."""
    side = 2 * AROUND + 1
    return np.asarray(cv2.dilate(mask.astype(np.uint8), np.ones((side, side), np.uint8)) > 0)
