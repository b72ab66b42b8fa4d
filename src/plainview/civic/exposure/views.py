"""What each registered camera sees of the ground, in metres; assumed where that is not known."""

import math
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import numpy as np
import shapely
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

from plainview.civic.exposure.plane import Plane, Points, checked, plane_over
from plainview.errors import InputError
from plainview.governance.places import LonLat
from plainview.governance.register import RUNNING, Register, RegisterCamera

ASSUMED_ANGLE: Final = 60.0
"""Degrees across which a camera without calibration is taken to look."""
ASSUMED_REACH: Final = 67.0
"""Metres to which a camera without calibration is taken to see.

A picture 1,920 pixels wide over 60 degrees shows a person at 25 pixels a metre, the least at which
one can tell that a person is there (EN IEC 62676-4, "detect"), at 1920 / (25 * 2 tan 30°) = 66.5 m.
"""
_STEP: Final = 5.0

SECTOR, CIRCLE = "sector", "circle"


class Sight(NamedTuple):
    """One camera and what it sees."""

    camera: str
    shape: Polygon
    """Metres on the plane."""
    assumed: str
    """Empty where it follows from the calibration; SECTOR or CIRCLE where that is not known."""
    running: bool
    capabilities: tuple[str, ...]
    """What runs there now."""


class Sights(NamedTuple):
    """All that is seen, on one plane."""

    plane: Plane
    sights: tuple[Sight, ...]
    unplaced: tuple[str, ...]
    """Cameras of which the register has no place at all: nobody can say what they see."""
    tree: shapely.STRtree
    """Over the shapes, in the order of `sights`."""
    running: np.ndarray[tuple[int], np.dtype[np.bool_]]
    """(n,)"""


def sights_of(register: Register, plane: Plane | None = None) -> Sights:
    """What the cameras of `register` see, on `plane`; on one about the cameras without.

    A camera without a calibrated view is taken to see a sector of ASSUMED_ANGLE and ASSUMED_REACH,
    or the whole circle where its direction is not known either; one without a place of its own
    stands at its site. None is left out. Raises InputError for a view that crosses itself and for
    a place that is none.
    """
    stands = {camera.id: _stand(register, camera) for camera in register.cameras}
    known = [place for place in stands.values() if place is not None]
    if plane is None:
        plane = plane_over(np.array(known), "register") if known else Plane(0.0, 0.0)
    sights, unplaced = [], []
    for camera in register.cameras:
        place = stands[camera.id]
        if place is None and not (camera.view or camera.area):
            unplaced.append(camera.id)
            continue
        shape, assumed = _shape(camera, place, plane)
        sights.append(
            Sight(
                camera.id,
                shape,
                assumed,
                camera.state == RUNNING,
                tuple(one.name for one in camera.capabilities if one.running),
            )
        )
    return gathered(plane, sights, unplaced)


def gathered(plane: Plane, sights: Iterable[Sight], unplaced: Sequence[str] = ()) -> Sights:
    """`sights` with their index."""
    all_ = tuple(sights)
    return Sights(
        plane,
        all_,
        tuple(unplaced),
        shapely.STRtree([sight.shape for sight in all_]),
        np.array([sight.running for sight in all_], dtype=np.bool_),
    )


def sector(
    at: Points, *, direction: float | None, angle: float = ASSUMED_ANGLE, reach: float
) -> Polygon:
    """The ground within `reach` metres of `at` (2,), `angle` degrees about the compass `direction`.

    The whole circle where no direction is given. Its rim is drawn in steps of at most 5 degrees
    outside the true arc, so that nothing seen is left out.
    """
    full = direction is None or angle >= 360
    half = 180.0 if full else angle / 2
    steps = max(math.ceil(2 * half / _STEP), 2)
    turns = np.radians((direction or 0.0) + np.linspace(-half, half, steps + 1))
    radius = reach / math.cos(math.radians(half / steps))
    rim = at + radius * np.column_stack((np.sin(turns), np.cos(turns)))
    return Polygon(rim[:-1] if full else np.vstack((at, rim)))


def polygon_of(corners: Sequence[LonLat], plane: Plane, where: str) -> Polygon:
    """The polygon of `corners` on `plane`. Raises InputError where it crosses itself or is none."""
    for corner in corners:
        checked(corner, where)
    if len(set(corners)) < 3:
        raise InputError(
            "a polygon needs three corners or more", where=where, mend="Give its corners in order"
        )
    shape = Polygon(plane.metres(corners))
    if not shape.is_valid or shape.area <= 0:
        raise InputError(
            f"the polygon crosses itself ({shapely.is_valid_reason(shape).partition('[')[0]})",
            where=where,
            mend="Give its corners in order, each edge once",
        )
    return shape


def _hull(shape: BaseGeometry) -> Points:
    """Corners of the convex polygon about `shape`."""
    return shapely.get_coordinates(shapely.convex_hull(shape))


def _stand(register: Register, camera: RegisterCamera) -> LonLat | None:
    """Where it stands; its site where only that is known."""
    where = f"camera {camera.id}"
    if camera.longitude is not None and camera.latitude is not None:
        return checked((camera.longitude, camera.latitude), where)
    for corners in (camera.area, camera.view):
        if corners:
            return checked(corners[0], where)
    site = register.site(camera.site)
    if site is None or site.longitude is None or site.latitude is None:
        return None
    return checked((site.longitude, site.latitude), f"site {site.id}")


def _shape(camera: RegisterCamera, place: LonLat | None, plane: Plane) -> tuple[Polygon, str]:
    known = [
        polygon_of(corners, plane, f"view of camera {camera.id}")
        for corners in (camera.view, camera.area)
        if len(corners) >= 3
    ]
    if known:
        joined = shapely.union_all(known)
        # What is measured lies in the picture, but for what a calibration's last digits say.
        return joined if isinstance(joined, Polygon) else Polygon(_hull(joined)), ""
    at = plane.metres([place or (plane.longitude, plane.latitude)])[0]
    own = camera.longitude is not None
    direction = camera.direction if own else None
    shape = sector(at, direction=direction, reach=ASSUMED_REACH)
    return shape, CIRCLE if direction is None else SECTOR
