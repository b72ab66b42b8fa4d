"""Dense scenes drawn by number, so that what is set on some can be measured on others.

The numbers of CALIBRATION are for setting how far the dense estimator is believed; those of BLIND
are for measuring, and nothing is set on them. Both are drawn by one rule: recorded walks (Juelich)
and packed crowds of 0.8 to 8 people/m², cut, seen, lit and compressed at random.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from shapely.geometry import LineString, Polygon

from plainview.errors import InputError
from plainview.geometry import Line, Point, project
from plainview.synth.camera import Camera, hung
from plainview.synth.crowd import Maker
from plainview.synth.light import OVERCAST, SUNNY, Lamp, Light
from plainview.synth.packed import Surge, packed
from plainview.synth.picture import Sensor
from plainview.synth.recorded import juelich, passage
from plainview.synth.scene import Scene
from plainview.synth.scenery import Box, Mark, Post, World

CALIBRATION = range(48)
"""Numbers of the scenes that the interval and the blend are set on."""
ALONG = (
    1047, 1070, 1181, 1182, 1340, 1396, 1580, 1632, 1779, 1860, 1944, 2028, 2172, 2229,
)  # fmt: skip
"""Numbers of scenes like those of CALIBRATION in which a crowd is seen along (`along`): of those
from 1000 to 2400 the first ten recorded walks and the packed crowds with 2.6 m and more."""
BLIND = range(100, 112)
"""Numbers of the scenes that are measured on only."""
SECONDS, RATE = 6.0, 4.0
"""Length of a clip, and frames per second."""
_GROUNDS = ("paving", "asphalt", "concrete", "tiles")
_WALKS = {
    "uo-180-180-070": (1.8, 26.0, 84.0),
    "bo-360-120-120": (3.6, 36.0, 84.0),
    "bot-360-160-160": (3.6, 8.0, 58.0),
}
"""Width of the passage, and the seconds between which a cut may begin."""
_STEPS = 40
"""Shrinking an area to an eighth is enough for any camera."""
_HEAD = 1.6
"""Metres above the ground at which a head is."""
_APART = 0.5
"""Metres between places that `along` looks at."""
_NAME = re.compile(r"(juelich|packed)-blind-(\d{1,4})")


def name_of(number: int) -> str:
    """The name of the scene with that number: even ones are recorded walks, odd ones packed."""
    return f"{'packed' if number % 2 else 'juelich'}-blind-{number:03d}"


def along(one: Scene) -> float:
    """Metres of crowd that bodies in `one` hide behind those before them, in the mean.

    Of the area alone, and a head counts as seen: the ground that a body hides, as far as it lies
    in the area.
    """
    (camera,) = one.cameras
    *centre, height = camera.position
    area = Polygon(one.polygon)
    x0, y0, x1, y1 = area.bounds
    found = []
    for x in np.arange(x0 + _APART / 2, x1, _APART):
        for y in np.arange(y0 + _APART / 2, y1, _APART):
            far = math.hypot(x - centre[0], y - centre[1])
            hides = _HEAD * far / max(height - _HEAD, 0.1)
            found.append(min(hides, LineString([(x, y), centre]).intersection(area).length))
    return float(np.mean(found))


def named(name: str) -> Scene | None:
    """The scene of that name, or None where it is no blind scene's."""
    found = _NAME.fullmatch(name)
    if found is None or name_of(int(found[2])) != name:
        return None
    return scene(int(found[2]))


def chosen(names: Sequence[str]) -> list[str]:
    """`names` with `blind` and `calibration` in place of all the scenes that they stand for.

    Raises InputError where both are asked for: what is set on and what is measured on stay apart.
    """
    if {"blind", "calibration"} <= set(names):
        raise InputError(
            "blind and calibration scenes in one table", mend="Measure one or the other"
        )
    every = {"blind": BLIND, "calibration": CALIBRATION}
    return [
        one for name in names for one in (map(name_of, every[name]) if name in every else [name])
    ]


def scene(number: int) -> Scene:
    """The scene with that number; always the same."""
    g = np.random.default_rng((20_261_126, number))
    return _packed(number, g) if number % 2 else _recorded(number, g)


def _recorded(number: int, g: np.random.Generator) -> Scene:
    walk = str(g.choice(list(_WALKS)))
    width, first, last = _WALKS[walk]
    begin = round(float(g.uniform(first, last)), 1)
    half = float(g.uniform(2.0, 3.5))
    middle = float(g.uniform(half - 3.6, 3.6 - half))
    world = passage(0.0, width, -4.0, 4.0, ground=str(g.choice(_GROUNDS)))
    area = _corners(0.0, middle - half, width, middle + half)
    return _scene(
        g, name_of(number), f"Recorded walks, drawn: {walk} from {begin:g} s.",
        juelich(walk, begin), world, (width / 2, middle), max(2 * half, width), area,
    )  # fmt: skip


def _packed(number: int, g: np.random.Generator) -> Scene:
    low, high = sorted(np.exp(g.uniform(math.log(0.8), math.log(8.0), 2)).tolist())
    ends = (low, high) if g.random() < 0.5 else (high, low)
    x, y = g.uniform(1.8, 3.2, 2).tolist()
    kind = g.random()
    surge = Surge()
    if kind > 0.7:
        surge = Surge((float(g.normal(0, 0.15)), float(g.normal(0, 0.15))))
    elif kind > 0.4:
        surge = Surge(speed=float(g.uniform(0.05, 0.3)), length=float(g.uniform(5, 9)))
    over = float(g.uniform(0.2, 1.5))
    rect = (-x - over, -y - over, x + over, y + over)
    about = f"A packed crowd, drawn: {ends[0]:.1f} to {ends[1]:.1f} people/m²."
    return _scene(
        g, name_of(number), about,
        lambda seconds, seed: packed(rect, ends, seconds, seed, surge=surge),
        _world(g), (0.0, 0.0), 2 * max(x, y), _corners(-x, -y, x, y),
    )  # fmt: skip


def _corners(x0: float, y0: float, x1: float, y1: float) -> tuple[Point, ...]:
    return ((x0, y0), (x1, y0), (x1, y1), (x0, y1))


def _scene(
    g: np.random.Generator, name: str, about: str, walks: Maker, world: World, middle: Point,
    across: float, area: tuple[Point, ...],
) -> Scene:  # fmt: skip
    light, camera = _light(g), _camera(g, middle, across)
    area = _seen(camera, area)
    line = Line(
        name="middle", start=(area[1][0] + 0.3, middle[1]), end=(area[0][0] - 0.3, middle[1])
    )
    return Scene(
        name, about, walks, world, light, (camera,), area,
        (line,),
        frame_rate=RATE, seconds=SECONDS, bitrate=int(g.uniform(250_000, 900_000)),
        sensor=Sensor(blur=float(g.uniform(0, 0.2)), shake=float(g.choice((0.0, 0.2)))),
        seed=int(g.integers(1, 1 << 20)),
    )  # fmt: skip


def _camera(g: np.random.Generator, middle: Point, across: float) -> Camera:
    """3.8 to 12 m up, 20 to 68 degrees down, the area across a half to nine tenths of the width."""
    height = float(np.exp(g.uniform(math.log(3.8), math.log(12.0))))
    distance = min((height - 0.9) / math.tan(math.radians(g.uniform(20, 68))), 20.0)
    turn = float(g.uniform(0, 2 * math.pi))
    at = (middle[0] + distance * math.cos(turn), middle[1] + distance * math.sin(turn))
    slant = math.hypot(distance, height - 0.9)
    angle = math.degrees(2 * math.atan(across / float(g.uniform(0.5, 0.9)) / 2 / slant))
    wide = int(g.choice((480, 560, 640)))
    return hung(
        "drawn", at=at, height=height, towards=middle, hfov=float(np.clip(angle, 15, 100)),
        size=(wide, wide * 9 // 16 // 2 * 2), roll=float(g.normal(0, 2)),
    )  # fmt: skip


def _seen(camera: Camera, area: tuple[Point, ...]) -> tuple[Point, ...]:
    """`area`, shrunk about its middle until `camera` sees it whole, from the feet to the heads."""
    corners = np.array(area)
    middle = corners.mean(axis=0)
    for _ in range(_STEPS):
        ground = [np.column_stack((corners, np.full(len(corners), z))) for z in (0.0, 1.8)]
        pixels, depth = project(camera.matrix(), np.concatenate(ground))
        if (depth > 0).all() and ((pixels >= 0) & (pixels < camera.size)).all():
            break
        corners = middle + 0.95 * (corners - middle)
    return tuple((round(float(x), 2), round(float(y), 2)) for x, y in corners)


def _light(g: np.random.Generator) -> Light:
    brightness = float(g.uniform(0.35, 0.52))
    kind = g.random()
    if kind < 0.45:
        return replace(
            SUNNY, brightness=brightness, azimuth=float(g.uniform(0, 360)),
            elevation=float(g.uniform(20, 65)),
        )  # fmt: skip
    if kind < 0.8:
        return replace(OVERCAST, brightness=brightness)
    lamps = tuple(
        Lamp(*_place(g, 5), float(g.uniform(4, 6)), float(g.uniform(0.4, 0.9))) for _ in range(3)
    )
    return Light(sky=0.05, lamps=lamps, brightness=0.34, noise=float(g.uniform(0.02, 0.05)))


def _place(g: np.random.Generator, reach: float) -> Point:
    x, y = g.uniform(-reach, reach, 2).tolist()
    return x, y


def _world(g: np.random.Generator) -> World:
    """A floor with marks, a wall or two at the crowd's side, a post or two in it."""
    angle = g.uniform(0, 2 * math.pi)
    boxes = tuple(
        Box(
            5.5 * math.cos(angle + k * 1.6), 5.5 * math.sin(angle + k * 1.6),
            float(g.uniform(2, 8)), float(g.uniform(0.2, 1.2)), float(g.uniform(0.9, 1.5)),
            angle=math.degrees(angle + k * 1.6) + 90, shade=float(g.uniform(0.15, 0.5)),
        )
        for k in range(int(g.integers(0, 3)))
    )  # fmt: skip
    posts = tuple(
        Post(*_place(g, 3), 0.08, float(g.uniform(1, 5))) for _ in range(int(g.integers(0, 3)))
    )
    marks = tuple(
        Mark(*_place(g, 5), float(g.uniform(0.4, 4)), float(g.uniform(0.1, 1.5)),
             float(g.uniform(0, 180)), shade=float(g.uniform(0.1, 0.6)))
        for _ in range(int(g.integers(0, 5)))
    )  # fmt: skip
    return World(
        ground=str(g.choice(_GROUNDS)), boxes=boxes, posts=posts, marks=marks,
        seed=int(g.integers(1, 1000)),
    )  # fmt: skip
