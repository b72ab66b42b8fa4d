"""Whether what changed is light: it multiplies what is there, and shows the ground through it."""

from typing import Final

import numpy as np

from plainview.vision.events.change import Traits, spread
from plainview.vision.haze import log_ratio
from plainview.vision.plate import Image
from plainview.vision.ranks import mean

EVEN: Final = 0.06
"""Spread of the log ratio below which a change may be light."""
DARKEST: Final = 0.42
"""Ratio below which hardly a shadow lies: the sky always lights it."""
THROUGH: Final = (0.3, 0.45)
"""Likeness to the ground from which its structure may show through, and surely does."""
FLAT: Final = (1.0, 1.6)
"""`Extent.upright` of what surely lies flat on the ground, and of what surely does not."""


COLOURED: Final = 0.5
"""Part of a place in another colour from which it is no shadow: those have the ground's."""


DARKER: Final = 0.08
"""Part of a lamp's light that is darker than the ground, at most: of a body, hair, shoes or shade.
"""


def lamplit(ratio: float, even: float, darker: float) -> bool:
    """Whether a place is brighter evenly, or all over, as under a lamp: see `change.Traits`."""
    return ratio > 1 and (even < EVEN or darker < DARKER)


def shines(gap: Image, behind: Image, noise: Image) -> bool:
    """Whether a place is lamplit() by `gap` (n,) grey levels to what was `behind` (n,).

    `noise` (n,) is that of the gap.
    """
    of_noise = mean(noise)
    log = log_ratio(behind + gap, behind, np.float32(0))
    middle, even = spread(log, of_noise, mean(behind))
    return lamplit(float(np.exp(middle)), even, mean(gap < -of_noise))


def lit(traits: Traits, upright: float) -> float:
    """How much speaks for a shadow, a lamp, a reflection or a puddle where somebody was: 0 to 0.6.

    `upright`: thing.Extent.upright. What only looks as if it may be light counts for less: light
    comes and goes without anybody. A shadow has the ground's colour; a lamp its own.
    """
    if traits.even >= 2 * EVEN or (traits.ratio < 1 and traits.tinted > COLOURED):
        return 0.0
    share = min((2 * EVEN - traits.even) / EVEN, 1.0)
    flat = min(max((FLAT[1] - upright) / (FLAT[1] - FLAT[0]), 0.0), 1.0)
    least = 0.12 + 0.15 * flat
    if traits.ratio > 1:
        # Brighter: what shines hides the ground's structure as well as a thing does.
        least = 0.18 + 0.18 * flat
    elif traits.texture == 0.0 and traits.ratio > DARKEST:
        least = 0.21 + 0.15 * flat
    through = min(max((traits.texture - THROUGH[0]) / (THROUGH[1] - THROUGH[0]), 0.0), 1.0)
    return share * max(least, 0.6 * through)
