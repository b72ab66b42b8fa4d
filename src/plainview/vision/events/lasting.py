"""What differs from the plate for some seconds, in parts as large as a person.

Whoever only passes leaves no trace. Fog, wet ground and shadows differ faintly and join to what
lies in them, and so does who stands by: what is larger than a person is taken apart by what surely
differs, and then by what has done so for some looks.
"""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.geometry import to_plane
from plainview.vision.events.extent import SOFT, Extent, extents
from plainview.vision.events.parts import parts
from plainview.vision.events.stillness import Blob, cut_out
from plainview.vision.optics import Optics
from plainview.vision.plate import Image

FOLLOW: Final = 0.4
"""Part of the newest evidence in the mean that is looked at: who only passes leaves no trace."""
SLOWLY: Final = 0.25
"""Part of the newest gap in its mean: noise falls by more than half, and edges stay sharp."""
MEAN: Final = (SLOWLY / (2.0 - SLOWLY)) ** 0.5
"""Part of a frame's noise that is left in that mean."""
LEAST: Final = -0.3
"""Evidence against is taken as this much at most, so that the mean follows soon."""
DIFFERS: Final = 0.03
"""Mean evidence from which a pixel shows something."""
SURELY: Final = 0.12
"""Mean evidence from which it is no shadow (foreground.SHADOW)."""
STAYS: Final = 4
"""Looks in a row in which it did so that are more than anybody's who walks past, and his trace's:
two, and one."""
BRIDGE: Final = 0.18
"""Metres between parts of one body."""
AREA: Final = (0.22, 1.4)
"""m² across the view of a person who lies, the least and the most."""
LONG: Final = (0.6, 2.6)
"""Metres across the view of the longer side of its window, the least and the most."""
APART: Final = 0.6
"""Metres between two parts of one body of whom what joins them is as grey as the ground."""
LITTLE: Final = 4
"""Pixels of such a part, at least: a head far away."""
FEW: Final = 4
"""Parts of which somebody may consist: more are leaves, or a crowd."""
MOST: Final = 24
"""Parts that are looked at, the largest first."""
SMALLEST: Final = 12
"""Pixels of a part, at least."""


class Lasting:
    """Owns the mean of what differs before one camera."""

    def __init__(self, optics: Optics) -> None:
        """Nothing differs yet."""
        self._optics = optics
        width, height = optics.size
        self.mean: Image = np.full((height, width), LEAST, dtype=np.float32)
        """(h, w) evidence, LEAST to 1."""
        self.gap: Image = np.zeros((height, width), dtype=np.float32)
        """(h, w) mean grey levels between what is seen and the empty scene, unsmoothed."""
        self._looks = np.zeros((height, width), np.uint8)
        """(h, w) looks in a row in which it surely differed, STAYS at most: rain does so in one."""
        self._joined: list[Blob] = []
        scale = float(np.median(optics.tall)) / 1.75 if len(optics.tall) else 20.0
        side, wide = (max(round(metres * scale), 1) | 1 for metres in (BRIDGE, APART))
        self._bridge = np.ones((side, side), np.uint8)
        self._wide = np.ones((wide, wide), np.uint8)

    def forget(self) -> None:
        """Nothing differs: what was seen is too long ago."""
        self.mean[:] = LEAST
        self.gap[:] = 0.0
        self._looks[:] = 0

    def follow(self, evidence: Image, gap: Image) -> None:
        """Take another look's `evidence` (h, w), -1 to 1, and `gap` (h, w) in grey levels."""
        cv2.accumulateWeighted(gap, self.gap, SLOWLY)
        cv2.accumulateWeighted(np.maximum(evidence, np.float32(LEAST)), self.mean, FOLLOW)
        counted = np.minimum(self._looks + 1, STAYS)
        self._looks = np.asarray(counted * (self.mean > SURELY), np.uint8)

    def of_a_person(self, t: float) -> list[tuple[Blob, Extent]]:
        """What is as large as a person at `t` seconds, with its extent."""
        found: list[tuple[Blob, Extent]] = []
        wholes: list[list[Blob]] = []
        for differs in (self.mean > DIFFERS, self._looks > 0, self._looks >= STAYS):
            blobs = self._blobs(differs, self._bridge, t)
            held = [one for one in blobs if not wholes or any(_holds(a, one) for a in wholes[-1])]
            sized = self._sized(held)
            found += [(blob, size) for blob, size in sized if _as_large(size)]
            wholes.append([blob for blob, size in sized if _larger(size)])
            if not wholes[-1]:
                break
        self._joined = wholes[1] if len(wholes) > 1 else []
        return found

    def joined(self, blob: Blob) -> bool:
        """Whether `blob` was surely of one piece with somebody else when of_a_person() was asked.

        Who is found upright there is he, or may be.
        """
        return any(_holds(whole, blob) for whole in self._joined)

    def in_parts(self, t: float) -> list[tuple[Blob, Extent]]:
        """What is as large as a person in two parts or more at `t` seconds, with its extent.

        Trousers as grey as the ground leave a trunk and shoes of who lies. What lies between the
        parts is `shaded` by the blob, and may be of him.
        """
        sure = self._looks > 1
        found: list[tuple[Blob, Extent]] = []
        # A trunk and shoes are no bag: how large it is, is what they span.
        for whole, size in self._sized(self._blobs(sure, self._wide, t)):
            own = np.asarray(sure[whole.window] & whole.mask, np.uint8)
            if _as_large(size) and 1 < self._count(own) <= FEW:
                found.append((whole._replace(mask=own, shaded=whole.mask), size))
        return found

    def _count(self, own: NDArray[np.uint8]) -> int:
        """Of how many parts `own` (h, w) consists."""
        stats = parts(cv2.morphologyEx(own, cv2.MORPH_CLOSE, self._bridge))[1]
        return int(np.count_nonzero(stats[1:, cv2.CC_STAT_AREA] >= LITTLE))

    def _sized(self, blobs: list[Blob]) -> list[tuple[Blob, Extent]]:
        """Those of `blobs` that are seen on the ground, with their extents."""
        sizes = extents(self._optics, blobs)
        return [(blob, size) for blob, size in zip(blobs, sizes, strict=True) if size is not None]

    def _blobs(self, differs: NDArray[np.bool_], bridge: NDArray[np.uint8], t: float) -> list[Blob]:
        """What `differs` (h, w), joined over the gaps of a `bridge`: its parts, largest first."""
        if not differs.any():
            return []
        joined = cv2.morphologyEx(differs.view(np.uint8), cv2.MORPH_CLOSE, bridge)
        labels, stats = parts(joined)
        order = np.argsort(-stats[1:, cv2.CC_STAT_AREA], kind="stable")[:MOST] + 1
        order = order[stats[order, cv2.CC_STAT_AREA] >= SMALLEST]
        order = order[~self._small(stats[order])]
        return [cut_out(labels, stats, int(k), t) for k in order]

    def _small(self, stats: NDArray[np.int32]) -> NDArray[np.bool_]:
        """(n,) which of the parts with `stats` (n, 5) are too small for a person, or for several.

        As thing.extents would find them, wherever between their sides their foot is: along a row of
        the picture depth only grows, or only falls. Rain and leaves make dozens in a look.
        """
        x, y, w, h, area = stats.T.astype(np.float64)
        projection = self._optics.projection
        feet = np.stack((np.concatenate((x, x + w - 1)), np.tile(y + h - 1, 2)), axis=1)
        depth = to_plane(projection, feet) @ projection[2, :2] + projection[2, 3]
        metre = np.maximum(depth, 0.5).reshape(2, -1).max(axis=0) / np.linalg.norm(
            projection[0, :3]
        )
        metre *= 1 + 1e-9
        long = np.maximum(np.maximum(w, h) - SOFT, 1.0) * metre
        # Where no ground is seen nothing is known, and nothing is small.
        return np.asarray((area * metre**2 < AREA[0]) & (long < LONG[1]))


def _as_large(size: Extent) -> bool:
    """Whether something is as large as a person, in whatever posture."""
    long = max(size.width, size.height)
    return AREA[0] <= size.area <= AREA[1] and LONG[0] <= long <= LONG[1]


def _larger(size: Extent) -> bool:
    """Whether something is larger than a person in any posture."""
    return size.area > AREA[1] or max(size.width, size.height) > LONG[1]


def _holds(whole: Blob, one: Blob) -> bool:
    """Whether the window of `one` lies in that of `whole`."""
    return all(
        a.start <= b.start and b.stop <= a.stop
        for a, b in zip(whole.window, one.window, strict=True)
    )


def meet(one: Blob, other: Blob) -> bool:
    """Whether two blobs, with what they shade, have a pixel in common."""
    rows, columns = (
        slice(max(a.start, b.start), min(a.stop, b.stop))
        for a, b in zip(one.window, other.window, strict=True)
    )
    if rows.start >= rows.stop or columns.start >= columns.stop:
        return False
    return bool(np.any(_part(one, rows, columns) & _part(other, rows, columns)))


def _part(blob: Blob, rows: slice, columns: slice) -> NDArray[np.uint8]:
    """(h, w) `blob` in `rows` and `columns` of the working picture."""
    x, y = blob.corner
    return blob.whole[rows.start - y : rows.stop - y, columns.start - x : columns.stop - x]
