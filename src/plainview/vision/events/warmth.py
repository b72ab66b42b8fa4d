"""Where in a picture anything is warm enough in its colour to be flame, and where it was lately.

Mostly that is nowhere. A flame burns where it is; a vest or a car that stops and stirs has come
there, and what glows of it has left a trail. The colour is that of soot at 1000 to 1900 K, and of a
core beside it that is too bright for the sensor.
"""

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.vision.events.flicker import step
from plainview.vision.events.parts import parts
from plainview.vision.plate import Luma

WARM: Final = 14
"""Cr less Cb that a flame, or what is beside its core, always has more of."""
AROUND: Final = 4
"""Chroma pixels around what is warm that are looked at."""
TRAIL: Final = 12.0
"""Seconds for which a trail is remembered."""
GLOWS: Final = 20.0
"""Grey levels above the dim from which something leaves one."""
TRAVELS: Final = (1.8, 2.6)
"""Width of what glowed within `TRAIL` over that of what glows now with `SWAYS` added: of flames up
to, and of what has come from elsewhere, from."""
SWAYS: Final = 8
"""Pixels by which also a small flame sways and licks."""
BESIDE: Final = 4
"""Pixels across which a trail has no gap."""
PALER: Final = 0.5
"""Part of what a body glows by that its trail has at least."""
STEADY: Final = 0.8
"""Part of the last seconds in which what glows beside a body is a lamp, not its trail."""
WHITE: Final = 222
"""Luma from which the sensor loses colour."""
FIRST: Final = 2.0
"""Seconds in which what glows from the beginning is noted."""
STALE: Final = 60.0
"""Seconds after which that says nothing more: a clip's plate is of its first half minute."""
CAME: Final = (0.1, 0.3)
"""Part of a body that glowed in the first seconds: of what has come up to, of a sign from."""
AS_SURE: Final = 0.7
"""Of what two seconds show one is less sure than of what a plate does."""
_GROWN: Final = np.ones((BESIDE + 1, BESIDE + 1), np.uint8)
F32 = NDArray[np.float32]
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


def glowing(half: Luma, chroma: Luma, dim: float) -> F32:
    """(h, w) luma above `dim` where soot may glow, 0 elsewhere; soft where colour is in doubt.

    `half` (h, w) and `chroma` (2, h, w) are of one size.
    """
    glow = np.zeros(half.shape, np.float32)
    likely = (cv2.subtract(chroma[1], chroma[0]) > WARM) & (half > dim)
    x, y, w, h = cv2.boundingRect(likely.astype(np.uint8))
    if w == 0:
        return glow
    # Around what may glow only: most pictures hold nothing of the kind.
    box = slice(max(y - 3, 0), y + h + 3), slice(max(x - 3, 0), x + w + 3)
    glow[box] = _glow(half[box], chroma[(slice(None), *box)], dim)
    return glow


def _glow(half: Luma, chroma: Luma, dim: float) -> F32:
    blue, red = (plane.astype(np.float32) - 128 for plane in chroma)
    warmth = red - blue
    # Hue between deep orange and yellow: purer reds are lamps and paint, greener yellows clothes.
    hue = np.clip((red + 0.02 * warmth) / 3.0, 0.0, 1.0)
    hue *= np.clip((-2.2 * blue - red) / 4.0, 0.0, 1.0)
    warm = np.clip((warmth - 14.0) / 12.0, 0.0, 1.0) * hue
    beside = cv2.dilate(warm, np.ones((5, 5), np.uint8))
    core = np.clip((half.astype(np.float32) - WHITE + 12.0) / 12.0, 0.0, 1.0) * beside
    lit = np.clip(half.astype(np.float32) - dim, 0.0, None)
    return np.asarray(lit * np.maximum(warm, core), dtype=np.float32)


class Early:
    """Owns where something glowed in the first seconds, before the plate was learned."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        """Nothing was seen yet of pictures of `shape` (h, w)."""
        self._lit = np.zeros(shape, np.bool_)
        self._age = 0.0

    def note(self, glow: F32, part: Part) -> None:
        """What glows in a `part` of the picture."""
        if self._age < FIRST:
            self._lit[part] |= glow > GLOWS

    def age(self, dt: float) -> None:
        """`dt` seconds have passed."""
        self._age += dt

    def known(self, part: Part) -> NDArray[np.bool_] | bool:
        """Where in a `part` the plate shows no more than what was there in the first seconds."""
        return self._age >= STALE or (self._age >= FIRST and self._lit[part])

    def came(self, body: NDArray[np.bool_], part: Part) -> float:
        """0 to AS_SURE: whether the `body` of what glows in a `part` of the picture came since."""
        lit = float(self._lit[part][body].mean())
        known = FIRST <= self._age < STALE
        return AS_SURE * (1.0 - step(lit, *CAME)) if known else 0.0


class Trail:
    """Owns where something glowed lately, and how strongly: two bytes a pixel.

    Of when, 255 is for now, 0 for `TRAIL` ago.
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        """Nothing glowed in a picture of `shape` (h, w)."""
        self._left = np.zeros(shape, np.uint8)
        self._level = np.zeros(shape, np.uint8)
        self._some = False

    def note(self, glow: NDArray[np.float32] | None, dt: float) -> None:
        """What glows (h, w), `dt` seconds after the last; None where nothing does."""
        if self._some:
            fade = np.full(1, min(max(round(255 * dt / TRAIL), 1), 255), np.float64)
            self._left = np.asarray(cv2.subtract(self._left, fade), dtype=np.uint8)
            self._some = glow is not None or bool(self._left.any())
        if glow is not None:
            lit = glow > GLOWS
            self._left[lit] = 255
            self._level[lit] = glow[lit]
            self._some = True

    def rests(
        self, body: NDArray[np.bool_], part: Part, last: Sequence[NDArray[np.float32]]
    ) -> float:
        """0 to 1: whether the `body` of what glows in a `part` of the picture was nowhere else.

        `last` are the pictures (h, w) of what glowed in the last seconds.
        """
        # What glows all the time beside it, as a lamp or a lit wall does, is no trail.
        steady = np.mean([glow > GLOWS for glow in last], axis=0) > STEADY
        # Nor is what glows much less than it does: clothes of one who passes a flame.
        level = PALER * float(np.percentile(np.max([one[part][body] for one in last], axis=0), 75))
        left = np.where(steady | (self._level < level), 0, self._left).astype(np.uint8)
        left[part][body] = 255
        labels, stats = parts(np.asarray(cv2.dilate(left, _GROWN), dtype=np.uint8))
        k = int(np.bincount(labels[part][body]).argmax())
        across = np.nonzero(body.any(axis=0))[0]
        width = int(across[-1] - across[0]) + 1 + SWAYS
        return 1.0 - step(float(stats[k][2]) / width, *TRAVELS)
