"""Whether what changed is light: it multiplies what is there, and shows the ground through it."""

from typing import Final

from plainview.vision.events.change import Traits

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
