"""What a blob may be by its outline: a vehicle, somebody, or a half of one who is known.

A vehicle is broad and filled; people and their shadows fill less of a vehicle's outline. Somebody
by his outline alone may be anything that is as tall, until he goes somewhere.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from plainview.geometry import BODY_HEIGHT, project, to_plane
from plainview.vision.events.blobs import DIFFERS, blobs
from plainview.vision.events.boxes import KINDS, Box, Rectangle, fit_boxes
from plainview.vision.events.feet import Standing
from plainview.vision.events.paths import Found, Size
from plainview.vision.optics import Floats
from plainview.vision.plate import Image

NARROWEST: Final = 1.2
"""Metres across a blob's foot below which it is no vehicle."""
SLIM: Final = 0.35
"""Metres across a blob's foot below which it is nobody either."""
GIVEN: Final = 0.5
"""Part of what shows something that was given back, from which that has proved it a thing."""
HOLLOW: Final = 0.3
"""Part of a vehicle-sized outline that must differ: people and their shadows fill less of one."""


def outlined(
    projection: Floats, evidence: Image, part: tuple[slice, slice]
) -> list[tuple[Box, Rectangle]]:
    """The blobs of a `part` of `evidence` (h, w) that have the outline of any box.

    Vehicles' where they are broad enough.
    """
    some = blobs(evidence, part)
    wide, slim = _wide(projection, some, NARROWEST), _wide(projection, some, SLIM)
    boxes = fit_boxes(projection, slim)
    return [
        (box, blob)
        for box, blob in zip(boxes, slim, strict=True)
        if box is not None and (blob in wide or not box.vehicle)
    ]


def fills(evidence: Image, blob: Rectangle) -> bool:
    """Whether what differs in `evidence` (h, w) fills `blob` as a vehicle does."""
    part = evidence[int(blob.y0) : int(blob.y1), int(blob.x0) : int(blob.x1)]
    return bool(np.mean(part > DIFFERS) >= HOLLOW)


def given(evidence: Image, keen: Image, blob: Rectangle) -> bool:
    """Whether most of what fills `blob` in `keen` (h, w) was given back to the `evidence`."""
    if keen is evidence:
        return False
    part = np.s_[int(blob.y0) : int(blob.y1), int(blob.x0) : int(blob.x1)]
    shown = keen[part] > DIFFERS
    back = shown & (keen[part] > evidence[part])
    return int(np.count_nonzero(back)) > GIVEN * int(np.count_nonzero(shown))


def holds(blob: Rectangle, standing: Standing) -> bool:
    """Whether any of those `standing` has his feet in `blob`."""
    return any(within(foot, blob) for foot in standing.foot)


def hangs(blob: Rectangle, standing: Standing) -> bool:
    """Whether `blob` is another half of any of those `standing`: his middle is in it."""
    middle = (standing.foot + standing.head) / 2
    return any(within(pixel, blob) for pixel in middle)


def within(pixel: Floats, blob: Rectangle) -> bool:
    """Whether `pixel` (2,) lies in `blob`, or little beside it."""
    return bool(blob.x0 - 2 <= pixel[0] <= blob.x1 + 2 and blob.y0 - 3 <= pixel[1] <= blob.y1 + 3)


def _wide(projection: Floats, blobs: Sequence[Rectangle], least: float) -> list[Rectangle]:
    """Those of `blobs` that are `least` metres across at their foot, seen from wherever."""
    feet = [(x, blob.y1 - 1) for blob in blobs for x in (blob.x0, blob.x1)]
    ground = to_plane(projection, feet).reshape(-1, 2, 2)
    broad = ~(np.hypot(*(ground[:, 1] - ground[:, 0]).T) < least)
    return [
        blob
        for blob, is_broad in zip(blobs, broad, strict=True)
        if is_broad or blob.left or blob.right or blob.bottom
    ]


def somebody(box: Box, blob: Rectangle) -> Found:
    """Somebody by his outline alone."""
    return Found(
        x=box.x,
        y=box.y,
        size=Size.PERSON,
        width=0.5,
        length=0.5,
        height=BODY_HEIGHT,
        heading=0.0,
        confidence=float(np.exp(-box.misfit)),
        blur=BODY_HEIGHT / max(blob.y1 - blob.y0, 1.0),
    )


def vehicle(box: Box, projection: Floats) -> Found:
    """A vehicle by its outline, seen by `projection` (3, 4)."""
    length, width, height = (float(side) for side in KINDS[box.kind])
    foot = np.array([[box.x, box.y, 0.0]])
    here, _ = project(projection, foot)
    steps = [project(projection, foot + np.array([dx, dy, 0.0]))[0] for dx, dy in ((1, 0), (0, 1))]
    # Pixels of a metre in the direction in which the ground is seen most flatly.
    jacobian = np.stack([(step - here)[0] for step in steps], axis=-1)
    least = float(np.linalg.svd(jacobian, compute_uv=False)[-1])
    return Found(
        x=box.x,
        y=box.y,
        size=Size.VEHICLE,
        width=width,
        length=length,
        height=height,
        heading=box.heading,
        confidence=float(np.exp(-box.misfit)),
        blur=1.0 / max(least, 0.02),
    )
