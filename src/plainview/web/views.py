"""What API and console know of a site: frozen views, built by config or app, never changed."""

import math
import re

from msgspec import Struct

from plainview.errors import InputError
from plainview.geometry import Grid, Point, View, Zone, grid_over

_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


class CameraView(Struct, frozen=True, forbid_unknown_fields=True):
    """One camera of a site. Its pipeline's state (sealed, connected) comes from the store."""

    id: str
    """As in the store's Readings; letters, digits, '.', '_' and '-', at most 64."""
    view: View
    """Its calibration, its part of the ground, its lines. In the site's metres."""
    name: str = ""
    """For people; the id where empty."""
    every: float = 1.0
    """Seconds of one interval."""


class SiteView(Struct, frozen=True, forbid_unknown_fields=True):
    """One site: a ground plane in local metres, its place on Earth, and the cameras that see it."""

    id: str
    """Letters, digits, '.', '_' and '-', at most 64; part of addresses."""
    name: str
    longitude: float
    """Of the ground origin (0, 0), degrees east, WGS 84."""
    latitude: float
    """Of the ground origin (0, 0), degrees north, WGS 84."""
    cameras: tuple[CameraView, ...]
    bearing: float = 0.0
    """Of the ground's y axis, degrees clockwise from true north. x is to the right of y."""
    polygon: tuple[Point, ...] = ()
    """The whole site on the ground; the cameras' areas together where empty."""
    cell: float = 1.0
    """Side of the site's grid cells, metres."""
    zones: tuple[Zone, ...] = ()
    """Named parts of the site itself; cameras have their own."""
    simulated: bool = False
    """A demonstration: its people do not exist. Shown wherever the site is shown."""
    timezone: str = "UTC"
    """Its name in the IANA database: whose hours are the usual ones."""

    def grid(self) -> Grid:
        """The ground grid over the site's polygon and all its cameras' areas.

        Raises InputError if it would have more cells than a grid may have.
        """
        points = (*self.polygon, *(p for camera in self.cameras for p in camera.view.polygon))
        return grid_over(points, self.cell)


def check_sites(sites: tuple[SiteView, ...]) -> None:
    """Raise InputError for views that cannot be shown.

    Checked: ids unique and fit for an address; a camera in one site only; places on Earth; at
    least one camera in a site; the grid's size.
    """
    seen: set[str] = set()
    for site in sites:
        where = f"site {site.id!r}"
        for name in (site.id, *(camera.id for camera in site.cameras)):
            if not _ID.fullmatch(name):
                raise InputError(
                    f"{name!r} is not usable as an id",
                    where=where,
                    mend="Use letters, digits, '.', '_' and '-', at most 64",
                )
        names = [f"site {site.id}", *(f"camera {camera.id}" for camera in site.cameras)]
        for name in names:
            if name in seen or names.count(name) > 1:
                raise InputError(f"{name} is there twice", where=where, mend="Rename one of them")
        seen.update(names)
        if not site.cameras:
            raise InputError("a site needs a camera", where=where, mend="Add one, or remove it")
        place = (site.longitude, site.latitude, site.bearing)
        if not (all(map(math.isfinite, place)) and abs(place[0]) <= 180 and abs(place[1]) <= 85):
            raise InputError(
                f"longitude {place[0]:g}, latitude {place[1]:g} is not a place on the map",
                where=where,
                mend="Give degrees east (-180 to 180) and degrees north (-85 to 85)",
            )
        site.grid()
