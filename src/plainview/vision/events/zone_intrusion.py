"""Zone intrusion: a person or a vehicle stands or moves where nobody may be.

What counts is the ground under it: the foot of a person, part of a vehicle's footprint. Somebody
behind a zone whose head is before it in the picture is not inside, nor is a shadow that falls into
it. Who stands still inside stays inside until he leaves.
"""

from typing import Final

import shapely
from shapely.geometry import Polygon

from plainview.geometry import View
from plainview.record import EventKind
from plainview.vision.events.detector import Patience, Sighting
from plainview.vision.events.movers import Mover
from plainview.vision.events.paths import Size
from plainview.vision.events.seen import Seen

FOOTING: Final = 0.3
"""Part of a vehicle's footprint that must lie inside."""
SETTLED: Final = 0.5
"""Seconds that something must have been there."""
STOOD: Final = 3.0
"""The same for a person who was never seen to move."""


class ZoneIntrusion:
    """Owns a view's forbidden zones."""

    kind = EventKind.ZONE_INTRUSION
    patience = Patience(rise=0.6, fall=2.0, reach=4.0, least=0.5)

    def __init__(self, view: View) -> None:
        """Watch the zones of `view` that are for this kind."""
        self._zones = [
            (k, zone, Polygon(zone.polygon))
            for k, zone in enumerate(view.zones)
            if zone.kind == self.kind
        ]
        for _, _, ground in self._zones:
            shapely.prepare(ground)

    def look(self, seen: Seen) -> list[Sighting]:
        """Who and what is inside in this frame."""
        return [
            Sighting(mover.x, mover.y, mover.confidence, k)
            for k, zone, ground in self._zones
            for mover in seen.movers
            if _counts(mover) and inside(mover, ground)
        ]


def _counts(mover: Mover) -> bool:
    if mover.size is Size.VEHICLE:
        return mover.moved and mover.seconds >= SETTLED
    return mover.seconds >= (SETTLED if mover.moved else STOOD)


def inside(mover: Mover, ground: Polygon) -> bool:
    """Whether `mover` stands on `ground`."""
    if mover.size is Size.PERSON:
        return bool(shapely.contains_xy(ground, mover.x, mover.y))
    footprint = mover.footprint()
    return float(footprint.intersection(ground).area) >= FOOTING * float(footprint.area)
