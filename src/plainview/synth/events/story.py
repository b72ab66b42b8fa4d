"""What the scenes of all kinds are written with: a story, and short ways to say what people do."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Final

import numpy as np
from shapely.geometry import Point as Dot
from shapely.geometry import Polygon

from plainview.geometry import Point, Zone
from plainview.synth.events.actor import Actor, Effect
from plainview.synth.events.glow import Glow
from plainview.synth.events.ground import Spot
from plainview.synth.events.person import Key, Person, looks
from plainview.synth.events.pulse import ALWAYS, Pulse
from plainview.synth.events.site import WALL, Site
from plainview.synth.events.truth import Happening
from plainview.synth.events.vehicles import Vehicle
from plainview.synth.scenery import Box, Post
from plainview.synth.simulate import empty
from plainview.synth.trajectories import Trajectories

FOREVER: Final = 1e5
"""Seconds: beyond the end of any scene."""
Corners = tuple[Point, ...]


@dataclass(frozen=True)
class Play:
    """What happens at a site."""

    seconds: float
    actors: tuple[Actor, ...] = ()
    effects: tuple[Effect, ...] = ()
    zones: tuple[Zone, ...] = ()
    happenings: tuple[Happening, ...] = ()
    walks: Trajectories = field(default_factory=empty)
    site: Site | None = None
    """Where the site itself had to be changed for it."""


@dataclass(frozen=True)
class Story:
    """A way for something to happen, or to look as if."""

    name: str
    play: Callable[[Site], Play]
    light: str | None = None
    """Only in this light."""
    weather: str | None = None
    wide: bool = False


def errand(
    site: Site,
    at: Point,
    doing: Sequence[tuple[str, float]],
    *,
    arrive: float,
    leave: bool = True,
    facing: float | None = None,
    change: float = 0.8,
) -> list[Key]:
    """Keys of one who comes to `at` at `arrive` seconds, does (pose, seconds) in turn and leaves.

    `change` is how long a new pose takes, seconds.
    """
    g = site.generator
    start = site.edge(at)
    speed = float(g.uniform(1.0, 1.5))
    keys = [Key(arrive - math.dist(start, at) / speed, *start), Key(arrive, *at)]
    t = arrive
    for pose, length in doing:
        keys.append(Key(t + change, *at, pose, facing))
        keys.append(Key(t + max(length, change + 0.1), *at, pose, facing))
        t += max(length, change + 0.1)
    if not leave:
        return [*keys, Key(FOREVER, *at, keys[-1].pose, facing)]
    end = site.edge(at)
    return [
        *keys, Key(t + change, *at, "stand", facing),
        Key(t + change + math.dist(at, end) / speed, *end),
    ]  # fmt: skip


def someone(site: Site, keys: Sequence[Key], *, vest: bool = False, fidget: float = 1.0) -> Person:
    """A person, drawn for the site, with this script."""
    return Person(looks(site.generator, vest=vest), keys, fidget=fidget)


def waits(site: Site, at: Point, pose: str, *, facing: float | None = None) -> Person:
    """A person who is there before the clip and after it."""
    side = float(site.generator.uniform(0, 360)) if facing is None else facing
    return someone(site, [Key(-10.0, *at, pose, side), Key(FOREVER, *at, pose, side)])


def crosses(site: Site, points: Sequence[Point], *, begin: float, speed: float) -> list[Key]:
    """Keys of one who walks along `points`."""
    del site
    keys = [Key(begin, *points[0])]
    for before, after in pairwise(points):
        keys.append(Key(keys[-1].t + math.dist(before, after) / speed, *after))
    return keys


def quad(site: Site, at: Point, length: float, width: float, angle: float) -> Corners:
    """A rectangle about `at`, metres and degrees, cut to what is measured."""
    a = math.radians(angle)
    c, s = math.cos(a) / 2, math.sin(a) / 2
    corners = [
        (at[0] + i * length * c - j * width * s, at[1] + i * length * s + j * width * c)
        for i, j in ((-1, -1), (1, -1), (1, 1), (-1, 1))
    ]
    cut = Polygon(corners).intersection(Polygon(site.area).buffer(-0.2))
    ring = cut.exterior.coords[:-1] if isinstance(cut, Polygon) and not cut.is_empty else corners
    return tuple((round(float(x), 2), round(float(y), 2)) for x, y in ring)


def watched(site: Site, kind: str) -> tuple[Zone, ...]:
    """Half the time none, so that the whole area is looked at; else one zone of most of it."""
    if site.generator.random() < 0.5:
        return ()
    inner = Polygon(site.area).buffer(-0.3)
    ring = tuple((round(float(x), 2), round(float(y), 2)) for x, y in inner.exterior.coords[:-1])
    return (Zone(name="watched", kind=kind, polygon=ring),)


def zone_name(zones: tuple[Zone, ...]) -> str | None:
    """The name that an event in the only zone is told with."""
    return zones[0].name if zones else None


def cleared(site: Site, polygon: Corners) -> Site:
    """The site without scenery in or near `polygon`."""
    shape = Polygon(polygon)

    def apart(solid: Box | Post) -> bool:
        reach = 0.5 * solid.width if isinstance(solid, Box) else solid.radius
        return shape.distance(Dot(solid.x, solid.y)) > min(reach, 3.0) + 0.5

    world = replace(
        site.world,
        boxes=tuple(box for box in site.world.boxes if box.width >= WALL or apart(box)),
        posts=tuple(post for post in site.world.posts if apart(post)),
    )
    return replace(site, world=world)


def lights_of(vehicle: Vehicle, *, pulse: Pulse = ALWAYS, beam: float = 0.5) -> tuple[Effect, ...]:
    """Head and tail lights of a vehicle, and the spots before it on the ground."""

    def way(t: float) -> tuple[Point, float] | None:
        now = vehicle.at(t)
        return None if now is None else (now[0], now[1])

    front = {"car": 2.05, "van": 2.6, "bus": 5.9, "tram": 8.9, "bicycle": 0.5}[vehicle.kind]
    sides = (0.0,) if vehicle.kind == "bicycle" else (-0.6, 0.6)
    effects: list[Effect] = []
    for side in sides:
        head, tail = (front, side, 0.65), (-front, side, 0.7)
        effects += [
            Glow(head, head, 0.09, (1.0, 0.97, 0.88), 2.5, pulse=pulse, way=way),
            Glow(tail, tail, 0.06, (1.0, 0.05, 0.03), 0.8, pulse=pulse, way=way),
        ]
    beam_at = front + 4.0
    effects.append(Spot("light", beam_at, 0.0, 8.0, 3.2, 0.0, beam, edge=0.9, pulse=pulse, way=way))
    return tuple(effects)


def through(site: Site, at: Point, angle: float, *, offset: float = 0.0) -> tuple[Point, Point]:
    """A line through `at` at `angle` degrees, `offset` metres to its left, well past the area."""
    a = math.radians(angle)
    c, s = math.cos(a), math.sin(a)
    middle = (at[0] - offset * s, at[1] + offset * c)
    x0, y0, x1, y1 = Polygon(site.area).bounds
    reach = 0.5 * math.hypot(x1 - x0, y1 - y0) + 8.0
    return (
        (middle[0] - reach * c, middle[1] - reach * s),
        (middle[0] + reach * c, middle[1] + reach * s),
    )


def shade(generator: np.random.Generator, low: float = 0.05, high: float = 0.6) -> float:
    """A reflectance, dark ones as likely as bright ones."""
    return float(np.exp(generator.uniform(math.log(low), math.log(high))))
