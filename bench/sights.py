"""What lesser cameras see, in worse weather, for recoded.py and event_sights.py.

Each frame is changed before it is coded: shares of it and levels, not scenes of our own.
"""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, shift

from shaped import Frame, Seen, Shape

Floats = NDArray[np.float32]
Change = Callable[[Floats, float, np.random.Generator], Floats]
"""A frame (h, w, 3), its time in seconds, and chance: the frame as it is seen."""


def _seen(*changes: Change) -> Seen:
    """All `changes` one after the other, with the same chance in each run."""

    def change(frame: Frame, k: int, t: float) -> Frame:
        seen, chance = frame.astype(np.float32), np.random.default_rng(k)
        for one in changes:
            seen = one(seen, t, chance)
        return np.asarray(np.clip(seen, 0, 255), dtype=np.uint8)

    return change


def _unsharp(pixels: float) -> Change:
    return lambda frame, _, __: np.asarray(gaussian_filter(frame, (pixels, pixels, 0)))


def _noisy(levels: float) -> Change:
    """Noise that is alike in all colours."""

    def change(frame: Floats, _: float, chance: np.random.Generator) -> Floats:
        noise = chance.standard_normal((*frame.shape[:2], 1), dtype=np.float32)
        return frame + np.float32(levels) * noise

    return change


def _lit(gain: float, haze: float = 0.0) -> Change:
    return lambda frame, _, __: frame * np.float32(gain) + np.float32(haze)


def _dusk(frame: Floats, t: float, _: np.random.Generator) -> Floats:
    """Two fifths of the light are left after 100 s."""
    return frame * np.float32(1 - 0.6 * min(t / 100, 1))


def _blown(pixels: float, right: float, down: float) -> Change:
    """The mast sways by `pixels`, so many radians a second to the right and down."""

    def change(frame: Floats, t: float, _: np.random.Generator) -> Floats:
        by = (pixels * math.sin(down * t + 1), pixels * math.sin(right * t), 0)
        return np.asarray(shift(frame, by, order=1, mode="nearest"), dtype=np.float32)

    return change


def _rainy(frame: Floats, _: float, chance: np.random.Generator) -> Floats:
    """A hundred and fifty bright streaks."""
    seen = frame.copy()
    h, w = frame.shape[:2]
    for _k in range(150):
        x, y, long = chance.integers(w), chance.integers(h), chance.integers(6, 16)
        seen[y : y + long, x] = 0.5 * seen[y : y + long, x] + 105
    return seen


def _through_drops(frame: Floats, _: float, __: np.random.Generator) -> Floats:
    """Three drops on the glass, a fourteenth of the picture's width wide, and unsharp."""
    h, w = frame.shape[:2]
    y, x = np.mgrid[:h, :w]
    wet = np.zeros((h, w), np.float32)
    for right, down in ((0.2, 0.33), (0.69, 0.55), (0.45, 0.72)):
        wet[np.hypot(x - right * w, y - down * h) < w / 14] = 1
    wet = gaussian_filter(wet, 4)[..., None]
    return np.asarray(frame * (1 - wet) + wet * gaussian_filter(frame, (9, 9, 0)))


SIGHTS = (
    Shape("unsharp by 1.5 pixels", seen=_seen(_unsharp(1.5))),
    Shape("unsharp by 2.5 pixels", seen=_seen(_unsharp(2.5))),
    Shape("noise of 20 levels", seen=_seen(_noisy(20))),
    Shape("a third of the light, noise of 4", seen=_seen(_lit(0.35), _noisy(4))),
    Shape("dusk", seen=_seen(_dusk)),
    Shape("haze: two fifths of the contrast", seen=_seen(_lit(0.4, 120))),
    Shape("rain", seen=_seen(_rainy)),
    Shape("through drops on the glass", seen=_seen(_through_drops)),
    Shape("a mast that trembles by 3 pixels", seen=_seen(_blown(3, 11.9, 16.1))),
    Shape("a mast that sways by 4 pixels", seen=_seen(_blown(4, 0.35, 0.21))),
    Shape("one frame of seven", left_out=lambda k: k % 7 > 0),
)
