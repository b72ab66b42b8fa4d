"""Whether a mover is a thing, or light and weather on the ground that has a thing's outline.

A headlight's patch on a wet road, and flecks that rain and a passing cloud leave together, differ
from the plate as a thing does. But light brightens all it falls on and ends over many pixels, and
weather makes what differs smooth all over; a thing has edges and parts, darker ones among them.
Of a veil that evens them out, the light of its own is taken off first (haze.py).
Measured on what movers there were in zones of the development part: a patch's border takes 0.10 of
its contrast a pixel, things' 0.22 to 0.68 (a van across the picture at night 0.16, and it is dark);
weather's inside 0.10 to 0.20, things' 0.24 to 0.70.
"""

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.vision.events.blobs import DIFFERS
from plainview.vision.events.movers import Mover
from plainview.vision.events.paths import Size
from plainview.vision.events.seen import Seen
from plainview.vision.haze import log_ratio
from plainview.vision.optics import Floats
from plainview.vision.plate import gradient
from plainview.vision.ranks import mean, median, ranked

DARKER: Final = 0.05
"""Part of a lit patch that is darker than the plate, at most."""
SOFT_END: Final = 0.16
"""Part of its contrast that one pixel takes at the sharper fifth of a lit patch's border, at most.
"""
SOFT: Final = (0.12, 0.21)
"""The same inside what is nothing but light, and inside what weather does, at most."""
EVEN: Final = 0.08
"""Spread (robust) of the log ratio to the plate of what weather does, at most."""
LEAST: Final = 12
"""Pixels that differ, of which anything is said."""
_THREE: Final = np.ones((3, 3), np.uint8)
Mask = NDArray[np.bool_]


def solid(projection: Floats, seen: Seen, mover: Mover, noise: float) -> bool:
    """Whether what differs in `seen` where `mover` is looks like a thing; so it does if unclear.

    `noise` is the plate's, in grey levels (noise_of).
    """
    part = _window(projection, mover, seen.luma.shape)
    evidence = (seen.evidence if seen.veiled is None else seen.veiled)[part]
    differs = np.asarray(evidence > DIFFERS)
    if np.count_nonzero(differs) < LEAST or min(differs.shape) < len(_THREE):
        return True
    now, plate = seen.luma[part].astype(np.float32), seen.background[part].astype(np.float32)
    change = np.asarray(cv2.blur(now - plate, (3, 3)), dtype=np.float32)
    contrast = mean(np.abs(change[differs]))
    if contrast <= noise:
        return True  # it is something else that the evidence saw
    steps = 0.5 * gradient(change) / np.float32(contrast)
    inside = ranked(steps[differs], 0.8)
    if mean(change[differs] < -noise) < DARKER:
        if inside < SOFT[0]:
            return False
        mask = differs.astype(np.uint8)
        rim = (cv2.dilate(mask, _THREE) > 0) & (cv2.erode(mask, _THREE) == 0)
        ends = ranked(steps[rim], 0.8) if rim.any() else np.inf
        return bool(ends >= SOFT_END)
    if inside >= SOFT[1]:
        return True
    log = log_ratio(now, plate, seen.veil * plate)[differs]
    spread = 1.4826 * ranked(np.abs(log - np.float32(ranked(log, 0.5))), 0.5)
    return bool(spread >= EVEN)


def noise_of(seen: Seen) -> float:
    """Grey levels: the usual standard deviation of the plate of `seen`."""
    return median(seen.plate.noise[::8, ::8])


def _window(projection: Floats, mover: Mover, shape: tuple[int, ...]) -> tuple[slice, slice]:
    """Rows and columns of a picture of `shape` (h, w) that show `mover`, with a little margin."""
    ground: list[tuple[float, ...]] = [(mover.x, mover.y)]
    if mover.size is not Size.PERSON:
        ground = list(mover.footprint().exterior.coords)[:4]
    # A few numbers, one by one: to set up arrays for them takes ten times as long.
    rows = projection.tolist()
    pixels = [pixel(rows, x, y, z) for x, y in ground for z in (0.0, mover.height)]
    columns, lines = zip(*pixels, strict=True)
    x0, x1, y0, y1 = min(columns), max(columns), min(lines), max(lines)
    wider = 0.2 * (y1 - y0) if mover.size is Size.PERSON else 0.0
    return span(y0 - 2, y1 + 3, shape[0]), span(x0 - wider - 2, x1 + wider + 3, shape[1])


def pixel(rows: Sequence[Sequence[float]], x: float, y: float, z: float) -> tuple[float, float]:
    """Column and row at which a projection, by its `rows`, shows (x, y, z) metres."""
    right, down, depth = (a * x + b * y + c * z + d for a, b, c, d in rows)
    depth = 1e-12 if abs(depth) < 1e-12 else depth
    return right / depth, down / depth


def span(first: float, end: float, whole: int) -> slice:
    """From `first` to `end`, as far as there are so many rows or columns."""
    return slice(int(min(max(first, 0.0), whole)), int(min(max(end, 0.0), whole)))
