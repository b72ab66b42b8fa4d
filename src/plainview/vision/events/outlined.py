"""By which outline a thing is known, once more or less lies there than was met of it."""

from typing import Final

import cv2
import numpy as np

from plainview.vision.events.attendance import STOOD
from plainview.vision.events.change import Change
from plainview.vision.events.extent import Extent, extents
from plainview.vision.events.seen import Seen
from plainview.vision.events.stillness import Blob, Stillness, outgrown, remaining
from plainview.vision.events.thing import ALIKE, Thing, posture
from plainview.vision.events.unshaded import unshaded
from plainview.vision.optics import Optics

OUTGROWN: Final = (1.25, 8.0)
"""Times its area, from which its outline is taken anew once somebody has walked away from it."""
REMAINS: Final = (0.3, 0.8)
"""Share of one piece in what is larger than a thing, between which it is that piece alone."""
OUTGROWN_FOR: Final = 5
"""Looks in a row in which it must be so."""
WHOLE: Final = 8
"""Looks in which nothing but the thing lay there, from which what is as large as a person, and of
his outline, is somebody who came to it."""
STEADY: Final = 0.25
"""Part of it by which all that lies there may differ from one look to the next: nobody moves."""


def outlined(
    optics: Optics, stillness: Stillness, thing: Thing, seen: Seen
) -> tuple[Change, Extent] | None:
    """`thing` by the outline that `seen` gives it, where it has been so for some looks.

    None where it is as it was met, where nobody knows yet, or where no ground is seen under it; and
    while somebody stands where it is: of two who talk, one without the other has no one's outline.
    """
    if thing.stood >= STOOD:
        thing.outgrown = 0
        return None
    factor, blob = outgrown(thing.change.blob, seen.evidence)
    thing.entire += factor <= OUTGROWN[0]
    other = OUTGROWN[0] < factor < OUTGROWN[1]
    if not thing.fits:
        # It came with more, as with the shadow of who put it down, or in pieces with its own.
        share, piece = remaining(thing.change.blob, seen.evidence)
        alone = REMAINS[0] < share < REMAINS[1]
        if alone or not other:
            factor, blob, other = share, piece, alone
    factors = (factor, factor)
    if other:
        # A shadow that touches it now and then makes the whole another, but not what is no shadow;
        # what is a shadow in one look and none in the next is a part of the whole in both.
        blob = unshaded(optics, stillness, blob, seen)
        factors = (factor, cv2.countNonZero(blob.mask) / cv2.countNonZero(thing.change.blob.mask))
    pairs = zip(factors, thing.factors, strict=True)
    same = any(abs(now - was) < STEADY * now for now, was in pairs)
    thing.outgrown = thing.outgrown + 1 if same and other else 0
    thing.factors = factors
    if thing.outgrown < OUTGROWN_FOR or stillness.reference is None:
        return None
    thing.outgrown = 0
    (size,) = extents(optics, [blob])
    if size is None or (thing.fits and not _holds(blob, thing.change.blob)):
        return None
    if thing.entire >= WHOLE and thing.posture <= ALIKE < posture(optics, blob, size):
        return None
    return Change(blob, seen, stillness.reference), size


def _holds(blob: Blob, thing: Blob) -> bool:
    """Whether most of `thing` is in `blob`: who passes, of one piece with it, may be the larger."""
    columns, rows = np.subtract(thing.corner, blob.corner)
    y, x = np.argwhere(thing.mask).T + np.array([[rows], [columns]])
    height, width = blob.mask.shape
    inside = (y >= 0) & (y < height) & (x >= 0) & (x < width)
    return bool(np.count_nonzero(blob.mask[y[inside], x[inside]]) > 0.5 * len(y))
