"""Zone intrusion: a person or a vehicle stands or moves where nobody may be.

What counts is the ground under it: the foot of a person, part of a vehicle's footprint. Somebody
behind a zone whose head is before it in the picture is not inside, nor is a shadow that falls into
it, nor light, nor what weather does to wet ground (solid.py). Who stands still inside stays inside
until he leaves.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import shapely
from msgspec import UNSET
from shapely.geometry import Polygon

from plainview.geometry import BODY_HEIGHT, View, Zone, project
from plainview.record import EventKind
from plainview.vision.events.blobs import DIFFERS
from plainview.vision.events.detector import LIKELY, Patience, Sighting
from plainview.vision.events.hours import OpenHours
from plainview.vision.events.movers import LONG, NEARLY_ALWAYS, Mover
from plainview.vision.events.paths import SWIFT, Size, agree
from plainview.vision.events.seen import Seen
from plainview.vision.events.solid import noise_of, solid
from plainview.vision.events.ways import UNEVEN
from plainview.vision.events.within import (
    APART,
    FORGOTTEN,
    Inside,
    Passing,
    another_one,
    came,
    enters,
    gap,
    goes_with,
    inside,
    nearest,
    well_inside,
)
from plainview.vision.optics import Optics
from plainview.vision.plate import Image

SETTLED: Final = 0.6
"""Seconds that something must have been followed."""
STOOD: Final = 3.0
"""The same for a person who was never seen to move."""
MOSTLY: Final = 0.5
"""Part of the looks of the last seconds in which somebody must have been met, or he is rain, whose
streaks look like bodies far away: those are met in 0.2, in half at most, people in 0.55 at least,
and nearly always in all."""
MET: Final = 0.4
"""Part of the confidence in who runs and was met only now: by itself it tells of nobody."""
REACH: Final = 4.0
"""Metres within which two sightings are of the same intrusion."""
AT_EDGE: Final = 0.4
"""Part of the confidence in who is so near to a zone's border, and was never farther in: by itself
it tells of nobody (Patience.least)."""
LEFT: Final = 1.3
"""Metres beside the place of somebody inside at which who is seen is the one who was there."""
SURE: Final = 3
"""Frames in which somebody was seen inside before he can be there without being seen."""
COVERED: Final = 0.3
"""Part of a place that must differ from the plate where somebody is."""
HELD: Final = 0.6
"""Confidence that somebody is still there who is no mover now."""
MOST: Final = 32


class ZoneIntrusion:
    """Owns a view's forbidden zones, and where those are who came in. At most `MOST` of them."""

    kind = EventKind.ZONE_INTRUSION
    patience = Patience(
        rise=0.4 - UNEVEN, fall=2.0, reach=REACH, least=0.5, apart=APART, likely=LIKELY
    )

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
        self._inside: list[Inside] = []
        self._passing = Passing(optics.centre)

    def look(self, seen: Seen) -> list[Sighting]:
        """Who and what is inside in this frame."""
        before, self._inside = self._inside, []
        found: list[Sighting] = []
        noise = noise_of(seen) if seen.movers else 0.0
        self._passing.look(seen.bodies, seen.t)
        movers = [one for one in seen.movers if not goes_with(one, seen.movers)]
        for k, zone, ground in self._zones:
            if not self._hours.watched(k, seen.t):
                continue
            rest = [one for one in before if one.zone == k]
            for mover in movers:
                known_for = _sure(mover)
                if not (mover.counts(zone) and known_for > 0 and inside(mover, ground)):
                    continue
                proved = mover.given and _darker(self._optics, seen, mover)
                if not (proved or solid(self._optics.projection, seen, mover, noise)):
                    continue
                reach = REACH + self._spread(mover.x, mover.y, large=mover.large)
                known = nearest(rest, mover, seen.t, reach)
                if known is not None:
                    rest.remove(known)
                elif not self._comes(mover, zone, ground):
                    continue
                frames = 0 if known is None else known.frames
                confidence = known_for * mover.confidence
                if frames > 0 or well_inside(mover, ground, self._optics):
                    frames += 1
                else:
                    confidence *= AT_EDGE
                another = (
                    any(another_one(one, mover) for one in rest) if known is None else known.another
                )
                self._keep(came(mover, k, seen.t, frames, another=another))
                spread = self._spread(mover.x, mover.y, large=mover.large)
                if known is not None:
                    # However far he came since he was met inside, it is he.
                    spread = max(spread, gap(known, mover, known.met) - REACH)
                found.append(Sighting(mover.x, mover.y, confidence, k, spread, another))
            found += self._unseen(rest, ground, seen)
        return found

    def _comes(self, mover: Mover, zone: Zone, ground: Polygon) -> bool:
        """Whether `mover`, who was not inside `zone` so far, has surely come in, its way."""
        if self._passing.before(mover):
            return False
        return zone.crossing is UNSET or enters(mover, ground, zone.crossing)

    def _unseen(self, rest: Sequence[Inside], ground: Polygon, seen: Seen) -> list[Sighting]:
        """Those of `rest` on `ground` who are no movers in this frame, and are inside still."""
        held = []
        for one in rest:
            if self._stays(one, ground, seen):
                self._keep(one._replace(t=seen.t))
                spread = self._spread(one.x, one.y, large=one.large)
                held.append(Sighting(one.x, one.y, HELD, one.zone, spread, one.another))
            elif seen.t - one.t <= FORGOTTEN:
                self._keep(one)
        return held

    def _spread(self, x: float, y: float, *, large: bool) -> float:
        """Metres around something at (`x`, `y`) within which what is seen is a part of it.

        Of somebody far away the upper half may be found for all of him: on the ground that is as
        far behind him as half of his shadow would be, were there a lamp at the camera.
        """
        if large:
            return LONG
        centre = self._optics.centre
        far = float(np.hypot(x - centre[0], y - centre[1]))
        return max(far * BODY_HEIGHT / 2 / max(float(centre[2]), BODY_HEIGHT) - REACH, 0.0)

    def _keep(self, one: Inside) -> None:
        if len(self._inside) < MOST:
            self._inside.append(one)

    def _stays(self, one: Inside, ground: Polygon, seen: Seen) -> bool:
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


def _covered(optics: Optics, evidence: Image, one: Inside) -> float:
    """Part of the lower half of where `one` was that differs from the plate."""
    where = _lower(optics, one.x, one.y, large=one.large)
    part = evidence[where] if where is not None else evidence[:0]
    return float((part > DIFFERS).mean()) if part.size else 0.0


def _darker(optics: Optics, seen: Seen, mover: Mover) -> bool:
    """Whether where `mover` is has become darker on the whole: that is no light."""
    where = _lower(optics, mover.x, mover.y, large=mover.large)
    if where is None or seen.luma[where].size == 0:
        return False
    return float(seen.luma[where].mean()) < float(seen.background[where].mean())


def _lower(optics: Optics, x: float, y: float, *, large: bool) -> tuple[slice, slice] | None:
    """Rows and columns that show the lower half of what is at (`x`, `y`); None: nothing does."""
    half = 0.7 if large else 0.25
    away = np.array([x, y]) - optics.centre[:2]
    side = np.array([-away[1], away[0]]) * half / max(float(np.hypot(*away)), 1e-6)
    corners = [(x + s * side[0], y + s * side[1], z) for s in (-1, 1) for z in (0.05, 0.8)]
    pixels, depth = project(optics.projection, corners)
    if depth.min() <= 0:
        return None
    (x0, y0), (x1, y1) = pixels.min(axis=0), pixels.max(axis=0)
    rows = slice(max(int(y0), 0), max(int(y1) + 1, 0))
    return rows, slice(max(int(x0), 0), max(int(x1) + 1, 0))


def _sure(mover: Mover) -> float:
    """Part of the confidence in `mover` that it has by what was seen of it before, 0 to 1.

    Where somebody has been for a while says enough. Of who runs, two looks do: his flow says where
    he must have come from, and light, weather and what sways do not keep to that.
    """
    seconds = mover.seconds + UNEVEN
    if mover.size is Size.VEHICLE:
        return float(mover.moved and seconds >= SETTLED)
    runs = not mover.part and mover.flow is not None and agree((mover.vx, mover.vy), mover.flow)
    if mover.share <= (NEARLY_ALWAYS if mover.outlined else MOSTLY) and not runs:
        return 0.0
    # An outline that was never under way is one of the ground's.
    settled = SETTLED if mover.moved else STOOD if mover.flow is not None else np.inf
    if seconds >= settled or mover.flow is None:
        return float(seconds >= settled)
    if len(mover.path) == 1:
        return MET if not mover.part and float(np.hypot(*mover.flow)) > SWIFT else 0.0
    return float(mover.moved and runs)
