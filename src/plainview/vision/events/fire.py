"""Fire: flame or smoke, placed on the ground where it burns."""

import math
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import Polygon

from plainview.geometry import View, to_plane
from plainview.record import EventKind
from plainview.vision.events.detector import Patience, Sighting
from plainview.vision.events.flame import FlameWatch
from plainview.vision.events.flicker import step
from plainview.vision.events.gain import PictureGain
from plainview.vision.events.seen import Seen
from plainview.vision.events.smoke import PALE, SmokeWatch
from plainview.vision.optics import Optics

MARGIN: Final = 1.0
"""Metres around the area within which a fire counts: what burns on a bin is seen behind it."""
LEAST_FLAME: Final = 0.15
"""Metres across below which a flame is a lighter's or a candle's."""
LEAST_SMOKE: Final = (1.3, 1.6)
"""Metres a side of the least veil that may be smoke, and that is surely larger than a person."""
GONE: Final = (3.0, 4.0)
"""Metres above its foot by which steam is gone, and to which smoke rises."""
MOST_SMOKE: Final = 0.8
"""Smoke is told from dust, spray and exhaust less surely than flame from lamps."""
DOUBT: Final = 0.3
"""Confidence below which smoke is not told: that it grows out of doubt is no doubt of it."""
MEMORY: Final = 10.0
"""Seconds that the place of a fire is remembered."""
FLAME_REACH: Final = 3.0
"""Metres within which flames are one fire."""
SMOKE_REACH: Final = 12.0
"""Metres within which smoke is a known fire's: wind carries it, and its foot can be hidden."""
SETTLES: Final = 2.5
"""Seconds after which a fire's place is kept."""
MOST_FIRES: Final = 16


class _Place:
    """Where a fire was seen, when first and when last, and how surely in all."""

    def __init__(self, x: float, y: float, t: float, reach: float) -> None:
        self.x, self.y, self.first, self.last, self.reach = x, y, t, t, reach
        self.sure = 0.0


class Fire:
    """Owns a camera's watch for flame and smoke."""

    kind = EventKind.FIRE
    patience = Patience(rise=1.6, fall=20.0, reach=4.0, least=0.4)

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
        self._smoke = SmokeWatch()
        self._fires: list[_Place] = []
        self._gain = PictureGain()
        # While the gain swings, paint that saturates now and then glows and fades like a flame.
        self._steady = 1.0

    def look(self, seen: Seen) -> list[Sighting]:
        """Fires in `seen` and the seconds before it."""
        self._fires = [one for one in self._fires if seen.t - one.last < MEMORY]
        self._steady = self._gain.steady(seen)
        found = []
        for flame in self._flames.look(seen) or ():
            sighting = self._placed(flame.column, flame.row, flame.confidence)
            if sighting is not None and self._metres(sighting, flame.width) >= LEAST_FLAME:
                found.append(self._same(sighting, seen.t, FLAME_REACH))
        plumes: list[Sighting] = []
        for smoke in sorted(self._smoke.look(seen) or (), key=lambda one: -one.area):
            sighting = self._placed(smoke.column, smoke.row, MOST_SMOKE * smoke.confidence)
            if sighting is None:
                continue
            share = step(self._metres(sighting, smoke.area**0.5), *LEAST_SMOKE)
            rises = step(self._metres(sighting, smoke.rise), *GONE)
            share *= max(rises, 1.0 - step(smoke.tone, *PALE))
            sighting = sighting._replace(confidence=share * sighting.confidence)
            if sighting.confidence < DOUBT:
                continue
            # Shreds of one plume are that plume's.
            if all(_apart(sighting, other) > SMOKE_REACH for other in plumes):
                plumes.append(sighting)
                found.append(self._same(sighting, seen.t, SMOKE_REACH))
        return found

    def _same(self, sighting: Sighting, t: float, reach: float) -> Sighting:
        """`sighting` where the fire is that it is of, if one is known within `reach` metres."""
        # A flame says where it burns better than any smoke, and the surest better than a glimpse.
        for one in sorted(self._fires, key=lambda place: (place.reach, -place.sure)):
            if math.hypot(one.x - sighting.x, one.y - sighting.y) <= reach:
                one.last = t
                one.sure += sighting.confidence
                if t - one.first < SETTLES:
                    one.x, one.y = sighting.x, sighting.y
                return sighting._replace(x=one.x, y=one.y)
        if sighting.confidence >= self.patience.least and len(self._fires) < MOST_FIRES:
            self._fires.append(_Place(sighting.x, sighting.y, t, reach))
        return sighting

    def _placed(self, column: float, row: float, confidence: float) -> Sighting | None:
        """What stands at a working pixel, if that is ground that is watched."""
        place = to_plane(self._projection, [[column, row]])[0]
        if np.isnan(place).any():
            return None
        for zone, ground in self._grounds:
            if shapely.contains_xy(ground, *place):
                sure = self._steady * confidence
                return Sighting(float(place[0]), float(place[1]), sure, zone) if sure > 0 else None
        return None

    def _metres(self, at: Sighting, pixels: float) -> float:
        """Metres that `pixels` working pixels span at `at`."""
        row: NDArray[np.float64] = self._projection[2]
        depth = float(row[0] * at.x + row[1] * at.y + row[3])
        return pixels * depth / float(np.linalg.norm(self._projection[0, :3]))


def _apart(one: Sighting, other: Sighting) -> float:
    """Metres between two sightings."""
    return math.hypot(one.x - other.x, one.y - other.y)
