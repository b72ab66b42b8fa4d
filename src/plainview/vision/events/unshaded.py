"""What surely differs, told from the shadow around it: a thing's own, or a cloud's it stands in.

A shadow is only darker, and keeps the ground's structure. Under a low sun it is many times as large
as its thing, and a cloud's is endless: what surely differs there is the thing, however little of
the whole it is.
"""

from typing import Final

import numpy as np

from plainview.vision.events.extent import Extent, extents, fits
from plainview.vision.events.lit import EVEN
from plainview.vision.events.seen import Seen
from plainview.vision.events.stillness import Blob, Stillness, apart
from plainview.vision.events.thing import ALIKE, posture
from plainview.vision.optics import Optics
from plainview.vision.ranks import mean, ranked

PERSON: Final = 1.4
"""m² across the view of what may be a person with his shadow, at most."""

OTHER: Final = 2 * EVEN
"""Log of the ratio between what the thing and its shadow make of the ground, in the mean."""


def unshaded(optics: Optics, stillness: Stillness, blob: Blob, seen: Seen) -> Blob:
    """`blob` without its shadow, or what in it is as large as a thing that people leave.

    `blob` itself where nothing is, or where all of it may be somebody: a head is no thing. So is a
    rim, where all of it is of a thing's size.
    """
    thing = apart(blob, seen.evidence)
    if thing is not blob:
        whole, size = extents(optics, [blob, thing])
        speck = size is not None and not fits(size)
        return blob if speck and whole is not None and fits(whole) else thing
    thing = apart(blob, seen.evidence, 0.0)
    if thing is blob:
        return blob
    whole, size = extents(optics, [blob, thing])
    if size is None or not fits(size) or (whole is not None and _bodily(optics, blob, whole)):
        return blob
    return stillness.aged(thing, seen.t) if _other(thing, seen) else blob


def _other(thing: Blob, seen: Seen) -> bool:
    """Whether `thing` is otherwise lit than what shades it: what is not is a piece of that."""
    window = thing.window
    ratio = np.log((seen.luma[window] + np.float32(4)) / (seen.background[window] + np.float32(4)))
    own, rest = thing.mask > 0, (thing.whole > 0) & (thing.mask == 0)
    return mean(np.abs(ratio[own] - np.float32(ranked(ratio[rest], 0.5)))) > OTHER


def _bodily(optics: Optics, blob: Blob, size: Extent) -> bool:
    """Whether it may be somebody who sits, crouches or lies."""
    return size.area < PERSON and posture(optics, blob, size) > ALIKE
