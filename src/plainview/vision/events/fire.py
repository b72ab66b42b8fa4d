"""Fire: flame or smoke, placed on the ground where it burns."""

from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import Polygon

from plainview.geometry import View, to_plane
from plainview.record import EventKind
from plainview.vision.events.detector import Patience, Sighting
from plainview.vision.events.flame import FlameWatch
from plainview.vision.events.seen import Seen
from plainview.vision.optics import Optics

MARGIN: Final = 1.0
"""Metres around the area within which a fire counts: what burns on a bin is seen behind it."""
LEAST_FLAME: Final = 0.15
"""Metres across below which a flame is a lighter's or a candle's."""


class Fire:
    """Owns a camera's watch for flame and smoke."""

    kind = EventKind.FIRE
    patience = Patience(rise=1.0, fall=6.0, reach=4.0)

    def __init__(self, view: View, optics: Optics) -> None:
        """Look in the zones of `view` for fire, in its whole area where it has none."""
        self._projection = optics.projection
        zones = [
            (k, Polygon(zone.polygon))
            for k, zone in enumerate(view.zones)
            if zone.kind == EventKind.FIRE.value
        ]
        self._grounds = [
            (k, shape.buffer(MARGIN)) for k, shape in (zones or [(-1, Polygon(view.polygon))])
        ]
        self._flames = FlameWatch()

    def look(self, seen: Seen) -> list[Sighting]:
        """Fires in `seen` and the seconds before it."""
        found = []
        for flame in self._flames.look(seen) or ():
            sighting = self._placed(flame.column, flame.row, flame.confidence)
            if sighting is not None and self._metres(sighting, flame.width) >= LEAST_FLAME:
                found.append(sighting)
        return found

    def _placed(self, column: float, row: float, confidence: float) -> Sighting | None:
        """What stands at a working pixel, if that is ground that is watched."""
        place = to_plane(self._projection, [[column, row]])[0]
        if np.isnan(place).any():
            return None
        for zone, ground in self._grounds:
            if shapely.contains_xy(ground, *place):
                return Sighting(float(place[0]), float(place[1]), confidence, zone)
        return None

    def _metres(self, at: Sighting, pixels: float) -> float:
        """Metres that `pixels` working pixels span at `at`."""
        row: NDArray[np.float64] = self._projection[2]
        depth = float(row[0] * at.x + row[1] * at.y + row[3])
        return pixels * depth / float(np.linalg.norm(self._projection[0, :3]))
