"""What a blob may be by its outline: a vehicle, somebody, or a half of one who is known.

A vehicle is broad and filled; people and their shadows fill less of a vehicle's outline. Somebody
by his outline alone may be anything that is as tall, until he goes somewhere.
"""

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from plainview.geometry import BODY_HEIGHT, project, to_plane
from plainview.vision.events.blobs import DIFFERS, blobs
from plainview.vision.events.boxes import KINDS, Box, Boxes, Rectangle
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
DRIVEN: Final = 0.08
"""Part of the ground over which light runs (keen.py) from which there are so many patches that some
have a vehicle's outline, and others make lines along a lane: 0.16 to 0.20 where they did, 0.005 to
0.07 under other clouds and in drifting fog."""
RAGGED: Final = 0.4
"""HOLLOW where light runs over much of the ground: patches of it fill 0.20 to 0.36, vehicles 0.43
and more."""


def outlined(
    boxes: Boxes,
    evidence: Image,
    part: tuple[slice, slice],
    known: Standing,
    light: float,
) -> list[tuple[Box, Rectangle]]:
    """The blobs of a `part` of `evidence` (h, w) that have the outline of any box.

    Vehicles' where they are broad enough, and no group of those who are `known` to stand there, nor
    ragged where `light` runs over much of the ground (seen.Seen); somebody's where none of those is
    in it, and no light does. What can be neither is not held against boxes: that takes a tenth of a
    millisecond a blob.
    """
    some = blobs(evidence, part)
    if not some:
        return []
    may_be: list[tuple[Rectangle, bool, bool]] = []
    held = _hold(some, known.foot)
    # A half of somebody who is known has his middle in it.
    known_ = held | _hold(some, (known.foot + known.head) / 2)
    widths = _wide(boxes.projection, some)
    for blob, wide, foot, body in zip(some, widths, held.tolist(), known_.tolist(), strict=True):
        if wide < SLIM:
            continue
        least = RAGGED if light > DRIVEN else HOLLOW if foot else 0.0
        vehicle_ = not wide < NARROWEST and fills(evidence, blob, least)
        somebody_ = not (light > 0 or body)
        if vehicle_ or somebody_:
            may_be.append((blob, vehicle_, somebody_))
    found = boxes.fit([blob for blob, _, _ in may_be])
    return [
        (box, blob)
        for box, (blob, vehicle_, somebody_) in zip(found, may_be, strict=True)
        if box is not None and (vehicle_ if box.vehicle else somebody_)
    ]


def fills(evidence: Image, blob: Rectangle, least: float) -> bool:
    """Whether what differs in `evidence` (h, w) fills so much of `blob`, 0 to 1, `least`."""
    if least == 0:
        return True
    part = evidence[int(blob.y0) : int(blob.y1), int(blob.x0) : int(blob.x1)]
    return bool(np.mean(part > DIFFERS) >= least)


def given(evidence: Image, keen: Image, blob: Rectangle) -> bool:
    """Whether most of what fills `blob` in `keen` (h, w) was given back to the `evidence`."""
    if keen is evidence:
        return False
    part = np.s_[int(blob.y0) : int(blob.y1), int(blob.x0) : int(blob.x1)]
    shown = keen[part] > DIFFERS
    back = shown & (keen[part] > evidence[part])
    return int(np.count_nonzero(back)) > GIVEN * int(np.count_nonzero(shown))


def _hold(blobs: Sequence[Rectangle], pixels: Floats) -> NDArray[np.bool_]:
    """(blobs,) whether any of `pixels` (n, 2) lies in each of `blobs`, or little beside it."""
    x, y = pixels.T
    x0, y0, x1, y1 = np.array(blobs, dtype=np.float64)[:, :4].T[..., None]
    across = (x0 - 2 <= x) & (x <= x1 + 2)
    return np.asarray((across & (y0 - 3 <= y) & (y <= y1 + 3)).any(axis=1))


def flows(
    blob: Rectangle, standing: Standing, velocities: Floats
) -> tuple[tuple[float, float], ...]:
    """Those of `velocities` (n, 2) m/s that are of who is `standing` with his middle in `blob`."""
    middle = (standing.foot + standing.head) / 2
    return tuple(
        (float(vx), float(vy))
        for pixel, (vx, vy) in zip(middle, velocities, strict=True)
        if within(pixel, blob)
    )


def within(pixel: Floats, blob: Rectangle) -> bool:
    """Whether `pixel` (2,) lies in `blob`, or little beside it."""
    return bool(blob.x0 - 2 <= pixel[0] <= blob.x1 + 2 and blob.y0 - 3 <= pixel[1] <= blob.y1 + 3)


def _wide(projection: Floats, blobs: Sequence[Rectangle]) -> list[float]:
    """Metres that each of `blobs` is across at its foot.

    Infinite for what may be wider than is seen of it; NaN where no ground is seen.
    """
    feet = [(x, blob.y1 - 1) for blob in blobs for x in (blob.x0, blob.x1)]
    ground = to_plane(projection, feet).reshape(-1, 2, 2)
    across = np.hypot(*(ground[:, 1] - ground[:, 0]).T).tolist()
    return [
        math.inf if blob.left or blob.right or blob.bottom else wide
        for blob, wide in zip(blobs, across, strict=True)
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
