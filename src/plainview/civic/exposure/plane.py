"""Places on the map as metres on one flat plane, and back; and the checks of what is no place."""

import math
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from plainview.errors import InputError
from plainview.geometry import METRES_PER_DEGREE
from plainview.governance.places import LonLat

Points = NDArray[np.float64]
"""(n, 2)"""

WIDEST: Final = 200_000.0
"""Metres across which the plane is flat enough: 1 % at the edges, at latitudes up to 60 degrees."""


class Plane(NamedTuple):
    """Flat earth about one place: good to 0.1 % within 10 km, like the register's own places."""

    longitude: float
    """Of the plane's origin, WGS 84 degrees."""
    latitude: float

    def metres(self, places: ArrayLike) -> Points:
        """East and north (n, 2), metres, of longitudes and latitudes (n, 2)."""
        given = np.asarray(places, dtype=np.float64).reshape(-1, 2)
        return np.asarray((given - (self.longitude, self.latitude)) * self._scale())

    def degrees(self, points: ArrayLike) -> tuple[LonLat, ...]:
        """Longitudes and latitudes, to 1 cm, of points in metres (n, 2)."""
        given = np.asarray(points, dtype=np.float64).reshape(-1, 2)
        found = np.round(given / self._scale() + (self.longitude, self.latitude), 7)
        return tuple((float(x), float(y)) for x, y in found)

    def _scale(self) -> Points:
        shrink = max(math.cos(math.radians(self.latitude)), 0.01)
        return np.array((METRES_PER_DEGREE * shrink, METRES_PER_DEGREE))


def checked(place: tuple[float, float], where: str) -> LonLat:
    """`place`, longitude and latitude, if it is one. Raises InputError that says what is wrong."""
    longitude, latitude = place
    if not (math.isfinite(longitude) and math.isfinite(latitude)):
        raise InputError("this is no number", where=where, mend="Give degrees, like 0.0003")
    if abs(latitude) > 90 and abs(longitude) <= 90:
        raise InputError(
            f"latitude {latitude:g} is beyond the pole: latitude and longitude are swapped",
            where=where,
            mend=f"Give {longitude:g} as the latitude and {latitude:g} as the longitude",
        )
    if abs(latitude) > 85 or abs(longitude) > 180:
        raise InputError(
            f"latitude {latitude:g}, longitude {longitude:g} is no place here",
            where=where,
            mend="Latitudes lie between -85 and 85, longitudes between -180 and 180",
        )
    return longitude, latitude


def parse_place(text: str, where: str) -> LonLat:
    """Longitude and latitude of `LAT,LON` in degrees, as maps show it. Raises InputError."""
    parts = text.replace(";", ",").split(",")
    try:
        latitude, longitude = (float(part) for part in parts)
    except ValueError as error:
        raise InputError(
            f"{text[:60]!r} is no place",
            where=where,
            mend="Give latitude and longitude in degrees, like 0.0000,0.0003",
        ) from error
    return checked((longitude, latitude), where)


def plane_over(places: Points, where: str) -> Plane:
    """The plane about the middle of `places` (n, 2) longitudes and latitudes, n > 0.

    Raises InputError for places further apart than a plane is flat.
    """
    (west, south), (east, north) = places.min(axis=0), places.max(axis=0)
    plane = Plane(float(west + east) / 2, float(south + north) / 2)
    if np.ptp(plane.metres([(west, south), (east, north)]), axis=0).max() > WIDEST:
        raise InputError(
            "it is more than 200 km across, which is no city",
            where=where,
            mend="Cut out the city, and check that no latitude and longitude are swapped",
        )
    return plane
