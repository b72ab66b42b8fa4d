"""Whether a mover is inside a zone: by the ground under it, and by how well that is known.

How far away feet are is known less well than which way: by a tenth of a body's height in the
picture, which from a low or distant camera is a metre of ground. Who passes as closely before or
behind a zone may not be inside it, so he must be found farther in before he is told of.
"""

from typing import Final

import numpy as np
import shapely
from shapely.geometry import LineString, Polygon

from plainview.geometry import BODY_HEIGHT
from plainview.vision.events.movers import Mover
from plainview.vision.events.paths import Size
from plainview.vision.optics import Floats

FOOTING: Final = 0.3
"""Part of a vehicle's footprint that must lie inside."""
SAME_WAY: Final = 0.5
"""Cosine of the angle to a zone's crossing up to which somebody comes in that way."""
UNSURE: Final = 0.1
"""Heights of a body by which feet may be higher or lower in the picture than they are found: that
many for nine in ten of the passers-by of ordinary scenes, dry, under clouds and in rain at night
(0.12 to 0.25 for the rest)."""
WITHIN: Final = 0.3
"""Of a zone's depth along the line of sight, the most that somebody must be in for that."""


def inside(mover: Mover, ground: Polygon) -> bool:
    """Whether `mover` stands on `ground`."""
    if mover.size is Size.PERSON:
        places = [(mover.x, mover.y), *([] if mover.other is None else [mover.other])]
        return all(shapely.contains_xy(ground, x, y) for x, y in places)
    footprint = mover.footprint()
    return float(footprint.intersection(ground).area) >= FOOTING * float(footprint.area)


def well_inside(mover: Mover, ground: Polygon, centre: Floats) -> bool:
    """Whether who is inside `ground` would be so were his feet found a little amiss.

    Seen from `centre` (3,), metres; he, or the middle of his last step. A vehicle's outline has
    more than its foot to place it by.
    """
    if mover.size is Size.VEHICLE:
        return True
    places = [(mover.x, mover.y), *mover.path[-2:, 1:].mean(axis=0, keepdims=True)]
    return any(_deep(np.array(place), ground, centre) for place in places)


def _deep(foot: Floats, ground: Polygon, centre: Floats) -> bool:
    """Whether `foot` (2,) lies so far inside `ground`, on the line of sight from `centre` (3,)."""
    away = foot - centre[:2]
    far = max(float(np.hypot(*away)), 1e-6)
    # The zone is as deep as it is through its middle: at a corner every way through it is short.
    middle = np.array(ground.centroid.coords[0])
    sight = LineString([middle - 2 * away, middle + 2 * away])
    amiss = UNSURE * BODY_HEIGHT * far / max(float(centre[2]), BODY_HEIGHT)
    amiss = min(amiss, WITHIN * float(sight.intersection(ground).length))
    step = amiss / far * away
    return all(shapely.contains_xy(ground, *(foot + side * step)) for side in (-1, 1))


def enters(mover: Mover, ground: Polygon, way: tuple[float, float]) -> bool:
    """Whether `mover` was outside `ground` in the last seconds, and came in along `way`."""
    outside = ~shapely.contains_xy(ground, mover.path[:, 1], mover.path[:, 2])
    if not outside.any():
        return False
    last = mover.path[int(np.nonzero(outside)[0][-1]), 1:]
    step = np.array([mover.x, mover.y]) - last
    scale = float(np.hypot(*step)) * float(np.hypot(*way))
    return scale > 0 and float(step @ np.array(way)) >= SAME_WAY * scale
