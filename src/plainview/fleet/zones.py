"""What of a zone its camera cannot judge, for whoever draws it: no picture is needed to tell."""

from collections.abc import Iterator, Sequence
from typing import Final

from msgspec import UNSET
from shapely.geometry import Polygon

from plainview.geometry import View, Zone
from plainview.record import EventKind
from plainview.vision.events.depth import PIXELS, Depth, depth_of

SHALLOW: Final = 3.0
"""Times PIXELS that a zone is deep from which a third of it can be judged, and nothing is said."""
HARDLY: Final = 0.05
"""Part of a zone that can be judged below which nobody in it is told of, by any reckoning."""


def shallow(view: View, zones: Sequence[Zone]) -> Iterator[str]:
    """One line for each of `zones` so shallow in the picture of `view` that few in it are told of.

    Of closed zones alone, and of those that are for people: a vehicle is placed by its outline.
    """
    for zone in zones:
        people = zone.sizes is UNSET or "person" in zone.sizes
        if zone.kind != EventKind.ZONE_INTRUSION.value or not people:
            continue
        found = depth_of(Polygon(zone.polygon), view)
        if line := _said(found):
            yield f"zone {zone.name!r}: {line}"


def _said(found: Depth) -> str:
    """What is amiss with a zone so deep; empty where it is deep enough."""
    nobody = found.judged < HARDLY
    if found.pixels >= SHALLOW * PIXELS and not nobody:
        return ""
    where = "in it" if nobody else f"on {1 - found.judged:.0%} of it"
    return (
        f"seen from the camera it is {found.pixels:.1f} pixels deep, and nobody {where} is told "
        f"of: feet are found to {PIXELS} pixels either way. Draw it {2 * found.enough:.1f} m deep "
        f"along the line of sight (it is {found.metres:.1f} m), or mount the camera nearer or "
        "higher"
    )
