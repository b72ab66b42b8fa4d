"""Where a camera stands and what it watches: a site's ground metres as places on the map."""

import functools
import math
from typing import Final, NamedTuple

import numpy as np
from msgspec import Struct

from plainview.geometry import METRES_PER_DEGREE, Point, View, camera_centre

_DIGITS: Final = 7
"""Decimals of a degree: 1 cm, finer than any calibration."""

DETECTED: Final = 25.0
"""Pixels a metre at which one can tell that a person is there (EN IEC 62676-4, "detect")."""
_FARTHEST: Final = 2_000.0
"""Metres from the camera beyond which nothing is taken as seen, however large the picture."""

LonLat = tuple[float, float]
"""Longitude and latitude, WGS 84 degrees."""


class Place(Struct, frozen=True):
    """One configured camera: the view it has, and where its site's ground plane lies."""

    camera: str
    site: str
    name: str
    view: View
    site_name: str
    longitude: float
    """Of the ground plane's origin, WGS 84 degrees."""
    latitude: float
    bearing: float = 0.0
    """Compass degrees of the ground plane's y axis, clockwise from north."""


class Stand(NamedTuple):
    """Where a camera itself stands, and which way it looks."""

    longitude: float
    latitude: float
    height: float
    """Metres above the site's ground plane."""
    direction: float
    """Compass degrees of the middle of its view, clockwise from north, in [0, 360)."""
    area: tuple[LonLat, ...]
    """Corners of what it measures; the last is not the first again."""
    view: tuple[LonLat, ...] = ()
    """Corners of all ground in its picture (`seen_ground`)."""


def on_map(place: Place, x: float, y: float) -> LonLat:
    """The place on the map of a ground point (metres); flat earth, good to 0.1 % within 10 km."""
    turn = math.radians(place.bearing)
    east = x * math.cos(turn) + y * math.sin(turn)
    north = y * math.cos(turn) - x * math.sin(turn)
    shrink = math.cos(math.radians(place.latitude))
    return (
        round(place.longitude + east / (METRES_PER_DEGREE * shrink), _DIGITS),
        round(place.latitude + north / METRES_PER_DEGREE, _DIGITS),
    )


# More than a city has cameras: read in order, a smaller cache would forget each before it is due.
@functools.lru_cache(maxsize=131_072)
def stand(place: Place) -> Stand:
    """Where the camera of `place` stands, from its calibration alone.

    The centre is the projection's null space (Hartley & Zisserman, 6.2.4); the direction is that of
    the principal ray over the ground, and for a camera that looks straight down, that of the
    middle of the area as seen from it. Raises CalibrationError if the projection is singular.
    """
    projection = place.view.matrix()
    x, y, height = (float(v) for v in camera_centre(projection))
    ahead = projection[2, :2]
    if float(np.hypot(*ahead)) < 1e-6:
        ahead = np.mean(np.array(place.view.polygon), axis=0) - np.array([x, y])
    axis = math.degrees(math.atan2(float(ahead[0]), float(ahead[1])))
    longitude, latitude = on_map(place, x, y)
    return Stand(
        longitude,
        latitude,
        round(height, 2),
        round((axis + place.bearing) % 360.0, 1) % 360.0,
        tuple(on_map(place, *corner) for corner in place.view.polygon),
        tuple(on_map(place, *corner) for corner in seen_ground(place.view)),
    )


def seen_ground(view: View) -> tuple[Point, ...]:
    """Corners (metres) of the ground in the picture on which a person has DETECTED pixels a metre.

    The picture's four sides and the greatest depth, focal length / DETECTED, are half-planes of the
    ground plane, so that this is a convex polygon; what stands in the way is not known. Empty where
    no ground is seen so. Raises CalibrationError if the projection is singular.
    """
    projection = view.calibration.matrix()
    width, height = view.calibration.image_size
    x, y, _ = (float(value) for value in camera_centre(projection))
    # Plain floats: six sides of a few corners are not worth an array each.
    rows = [[float(value) for value in row] for row in projection]
    (ua, ub, uz, uc), (va, vb, _, vc), (a, b, z, c) = rows
    focal = math.hypot(ub * z - uz * b, uz * a - ua * z, ua * b - ub * a)
    sides = (
        (a, b, c),
        (-a, -b, focal / DETECTED - c),
        (ua, ub, uc),
        (width * a - ua, width * b - ub, width * c - uc),
        (va, vb, vc),
        (height * a - va, height * b - vb, height * c - vc),
    )
    far = _FARTHEST
    corners = [(x - far, y - far), (x + far, y - far), (x + far, y + far), (x - far, y + far)]
    for side in sides:
        corners = _clipped(corners, side)
    return tuple(corners)


def _clipped(corners: list[Point], side: tuple[float, float, float]) -> list[Point]:
    """The part of a convex polygon where a x + b y + c >= 0 for `side` (a, b, c).

    Sutherland & Hodgman, Communications of the ACM 17, 32 (1974).
    """
    if len(corners) < 3:
        return []
    a, b, c = side
    values = [a * x + b * y + c for x, y in corners]
    kept = []
    for k, (x, y) in enumerate(corners):
        one, other = values[k - 1], values[k]
        if (one < 0) != (other < 0):
            share = one / (one - other)
            before = corners[k - 1]
            kept.append((before[0] + share * (x - before[0]), before[1] + share * (y - before[1])))
        if other >= 0:
            kept.append((x, y))
    return kept
