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
from plainview.vision.optics import Optics
from plainview.vision.plate import Luma

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

    def step(self, seen: Seen, taken: NDArray[np.uint8]) -> list[Blob]:
        """The blobs that are old by now, where `taken` (h, w) is 0."""
        last, gap = self._last, seen.t - self._looked
        self._last, self._looked = seen.luma, seen.t
        if last is None or self.reference is None or gap > 5:
            self._age[:] = 0
            self.reference = seen.plate.luma.copy()
            return []
        most = STILL * float(np.median(seen.plate.noise[::4, ::4])) + 2.0
        still = cv2.absdiff(seen.luma, last) <= most
        up = ((seen.evidence > DIFFERS) & still).view(np.uint8)
        # Net one up for each look that says so, two down for one that does not; never below 0.
        self._age = _bytes(cv2.subtract(cv2.add(self._age, up * np.uint8(3)), self._two))
        cv2.copyTo(seen.plate.luma, (self._age == 0).view(np.uint8), self.reference)
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
            age = ranked(self._age[blob.window][blob.mask > 0].astype(np.float32), 0.8) * EVERY
            blobs.append(blob._replace(since=t - age))
        return blobs


def cut_out(labels: NDArray[np.int32], stats: NDArray[np.int32], k: int, since: float) -> Blob:
    """Part `k` of `labels` (h, w) and `stats` (parts.parts), with its margin."""
    height, width = labels.shape
    x, y, w, h, _ = (int(v) for v in stats[k])
    x0, y0 = max(x - PAD, 0), max(y - PAD, 0)
    window = np.s_[y0 : min(y + h + PAD, height), x0 : min(x + w + PAD, width)]
    return Blob((x0, y0), np.asarray(labels[window] == k, dtype=np.uint8), since)


def ranked(values: NDArray[np.float32], part: float) -> float:
    """The quantile `part` (0 to 1) of `values` (n,), linear between two: numpy's, sooner."""
    place = part * (values.size - 1)
    low = int(place)
    high = min(low + 1, values.size - 1)
    lower, upper = np.partition(values, (low, high))[[low, high]]
    return float(lower + (place - low) * (upper - lower))


def _bytes(image: object) -> NDArray[np.uint8]:
    return np.asarray(image, dtype=np.uint8)
