"""Where movers are looked for in a picture, and the blobs of what differs there."""

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from shapely.geometry import Polygon

from plainview.geometry import Point, project
from plainview.vision.events.boxes import Rectangle
from plainview.vision.events.parts import parts
from plainview.vision.optics import Optics
from plainview.vision.plate import Image

DIFFERS: Final = 0.15
"""Evidence above which a pixel belongs to a blob: more than what may be a shadow."""
TALLEST: Final = 3.5
"""Metres above a zone's ground that are looked at."""
AROUND: Final = 12.0
"""Metres around the zones in which vehicles are followed: what enters was met before."""
LEAST_SIDE: Final = 5
"""Working pixels of a blob's smaller side below which its shape says nothing."""
MOST: Final = 24
"""Blobs looked at in one frame, the largest first."""
THREAD: Final = 0.08
"""Part of a blob's width: what hangs from it and is no broader is not of it. A streak of rain is a
fiftieth as broad as the car behind it, a wheel a tenth."""


def window(optics: Optics, grounds: Sequence[Sequence[Point]]) -> tuple[slice, slice] | None:
    """Rows and columns of the working picture that show `grounds` and what stands around them."""
    width, height = optics.size
    boxes = []
    for ground in grounds:
        ring = np.array(Polygon(ground).buffer(AROUND).exterior.coords)
        points = np.concatenate(
            [np.column_stack((ring, np.full(len(ring), z))) for z in (0, TALLEST)]
        )
        pixels, depth = project(optics.projection, points)
        seen = depth > 0.3
        if seen.any():
            boxes.append((*pixels[seen].min(axis=0), *pixels[seen].max(axis=0)))
        if not seen.all():
            boxes.append((0.0, 0.0, float(width), float(height)))
    if not boxes:
        return None
    x0, y0 = np.clip(np.min([b[:2] for b in boxes], axis=0), 0, (width, height)).astype(int)
    x1, y1 = np.clip(np.max([b[2:] for b in boxes], axis=0) + 1, 0, (width, height)).astype(int)
    if x1 - x0 < LEAST_SIDE or y1 - y0 < LEAST_SIDE:
        return None
    return slice(int(y0), int(y1)), slice(int(x0), int(x1))


def blobs(evidence: Image, part: tuple[slice, slice]) -> list[Rectangle]:
    """Connected parts of what differs from the plate, the largest first.

    Parts that are a few pixels apart are one: a windscreen can look like the road.
    """
    rows, columns = part
    differs = np.asarray(evidence[part] > DIFFERS, dtype=np.uint8)
    height, width = differs.shape
    half = cv2.resize(differs * np.uint8(255), (-(-width // 2), -(-height // 2)),
                      interpolation=cv2.INTER_AREA)  # fmt: skip
    solid = np.asarray(half >= 96, dtype=np.uint8)
    closed = cv2.morphologyEx(solid, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    labels, stats = parts(closed)
    order = np.argsort(-stats[1:, cv2.CC_STAT_AREA], kind="stable")[:MOST] + 1
    found = []
    for k in order.tolist():
        *sides, area = stats[k].tolist()
        if min(sides[2:]) * 2 < LEAST_SIDE or area * 8 < LEAST_SIDE**2:
            continue
        x, y, w, h = _trimmed(labels, k, sides)
        high, wide = closed.shape
        x0, y0 = columns.start + 2 * x, rows.start + 2 * y
        cut = (x == 0, y == 0, x + w >= wide, y + h >= high)
        found.append(Rectangle(x0, y0, x0 + 2 * w, y0 + 2 * h, *cut))
    return found


def _trimmed(labels: NDArray[np.int32], k: int, sides: Sequence[int]) -> Sequence[int]:
    """The `sides` (x, y, width, height) of part `k` of `labels` (h, w) without threads.

    Rain in the picture is streaks a pixel or two wide: one that hangs from a car would make its
    outline that of a larger car metres nearer to the camera. Of a narrow part all is kept.
    """
    x, y, w, h = sides
    broad = int(THREAD * w) | 1
    if broad < 3:
        return sides
    part = np.asarray(labels[y : y + h, x : x + w] == k, dtype=np.uint8)
    whole = cv2.boundingRect(cv2.morphologyEx(part, cv2.MORPH_OPEN, np.ones((1, broad), np.uint8)))
    if whole[2] == 0:
        return sides
    return x + whole[0], y + whole[1], whole[2], whole[3]
