"""Scenes about wrong-way: vehicles against a lane's direction, and what only seems to be."""

import math
from dataclasses import replace
from functools import partial
from typing import NamedTuple

from shapely.geometry import LineString, Polygon

from plainview.geometry import Point, Zone
from plainview.synth.events.actor import Actor, Effect
from plainview.synth.events.person import looks
from plainview.synth.events.site import Site
from plainview.synth.events.story import (
    Corners,
    Play,
    Story,
    cleared,
    crosses,
    lights_of,
    shade,
    someone,
    through,
)  # fmt: skip
from plainview.synth.events.truth import Happening, stays_inside
from plainview.synth.events.vehicles import Vehicle, straight

KIND = "wrong-way"
NAME = "lane"
SECONDS = 30.0
WIDTH = 3.4
"""Metres of one lane."""


class _Lane(NamedTuple):
    corners: Corners
    start: Point
    end: Point
    angle: float
    middle: Point

    def beside(self, offset: float) -> tuple[Point, Point]:
        """The line `offset` metres to the left of the lane's middle."""
        a = math.radians(self.angle)
        shift = (-offset * math.sin(a), offset * math.cos(a))
        return (
            (self.start[0] + shift[0], self.start[1] + shift[1]),
            (self.end[0] + shift[0], self.end[1] + shift[1]),
        )

    def zone(self) -> Zone:
        a = math.radians(self.angle)
        direction = (round(math.cos(a), 4), round(math.sin(a), 4))
        return Zone(name=NAME, kind="one-way", polygon=self.corners, direction=direction)


def _lane(site: Site) -> _Lane:
    g = site.generator
    centre = Polygon(site.area).centroid
    angle = float(g.choice((0.0, 90.0, 180.0, 270.0)) + g.uniform(-28, 28))
    at = (float(centre.x) + float(g.uniform(-1, 1)), float(centre.y) + float(g.uniform(-2, 1)))
    start, end = through(site, at, angle)
    strip = LineString([start, end]).buffer(WIDTH / 2, cap_style="flat")
    cut = strip.intersection(Polygon(site.area).buffer(-0.3))
    ring = cut.exterior.coords[:-1] if isinstance(cut, Polygon) else []
    corners = tuple((round(float(x), 2), round(float(y), 2)) for x, y in ring)
    return _Lane(corners, start, end, angle, at)


def _vehicle(site: Site, kind: str, way: list[tuple[float, float, float]]) -> Vehicle:
    g = site.generator
    return Vehicle(
        kind, way, shade=shade(g), tint=tuple(g.uniform(0.7, 1.2, 3)),
        rider=looks(g) if kind == "bicycle" else None,
    )  # fmt: skip


def _traffic(site: Site, lane: _Lane, *, after: float, count: int) -> list[Vehicle]:
    """Vehicles the right way, from `after` seconds."""
    g = site.generator
    speed = float(g.uniform(4, 9))
    return [
        _vehicle(
            site,
            str(g.choice(("car", "car", "van", "bicycle"))),
            straight(lane.start, lane.end, begin=after + 5.5 * k, speed=speed),
        )
        for k in range(count)
    ]


def _play(
    site: Site,
    lane: _Lane,
    vehicles: list[Vehicle],
    *,
    against: Vehicle | None = None,
    others: tuple[Actor, ...] = (),
    effects: tuple[Effect, ...] = (),
) -> Play:
    happenings: tuple[Happening, ...] = ()
    if against is not None:
        found = stays_inside(KIND, lambda t: _where(against, t), NAME, lane.corners, SECONDS)
        happenings = tuple(found)
        vehicles = [*vehicles, against]
    if site.conditions.light == "night":
        effects += tuple(effect for one in vehicles for effect in lights_of(one))
    road = cleared(site, tuple(_road(lane)))
    road = replace(road, world=replace(road.world, ground="asphalt"))
    return Play(
        SECONDS, (*vehicles, *others), effects, (lane.zone(),), happenings, site=road
    )  # fmt: skip


def _road(lane: _Lane) -> list[Point]:
    strip = LineString([lane.start, lane.end]).buffer(2.4 * WIDTH, cap_style="flat")
    return [(float(x), float(y)) for x, y in strip.exterior.coords[:-1]]


def _where(vehicle: Vehicle, t: float) -> Point | None:
    now = vehicle.at(t)
    return None if now is None else now[0]


def _against(site: Site, kind: str, speed: tuple[float, float]) -> Play:
    lane, g = _lane(site), site.generator
    pace = float(g.uniform(*speed))
    begin = float(g.uniform(10, 14)) - math.dist(lane.end, lane.middle) / pace
    ghost = _vehicle(site, kind, straight(lane.end, lane.start, begin=begin, speed=pace))
    before = _traffic(site, lane, after=-6.0, count=1) if g.random() < 0.5 else []
    return _play(site, lane, before, against=ghost)


def _right(site: Site, kind: str | None = None) -> Play:
    lane = _lane(site)
    if kind is None:
        return _play(site, lane, _traffic(site, lane, after=-2.0, count=4))
    pace = float(site.generator.uniform(3, 8))
    ways = [straight(lane.start, lane.end, begin=k * 9.0, speed=pace) for k in range(3)]
    return _play(site, lane, [_vehicle(site, kind, way) for way in ways])


def _other_lane(site: Site, side: float = 1.0) -> Play:
    """Oncoming traffic in the next lane, as on every street."""
    lane, g = _lane(site), site.generator
    start, end = lane.beside(side * (WIDTH + 0.3))
    pace = float(g.uniform(4, 9))
    oncoming = [
        _vehicle(site, str(g.choice(("car", "van"))), straight(end, start, begin=b, speed=pace))
        for b in (0.0, 7.0, 14.0)
    ]
    return _play(site, lane, [*_traffic(site, lane, after=-1.0, count=2), *oncoming])


def _crossing(site: Site) -> Play:
    lane, g = _lane(site), site.generator
    people = []
    for k in range(4):
        start, end = through(site, lane.middle, lane.angle + 90 + float(g.uniform(-15, 15)))
        keys = crosses(site, [start, end], begin=-8.0 + 7 * k, speed=float(g.uniform(1.0, 1.5)))
        people.append(someone(site, keys))
    return _play(site, lane, [], others=tuple(people))


def _stops(site: Site) -> Play:
    """One that stops at a light, stands, and goes on; another waits behind it."""
    lane, g = _lane(site), site.generator
    a = math.radians(lane.angle)
    stop = (lane.middle[0] + 2 * math.cos(a), lane.middle[1] + 2 * math.sin(a))
    behind = (stop[0] - 7 * math.cos(a), stop[1] - 7 * math.sin(a))
    vehicles = []
    for halt, begin in ((stop, 1.0), (behind, 4.0)):
        arrive = begin + math.dist(lane.start, halt) / 5.0
        go = max(arrive + 4.0, 17.0 + begin / 2)
        out = go + math.dist(halt, lane.end) / 5.0
        way = [(begin, *lane.start), (arrive, *halt), (go, *halt), (out, *lane.end)]
        vehicles.append(_vehicle(site, str(g.choice(("car", "van"))), way))
    return _play(site, lane, vehicles)


def _parks(site: Site) -> Play:
    """One that passes a gap, reverses a metre and a half, and stays."""
    lane, g = _lane(site), site.generator
    a = math.radians(lane.angle)
    stop = lane.middle
    back = (stop[0] - 1.5 * math.cos(a), stop[1] - 1.5 * math.sin(a))
    arrive = math.dist(lane.start, stop) / 4.5
    way = [(0.0, *lane.start), (arrive, *stop), (arrive + 3, *stop), (arrive + 5, *back),
           (200.0, *back)]  # fmt: skip
    car = Vehicle("car", way, shade=shade(g), facing=lane.angle)
    return _play(site, lane, [car])


def _parked(site: Site) -> Play:
    lane, g = _lane(site), site.generator
    a = math.radians(lane.angle)
    spots = [(lane.middle[0] + k * math.cos(a), lane.middle[1] + k * math.sin(a)) for k in (-4, 3)]
    parked = [
        Vehicle("car", [(-9.0, *p), (200.0, *p)], shade=shade(g), facing=lane.angle + 180)
        for p in spots
    ]
    return _play(site, lane, parked, others=())


def _strolls(site: Site) -> Play:
    """People on the pavement beside the lane, both ways."""
    lane, g = _lane(site), site.generator
    people = []
    for k in range(4):
        side = -1.0 if k % 2 else 1.0
        points = list(lane.beside(side * (WIDTH / 2 + float(g.uniform(1.4, 2.4)))))
        if g.random() < 0.5:
            points.reverse()
        people.append(someone(site, crosses(site, points, begin=-6.0 + 4 * k, speed=1.3)))
    return _play(site, lane, _traffic(site, lane, after=3.0, count=2), others=tuple(people))


def _turns_off(site: Site) -> Play:
    """One that turns out of the lane to the side."""
    lane, g = _lane(site), site.generator
    a = math.radians(lane.angle + float(g.choice((-90, 90))))
    away = (lane.middle[0] + 22 * math.cos(a), lane.middle[1] + 22 * math.sin(a))
    ways = []
    for k in range(2):
        begin = 1.0 + 11 * k
        arrive = begin + math.dist(lane.start, lane.middle) / 5.0
        ways.append([(begin, *lane.start), (arrive, *lane.middle), (arrive + 5.5, *away)])
    return _play(site, lane, [_vehicle(site, "car", way) for way in ways])


POSITIVE = (
    Story("car-against", partial(_against, kind="car", speed=(3.5, 9.0)), wide=True),
    Story("van-against", partial(_against, kind="van", speed=(3.0, 8.0)), wide=True),
    Story("bicycle-against", partial(_against, kind="bicycle", speed=(2.5, 5.0)), wide=True),
    Story("bus-against", partial(_against, kind="bus", speed=(3.0, 6.0)), wide=True),
)
NEGATIVE = (
    Story("traffic", _right, wide=True),
    Story("oncoming-beside", partial(_other_lane, side=1.0), wide=True),
    Story("oncoming-other-side", partial(_other_lane, side=-1.0), wide=True),
    Story("people-cross", _crossing, wide=True),
    Story("stops-and-goes", _stops, wide=True),
    Story("reverses-to-park", _parks, wide=True),
    Story("parked", _parked, wide=True),
    Story("people-beside", _strolls, wide=True),
    Story("turns-off", _turns_off, wide=True),
    Story("headlights", partial(_other_lane, side=1.0), light="night", wide=True),
    Story("long-shadows", _right, light="dusk", wide=True),
    Story("buses", partial(_right, kind="bus"), wide=True),
    Story("bicycles", partial(_right, kind="bicycle"), wide=True),
    Story("rain", _right, weather="rain", wide=True),
    Story("shake", _right, weather="wind", wide=True),
    Story("glare", _right, light="sun", weather="glare", wide=True),
)
