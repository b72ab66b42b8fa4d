"""Ordinary life: ten minutes of a place where nothing happens that anybody must be told of.

People walk, stand, talk and sit; traffic keeps its lane; cars park and leave; lamps, leaves, rain
and clouds change the light. Nobody enters the closed zone.
"""

import math
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
from shapely import unary_union
from shapely.geometry import LineString, Polygon
from shapely.geometry.base import BaseGeometry

from plainview.geometry import Point, Zone
from plainview.synth.events.actor import Actor, Effect
from plainview.synth.events.ground import Spot, Wet
from plainview.synth.events.person import Key, Person, looks
from plainview.synth.events.pulse import Pulse
from plainview.synth.events.site import Site, draw_site
from plainview.synth.events.story import (
    FOREVER,
    Corners,
    Play,
    cleared,
    lights_of,
    quad,
    shade,
    someone,
    through,
)
from plainview.synth.events.vehicles import Vehicle, straight
from plainview.synth.events.weather import Rain

SECONDS: Final = 600.0
LANE: Final = 3.4
"""Metres of one lane."""
ALONG: Final = 4.0
"""Metres that somebody on foot may go against the lane on his way across it."""
ZONES: Final = ("closed", "lane")


def ordinary_play(generator: np.random.Generator) -> Play:
    """Ten minutes of one place."""
    g = generator
    site = draw_site(g, wide=True)
    start, end, corners = _lane(site)
    closed = _closed(site, Polygon(corners))
    keep_off = unary_union([Polygon(corners).buffer(1.0), Polygon(closed)])
    place = cleared(cleared(site, closed), corners)
    traffic = _traffic(site, start, end)
    actors: list[Actor] = [*traffic, *_standing(place, keep_off)]
    actors += _sitting(place, keep_off, _Barred(Polygon(closed), Polygon(corners), (start, end)))
    effects = list(_light_changes(place))
    if site.conditions.light == "night":
        effects += [effect for one in traffic for effect in lights_of(one)]
    angle = math.atan2(end[1] - start[1], end[0] - start[0])
    direction = (round(math.cos(angle), 4), round(math.sin(angle), 4))
    zones = (
        Zone(name=ZONES[0], kind="zone-intrusion", polygon=closed),
        Zone(name=ZONES[1], kind="one-way", polygon=corners, direction=direction),
    )
    walks = site.passers(int(g.integers(20, 70)), SECONDS, clear=keep_off)
    return Play(SECONDS, tuple(actors), tuple(effects), zones, (), walks, place)


class _Barred(NamedTuple):
    """Where those may not go who cross the lane."""

    closed: Polygon
    lane: Polygon
    way: tuple[Point, Point]
    """Where the lane begins and ends."""

    def allows(self, start: Point, end: Point) -> bool:
        """Whether one who walks from `start` to `end` goes round what is closed and over the lane.

        Not far against it, that is.
        """
        line = LineString([start, end])
        if line.distance(self.closed) < 0.5:
            return False
        (x0, y0), (x1, y1) = self.way
        cosine = ((end[0] - start[0]) * (x1 - x0) + (end[1] - start[1]) * (y1 - y0)) / (
            math.dist(start, end) * math.dist(*self.way)
        )
        return float(line.intersection(self.lane).length) * -cosine <= ALONG


def _lane(site: Site) -> tuple[Point, Point, Corners]:
    g = site.generator
    centre = Polygon(site.area).centroid
    angle = float(g.choice((0.0, 180.0)) + g.uniform(-12, 12))
    start, end = through(site, (float(centre.x), float(centre.y) + float(g.uniform(0, 2))), angle)
    strip = LineString([start, end]).buffer(LANE / 2, cap_style="flat")
    cut = strip.intersection(Polygon(site.area).buffer(-0.3))
    ring = cut.exterior.coords[:-1] if isinstance(cut, Polygon) else []
    return start, end, tuple((round(float(x), 2), round(float(y), 2)) for x, y in ring)


def _closed(site: Site, lane: Polygon) -> Corners:
    """A zone that nobody enters, apart from the lane."""
    g = site.generator
    corners: Corners = ()
    for _ in range(60):
        corners = quad(site, site.spot(2.0), float(g.uniform(2.5, 5)), float(g.uniform(2, 4)), 0.0)
        if Polygon(corners).distance(lane) > 1.5:
            break
    return corners


def _traffic(site: Site, start: Point, end: Point) -> list[Vehicle]:
    g = site.generator
    vehicles, t = [], -5.0
    while t < SECONDS:
        kind = str(g.choice(("car", "car", "van", "bicycle", "bus")))
        speed = float(g.uniform(3, 5) if kind == "bicycle" else g.uniform(5, 9))
        rider = looks(g) if kind == "bicycle" else None
        way = straight(start, end, begin=t, speed=speed)
        vehicles.append(Vehicle(kind, way, shade=shade(g), rider=rider))
        t = way[-1][0] + float(g.exponential(35.0))
    return vehicles


def _place(site: Site, keep_off: BaseGeometry) -> Point:
    for _ in range(60):
        at = site.spot(1.0)
        if keep_off.distance(Polygon(quad(site, at, 0.6, 0.6, 0.0))) > 0.8:
            return at
    return site.spot(1.0)


def _visit(site: Site, at: Point, keep_off: BaseGeometry, poses: list[str], t: float, stay: float
           ) -> list[Key]:  # fmt: skip
    """Come to `at` on a way that keeps off, be there in `poses` for `stay` seconds, go."""
    way = site.edge(at)
    for _ in range(40):
        if LineString([way, at]).distance(keep_off) > 0.5:
            break
        way = site.edge()
    length = math.dist(way, at) / 1.2
    facing = float(site.generator.uniform(0, 360))
    keys = [Key(t, *way), Key(t + length, *at)]
    for k, (before, after) in enumerate(pairwise([0.0, *np.linspace(0, stay, len(poses) + 1)[1:]])):
        begin = t + length
        keys += [Key(begin + before + 1.0, *at, poses[k], facing),
                 Key(begin + after, *at, poses[k], facing)]  # fmt: skip
    last = keys[-1].t + 1.0
    return [*keys, Key(last, *at, "stand", facing), Key(last + length, *way)]


def _standing(site: Site, keep_off: BaseGeometry) -> list[Person]:
    g = site.generator
    people = []
    for _ in range(int(g.integers(2, 6))):
        at, t = _place(site, keep_off), float(g.uniform(-30, SECONDS - 60))
        stay = float(g.uniform(20, 240))
        poses = ["stand", str(g.choice(("phone", "stand"))), "stand"]
        people.append(someone(site, _visit(site, at, keep_off, poses, t, stay)))
        if g.random() < 0.5:
            other = (at[0] + 0.9, at[1] + 0.1)
            keys = _visit(site, other, keep_off, ["stand", "phone"], t + 2, stay)
            people.append(someone(site, keys))
    return people


def _sitting(site: Site, keep_off: BaseGeometry, barred: _Barred) -> list[Person]:
    g = site.generator
    people = []
    if site.bench in site.world.boxes:
        at, facing = (site.bench.x, site.bench.y), site.bench.angle - 90
        t = float(g.uniform(5, 200))
        ways = (site.edge(at) for _ in range(40))
        way = next((way for way in ways if barred.allows(way, at)), None)
        if way is not None:
            keys = [Key(t, *way), Key(t + 9, *at), Key(t + 10.5, *at, "sit", facing),
                    Key(FOREVER, *at, "sit-forward", facing)]  # fmt: skip
            people.append(someone(site, keys))
    for pose in ("sit-ground", "crouch", "shoe"):
        if g.random() < 0.4:
            at, t = _place(site, keep_off), float(g.uniform(0, SECONDS - 90))
            stay = float(g.uniform(6, 15)) if pose != "sit-ground" else float(g.uniform(60, 240))
            people.append(someone(site, _visit(site, at, keep_off, [pose], t, stay)))
    return people


def _light_changes(site: Site) -> list[Effect]:
    g = site.generator
    effects: list[Effect] = []
    begin = float(g.uniform(50, 400))
    if site.conditions.light == "night":
        x, y = site.spot(1.5)
        effects.append(
            Spot("light", x, y, 4, 3, amount=0.4, edge=0.9, pulse=Pulse(begin, begin + 150))
        )
    elif site.conditions.light == "sun":
        x, y = site.spot(1.5)
        effects.append(Spot("shadow", x, y, 3.5, 2.5, amount=0.5, ragged=0.7, sway=0.3))
    if site.conditions.weather == "dry" and g.random() < 0.4:
        shower = Pulse(begin, begin + 200, 25.0, 40.0)
        drying = Pulse(begin, FOREVER, 60.0)
        effects += [Wet(drying, 0.3), Rain(60.0, int(g.integers(1 << 30)), pulse=shower)]
        for _ in range(3):
            x, y = site.spot(1.2)
            puddle = Pulse(begin + 40, FOREVER, 60.0)
            effects.append(Spot("puddle", x, y, 1.6, 1.0, ragged=0.5, pulse=puddle))
    return effects
