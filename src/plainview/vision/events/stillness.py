"""What came into the scene and stands still: places that differ from the plate and do not move.

Each pixel has an age, the looks in a row (with some slack) in which it differed from the plate,
did not change from one look to the next. A blob of old pixels is
something that came and stayed, or something that went and left its ghost in the plate: `change`
tells which. The reference is the plate as it was before the pixel became still, so that it
survives the plate's own keeping (scene.Keeper gives ghosts and lifeless things to the background).
The idea of two backgrounds, a slow and a fast one, is that of Porikli, Ivanov & Haga (EURASIP J.
Adv. Signal Processing, 2008).
"""

from typing import Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.vision.events.parts import parts
from plainview.vision.events.seen import Seen
from plainview.vision.foreground import SHADOW
from plainview.vision.optics import Optics
from plainview.vision.plate import Image, Luma
from plainview.vision.ranks import median, ranked

EVERY: Final = 0.4
"""Seconds between two looks."""
DIFFERS: Final = 0.05
"""Evidence from which a pixel differs: even what may be a shadow is looked at."""
STILL: Final = 4.0
"""Standard deviations of the plate's noise that a still pixel changes by, at most."""
OLD: Final = 5
"""Looks after which a pixel is old."""
BRIDGE: Final = 0.25
"""Metres between parts of one thing."""
LEAST: Final = 8
"""Pixels of a blob, at least."""
MOST: Final = 12
"""Blobs told of in one look: more at once are a change of the light or of the camera."""
BODY: Final = 0.3
"""Part of a blob that surely is no shadow, from which that part is the thing and the rest is its.
"""
CROWDED: Final = 0.25
"""Part of the picture that is old when nothing is told of: the plate is of another scene."""


class Blob(NamedTuple):
    """Something that stands still: a window of the working picture."""

    corner: tuple[int, int]
    """(x, y) of the window's first pixel."""
    mask: NDArray[np.uint8]
    """(h, w) 1 where it is, with a margin of at least `PAD` pixels, 0 around it."""
    since: float
    """Seconds at which its oldest pixels became still."""
    shaded: NDArray[np.uint8] | None = None
    """(h, w) `mask` with its shadow, where it was told from it."""

    @property
    def whole(self) -> NDArray[np.uint8]:
        """(h, w) 1 where it or its shadow is."""
        return self.mask if self.shaded is None else self.shaded

    @property
    def window(self) -> tuple[slice, slice]:
        """The window's rows and columns."""
        x, y = self.corner
        return slice(y, y + self.mask.shape[0]), slice(x, x + self.mask.shape[1])


PAD: Final = 6
"""Pixels around a blob in its window, where the picture has them."""


class Stillness:
    """Owns the ages of the pixels of one view, and the plate as it was before each became still."""

    def __init__(self, optics: Optics) -> None:
        """Nothing stands still yet."""
        width, height = optics.size
        self._age = np.zeros((height, width), dtype=np.uint8)
        self._two = np.full((height, width), 2, dtype=np.uint8)
        self._last: Luma | None = None
        self._looked = -np.inf
        self.reference: Luma | None = None
        """(h, w) the plate, in its own light, behind what stands still."""
        scale = float(np.median(optics.tall)) / 1.75 if len(optics.tall) else 20.0
        side = max(round(BRIDGE * scale), 1) | 1
        self._bridge = np.ones((side, side), np.uint8)

    def due(self, t: float) -> bool:
        """Whether it is time for another look."""
        return not 0 <= t - self._looked < EVERY - 0.05

    def step(self, seen: Seen, taken: NDArray[np.uint8], behind: Luma) -> list[Blob]:
        """The blobs that are old by now, where `taken` (h, w) is 0; `behind` (h, w): the plate."""
        last, gap = self._last, seen.t - self._looked
        self._last, self._looked = seen.luma, seen.t
        if last is None or self.reference is None or gap > 5:
            self._age[:] = 0
            self.reference = behind.copy()
            return []
        most = STILL * median(seen.plate.noise[::4, ::4]) + 2.0
        # Whole grey levels: bytes are compared several times faster than numbers.
        still = cv2.absdiff(seen.luma, last) <= np.uint8(min(most, 255.0))
        up = ((seen.evidence > DIFFERS) & still).view(np.uint8)
        # Net one up for each look that says so, two down for one that does not; never below 0.
        self._age = _bytes(cv2.subtract(cv2.add(self._age, up * np.uint8(3)), self._two))
        cv2.copyTo(behind, (self._age == 0).view(np.uint8), self.reference)
        old = (self._age >= OLD).view(np.uint8)
        many = cv2.countNonZero(old)
        if many > CROWDED * old.size:
            return []
        old = _bytes(cv2.bitwise_and(old, old, mask=(taken == 0).view(np.uint8)))
        if cv2.countNonZero(old) < LEAST:
            return []
        return self._blobs(old, seen.t)

    def forget(self, blob: Blob, seen: Seen) -> None:
        """What does not differ any more where `blob` was is new to whatever comes next."""
        self._age[blob.window][seen.evidence[blob.window] <= 0] = 0

    def _blobs(self, old: NDArray[np.uint8], t: float) -> list[Blob]:
        joined = cv2.morphologyEx(old, cv2.MORPH_CLOSE, self._bridge)
        labels, stats = parts(joined)
        if len(stats) - 1 > 8 * MOST:
            return []
        largest = np.argsort(-stats[1:, cv2.CC_STAT_AREA], kind="stable")[:MOST] + 1
        blobs = []
        for k in largest:
            if stats[k][cv2.CC_STAT_AREA] < LEAST:
                continue
            blob = cut_out(labels, stats, k, t)
            blobs.append(self.aged(blob, t))
        return blobs

    def aged(self, blob: Blob, t: float) -> Blob:
        """`blob` with the seconds at which its oldest pixels became still, at `t` seconds."""
        age = ranked(self._age[blob.window][blob.mask > 0].astype(np.float32), 0.8) * EVERY
        return blob._replace(since=t - age)


def apart(blob: Blob, evidence: Image, share: float = BODY) -> Blob:
    """`blob` without its shadow: the largest part that has more `evidence` (h, w) than a shadow.

    `blob` itself where that is less than a `share` of it: at night a thing may be all as a shadow.
    """
    whole = blob.whole
    sure = ((evidence[blob.window] > SHADOW) & (whole > 0)).view(np.uint8)
    labels, stats = parts(cv2.morphologyEx(sure, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)))
    if len(stats) < 2:
        return blob
    k = int(stats[1:, cv2.CC_STAT_AREA].argmax()) + 1
    if stats[k][cv2.CC_STAT_AREA] < max(share * cv2.countNonZero(whole), 2 * LEAST):
        return blob
    return blob._replace(mask=(labels == k).astype(np.uint8), shaded=whole)


def surely(blob: Blob, evidence: Image) -> int:
    """Pixels of `blob` that have more `evidence` (h, w) than a shadow."""
    return int(np.count_nonzero((evidence[blob.window] > SHADOW) & (blob.mask > 0)))


def touch(one: Blob, other: Blob) -> bool:
    """Whether two blobs lie side by side: their windows, which have a margin, overlap."""
    rows, columns = one.window
    others, other_columns = other.window
    return bool(
        rows.start < others.stop
        and others.start < rows.stop
        and columns.start < other_columns.stop
        and other_columns.start < columns.stop
    )


def outgrown(blob: Blob, evidence: Image) -> tuple[float, Blob]:
    """All in `evidence` (h, w) that is of one piece with `blob`: as a factor on its area, and it.

    Nothing is known of a shadow then.
    """
    rows, columns = blob.window
    margin = max(rows.stop - rows.start, columns.stop - columns.start)
    y0, x0 = max(rows.start - margin, 0), max(columns.start - margin, 0)
    part = np.s_[y0 : rows.stop + margin, x0 : columns.stop + margin]
    differs = np.asarray(evidence[part] > DIFFERS, dtype=np.uint8)
    own = np.zeros_like(differs)
    inner = np.s_[rows.start - y0 : rows.stop - y0, columns.start - x0 : columns.stop - x0]
    # Of its shadow what is still there: it may have been that of who put it down.
    own[inner] = blob.mask | (blob.whole & differs[inner])
    _, labels = cv2.connectedComponents(differs | own, connectivity=4)
    areas = np.bincount(labels.ravel())
    touched = np.zeros(len(areas), dtype=np.bool_)
    touched[labels[own > 0]] = True
    factor = float(areas[touched].sum()) / max(cv2.countNonZero(own), 1)
    return factor, Blob((x0, y0), touched[labels].view(np.uint8), blob.since)


def remaining(blob: Blob, evidence: Image) -> tuple[float, Blob]:
    """The largest part of `blob` that still differs in `evidence` (h, w): its share, and it.

    Nothing is known of a shadow then.
    """
    differs = ((evidence[blob.window] > DIFFERS) & (blob.mask > 0)).view(np.uint8)
    labels, stats = parts(differs)
    if len(stats) < 2:
        return 0.0, blob
    k = int(stats[1:, cv2.CC_STAT_AREA].argmax()) + 1
    share = int(stats[k][cv2.CC_STAT_AREA]) / max(cv2.countNonZero(blob.mask), 1)
    return share, Blob(blob.corner, (labels == k).astype(np.uint8), blob.since)


def cut_out(labels: NDArray[np.int32], stats: NDArray[np.int32], k: int, since: float) -> Blob:
    """Part `k` of `labels` (h, w) and `stats` (parts.parts), with its margin."""
    height, width = labels.shape
    x, y, w, h, _ = (int(v) for v in stats[k])
    x0, y0 = max(x - PAD, 0), max(y - PAD, 0)
    window = np.s_[y0 : min(y + h + PAD, height), x0 : min(x + w + PAD, width)]
    return Blob((x0, y0), np.asarray(labels[window] == k, dtype=np.uint8), since)


def _bytes(image: object) -> NDArray[np.uint8]:
    return np.asarray(image, dtype=np.uint8)
