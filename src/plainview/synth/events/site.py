"""Draws a place: a camera somewhere above it, the ground it sees, light, weather, passers-by."""

import functools
import math
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from shapely.geometry import LinearRing, LineString, Polygon
from shapely.geometry import Point as Dot
from shapely.geometry.base import BaseGeometry

from plainview.geometry import Point, project, to_plane
from plainview.synth.camera import Camera, hung
from plainview.synth.events.actor import Effect
from plainview.synth.events.glow import Glare
from plainview.synth.events.ground import Wet
from plainview.synth.events.truth import Conditions
from plainview.synth.events.weather import Fog, Rain
from plainview.synth.light import OVERCAST, SUNNY, Lamp, Light
from plainview.synth.picture import Sensor
from plainview.synth.scenery import Box, Post, World
from plainview.synth.simulate import scripted
from plainview.synth.trajectories import Trajectories

SIZES: Final = ((320, 180), (384, 216), (384, 216), (480, 270))
BENCH: Final = (1.8, 0.5, 0.45)
"""Width, depth and height of a bench, metres."""
LEAST_PERSON: Final = 26.0
"""Pixels: a person in the middle of the view is at least as tall."""
WALL: Final = 20.0
"""Metres: a box as wide is a house behind the area, and in nobody's way."""
LIGHTS: Final = ("sun", "overcast", "night", "clouds", "sun", "dusk", "overcast", "night")
WEATHERS: Final = ("dry", "rain", "dry", "wind", "dry", "glare", "dry", "fog", "dry", "rain")


@dataclass(frozen=True)
class Site:
    """One place as drawn. What happens there is added to it."""

    camera: Camera
    area: tuple[Point, ...]
    """What is measured: the ground in the picture, out to where people get small."""
    world: World
    light: Light
    sensor: Sensor
    weather: tuple[Effect, ...]
    conditions: Conditions
    bitrate: int
    frame_rate: float
    bench: Box
    generator: np.random.Generator = field(repr=False)

    def spot(self, margin: float = 1.2, *, near: float | None = None) -> Point:
        """A place on free ground at least `margin` metres inside the area.

        `near`: only in this share of the area's depth that is nearest to the camera.
        """
        shape = _inner(self.area, margin)
        x0, y0, x1, y1 = shape.bounds
        best = (float(shape.centroid.x), float(shape.centroid.y))
        for _ in range(400):
            x, y = float(self.generator.uniform(x0, x1)), float(self.generator.uniform(y0, y1))
            if near is not None and y > y0 + near * (y1 - y0):
                continue
            if shape.contains(Dot(x, y)) and self.is_free(x, y):
                return x, y
        return best

    def is_free(self, x: float, y: float, *, room: float = 0.9) -> bool:
        """Whether no scenery stands within `room` metres, or hides the place from the camera."""
        away = (x - self.camera.position[0], y - self.camera.position[1])
        for px, py, reach, hides in _obstacles(self.world):
            if math.hypot(px - x, py - y) < reach + room:
                return False
            if hides:
                # How far along the line of sight it stands, and how far beside it.
                to = (px - self.camera.position[0], py - self.camera.position[1])
                length = math.hypot(*away)
                along = (to[0] * away[0] + to[1] * away[1]) / length
                beside = abs(to[0] * away[1] - to[1] * away[0]) / length
                if 0 < along < length and beside < reach:
                    return False
        return True

    def edge(self, away_from: Point | None = None) -> Point:
        """A place outside of the area from which one may come, or to which one may go."""
        ring = _ring(self.area)
        best, most = (0.0, 0.0), -1.0
        for share in self.generator.uniform(0, 1, 6):
            dot = ring.interpolate(float(share), normalized=True)
            place = (float(dot.x), float(dot.y))
            # Not under the camera, where nobody is seen to come.
            if place[1] < self.camera.position[1] + 1.5:
                continue
            distance = math.dist(place, away_from) if away_from else 1.0
            if distance > most:
                best, most = place, distance
        return best

    def pixel(self, x: float, y: float, z: float = 0.0) -> Point:
        """Where a world place is in the picture."""
        pixels, _ = project(self.camera.matrix(), [(x, y, z)])
        return float(pixels[0, 0]), float(pixels[0, 1])

    def passers(
        self, count: int, seconds: float, *, clear: BaseGeometry | None = None
    ) -> Trajectories:
        """`count` people who walk through at odd times, none of them through `clear`."""
        g = self.generator
        ways: list[tuple[tuple[float, float, float], ...]] = []
        for _ in range(count):
            for _ in range(30):
                start, middle = self.edge(), self.spot()
                end = self.edge(start)
                line = LineString([start, middle, end])
                if clear is None or line.distance(clear) > 0.8:
                    break
            else:
                continue
            speed, begin = float(g.uniform(0.9, 1.6)), float(g.uniform(-8, seconds - 4))
            first = math.dist(start, middle) / speed
            last = math.dist(middle, end) / speed
            ways.append(((begin, *start), (begin + first, *middle), (begin + first + last, *end)))
        return scripted(ways)


@functools.lru_cache(maxsize=256)
def _inner(area: tuple[Point, ...], margin: float) -> Polygon:
    shape = Polygon(area).buffer(-margin)
    return Polygon(area).buffer(-0.3) if shape.is_empty else shape


@functools.lru_cache(maxsize=64)
def _ring(area: tuple[Point, ...]) -> LinearRing:
    return Polygon(area).buffer(2.5, join_style="mitre").exterior


@functools.lru_cache(maxsize=64)
def _obstacles(world: World) -> tuple[tuple[float, float, float, bool], ...]:
    """x, y and radius of what stands about, and whether it hides what is behind it."""
    boxes = [
        (box.x, box.y, 0.5 * max(box.width, box.depth), box.height > 1.0)
        for box in world.boxes
        if box.width < WALL
    ]
    return (*boxes, *((post.x, post.y, post.radius, False) for post in world.posts))


def draw_site(
    generator: np.random.Generator,
    *,
    light: str | None = None,
    weather: str | None = None,
    wide: bool = False,
) -> Site:
    """A place from `generator`; `light` and `weather` where they are not left to chance.

    `wide` is for vehicles: twice as far away.
    """
    g = generator
    camera = _camera(g, wide=wide)
    area = ground_seen(camera, wide=wide)
    word = light or str(g.choice(LIGHTS))
    air = weather or str(g.choice(WEATHERS))
    if word == "night" and air == "glare":
        air = "dry"
    shape = Polygon(area)
    middle = (float(shape.centroid.x), float(shape.centroid.y))
    shone = _light(g, word, middle)
    bench = _bench(g, shape)
    width, height = camera.size
    frame_rate = 10.0 if g.random() < 0.2 else 5.0
    poor = g.random() < 0.25
    bits = width * height * frame_rate * (0.09 if poor else 0.35)
    return Site(
        camera=camera,
        area=area,
        world=_world(g, shape, bench),
        light=shone,
        sensor=Sensor(
            blur=float(g.uniform(0.0, 0.2)),
            shake=float(g.uniform(0.25, 0.9)) if air == "wind" else float(g.uniform(0, 0.08)),
            shake_hz=float(g.uniform(0.7, 2.2)),
        ),
        weather=_air(g, air, night=word == "night"),
        conditions=Conditions(word, air, "poor" if poor else "good"),
        bitrate=max(round(bits), 24_000),
        frame_rate=frame_rate,
        bench=bench,
        generator=g,
    )


def _camera(g: np.random.Generator, *, wide: bool) -> Camera:
    for _ in range(200):
        height = float(g.uniform(5.5, 12) if wide else g.uniform(3, 12))
        away = float(g.uniform(12, 24) if wide else g.uniform(6.5, 16))
        hfov = float(g.uniform(48, 72))
        size = SIZES[int(g.integers(len(SIZES)))]
        down = math.degrees(math.atan2(height - 0.5, away))
        focal = 0.5 * size[0] / math.tan(math.radians(hfov) / 2)
        tall = focal * 1.7 * math.cos(math.radians(down)) / math.hypot(height, away)
        if (17 if wide else 12) <= down <= 58 and tall >= LEAST_PERSON * (0.75 if wide else 1.0):
            break
    aside = float(g.uniform(-2, 2))
    return hung(
        "one", at=(aside, -away), height=height, towards=(0.0, 0.0), hfov=hfov, size=size,
        aim=0.5, roll=float(g.uniform(-1.5, 1.5)),
    )  # fmt: skip


def ground_seen(camera: Camera, *, wide: bool) -> tuple[Point, ...]:
    """The ground in the picture, up to two and a half times as far as its middle."""
    width, height = camera.size
    away = math.hypot(camera.position[0], camera.position[1])
    far = (2.0 if wide else 1.5) * away + 2.0
    reach = np.array([-camera.position[0], -camera.position[1]]) / away * (far - away)
    top, _ = project(camera.matrix(), [(*reach, 0.0)])
    row = max(float(top[0, 1]), 0.1 * height)
    pixels = [(0.03 * width, 0.97 * height), (0.97 * width, 0.97 * height),
              (0.97 * width, row), (0.03 * width, row)]  # fmt: skip
    corners = to_plane(camera.matrix(), pixels)
    return tuple((round(float(x), 2), round(float(y), 2)) for x, y in corners)


def _light(g: np.random.Generator, word: str, middle: Point) -> Light:
    if word == "overcast":
        return replace(
            OVERCAST, sky=float(g.uniform(0.4, 0.6)), drift=float(g.uniform(0, 0.08)),
            brightness=float(g.uniform(0.4, 0.5)),
        )  # fmt: skip
    if word == "night":
        lamps = tuple(
            Lamp(middle[0] + float(g.uniform(-9, 9)), middle[1] + float(g.uniform(-5, 7)),
                 float(g.uniform(4.5, 7)), float(g.uniform(0.4, 0.8)))
            for _ in range(int(g.integers(2, 5)))
        )  # fmt: skip
        return Light(
            sky=0.03, lamps=lamps, flicker=0.02, brightness=float(g.uniform(0.26, 0.36)),
            noise=float(g.uniform(0.02, 0.045)),
        )  # fmt: skip
    low = word == "dusk"
    return replace(
        SUNNY,
        sun=float(g.uniform(0.35, 0.5)) if low else 0.95,
        sky=0.16 if low else float(g.uniform(0.22, 0.32)),
        elevation=float(g.uniform(11, 18)) if low else float(g.uniform(26, 62)),
        azimuth=float(g.uniform(0, 360)),
        clouds=float(g.uniform(0.5, 0.8)) if word == "clouds" else 0.0,
        cloud_size=float(g.uniform(15, 45)),
        brightness=float(g.uniform(0.42, 0.52)),
        noise=0.02 if low else 0.012,
    )


def _air(g: np.random.Generator, word: str, *, night: bool) -> tuple[Effect, ...]:
    if word == "rain":
        return (Wet(amount=float(g.uniform(0.2, 0.4))),
                Rain(rate=float(g.uniform(20, 90)), seed=int(g.integers(1 << 30))))  # fmt: skip
    if word == "fog":
        seen = float(g.uniform(90, 200)) * (1.6 if night else 1.0)
        return (Fog(visibility=seen, patchy=float(g.uniform(0.1, 0.4))),)
    if word == "glare":
        return (Glare(float(g.uniform(0.1, 0.9)), float(g.uniform(-0.1, 0.3)),
                      power=float(g.uniform(0.1, 0.3))),)  # fmt: skip
    return ()


def _bench(g: np.random.Generator, shape: Polygon) -> Box:
    inner = shape.buffer(-1.5)
    inner = shape if inner.is_empty else inner
    x0, y0, x1, y1 = inner.bounds
    for _ in range(100):
        x, y = float(g.uniform(x0, x1)), float(g.uniform(y0, y1))
        if inner.contains(Dot(x, y)):
            break
    return Box(
        x, y, *BENCH, angle=float(g.uniform(-25, 25)), shade=float(g.uniform(0.1, 0.4)),
        tint=(1.2, 0.92, 0.65),
    )  # fmt: skip


def _world(g: np.random.Generator, shape: Polygon, bench: Box) -> World:
    _, _, _, far = shape.bounds
    boxes, posts = [bench], []
    if g.random() < 0.6:
        boxes.append(
            Box(0, far + float(g.uniform(3, 8)), 90, 2, float(g.uniform(5, 11)),
                shade=float(g.uniform(0.25, 0.45)), tint=(1.1, 0.97, 0.88),
                pattern=str(g.choice(("windows", "brick", "plain"))))
        )  # fmt: skip
    ring = shape.exterior
    for _ in range(int(g.integers(1, 4))):
        dot = ring.interpolate(float(g.uniform(0.35, 0.95)), normalized=True)
        posts.append(Post(float(dot.x), float(dot.y), 0.09, float(g.uniform(3, 6))))
    ground = str(g.choice(("paving", "asphalt", "concrete", "tiles")))
    return World(ground=ground, boxes=tuple(boxes), posts=tuple(posts), seed=int(g.integers(1000)))
