"""What is amiss with a city's zones as they stand beside its cameras: said once, at the start."""

from collections.abc import Iterator
from typing import Final

import shapely
from shapely.geometry import Polygon

from plainview.app.camera import Outline, overlaps, seen_ground, unseen, zones_in
from plainview.config import CityConfig, SiteConfig
from plainview.geometry import Zone
from plainview.record import BY_THRESHOLDS

MOST: Final = 20
"""Lines that are said."""
LOOKED: Final = 200
"""Cameras with zones that are looked at: each zone takes a hundredth of a second."""


def zone_faults(city: CityConfig) -> list[str]:
    """One line for each zone that is not seen whole or too shallow, and each two that share ground.

    `MOST` at most, with a last line that says how many more; none where all is well.
    """
    found = list(_faults(city))
    if len(found) <= MOST:
        return found
    rest = f"{len(found) - MOST} more faults of zones: see 'plainview camera check' for each camera"
    return [*found[:MOST], rest]


def _faults(city: CityConfig) -> Iterator[str]:
    for site in city.sites:
        yield from _of_site(site)
    cameras = [
        (f"site {site.id!r}, camera {camera.id!r}", camera.view, zones)
        for site in city.sites
        for camera in site.cameras
        if (zones := _events(camera.view.zones))
    ]
    for where, view, zones in cameras[:LOOKED]:
        yield from (f"{where}, {line}" for line in zones_in(view, zones))
    if len(cameras) > LOOKED:
        yield f"the zones of {len(cameras) - LOOKED} more cameras were not looked at"


def _of_site(site: SiteConfig) -> Iterator[str]:
    """Of the zones that are watched on the field; those of one name are one zone."""
    if not site.zones:
        return
    seen = shapely.union_all([seen_ground(camera.view) for camera in site.cameras])
    where = f"site {site.id!r}"
    for name in dict.fromkeys(zone.name for zone in site.zones):
        shapes = [Polygon(zone.polygon) for zone in site.zones if zone.name == name]
        if part := unseen(shapely.union_all(shapes), seen):
            yield (
                f"{where}, zone {name!r}: {part} of it is ground that no camera of the site sees, "
                "of which nothing is told: make the polygon smaller, or turn a camera"
            )
    outlines = [
        Outline(zone.name, frozenset(kind.value for kind in zone.kinds), zone.polygon)
        for zone in site.zones
    ]
    for k, outline in enumerate(outlines):
        others = [one for one in outlines[:k] if one.name != outline.name]
        yield from (f"{where}, {line}" for one in others for line in overlaps([one, outline]))


def _events(zones: tuple[Zone, ...]) -> tuple[Zone, ...]:
    """Those that a lens itself looks into."""
    return tuple(zone for zone in zones if zone.kind not in BY_THRESHOLDS)
