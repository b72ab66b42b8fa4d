"""Whether a camera was knocked aside, or its lens went out of focus: the two dearer looks.

Both hold a frame against a reference by what stands still in both (structure.py).
"""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.vision.structure import (
    MEDIUM,
    SMALL,
    Look,
    Reference,
    Tiles,
    agreement_of,
    displacements,
    edges_of,
    fine_of,
    look_of,
    mean_displacement,
    shades_of,
    tiles,
)

MOVED_SHARE: Final = 0.009
"""A shift by more than this share of the picture's width is a move: 4 px of 480, 17 of 1920."""
_SHARP_FLOOR: Final = 1.5
"""Energy that a tile needs for its sharpness to be judged: an edge, not the grain of asphalt."""


def has_moved(
    reference: Reference, luma: NDArray[np.uint8], look: Look, agreement: Tiles
) -> bool | None:
    """Whether the picture agrees better with the reference from another place."""
    # A shift of MOVED_SHARE leaves few tiles above this: no need to look for one.
    in_place = np.count_nonzero(reference.structured & (agreement > 0.85))
    if in_place > 0.7 * np.count_nonzero(reference.structured):
        return False
    best: bool | None = None
    for transform in displacements(reference.edges, edges_of(luma)):
        small = transform.copy()
        small[:, 2] *= SMALL[0] / MEDIUM[0]
        back = cv2.warpAffine(
            look.small,
            small,
            SMALL,
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
        there = agreement_of(look_of(np.asarray(back, dtype=np.float32)), reference.look)
        told = reference.structured & (np.maximum(there, agreement) > 0.5)
        if np.count_nonzero(told) < max(8, 0.06 * np.count_nonzero(reference.structured)):
            continue
        gain = float(np.mean((there - agreement)[told]))
        far = mean_displacement(transform) > MOVED_SHARE
        best = bool(best) or (far and gain > 0.12)
    return best


def is_blurred(
    reference: Reference,
    luma: NDArray[np.uint8],
    agreement: Tiles,
    before: NDArray[np.uint8],
    foreground: NDArray[np.bool_] | None,
) -> bool | None:
    """Whether the fine gradients of what stands still fell, beyond what contrast explains."""
    told = (reference.look.energy > _SHARP_FLOOR) & (agreement > 0.35)
    if foreground is not None:
        covered = tiles(np.asarray(foreground, dtype=np.float32))
        if float(covered.mean()) < 0.5:
            told &= covered < 0.3
    shades = shades_of(luma)
    power = float(np.sum(reference.shades**2))
    cross = float(np.sum(shades * reference.shades))
    correlation = cross / max(float(np.sqrt(power * np.sum(shades**2))), 1e-6)
    if np.count_nonzero(told) < 8 or correlation < 0.6:
        return None
    gain = cross / power
    # What two frames differ by is noise in most tiles, whatever the codec made of it.
    noise = float(np.median(fine_of(np.subtract(luma, before, dtype=np.float32)))) / 2.0
    expected = reference.fine * gain**2
    told &= expected > 2.0 * noise
    if np.count_nonzero(told) < 8:
        return None
    sharpness = np.maximum(fine_of(luma) - noise, 0.0)[told] / expected[told]
    return float(np.mean(sharpness < 0.3)) > 0.45
