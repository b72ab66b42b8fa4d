"""Scenes about zone-intrusion: who enters a forbidden zone, and what only seems to."""

import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from shapely.geometry import Polygon

from plainview.geometry import Point, Zone
from plainview.synth.events.actor import Actor, Effect
from plainview.synth.events.glow import Glare
from plainview.synth.events.ground import Spot
from plainview.synth.events.person import looks
from plainview.synth.events.pulse import Pulse
from plainview.synth.events.site import Site
from plainview.synth.events.story import (
    Corners,
    Play,
    Story,
    cleared,
    crosses,
    errand,
    lights_of,
    quad,
    shade,
    someone,
    through,
    waits,
)  # fmt: skip
from plainview.synth.events.things import Stay, Thing
from plainview.synth.events.truth import Happening, Where, stays_inside
from plainview.synth.events.vehicles import Vehicle, straight

KIND = "zone-intrusion"
NAME = "closed"
SECONDS = 32.0


def _zone(site: Site, *, large: bool = False) -> tuple[Corners, Point]:
    g = site.generator
    scale = 1.8 if large else 1.0
    at = site.spot(2.2, near=0.62)
    corners = quad(
        site, at, scale * float(g.uniform(2.5, 5.0)), scale * float(g.uniform(2.0, 3.6)),
        float(g.uniform(-40, 40)),
    )  # fmt: skip
    middle = Polygon(corners).centroid
    return corners, (float(middle.x), float(middle.y))


def _play(
    site: Site,
    corners: Corners,
    actors: tuple[Actor, ...],
    *,
    inside: tuple[Where, ...] = (),
    effects: tuple[Effect, ...] = (),
) -> Play:
    count = int(site.generator.integers(0, 4))
    happenings: tuple[Happening, ...] = tuple(
        one for where in inside for one in stays_inside(KIND, where, NAME, corners, SECONDS)
    )
    return Play(
        SECONDS, actors, effects, (Zone(name=NAME, kind=KIND, polygon=corners),), happenings,
        site.passers(count, SECONDS, clear=Polygon(corners)), cleared(site, corners),
    )  # fmt: skip


def _walks_in(site: Site, speed: tuple[float, float], stay: float, pose: str) -> Play:
    corners, middle = _zone(site)
    g = site.generator
    arrive = float(g.uniform(7, 14))
    if stay:
        keys = errand(site, middle, [(pose, stay)], arrive=arrive)
    else:
        start = site.edge(middle)
        pace = float(g.uniform(*speed))
        begin = arrive - math.dist(start, middle) / pace
        keys = crosses(site, [start, middle, site.edge(start)], begin=begin, speed=pace)
    person = someone(site, keys)
    return _play(site, corners, (person,), inside=(person.place,))


def _rides_in(site: Site, kind: str, speed: tuple[float, float]) -> Play:
    corners, middle = _zone(site, large=kind != "bicycle")
    g = site.generator
    start, end = through(site, middle, float(g.uniform(0, 360)))
    pace = float(g.uniform(*speed))
    begin = float(g.uniform(9, 14)) - math.dist(start, middle) / pace
    rider = looks(g) if kind == "bicycle" else None
    vehicle = Vehicle(
        kind, straight(start, end, begin=begin, speed=pace), shade=shade(g), rider=rider
    )

    def where(t: float) -> Point | None:
        now = vehicle.at(t)
        return None if now is None else now[0]

    effects = lights_of(vehicle) if site.conditions.light == "night" else ()
    return _play(site, corners, (vehicle,), inside=(where,), effects=effects)


def _two(site: Site) -> Play:
    corners, middle = _zone(site)
    people = []
    for arrive in (8.0, 10.0):
        start = site.edge(middle)
        begin = arrive - math.dist(start, middle) / 1.2
        people.append(
            someone(site, crosses(site, [start, middle, site.edge(start)], begin=begin, speed=1.2))
        )
    return _play(site, corners, tuple(people), inside=tuple(one.place for one in people))


def _passes(site: Site, side: str) -> Play:
    """People who pass right behind, in front of or beside the zone, a metre from it."""
    corners, _ = _zone(site)
    g = site.generator
    x0, y0, x1, y1 = Polygon(corners).bounds
    reach, gap = 7.0, float(g.uniform(0.9, 1.4))
    people = []
    for k in range(3):
        if side == "beside":
            x = x1 + gap if g.random() < 0.5 else x0 - gap
            points = [(x, y0 - 2.5), (x, y1 + 4.0)]
        else:
            y = y1 + gap if side == "behind" else y0 - gap
            points = [(x0 - reach, y), (x1 + reach, y)]
        if g.random() < 0.5:
            points.reverse()
        keys = crosses(site, points, begin=2.0 + 8 * k, speed=float(g.uniform(1.0, 1.5)))
        people.append(someone(site, keys))
    return _play(site, corners, tuple(people))


def _stands_beside(site: Site) -> Play:
    corners, middle = _zone(site)
    _, y0, x1, _ = Polygon(corners).bounds
    people = (waits(site, (x1 + 1.0, middle[1]), "phone"),
              waits(site, (middle[0], y0 - 1.0), "stand"))  # fmt: skip
    return _play(site, corners, people)


def _shadow(site: Site) -> Play:
    """One who walks on the sun's side of the zone, so that only the shadow is in it."""
    corners, middle = _zone(site)
    sun = site.light.to_sun()[:2]
    sun = sun / math.hypot(*sun)
    reach = max((x - middle[0]) * sun[0] + (y - middle[1]) * sun[1] for x, y in corners) + 1.0
    foot = (middle[0] + reach * sun[0], middle[1] + reach * sun[1])
    points = [(foot[0] - k * 7 * sun[1], foot[1] + k * 7 * sun[0]) for k in (-1.0, 1.0)]
    people = tuple(
        someone(site, crosses(site, points[:: 1 if k % 2 else -1], begin=3.0 + 9 * k, speed=1.1))
        for k in range(3)
    )
    return _play(site, corners, people)


def _headlights(site: Site) -> Play:
    """A car that stops before the zone and shines into it."""
    corners, middle = _zone(site)
    g = site.generator
    a = float(g.choice((0.0, math.pi)))
    reach = max(abs(x - middle[0]) for x, _ in corners)
    stop = (middle[0] - (reach + 3.6) * math.cos(a), middle[1])
    start = (stop[0] - 16 * math.cos(a), stop[1])
    car = Vehicle("car", [(4.0, *start), (9.0, *stop), (200.0, *stop)], shade=shade(g))
    return _play(site, corners, (car,), effects=lights_of(car, pulse=Pulse(4.0, 22.0)))


def _parked(site: Site) -> Play:
    corners, middle = _zone(site)
    x0, _, x1, _ = Polygon(corners).bounds
    g = site.generator
    actors = tuple(
        Vehicle("car", [(-9.0, x, middle[1]), (200.0, x, middle[1])], shade=shade(g), facing=90)
        for x in (x0 - 1.9, x1 + 1.9)
    )
    return _play(site, corners, actors)


def _animal(site: Site, kind: str) -> Play:
    corners, middle = _zone(site)
    g = site.generator
    start, end = through(site, middle, float(g.uniform(0, 360)))
    actors: list[Actor] = []
    if kind == "litter":
        stays = [Stay(6.0, *start), Stay(16.0, *middle), Stay(24.0, *end)]
        actors.append(Thing("litter", stays, shade=0.6))
    else:
        for k in range(4):
            at = (middle[0] + 0.4 * (k - 1.5), middle[1] + float(g.uniform(-0.8, 0.8)))
            stays = [Stay(5.0 + k, at[0] - 6, at[1], 3.0), Stay(8.0 + k, *at),
                     Stay(12.0, at[0] + 0.4, at[1]), Stay(18.0 + k, at[0], at[1] + 0.3),
                     Stay(20.0 + k, at[0] + 6, at[1] + 3, 4.0)]  # fmt: skip
            actors.append(Thing("pigeon", stays, shade=0.12))
    return _play(site, corners, tuple(actors))


def _spot(site: Site, make: Callable[[Point], Spot]) -> Play:
    corners, middle = _zone(site)
    return _play(site, corners, (), effects=(make(middle),))


def _puddle(at: Point) -> Spot:
    return Spot("puddle", *at, 2.2, 1.3, ragged=0.5, pulse=Pulse(8.0, rise=6.0))


def _lamp(at: Point) -> Spot:
    return Spot("light", *at, 3.0, 2.4, amount=0.5, edge=0.7, pulse=Pulse(10.0, 24.0))


def _leaves(at: Point) -> Spot:
    return Spot("shadow", *at, 2.8, 2.0, amount=0.5, ragged=0.7, sway=0.35)


def _glint(at: Point) -> Spot:
    return Spot(
        "glare", *at, 1.6, 0.9, amount=0.35, edge=0.9, ragged=0.4, pulse=Pulse(9.0, 20.0, 0.5, 0.5)
    )


def _empty(site: Site) -> Play:
    corners, _ = _zone(site)
    return _play(site, corners, ())


def _glare(site: Site) -> Play:
    corners, _ = _zone(site)
    veil = Glare(0.5, 0.1, power=0.4, pulse=Pulse(8.0, 24.0, 3.0, 3.0))
    return _play(replace(site, weather=()), corners, (), effects=(veil,))


POSITIVE = (
    Story("walks-through", partial(_walks_in, speed=(0.9, 1.5), stay=0.0, pose="stand")),
    Story("walks-in-and-stands", partial(_walks_in, speed=(1, 1), stay=9.0, pose="phone")),
    Story("runs-through", partial(_walks_in, speed=(2.4, 3.4), stay=0.0, pose="stand")),
    Story("cyclist", partial(_rides_in, kind="bicycle", speed=(2.5, 4.5))),
    Story("sits-down-inside", partial(_walks_in, speed=(1, 1), stay=10.0, pose="sit-ground")),
    Story("car", partial(_rides_in, kind="car", speed=(3.0, 7.0)), wide=True),
    Story("two-people", _two),
    Story("van", partial(_rides_in, kind="van", speed=(3.0, 6.0)), wide=True),
)
NEGATIVE = (
    Story("passes-behind", partial(_passes, side="behind")),
    Story("passes-in-front", partial(_passes, side="front")),
    Story("passes-beside", partial(_passes, side="beside")),
    Story("shadow", _shadow, light="sun"),
    Story("headlights", _headlights, light="night", wide=True),
    Story("pigeons", partial(_animal, kind="pigeon")),
    Story("litter", partial(_animal, kind="litter")),
    Story("puddle", partial(_spot, make=_puddle), weather="rain"),
    Story("lamp-switched", partial(_spot, make=_lamp), light="night"),
    Story("leaves-shadow", partial(_spot, make=_leaves), light="sun"),
    Story("reflection", partial(_spot, make=_glint)),
    Story("stands-beside", _stands_beside),
    Story("parked-beside", _parked, wide=True),
    Story("glare", _glare, light="sun", weather="dry"),
    Story("rain", _empty, weather="rain"),
    Story("shake", _empty, weather="wind"),
)
