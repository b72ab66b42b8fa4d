"""Whether a camera was knocked aside or turned away, or its lens went out of focus.

All hold a frame against a reference by what stands still in both (structure.py).
"""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.vision.ranks import mean
from plainview.vision.structure import (
    MEDIUM,
    SMALL,
    Look,
    Picture,
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
REPLACED_SHARE: Final = 0.7
"""Share of the structured tiles that agree nowhere after a turn of the camera."""
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


class Turned:
    """Whether the whole structure went at once and another one has stood since: turned away."""

    def __init__(self) -> None:
        """Nothing agreed yet."""
        self._agreed_t = -1e9
        self._at_once = False
        self._since: float | None = None

    @property
    def suspected(self) -> bool:
        """Whether the structure is another one now."""
        return self._since is not None

    def forget(self) -> None:
        """The stream began anew."""
        self._since = None

    def look(
        self,
        reference: Reference,
        agreement: Tiles,
        change: Picture | None,
        noise: float,
        t: float,
    ) -> bool:
        """Take the picture of `t` seconds: its tiles' `agreement`, and its `change` from the last.

        `noise` is the small picture's, a standard deviation of luma.
        """
        structured = reference.structured
        if np.count_nonzero(structured) < 8 or change is None:
            return False
        if mean(agreement[structured] < 0.3) < REPLACED_SHARE:
            if mean(agreement[structured] > 0.45) > 0.4:
                self._agreed_t = t
            self._since = None
            return False
        still = mean(tiles(change) < 2.0 * noise + 1.0)
        if self._since is None:
            self._since = t
            self._at_once = t - self._agreed_t < 3.0
        if still < 0.6:
            self._since = t
        return self._at_once and t - self._since >= 3.0
