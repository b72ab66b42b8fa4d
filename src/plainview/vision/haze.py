"""How much of what a camera sees is a veil's own light: fog, or glare on what covers its lens.

Where a veil of transmission c hangs before the scene, nothing is darker than (1 - c) of the veil's
own light (Koschmieder, Beitr. Phys. freien Atm. 12, 1924): what is black shows it, and so the
darkest that is ever seen bounds it from above (the dark channel of He, Sun & Tang, IEEE Trans.
Pattern Analysis 33, 2011, over time in place of space). A clear scene has something dark somewhere,
and so have people's clothes, hair and shoes, which end sharply, as clouds' shades do not. Behind a
veil they differ less from the ground, and no shadow darkens it by as much as without.
"""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.vision.plate import Image, Luma

DEEP, HARDLY = -6.0, -1.5
"""Standard deviations of difference of what may be a thing's own darkness, where it hardly differs
at all two pixels away: a cloud's shade ends over many."""
OF_PLATE, OF_DARK = 0.001, 0.02
"""Part of the plate, and of things before it that are darker, that is taken for the darkest."""
CLEAR, HAZY = 0.55, 0.65
"""The darkest, as part of the ground's luma, up to which the air is clear, and from which not."""
STEPS: Final = 100
"""Steps of luma over the plate's."""
ENOUGH: Final = 200
"""Pixels of dark things from which on the darkest of them is known."""
MEMORY: Final = 50_000
"""Pixels of them that are remembered; of all that is as dark, as many as have them for SHARPLY."""
SHARPLY: Final = 0.05
"""Part of what is as dark that must end sharply: 0.1 to 0.6 of it in fog and glare, up to 0.01 of
clouds' shades over empty ground."""
_FIVE: Final = np.ones((5, 5), np.uint8)


class Haze:
    """Owns how dark, against the plate, what was seen before it has been."""

    def __init__(self) -> None:
        """Nothing was seen yet."""
        self._seen = np.zeros(STEPS, dtype=np.int64)
        self._deep = 0
        self.veil = 0.0
        """Part of the ground's luma that is the veil's own, 0 to 1; 0 where that is not sure."""
        self.sure = 0.0
        """How sure it is that there is one, 0 to 1."""

    def possible(self, background: Luma) -> bool:
        """Whether nothing in the relit plate, `background` (h, w), is too dark for a veil."""
        return _darkest(background) > CLEAR

    def look(self, luma: Luma, background: Luma, smooth: Image) -> None:
        """Take note of a frame `luma` (h, w), which differs by `smooth` (h, w) standard deviations
        from the plate in its light, `background` (h, w).
        """  # noqa: D205 - one sentence
        least = _darkest(background)
        if least <= CLEAR:
            self.veil = self.sure = 0.0
            return
        dark = smooth < DEEP
        if dark.any():
            self._deep += int(np.count_nonzero(dark))
            dark &= cv2.dilate(smooth, _FIVE) > HARDLY
            part = STEPS * luma[dark].astype(np.int64) // np.maximum(background[dark], 1)
            self._seen += np.bincount(part, minlength=STEPS)[:STEPS]
        many = int(self._seen.sum())
        if max(many, SHARPLY * self._deep) > MEMORY:
            self._seen //= 2
            self._deep //= 2
        if many < max(ENOUGH, SHARPLY * self._deep):
            self.veil = self.sure = 0.0
            return
        least = min(least, _lowest(self._seen, OF_DARK) / STEPS)
        self.sure = min(max((least - CLEAR) / (HAZY - CLEAR), 0.0), 1.0)
        self.veil = self.sure * least


def log_ratio(now: Image, ground: Image, own: Image | np.float32) -> Image:
    """Log of luma `now` over that of the `ground`, both without a veil's `own`, as far as it goes.

    A veil evens out what stands behind it, and lightens what is dark.
    """
    bare, floor = (np.maximum(one - own, 0) + 4 for one in (now, ground))
    return np.asarray(np.log(bare / floor), dtype=np.float32)


def _darkest(background: Luma) -> float:
    """The darkest of the plate in its light (h, w), over its median."""
    values = np.bincount(background.ravel(), minlength=256)
    return _lowest(values, OF_PLATE) / max(_lowest(values, 0.5), 1)


def _lowest(histogram: NDArray[np.int64], share: float) -> int:
    """The value that the lowest `share` of what `histogram` counts does not pass."""
    return int(np.searchsorted(np.cumsum(histogram), share * histogram.sum()))
