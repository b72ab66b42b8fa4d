"""Which posture a blob shows: held against silhouettes twice, as evidence joins it and sharply.

Evidence is smoothed, and a body of twenty pixels loses its knees in it. The mean of what differs
over some looks is as clear as evidence is without being smoothed, and fainter things show in it:
there a body ends where half of its own contrast is, and what differs less, as a shadow or a coat
as grey as the ground does, speaks for no posture. Each errs in its own way; it is their mean that
counts.
"""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.vision.events.extent import Extent
from plainview.vision.events.fallen import Judged
from plainview.vision.events.figures import Fit, Shade, fit
from plainview.vision.events.lasting import SURELY
from plainview.vision.events.limbs import Posture
from plainview.vision.events.seen import Seen
from plainview.vision.events.stillness import Blob
from plainview.vision.optics import Optics
from plainview.vision.plate import Image, Luma
from plainview.vision.ranks import ranked
from plainview.vision.shadow import Cast

MOSTLY: Final = 0.35
"""Part of a blob that is surely no shadow, from which the rest speaks neither way."""
PLAIN: Final = (1.5, 1.0)
"""A frame's noise in standard deviations, and grey levels, past which a mean gap is none of it."""
HALF: Final = 0.5
"""Part of a body's contrast at which it ends."""
UPRIGHT: Final = 0.3
"""Overlap by which another posture explains better what evidence joins, from which no sharper
outline makes it one who lies: of 440 blobs of a person's size it made none.
"""
HARDLY: Final = 0.95
"""Factor of the ground's luma up to which it is darker."""
TOP: Final = 0.8
"""Part of a body's pixels that differ no more than its contrast."""


def gap(seen: Seen, behind: Luma) -> Image:
    """(h, w) grey levels between `seen` and the empty scene: `behind` (h, w), in its own light."""
    found = np.asarray(cv2.subtract(seen.luma, seen.background, dtype=cv2.CV_32F), np.float32)
    if behind is not seen.plate.luma:
        lit = (seen.background + np.float32(1)) / (seen.plate.luma + np.float32(1))
        found -= lit * np.subtract(behind, seen.plate.luma, dtype=np.float32)
    return found


def apart(mean: Image, noise: Image) -> Image:
    """(h, w) how far a `mean` gap (h, w) is from none: past 1 it is none of `noise` (h, w)."""
    return np.asarray(np.abs(mean) / (PLAIN[0] * noise + np.float32(PLAIN[1])), np.float32)


def shaded(mean: Image, behind: Luma, cast: Cast | None) -> Shade | None:
    """Where the `mean` gap (h, w) to the empty scene `behind` (h, w) is that of shadows as `cast`.

    None where none are.
    """
    if cast is None:
        return None
    factor = 1 + mean / (behind + np.float32(1))
    dark = (factor >= cast.darkest) & (factor <= HARDLY)
    return Shade(cast.slope, dark.view(np.uint8))


def held(
    optics: Optics, blob: Blob, size: Extent, mean: Image, far: Image, shade: Shade | None = None
) -> Judged | None:
    """`blob` held against silhouettes; None where no ground is seen under it.

    What lies between the parts of one in parts (`blob.shaded`) speaks for no posture.

    `mean` (h, w) evidence of its window: what may be its shadow speaks for no posture. `far` (h, w)
    is apart() there, and `shade` what may be shadow of who takes this or that posture.
    """
    smoothly = _smoothly(optics, blob, mean, shade)
    plainly = smoothly and _other(smoothly).overlap > smoothly[Posture.LYING].overlap + UPRIGHT
    sharply = {} if plainly else _sharply(optics, blob, far, shade)
    found = [one for one in (smoothly, sharply) if one]
    if not found:
        return None
    overlaps = {
        posture: sum(one[posture].overlap for one in found) / len(found) for posture in Posture
    }
    other = max(overlaps[posture] for posture in Posture if posture is not Posture.LYING)
    lies = [one[Posture.LYING] for one in found]
    along = sum(_along(optics, one) for one in lies) / len(lies)
    by_shadow = sum(_other(one).shaded for one in found) / len(found)
    return Judged(blob, size, overlaps[Posture.LYING], other, lies[0].place, along, by_shadow)


def _other(one: dict[Posture, Fit]) -> Fit:
    """The best silhouette in `one` of any posture but lying."""
    others = (found for posture, found in one.items() if posture is not Posture.LYING)
    return max(others, key=lambda found: found.overlap)


def _along(optics: Optics, one: Fit) -> float:
    """How far the figure `one` lies along the line of sight, 0 to 1."""
    sight = one.place - optics.centre[:2]
    long = float(np.hypot(*sight) * np.hypot(*one.way))
    return abs(float(one.way @ sight)) / max(long, 1e-9)


def _smoothly(optics: Optics, blob: Blob, mean: Image, shade: Shade | None) -> dict[Posture, Fit]:
    """As evidence joins it."""
    own = (blob.mask > 0) & (mean > SURELY)
    if blob.shaded is not None:
        between = _bytes((blob.shaded > 0) & ~own)
        return fit(optics, _bytes(own), blob.corner, between, partly=True, shade=shade)
    if np.count_nonzero(own) <= MOSTLY * np.count_nonzero(blob.mask):
        # What it encloses may be as bright as the ground, not the ground itself.
        own = blob.mask > 0
    unknown = (_filled(blob.mask) > 0) & ~own
    return fit(optics, _bytes(own), blob.corner, _bytes(unknown), partly=True, shade=shade)


def _sharply(optics: Optics, blob: Blob, far: Image, shade: Shade | None) -> dict[Posture, Fit]:
    """As it ends where half of its contrast is."""
    near = cv2.dilate(blob.mask, np.ones((5, 5), np.uint8)) > 0
    differs = far > 1
    if not np.any(near & differs):
        return {}
    least = max(HALF * ranked(far[near & differs], TOP), 1.0)
    own = near & (far > least)
    unknown = (differs | (_filled(_bytes(own)) > 0)) & ~own
    if blob.shaded is not None:
        unknown |= (blob.shaded > 0) & ~own
    return fit(
        optics, _bytes(own), blob.corner, _bytes(unknown), partly=True, soft=0.0, shade=shade
    )


def _filled(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """`mask` (h, w) with what it encloses."""
    outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled = np.zeros_like(mask)
    cv2.drawContours(filled, outlines, -1, 1, cv2.FILLED)
    return np.asarray(filled, dtype=np.uint8)


def _bytes(mask: NDArray[np.bool_]) -> NDArray[np.uint8]:
    return np.asarray(mask, dtype=np.uint8)
