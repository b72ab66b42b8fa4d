"""Wrong way: something moves against the direction of its lane, for some metres and seconds.

Three ways lead to it: a mover's path, and, where the zone asks for no size, a stream of parts by
their flow (streams.py) and a line through the lane's own picture (strips.py). Who crosses the lane,
turns in it, stops, or backs up a little is not going the wrong way. By default both vehicles and
people are looked at: the zone says for whom its direction is.

A stream is placed by its feet, roughly: the roof of a bus is laid behind it, its shadow before it.
So where a vehicle's outline says that it drives beside the lane, what streams there is a part of
it: two-way roads have such traffic all day.
"""

from typing import Final, NamedTuple

import numpy as np
import shapely
from msgspec import UNSET
from shapely.affinity import translate
from shapely.geometry import LineString, Point, Polygon

from plainview.geometry import ONE_WAY, View
from plainview.record import EventKind
from plainview.vision.events.depth import deep
from plainview.vision.events.detector import Patience, Sighting
from plainview.vision.events.hours import OpenHours
from plainview.vision.events.movers import MOSTLY, NEARLY_ALWAYS, Mover
from plainview.vision.events.paths import Size
from plainview.vision.events.seen import Seen
from plainview.vision.events.shapes import DRIVEN
from plainview.vision.events.streams import Front, Stream, Streams, middle
from plainview.vision.events.strips import Driven, Strip
from plainview.vision.events.ways import UNEVEN, alike, on, steady, stray, unbroken
from plainview.vision.optics import Floats, Optics

AGAINST: Final = {Size.PERSON: -0.8, Size.VEHICLE: -0.5}
"""Cosine of the angle to the lane's direction: more than 143 and 120 degrees. Who crosses a lane at
half a right angle goes nowhere along it."""
STRAY: Final = 0.2
"""Part of the way that a path may stray from an even, straight one, root mean square."""
SPARSE: Final = 4
"""Frames that a path needs at least."""
FAST: Final = 2.0
"""m/s by flow from which a stream is faster than who walks."""
BROAD: Final = 0.4
"""Metres beside a lane at which the foremost feet of something broad may be."""
ALIKE: Final = (0.5, 2.0)
"""Way by place over way by flow between which the two agree."""
INSIDE: Final = 0.3
"""Part of a vehicle's footprint in a lane from which it drives there."""
AROUND: Final = 2.0
"""Metres around a vehicle's footprint, and across the line of sight behind it, at which a stream is
a part of it, or its shadow."""
LIT: Final = (9.0, 3.0)
"""Metres before the middle of a vehicle, and beside it, at which what streams is that vehicle, or
what its headlights fall on."""
KNOWN: Final = 1.0
"""Seconds for which it is known where a vehicle is: not every frame shows its outline."""


class _Least(NamedTuple):
    """What it takes to have gone the wrong way."""

    metres: float
    seconds: float
    speed: float
    """m/s against the lane at the end: who has stopped or turned goes no more."""
    far: tuple[float, float] | None = None
    """Metres after which fewer seconds do, and those: on a fast road a car is soon gone."""

    def reached(self, metres: float, seconds: float) -> bool:
        """Whether `metres` against the lane in `seconds` are enough."""
        if seconds >= self.seconds - UNEVEN:
            return metres >= self.metres
        return self.far is not None and metres >= self.far[0] and seconds >= self.far[1] - UNEVEN


LEAST: Final = {
    Size.PERSON: _Least(2.0, 1.8, 0.4),
    Size.VEHICLE: _Least(4.0, 0.8, 0.8, (8.0, 0.6)),
}
HAZY: Final = LEAST[Size.PERSON]._replace(metres=4.0)
"""The same of an outline that walks in haze: by drifting fog it is known to a metre or two."""


class WrongWay:
    """Owns a view's lanes."""

    kind = EventKind.WRONG_WAY
    # A vehicle that is lost from sight for a second is far on: one lane, one event at a time.
    patience = Patience(rise=0.2 - UNEVEN, fall=3.0, reach=30.0, least=0.5)

    def __init__(self, view: View, optics: Optics, hours: OpenHours) -> None:
        """Watch the zones of `view`, seen through `optics`, that have a direction, in `hours`."""
        self._hours = hours
        self._lanes = [
            (k, zone, Polygon(zone.polygon), np.array(zone.direction) / np.hypot(*zone.direction))
            for k, zone in enumerate(view.zones)
            if zone.kind == ONE_WAY and zone.direction is not None
        ]
        for _, _, ground, _ in self._lanes:
            shapely.prepare(ground)
        self._wide = [(k, zone, lane.buffer(BROAD), way) for k, zone, lane, way in self._lanes]
        for _, _, ground, _ in self._wide:
            shapely.prepare(ground)
        self._centre = optics.centre
        self._vehicles: list[tuple[float, Mover]] = []
        self._plain: dict[int, float] = {}
        """When something was seen to stream against each lane, by its number."""
        # What streams has no size: where sizes are asked for, it says nothing, nor do lines.
        of_all = [
            (k, np.array(zone.polygon), way)
            for k, zone, _, way in self._lanes
            if zone.sizes is UNSET and zone.length is UNSET
        ]
        self._streams = {k: Streams(way, self._centre) for k, _, way in of_all}
        self._strips = {k: Strip(optics, polygon, way) for k, polygon, way in of_all}

    def glance(self, seen: Seen) -> None:
        """Add a frame to the pictures of the lanes: of each, for what drives may be soon gone."""
        for strip in self._strips.values():
            strip.look(seen.t, seen.luma)

    def look(self, seen: Seen) -> list[Sighting]:
        """What goes the wrong way in this frame."""
        self._vehicles = [(t, one) for t, one in self._vehicles if 0 <= seen.t - t <= KNOWN]
        self._vehicles += [
            (seen.t, one) for one in seen.movers if one.size is Size.VEHICLE and one.moved
        ]
        found = self._moving(seen)
        for k, _, wide, way in self._wide:
            if k in self._streams and self._hours.watched(k, seen.t):
                streaming = self._streams[k].step(seen.bodies, seen.t)
                found += [
                    Sighting(*self._streaming(one.front, seen.t), one.front.weight, k)
                    for one in streaming
                    if streams(one, wide, way, self._centre)
                    and not self._beside(one.front, wide, seen.t)
                ]
                if any(-way @ (one.front.vx, one.front.vy) >= FAST for one in streaming):
                    self._plain[k] = seen.t
                # A patch of light that clouds drive along a lane is a line as well.
                if not (seen.light > DRIVEN or self._plainly(k, way, seen.t)):
                    found += self._driving(k, wide, seen.t)
        return found

    def _plainly(self, k: int, way: Floats, t: float) -> bool:
        """Whether something is plainly seen to drive against lane `k`, in the direction `way`.

        Lines are for who hardly shows: of a long bus, or of lights on the ground before it, they
        tell a place that is metres off, and sooner than it is told of where it is.
        """
        return 0 <= t - self._plain.get(k, -np.inf) <= KNOWN or any(
            -way @ (one.vx, one.vy) >= FAST for _, one in self._vehicles
        )

    def _driving(self, k: int, ground: Polygon, t: float) -> list[Sighting]:
        """What drives against lane `k`, the `ground`, by the lane's own picture."""
        one = self._strips[k].driven(t)
        if one is None or self._beside(one, ground, t):
            return []
        return [Sighting(one.x, one.y, one.confidence, k)]

    def _beside(self, front: Front | Driven, ground: Polygon, t: float) -> bool:
        """Whether `front` is of a vehicle that drives the same way beside `ground`."""
        flow = np.array([front.vx, front.vy])
        sight = LineString(np.array([self._centre[:2], (front.x, front.y)]))
        for then, one in self._vehicles:
            way = np.array([one.vx, one.vy])
            if not alike(way, flow):
                continue
            there = translate(one.footprint(), *((t - then) * way))
            if float(there.intersection(ground).area) >= INSIDE * float(there.area):
                continue
            if there.distance(Point(front.x, front.y)) < AROUND or sight.distance(there) < AROUND:
                return True
        return False

    def _streaming(self, front: Front, t: float) -> tuple[float, float]:
        """Where what streams with `front` before it is."""
        return self._lights((front.x, front.y), (front.vx, front.vy), t) or front.middle

    def _going(self, mover: Mover, seen: Seen) -> tuple[float, float]:
        """Where `mover` is, or what it is a part of."""
        lights = mover.size is not Size.VEHICLE and mover.speed >= FAST
        place, way = (mover.x, mover.y), (mover.vx, mover.vy)
        return (self._lights(place, way, seen.t) if lights else None) or _whole(mover, seen)

    def _lights(
        self, foot: tuple[float, float], flow: tuple[float, float], t: float
    ) -> tuple[float, float] | None:
        """Where the vehicle is whose light may be at `foot`, metres, and goes with `flow`, m/s.

        On a wet road at night it runs on before a car. None where there is no such vehicle.
        """
        for then, one in reversed(self._vehicles):
            way = np.array([one.vx, one.vy])
            there = np.array([one.x, one.y]) + (t - then) * way
            ahead = way / max(float(np.hypot(*way)), 1e-6)
            step = np.array(foot) - there
            before, beside = step @ ahead, step @ (-ahead[1], ahead[0])
            if alike(way, flow) and 0 <= before <= LIT[0] and abs(beside) <= LIT[1]:
                return float(there[0]), float(there[1])
        return None

    def _moving(self, seen: Seen) -> list[Sighting]:
        """The movers that go the wrong way in this frame."""
        return [
            Sighting(*self._going(mover, seen), mover.confidence, k)
            for k, zone, ground, way in self._lanes
            if self._hours.watched(k, seen.t)
            for mover in seen.movers
            if mover.counts(zone) and against(mover, ground, way, self._centre, hazy=seen.hazy)
        ]


def _whole(mover: Mover, seen: Seen) -> tuple[float, float]:
    """Where `mover` is, or what it is a part of: the end of a bus is as far off as the next car."""
    place = (mover.x, mover.y)
    if mover.size is Size.VEHICLE or mover.speed < FAST:
        return place
    return middle(seen.bodies, np.array(place), np.array([mover.vx, mover.vy]))


def _there(mover: Mover, *, hazy: bool) -> bool:
    """Whether somebody of whom only an outline is found has been met often enough to be one."""
    return not mover.outlined or (mover.moved and mover.share > (MOSTLY if hazy else NEARLY_ALWAYS))


def against(
    mover: Mover, ground: Polygon, way: Floats, centre: Floats, *, hazy: bool = False
) -> bool:
    """Whether `mover` has come against `way` (2,), a unit vector, over `ground`, and goes on.

    Seen from `centre` (3,), metres: who walks beside a lane far away may be met at its border.
    Where it is `hazy` nothing casts the shade of which an outline could be.
    """
    # Who rides is of a person's size, and as soon gone as a car.
    fast = mover.size is Size.VEHICLE or mover.speed >= FAST
    slow = HAZY if hazy and mover.outlined else LEAST[Size.PERSON]
    least = LEAST[Size.VEHICLE] if fast else slow
    if mover.vx * way[0] + mover.vy * way[1] > -least.speed:
        return False
    if mover.flow is not None and mover.flow[0] * way[0] + mover.flow[1] * way[1] > -least.speed:
        return False
    if len(mover.path) < SPARSE or not _there(mover, hazy=hazy):
        return False
    path = on(steady(mover.path) if mover.size is Size.VEHICLE else mover.path, ground)
    if len(path) < SPARSE:
        return False
    step = path[-1, 1:] - path[0, 1:]
    far = float(np.hypot(*step))
    along = float(step @ way)
    if (
        not least.reached(-along, float(path[-1, 0] - path[0, 0]))
        or along > AGAINST[mover.size] * far
    ):
        return False
    return stray(path) <= STRAY * far and (
        mover.size is Size.VEHICLE or deep(path[:, 1:].mean(axis=0), ground, centre)
    )


def streams(stream: Stream, ground: Polygon, way: Floats, centre: Floats) -> bool:
    """Whether `stream` has come against `way` (2,) over `ground`, by its place and its flow.

    `centre` (3,) as in against().
    """
    path = unbroken(on(np.array(stream.path), ground))
    if len(path) < SPARSE:
        return False
    dt = np.diff(path[:, 0])
    step = path[-1, 1:3] - path[0, 1:3]
    far, along = float(np.hypot(*step)), float(step @ way)
    flowed = float(dt @ (path[1:, 3:] @ way))
    seconds = float(path[-1, 0] - path[0, 0])
    fast = -flowed >= FAST * seconds
    least = LEAST[Size.VEHICLE if fast else Size.PERSON]
    if not least.reached(-max(along, flowed), seconds):
        return False
    # Its place must have come as far as its flow says: what only flickers has gone nowhere.
    agrees = ALIKE[1] * flowed <= along <= ALIKE[0] * flowed
    # A stream has no size: who runs across is as fast as who rides.
    if not agrees or along > AGAINST[Size.PERSON] * far or stray(path[:, :3]) > STRAY * far:
        return False
    return fast or deep(path[:, 1:3].mean(axis=0), ground.buffer(-BROAD), centre)
