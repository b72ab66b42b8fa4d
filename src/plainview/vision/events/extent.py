"""Where something that stands still is, and how large it looks: from its pixels to metres."""

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.geometry import to_plane
from plainview.vision.events.stillness import Blob
from plainview.vision.optics import Floats, Optics

SOFT: Final = 2.0
"""Pixels that the evidence's smoothing adds to a thing's width and height."""
SIZE: Final = (0.12, 1.5)
"""Metres across the view, the least and the most of a bag to a large suitcase."""
AREA: Final = (0.012, 0.9)
"""m² across the view, the least and the most."""


class Extent(NamedTuple):
    """Where something stands and how large it looks."""

    place: Floats
    """(2,) ground metres of its foremost point."""
    width: float
    """Metres, as the camera sees it."""
    height: float
    """Metres across the view: its own where the camera is level, its depth seen from above."""
    area: float
    """m² across the view."""
    upright: float
    """Height over that of a flat thing as long as it is wide; 1 for a spot on the ground."""


def extents(optics: Optics, blobs: Sequence[Blob]) -> list[Extent | None]:
    """The extent of each of `blobs`; None where no ground is seen under it."""
    boxes = [cv2.boundingRect(blob.mask) for blob in blobs]
    feet = [
        (_foot(blob.mask, box) + blob.corner[0], box[1] + box[3] - 1 + blob.corner[1])
        for blob, box in zip(blobs, boxes, strict=True)
    ]
    places = to_plane(optics.projection, feet)
    focal = float(np.linalg.norm(optics.projection[0, :3]))
    return [
        _extent(optics, place, (box[2], box[3]), cv2.countNonZero(blob.mask), focal)
        if math.isfinite(place[0])
        else None
        for blob, box, place in zip(blobs, boxes, places, strict=True)
    ]


def _foot(mask: NDArray[np.uint8], box: Sequence[int]) -> float:
    """Mean column of the lowest two rows of what `mask` shows in its bounding `box`."""
    _, y, _, h = box
    columns = np.nonzero(mask[max(y + h - 2, 0) : y + h])[1]
    return int(columns.sum()) / len(columns)


def _extent(
    optics: Optics, place: Floats, sides: tuple[int, int], area: int, focal: float
) -> Extent:
    """Of a blob of `area` pixels, `sides` (width, height) large, that stands at `place` (2,).

    `focal`: pixels of a metre at one metre.
    """
    depth = float(place @ optics.projection[2, :2] + optics.projection[2, 3])
    metre = max(depth, 0.5) / focal
    x, y, height = optics.centre.tolist()
    away = math.hypot(x - place[0], y - place[1])
    slope = height / max(math.hypot(away, height), 0.1)
    wide, tall = (float(side) for side in sides)
    return Extent(
        place,
        max(wide - SOFT, 1.0) * metre,
        max(tall - SOFT, 1.0) * metre,
        float(area) * metre**2,
        tall / max(wide * abs(slope), 1.0),
    )


def fits(size: Extent) -> bool:
    """Whether something of that `size` is as large as a thing that people leave."""
    sides = (size.width, size.height)
    return SIZE[0] <= min(sides) and max(sides) <= SIZE[1] and AREA[0] <= size.area <= AREA[1]
