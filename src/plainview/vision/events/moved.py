"""What went from a place as something came nearby: furniture that was moved is not left.

What went shows in the plate for a while, as a ghost that is watched like a thing. Where the plate
is followed quickly its ghost is given back before anything can be said of it; then the plate of
before and the one of now tell.
"""

from collections import deque
from collections.abc import Iterator
from typing import Final

import cv2
import numpy as np

from plainview.vision.events.change import Change
from plainview.vision.events.extent import Extent, extents
from plainview.vision.events.parts import parts
from plainview.vision.events.seen import Seen
from plainview.vision.events.stillness import CROWDED, cut_out
from plainview.vision.events.thing import CAME, PLAIN, Thing
from plainview.vision.optics import Optics
from plainview.vision.plate import Luma
from plainview.vision.ranks import median

MOST: Final = 24
"""Things that went which are remembered."""
NEARBY: Final = (4.0, 8.0, 2.3)
"""Metres, seconds and factor of area between what went and what came, if it is the same thing."""
PLATES: Final = (4.0, 12)
"""Seconds between two plates that are kept, and how many are."""
BEFORE: Final = 2.0
"""Seconds before something came at which the plate had none of it."""
REWRITTEN: Final = 6.0
"""Grey levels from which the plate is another by now, if that is plain beside its noise."""


class Moved:
    """Owns what went of late, and the plates of the last three quarters of a minute."""

    def __init__(self, optics: Optics) -> None:
        """Nothing went."""
        self._optics = optics
        self._went: deque[tuple[float, Extent]] = deque(maxlen=MOST)
        self._plates: deque[tuple[float, Luma]] = deque(maxlen=PLATES[1])

    def follow(self, seen: Seen) -> None:
        """Keep the plate of `seen`, now and then."""
        if not self._plates or not 0 <= seen.t - self._plates[-1][0] < PLATES[0]:
            self._plates.append((seen.t, seen.plate.luma.copy()))

    def note(self, t: float, extent: Extent) -> None:
        """Something went at `t` seconds."""
        self._went.append((t, extent))

    def went(self, thing: Thing) -> bool:
        """Whether something of its size is known to have gone nearby as `thing` came."""
        return any(
            abs(t - thing.since) < NEARBY[1] and _same(extent, thing) for t, extent in self._went
        )

    def given_back(self, thing: Thing, seen: Seen) -> bool:
        """Whether the plate has lost something of its size nearby since before `thing` came."""
        return any(_plain(went) for went in self._rewritten(thing, seen))

    def _rewritten(self, thing: Thing, seen: Seen) -> Iterator[Change]:
        """What the plate showed before `thing` came, of its size, and shows no more in `seen`."""
        kept = [luma for t, luma in self._plates if t <= thing.since - BEFORE]
        if not kept or kept[-1].shape != seen.plate.luma.shape:
            return
        least = max(REWRITTEN, PLAIN * median(seen.plate.noise[::4, ::4]))
        other = np.asarray(cv2.absdiff(kept[-1], seen.plate.luma) > least, dtype=np.uint8)
        if cv2.countNonZero(other) > CROWDED * other.size:
            return
        other[thing.change.blob.window][thing.grown > 0] = 0
        labels, stats = parts(cv2.morphologyEx(other, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8)))
        order = np.argsort(-stats[1:, cv2.CC_STAT_AREA], kind="stable")[:MOST] + 1
        blobs = [cut_out(labels, stats, int(k), seen.t) for k in order]
        before = seen._replace(luma=kept[-1], background=kept[-1])
        for blob, size in zip(blobs, extents(self._optics, blobs), strict=True):
            if size is not None and _same(size, thing):
                yield Change(blob, before, seen.plate.luma)


def _plain(went: Change) -> bool:
    """Whether `went` was a thing, as what comes has to be: the plate follows light, too."""
    traits = went.traits()
    return traits.arrival > CAME and traits.contrast > PLAIN


def _same(was: Extent, thing: Thing) -> bool:
    """Whether something that was there may be `thing`, by where it was and how large."""
    far, _, factor = NEARBY
    near = float(np.hypot(*(was.place - thing.extent.place))) < far
    return near and 1 / factor < was.area / thing.extent.area < factor
