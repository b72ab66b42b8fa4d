"""Zone intrusion: a person or a vehicle stands or moves where nobody may be.

What counts is the ground under it: the foot of a person, part of a vehicle's footprint. Somebody
behind a zone whose head is before it in the picture is not inside, nor is a shadow that falls into
it, nor light, nor what weather does to wet ground (solid.py). Who stands still inside stays inside
until he leaves.

How far away feet are is known less well than which way: by a tenth of a body's height in the
picture, which from a low or distant camera is a metre of ground. Who passes as closely before or
behind a zone may not be inside it, so he must be found farther in before he is told of.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import shapely
from msgspec import UNSET
from shapely.geometry import LineString, Polygon

from plainview.geometry import BODY_HEIGHT, View, project
from plainview.record import EventKind
from plainview.vision.events.blobs import DIFFERS
from plainview.vision.events.detector import Patience, Sighting
from plainview.vision.events.hours import OpenHours
from plainview.vision.events.movers import Mover
from plainview.vision.events.paths import Size
from plainview.vision.events.seen import Seen
from plainview.vision.events.solid import solid
from plainview.vision.optics import Floats, Optics
from plainview.vision.plate import Image

FOOTING: Final = 0.3
"""Part of a vehicle's footprint that must lie inside."""
SETTLED: Final = 0.6
"""Seconds that something must have been followed."""
UNEVEN: Final = 0.05
"""Seconds by which frames may come early or late: a camera's clock is not exact."""
STOOD: Final = 3.0
"""The same for a person who was never seen to move."""
SAME_WAY: Final = 0.5
"""Cosine of the angle to a zone's crossing up to which somebody comes in that way."""
REACH: Final = 4.0
"""Metres within which two sightings are of the same intrusion."""
UNSURE: Final = 0.1
"""Heights of a body by which feet may be higher or lower in the picture than they are found: that
many for nine in ten of the passers-by of ordinary scenes, dry, under clouds and in rain at night
(0.12 to 0.25 for the rest)."""
WITHIN: Final = 0.3
"""Of a zone's depth on the line of sight, the most that somebody must be in for that."""
AT_EDGE: Final = 0.4
"""Part of the confidence in who is so near to a zone's border, and was never farther in: by itself
it tells of nobody (Patience.least)."""
APART: Final = 1.5
"""Metres between two who are inside at once, from which the second is told of as well."""
LONG: Final = 5.0
"""Metres around a vehicle within which bodies are parts of it."""
LEFT: Final = 1.3
"""Metres beside the place of somebody inside at which who is seen is the one who was there."""
FORGOTTEN: Final = 2.5
"""Seconds unseen after which nobody who came in is there any more."""
SURE: Final = 3
"""Frames in which somebody was seen inside before he can be there without being seen."""
COVERED: Final = 0.3
"""Part of a place that must differ from the plate where somebody is."""
HELD: Final = 0.6
"""Confidence that somebody is still there who is no mover now."""
MOST: Final = 32


class _Inside(NamedTuple):
    """Somebody who is inside: where, since when he is told of there, and when he was seen last."""

    zone: int
    x: float
    y: float
    t: float
    frames: int
    """In how many he was seen there, from the first in which he was well inside."""
    size: Size


class ZoneIntrusion:
    """Owns a view's forbidden zones, and where those are who came in. At most `MOST` of them."""

    kind = EventKind.ZONE_INTRUSION
    patience = Patience(rise=0.4 - UNEVEN, fall=2.0, reach=REACH, least=0.5, apart=APART)

    def __init__(self, view: View, optics: Optics, hours: OpenHours) -> None:
        """Watch the zones of `view`, seen through `optics`, that are for this kind."""
        self._hours = hours
        self._optics = optics
        self._zones = [
            (k, zone, Polygon(zone.polygon))
            for k, zone in enumerate(view.zones)
            if zone.kind == self.kind
        ]
        for _, _, ground in self._zones:
            shapely.prepare(ground)
        self._inside: list[_Inside] = []

    def look(self, seen: Seen) -> list[Sighting]:
        """Who and what is inside in this frame."""
        before, self._inside = self._inside, []
        found: list[Sighting] = []
        for k, zone, ground in self._zones:
            if not self._hours.watched(k, seen.t):
                continue
            rest = [one for one in before if one.zone == k]
            for mover in seen.movers:
                if not (mover.counts(zone) and _settled(mover) and inside(mover, ground)):
                    continue
                if not solid(self._optics.projection, seen, mover):
                    continue
                known = _nearest(rest, mover)
                if known is not None:
                    rest.remove(known)
                elif zone.crossing is not UNSET and not enters(mover, ground, zone.crossing):
                    continue
                frames = 0 if known is None else known.frames
                confidence = mover.confidence
                if frames > 0 or _well_inside(mover, ground, self._optics.centre):
                    frames += 1
                else:
                    confidence *= AT_EDGE
                self._keep(_Inside(k, mover.x, mover.y, seen.t, frames, mover.size))
                found.append(Sighting(mover.x, mover.y, confidence, k, _spread(mover.size)))
            found += self._unseen(rest, ground, seen)
        return found

    def _unseen(self, rest: Sequence[_Inside], ground: Polygon, seen: Seen) -> list[Sighting]:
        """Those of `rest` on `ground` who are no movers in this frame, and are inside still."""
        held = []
        for one in rest:
            if self._stays(one, ground, seen):
                self._keep(one._replace(t=seen.t))
                held.append(Sighting(one.x, one.y, HELD, one.zone, _spread(one.size)))
            elif seen.t - one.t <= FORGOTTEN:
                self._keep(one)
        return held

    def _keep(self, one: _Inside) -> None:
        if len(self._inside) < MOST:
            self._inside.append(one)

    def _stays(self, one: _Inside, ground: Polygon, seen: Seen) -> bool:
        """Whether `one`, who is no mover in this frame, is still where he was.

        Who sits or lies down is no upright body, and a vehicle that others hide in part has no
        outline of one; but what differs from the plate is still there. Who is seen beside the zone
        has left it.
        """
        if one.frames < SURE or seen.t - one.t > FORGOTTEN:
            return False
        for mover in seen.movers:
            near = float(np.hypot(mover.x - one.x, mover.y - one.y)) <= LEFT
            if near and not inside(mover, ground):
                return False
        evidence = seen.evidence if seen.veiled is None else seen.veiled
        return _covered(self._optics, evidence, one) >= COVERED


def _nearest(known: Sequence[_Inside], mover: Mover) -> _Inside | None:
    """The one of `known` that `mover` is most likely to be, of those within reach."""
    gaps = [(float(np.hypot(one.x - mover.x, one.y - mover.y)), k) for k, one in enumerate(known)]
    gap, k = min(gaps, default=(np.inf, -1))
    return known[k] if gap <= REACH else None


def _covered(optics: Optics, evidence: Image, one: _Inside) -> float:
    """Part of the lower half of where `one` was that differs from the plate."""
    half = 0.25 if one.size is Size.PERSON else 0.7
    away = np.array([one.x, one.y]) - optics.centre[:2]
    side = np.array([-away[1], away[0]]) * half / max(float(np.hypot(*away)), 1e-6)
    corners = [(one.x + s * side[0], one.y + s * side[1], z) for s in (-1, 1) for z in (0.05, 0.8)]
    pixels, depth = project(optics.projection, corners)
    if depth.min() <= 0:
        return 0.0
    (x0, y0), (x1, y1) = pixels.min(axis=0), pixels.max(axis=0)
    part = evidence[max(int(y0), 0) : max(int(y1) + 1, 0), max(int(x0), 0) : max(int(x1) + 1, 0)]
    return float((part > DIFFERS).mean()) if part.size else 0.0


def _spread(size: Size) -> float:
    """Metres around something within which what is seen is a part of it."""
    return LONG if size is Size.VEHICLE else 0.0


def _settled(mover: Mover) -> bool:
    seconds = mover.seconds + UNEVEN
    if mover.size is Size.VEHICLE:
        return mover.moved and seconds >= SETTLED
    return seconds >= (SETTLED if mover.moved else STOOD)


def inside(mover: Mover, ground: Polygon) -> bool:
    """Whether `mover` stands on `ground`."""
    if mover.size is Size.PERSON:
        places = [(mover.x, mover.y), *([] if mover.other is None else [mover.other])]
        return all(shapely.contains_xy(ground, x, y) for x, y in places)
    footprint = mover.footprint()
    return float(footprint.intersection(ground).area) >= FOOTING * float(footprint.area)


def _well_inside(mover: Mover, ground: Polygon, centre: Floats) -> bool:
    """Whether who is inside `ground` would be so were his feet found a little amiss.

    Seen from `centre` (3,), metres; he, or the middle of his last step. A vehicle's outline has
    more than its foot to place it by.
    """
    if mover.size is Size.VEHICLE:
        return True
    places = [(mover.x, mover.y), *mover.path[-2:, 1:].mean(axis=0, keepdims=True)]
    return any(_deep(np.array(place), ground, centre) for place in places)


def _deep(foot: Floats, ground: Polygon, centre: Floats) -> bool:
    """Whether `foot` (2,) lies so far inside `ground`, on the line of sight from `centre` (3,)."""
    away = foot - centre[:2]
    far = max(float(np.hypot(*away)), 1e-6)
    sight = LineString([centre[:2], foot + 2 * away])
    amiss = UNSURE * BODY_HEIGHT * far / max(float(centre[2]), BODY_HEIGHT)
    amiss = min(amiss, WITHIN * float(sight.intersection(ground).length))
    step = amiss / far * away
    return all(shapely.contains_xy(ground, *(foot + side * step)) for side in (-1, 1))


def enters(mover: Mover, ground: Polygon, way: tuple[float, float]) -> bool:
    """Whether `mover` was outside `ground` in the last seconds, and came in along `way`."""
    outside = ~shapely.contains_xy(ground, mover.path[:, 1], mover.path[:, 2])
    if not outside.any():
        return False
    last = mover.path[int(np.nonzero(outside)[0][-1]), 1:]
    step = np.array([mover.x, mover.y]) - last
    scale = float(np.hypot(*step)) * float(np.hypot(*way))
    return scale > 0 and float(step @ np.array(way)) >= SAME_WAY * scale
