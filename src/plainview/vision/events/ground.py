"""The part of the ground that one kind of event is looked for in."""

from shapely import Point as Spot
from shapely import prepare
from shapely.geometry import Polygon

from plainview.geometry import View
from plainview.record import EventKind


class Ground:
    """Owns the polygons of one kind: its zones, or the whole area where it has none."""

    def __init__(self, view: View, kind: EventKind) -> None:
        """Where `kind` is looked for in `view`."""
        named = [(k, zone.polygon) for k, zone in enumerate(view.zones) if zone.kind == kind]
        self._parts = [(k, Polygon(corners)) for k, corners in named or [(-1, view.polygon)]]
        for _, part in self._parts:
            prepare(part)

    def zone(self, x: float, y: float) -> int | None:
        """Index of the zone that holds (x, y) metres, -1 for the area; None outside of all."""
        spot = Spot(x, y)
        return next((k for k, part in self._parts if part.contains(spot)), None)
