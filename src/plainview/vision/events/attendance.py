"""Who attends what was put down: who stays near it, and who is himself what is taken for a thing.

Somebody who stands still is a body to the measurement, and his legs, or all of him with his
shadow, are to `stillness` something that came and stays. His figure covers it, and his head shows
above it; a thing's outline reaches no higher than its own. Far away the foot of an outline, or of
its shadow, is metres from where he stands: what covers what is asked in the picture.
"""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.vision.events.company import LEAST
from plainview.vision.events.seen import Seen
from plainview.vision.events.stillness import DIFFERS
from plainview.vision.events.thing import Thing
from plainview.vision.foreground import SHADOW
from plainview.vision.optics import SAMPLE_Z, Floats, Optics, flat_samples
from plainview.vision.plate import Image

NEAR: Final = 2.0
"""Metres within which somebody who stays attends a thing."""
BESIDE: Final = 1.2
"""Metres within which somebody is with a thing, and may walk away from it yet."""
SLOW: Final = 0.4
"""m/s below which somebody stays."""
MORE: Final = 0.3
"""Part of a body's silhouette that shows, besides the thing, of somebody who attends it."""
WITHIN: Final = 5.0
"""Metres from a thing of somebody who may be what is taken for it."""
VEHICLE: Final = 6.0
"""m² across the view, of one piece, from which what is there is a vehicle or its light."""
SIDE: Final = 2.5
"""Metres on each side of a thing in which that is looked for."""
COVERED: Final = 0.5
"""Part of it that figures cover, at least."""
HEAD: Final = SAMPLE_Z > 0.72
"""(SAMPLES,) what of a body's silhouette is higher than a thing that people leave."""
HEADED: Final = 0.25
"""Part of that which shows of somebody; of a thing that is taken for a body nothing does."""
Pixels = tuple[NDArray[np.int32], NDArray[np.int32]]


def attended(
    optics: Optics, thing: Thing, seen: Seen, taken: NDArray[np.uint8], reach: float = NEAR
) -> bool:
    """Whether somebody stays within `reach` metres of `thing`, who is not what is known as a thing.

    `taken` (h, w): where there are things.
    """
    places = _staying(thing, seen, reach)
    if len(places) == 0:
        return False
    # A large thing may itself be taken for a body: of a person there is more to see.
    pixels = _silhouettes(optics, places)
    shown = (seen.evidence[pixels] > DIFFERS) & (taken[pixels] == 0)
    return bool(np.any(shown.mean(axis=1) >= MORE))


def stands(optics: Optics, thing: Thing, seen: Seen) -> bool:
    """Whether somebody stands where `thing` is seen: it may be he, or a part of him."""
    rows, columns = thing.change.blob.window
    covered = seen.mask[rows, columns][thing.change.inside] != 0
    if np.count_nonzero(covered) < COVERED * covered.size:
        return False
    places = _staying(thing, seen, WITHIN)
    if len(places) == 0:
        return False
    y, x = _silhouettes(optics, places)
    inside = (y >= rows.start) & (y < rows.stop) & (x >= columns.start) & (x < columns.stop)
    # A case with its shadow may be taken for a body too: his head is no part of it.
    its = np.zeros_like(inside)
    its[inside] = thing.grown[y[inside] - rows.start, x[inside] - columns.start] > 0
    shown = (seen.evidence[y, x] > SHADOW) & ~its
    heads = shown[:, HEAD].mean(axis=1) > HEADED
    return bool(np.any(heads & inside.any(axis=1)))


def covered(thing: Thing, evidence: Image) -> bool:
    """Whether `thing` is of one piece with a vehicle or its light, by what differs in (h, w).

    Bodies are laid into those by the dozen: none of them is with the thing, or leaves it.
    """
    blob = thing.change.blob
    rows, columns = blob.window
    metre = float(np.sqrt(cv2.countNonZero(blob.mask) / thing.extent.area))
    side = round(SIDE * metre)
    y0, x0 = max(rows.start - side, 0), max(columns.start - side, 0)
    part = np.s_[y0 : rows.stop + side, x0 : columns.stop + side]
    differs = np.asarray(evidence[part] > DIFFERS, dtype=np.uint8)
    if np.count_nonzero(differs) < VEHICLE * metre**2:
        return False
    _, labels = cv2.connectedComponents(differs, connectivity=4)
    own = labels[rows.start - y0 : rows.stop - y0, columns.start - x0 : columns.stop - x0]
    areas = np.bincount(labels.ravel())
    areas[0] = 0
    return bool(areas[own[blob.whole > 0]].max(initial=0) >= VEHICLE * metre**2)


def _staying(thing: Thing, seen: Seen, reach: float) -> Floats:
    """(n, 2) the places of those who stay within `reach` metres of `thing`."""
    bodies = seen.bodies
    slow = np.hypot(*bodies.velocities.T) < SLOW
    near = np.hypot(*(bodies.places - thing.extent.place).T) < reach
    there: Floats = bodies.places[slow & near & (bodies.weights > LEAST)]
    return there


def _silhouettes(optics: Optics, places: Floats) -> Pixels:
    """Rows and columns (n, SAMPLES) of the silhouettes of those who stand at `places` (n, 2)."""
    width, height = optics.size
    flat, _ = flat_samples(optics.projection, optics.centre, optics.size, places)
    rows, columns = np.divmod(flat, width)
    return np.minimum(rows, height - 1), columns
