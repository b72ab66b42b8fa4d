"""How fast somebody sank where he now lies: what one still view cannot tell, its past can.

A body that falls sinks at 2 to 3 m/s, and past 1.3 m/s in everything that is called a fall; who
sits, crouches or kneels lowers himself at less than 1 m/s (Bourke, O'Donovan & OLaighin, Medical
Engineering & Physics 30, 2008: vertical velocity told falls from daily life without an error). So
the top of what differed from the plate at a place is looked up in the frames of the last seconds.
It is the past of a place: who was there is neither known nor asked.
"""

from collections import deque
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.geometry import project
from plainview.vision.events.lasting import DIFFERS
from plainview.vision.events.parts import parts
from plainview.vision.events.stillness import Blob
from plainview.vision.optics import Floats, Optics
from plainview.vision.plate import Image
from plainview.vision.ranks import median, ranked

SPAN: Final = 8.0
"""Seconds that are remembered."""
EVERY: Final = 0.2
"""Seconds between two frames that are remembered."""
TALL: Final = 2.2
"""Metres above the ground up to which somebody reaches."""
UPRIGHT: Final = 1.2
"""Metres above the ground that he must have reached."""
ADULT: Final = 1.6
"""Metres above the ground that he reached, at least: all but children."""
BESIDE: Final = 0.3
"""Metres beside the blob where he may have stood."""
STOOD: Final = 0.7
"""Seconds in most of which he must have been upright: a streak of rain is there for a frame."""
KNOWN: Final = 2.0
"""Seconds before he sank that must be remembered."""
SOON: Final = (0.45, 1.2)
"""Seconds after a moment in which the top is held against that moment's."""
EARLIER: Final = 4.0
"""Seconds before somebody sank in which nothing may have lain there already."""
THERE: Final = 0.6
"""Part of what lies there now that differed already, if it lay there."""
STILL: Final = 0.4
"""Part of the way down up to which what was there already is no higher than what is there now."""
ALREADY: Final = 3
"""Frames in which it was there from which somebody only passed before it."""
COVERED: Final = 0.3
"""Part of what lies there now that must have differed ever since: what fell stays, though a coat as
grey as the ground, or a plate that was learned with it, hides more than half of it."""
SOME: Final = 0.2
"""Part of the frames since in which it need not."""
LEAST: Final = 6
"""Pixels of somebody, at least."""
HIGHEST: Final = 0.03
"""Part of the pixels that is above the top: rain."""


class Falling:
    """Owns what differed from the plate before one camera in the last `SPAN` seconds."""

    def __init__(self, optics: Optics) -> None:
        """Nothing differed."""
        self._optics = optics
        self._frames: deque[tuple[float, NDArray[np.uint8]]] = deque(maxlen=round(SPAN / EVERY))

    def note(self, t: float, evidence: Image) -> None:
        """Remember the `evidence` (h, w) of the frame at `t` seconds."""
        if self._frames and not 0.75 * EVERY <= t - self._frames[-1][0] < SPAN:
            if 0 <= t - self._frames[-1][0] < SPAN:
                return
            self._frames.clear()
        self._frames.append((t, np.packbits(evidence > DIFFERS, axis=1)))

    def sank(self, blob: Blob, place: Floats) -> tuple[float, float]:
        """Metres that the top at `blob` fell within half a second, and the second when it did.

        `place` (2,) metres is the ground below the middle of the blob. (0, -inf) where nobody
        upright sank there, or nothing is left of him.
        """
        times, tops, shares, own = self._tops(blob, place)
        best = (0.0, -np.inf)
        for t in times:
            after = tops[(times >= t + SOON[0]) & (times <= t + SOON[1])]
            stood = tops[(times > t - STOOD) & (times <= t)]
            if len(after) < 2 or len(stood) < 2 or t - times[0] < KNOWN:
                continue
            before = min(median(stood), TALL - 0.2)
            if before < UPRIGHT:
                continue
            # Who falls away from the camera stood nearer than he lies, and seems shorter there.
            before = max(before, ADULT)
            # A pale coat parts a head from legs in one frame, not in what has differed for longer.
            low = max(median(after), own)
            stayed = shares[times >= t + SOON[0]]
            if low <= 0.1 or before - low <= best[0] or ranked(stayed, SOME) < COVERED:
                continue
            earlier = (times > t - EARLIER) & (times < t)
            there = (shares > THERE) & (tops < low + STILL * (before - low))
            if np.count_nonzero(earlier & there) < ALREADY:
                best = (before - low, float(t))
        return best

    def _tops(self, blob: Blob, place: Floats) -> tuple[Floats, Floats, Floats, float]:
        """Seconds of each frame, what touched `blob` in it, and what part of `blob` differed.

        (n,) each; the second is metres above the ground at `place` (2,) of the top, as is the
        last: of `blob` itself.
        """
        ends = np.array([(*place, 0.0), (*place, 1.0)])
        (_, foot), (_, head) = project(self._optics.projection, ends)[0]
        metre = max(float(foot - head), 1e-3)
        width, height = self._optics.size
        x, y, w, h = cv2.boundingRect(blob.mask)
        x, y, beside = x + blob.corner[0], y + blob.corner[1], BESIDE * metre
        x0, x1 = round(max(x - beside, 0)), round(min(x + w + beside, width))
        y0, y1 = round(max(min(y, foot - TALL * metre), 0)), round(min(y + h + beside, height))
        whole = np.zeros((height, width), np.uint8)
        whole[blob.window] = blob.mask
        side = 2 * round(BESIDE / 3 * metre) + 3
        own = whole[y0:y1, x0:x1]
        near = cv2.dilate(own, np.ones((side, side), np.uint8)) > 0
        # Eight pixels are one byte: no more of them than it takes.
        first, wide = x0 // 8, slice(x0 % 8, x0 % 8 + x1 - x0)
        bits = [packed[y0:y1, first : -(-x1 // 8)] for _, packed in self._frames]
        seen = [np.unpackbits(one, axis=1)[:, wide] for one in bits]
        rows = [_top(differs, near) for differs in seen]
        tops = [0.0 if row is None else (foot - y0 - row) / metre for row in rows]
        shares = [float(differs[own > 0].mean()) for differs in seen]
        rows_own = np.nonzero(own)[0]
        top = (foot - y0 - _highest(rows_own)) / metre if len(rows_own) else 0.0
        return np.array([t for t, _ in self._frames]), np.array(tops), np.array(shares), top


def _top(differs: NDArray[np.uint8], near: NDArray[np.bool_]) -> float | None:
    """The row of the top of what differs (h, w) and touches what is `near` (h, w)."""
    closed = cv2.morphologyEx(np.ascontiguousarray(differs), cv2.MORPH_CLOSE, _THREE)
    labels, stats = parts(closed)
    touched = np.zeros(len(stats), np.bool_)
    touched[labels[near]] = True
    touched[0] = False
    rows = np.nonzero(touched[labels] & (differs > 0))[0]
    return _highest(rows) if len(rows) >= LEAST else None


def _highest(rows: NDArray[np.intp]) -> float:
    """The quantile HIGHEST of `rows` (n,), which are in order already: numpy's, at once."""
    place = HIGHEST * (len(rows) - 1)
    low, part = int(place), place % 1
    first, last = int(rows[low]), int(rows[min(low + 1, len(rows) - 1)])
    if part < 0.5:
        return first + (last - first) * part
    return last - (last - first) * (1 - part)


_THREE: Final = np.ones((3, 3), np.uint8)
