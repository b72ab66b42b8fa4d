"""Random crowds before random cameras: what the dense estimator is trained on.

Everything is drawn anew for each scene: camera, light, floor, walls, posts, clothes, sizes, bags,
vehicles and dogs, umbrellas, rain, sensor and compression. Crowds are laid out here, from nobody
to 9 people/m²; no recorded walk, no scene of `plainview evaluate` and no real picture is used, so
that all of those stay for measuring.
"""

import math
from dataclasses import replace
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from crowds import MOMENTS, Floats, crowd, densities, thinned
from painted import Shot, painted
from picture import Wire, clothed, weather, weathered
from plainview.geometry import Point, View, camera_centre
from plainview.synth.body import Looks, dressed
from plainview.synth.camera import Camera, hung
from plainview.synth.cast import Mover
from plainview.synth.light import Lamp, Light
from plainview.synth.picture import Sensor
from plainview.synth.render import Renderer
from plainview.synth.scenery import Box, Mark, Post, World
from plainview.synth.trajectories import Trajectories, trajectories
from plainview.vision.headplane import HeadPlane, channels, head_plane
from plainview.vision.optics import optics
from plainview.vision.plate import Luma, Plate
from plates import learned, seen

SIDE = 160
"""Pixels of a sample's side on the head plane: 12.8 m."""
MOST = 320
"""People in one picture, at most."""
_RATE = 2.0
_GROUNDS = ("paving", "asphalt", "concrete", "tiles", "snow")


class Sample(NamedTuple):
    """One picture on the head plane."""

    planes: NDArray[np.int8]
    """(6 + KINDS, SIDE, SIDE) in 32nds: the network's channels, then its second one for the
    other kinds of plate (plates.py)."""
    people: NDArray[np.float32]
    """(SIDE / 4, SIDE / 4) people by cell."""


def camera(g: np.random.Generator) -> Camera:
    """3 to 15 m up, 14 to 80 degrees down, 6 to 18 m across, level or not."""
    height = float(np.exp(g.uniform(np.log(3.0), np.log(15.0))))
    tilt = math.radians(g.uniform(14, 80))
    distance = min((height - 0.9) / math.tan(tilt), 40.0)
    slant = math.hypot(distance, height - 0.9)
    across = g.uniform(6.0, 18.0)
    angle = np.clip(math.degrees(2 * math.atan(across / 2 / slant)), 12, 105)
    turn = g.uniform(0, 2 * math.pi)
    wide = int(g.choice((320, 400, 480, 560, 640, 800), p=(0.1, 0.25, 0.25, 0.2, 0.12, 0.08)))
    return hung(
        "random", at=(distance * math.cos(turn), distance * math.sin(turn)), height=height,
        towards=(0.0, 0.0), hfov=float(angle), roll=float(g.normal(0, 3) * (g.random() < 0.5)),
        size=(wide, round(wide * float(g.choice((0.5625, 0.75))) / 4) * 4),
    )  # fmt: skip


def light(g: np.random.Generator) -> Light:
    """Sun, cloudy sky, indoors or lamps at night."""
    brightness = float(g.uniform(0.25, 0.6))
    noise = float(np.exp(g.uniform(np.log(0.004), np.log(0.05))))
    azimuth, elevation = float(g.uniform(0, 360)), float(g.uniform(12, 70))
    kind = g.random()
    if kind < 0.45:
        return Light(
            sun=float(g.uniform(0.3, 1.0)), sky=float(g.uniform(0.15, 0.5)), azimuth=azimuth,
            elevation=elevation, brightness=brightness, noise=noise,
        )  # fmt: skip
    if kind < 0.85:
        return Light(sky=float(g.uniform(0.2, 0.7)), brightness=brightness, noise=noise)
    lamps = tuple(
        Lamp(*g.uniform(-8, 8, 2).tolist(), float(g.uniform(3.5, 8)), float(g.uniform(0.3, 1)))
        for _ in range(int(g.integers(1, 4)))
    )
    return Light(
        sky=float(g.uniform(0.01, 0.1)), lamps=lamps, brightness=0.8 * brightness,
        noise=2 * noise,
    )  # fmt: skip


def world(g: np.random.Generator, half: float) -> World:
    """A floor with marks, walls beside and sometimes inside the area, posts."""
    boxes = [
        Box(
            *(half * g.uniform(0.7, 1.8) * np.array((math.cos(a), math.sin(a)))).tolist(),
            float(g.uniform(0.1, 1.5)), float(g.uniform(0.5, 9)), float(g.uniform(0.4, 1.6)),
            angle=float(g.uniform(0, 180)), shade=float(g.uniform(0.08, 0.6)),
            tint=tuple(g.uniform(0.75, 1.25, 3).tolist()),
            pattern=str(g.choice(("plain", "brick"))),
        )
        for a in g.uniform(0, 2 * math.pi, int(g.integers(0, 5)))
    ]  # fmt: skip
    posts = tuple(
        Post(*g.uniform(-half, half, 2).tolist(), float(g.uniform(0.04, 0.2)),
             float(g.uniform(0.8, 6)), shade=float(g.uniform(0.03, 0.5)))
        for _ in range(int(g.integers(0, 5)))
    )  # fmt: skip
    dots = int(g.choice((0, 3, 8, 90), p=(0.4, 0.3, 0.2, 0.1)))
    marks = tuple(
        # Leaves, paint, manholes, patches: what lies flat but looks like something.
        Mark(*g.uniform(-1.3 * half, 1.3 * half, 2).tolist(),
             float(g.uniform(0.15, 0.5) if dots > 50 else g.uniform(0.2, 3)),
             float(g.choice((0.0, 0.15, 0.4, 2.0))), float(g.uniform(0, 180)),
             float(g.uniform(0.05, 0.8)))
        for _ in range(dots)
    )  # fmt: skip
    return World(
        ground=str(g.choice(_GROUNDS)), boxes=tuple(boxes), posts=posts, marks=marks,
        seed=int(g.integers(1, 10_000)),
    )  # fmt: skip


class Passage(NamedTuple):
    """A way between two low walls through the middle of the area."""

    width: float
    """Metres."""
    angle: float
    """Radians from the x axis."""


def passage(g: np.random.Generator) -> Passage | None:
    """Some scenes have one."""
    found = Passage(float(g.uniform(1.2, 5.0)), float(g.uniform(0, math.pi)))
    return found if g.random() < 0.4 else None


def walled(g: np.random.Generator, stage: World, way: Passage, reach: float) -> World:
    """`stage` with the walls of `way`."""
    side = np.array((-math.sin(way.angle), math.cos(way.angle))) * (way.width / 2 + 0.2)
    shade, height = float(g.uniform(0.08, 0.6)), float(g.uniform(0.7, 1.3))
    walls = tuple(
        Box(*(sign * side).tolist(), 2.4 * reach, float(g.uniform(0.08, 0.3)), height,
            angle=math.degrees(way.angle), shade=shade)
        for sign in (-1, 1)
    )  # fmt: skip
    return replace(stage, boxes=(*stage.boxes[:2], *walls))


def walks(
    g: np.random.Generator, world_: World, reach: float, way_: Passage | None
) -> Trajectories:
    """Another crowd at each second, in the passage if there is one; then nobody."""
    person, frame, xs, ys, tall = [], [], [], [], []
    number = 0
    for k, density in enumerate(densities(g)):
        room = MOST if way_ is None else MOST * max(2 * reach / way_.width, 1)
        half = min(reach, 0.5 * math.sqrt(room / max(density, 0.1)))
        shift = g.uniform(-1, 1, 2) * max(reach - half, 0)
        x, y = shift.tolist()
        places = crowd(g, (x - half, y - half, x + half, y + half), density)
        places = thinned(g, places - shift, half) + shift
        if way_ is not None:
            off = places @ (-math.sin(way_.angle), math.cos(way_.angle))
            places = places[np.abs(off) < way_.width / 2 - 0.1]
        for box in world_.boxes:
            a = math.radians(box.angle)
            d = places - (box.x, box.y)
            u = np.abs(d @ (math.cos(a), math.sin(a))) - box.width / 2
            v = np.abs(d @ (-math.sin(a), math.cos(a))) - box.depth / 2
            places = places[np.maximum(u, v) > 0.2]
        n = len(places)
        # All one way, two ways, every way, or hardly moving: it sets how they face.
        mode, way = g.random(), g.uniform(0, 2 * math.pi)
        if way_ is not None:
            way = way_.angle + math.pi * (g.random() < 0.5)
        heading = way + g.normal(0, 0.3, n)
        if mode < 0.3:
            heading += math.pi * (g.random(n) < 0.5)
        elif mode < 0.5:
            heading = g.uniform(0, 2 * math.pi, n)
        speed = np.clip(g.normal(1.3 if density < 1.5 else 0.5, 0.3, n), 0.26, 2)
        if mode > 0.85:
            speed[:] = 0.0
        step = (speed / _RATE * np.array((np.cos(heading), np.sin(heading)))).T
        children = g.random(n) < g.choice((0.0, 0.05, 0.3), p=(0.5, 0.35, 0.15))
        height = np.where(
            children, g.uniform(1.05, 1.5, n), np.clip(g.normal(1.73, 0.1, n), 1.5, 2)
        )
        for j, place in enumerate((places - step / 2, places + step / 2)):
            person.append(number + np.arange(n))
            frame.append(np.full(n, 2 * k + j))
            xs.append(place[:, 0])
            ys.append(place[:, 1])
        tall.append(height)
        number += n
    heights = np.concatenate(tall) if tall else np.empty(0)
    return trajectories(
        rate=_RATE, person=np.concatenate(person), frame=np.concatenate(frame),
        x=np.concatenate(xs), y=np.concatenate(ys),
        height={k: float(h) for k, h in enumerate(heights)},
    )  # fmt: skip


def clothes(g: np.random.Generator, heights: Floats) -> Looks:
    """Other clothes than the demonstrations': uniforms, bright crowds, any shade at all."""
    looks = dressed(heights, np.random.default_rng(int(g.integers(1 << 30))))
    n, kind = len(heights), g.random()
    top, legs = looks.top, looks.legs
    if kind < 0.35:
        top = g.uniform(0.02, 0.8, (n, 1)) * g.uniform(0.75, 1.25, (n, 3))
        legs = g.uniform(0.02, 0.5, (n, 1)) * g.uniform(0.75, 1.25, (n, 3))
    elif kind < 0.5:
        shade = g.uniform(0.05, 0.7)
        top = np.tile(shade * g.uniform(0.8, 1.2, 3), (n, 1)) * g.uniform(0.85, 1.15, (n, 1))
    return replace(
        looks, top=top, legs=legs, breadth=looks.breadth * g.uniform(0.9, 1.12),
        hat=g.random(n) < g.choice((0.05, 0.3, 0.7), p=(0.6, 0.3, 0.1)),
        skin=looks.skin * g.uniform(0.7, 1.3), hair=looks.hair * g.uniform(0.6, 2.0, (n, 1)),
    )  # fmt: skip


def samples(seed: int, *, paint: bool = False) -> list[Sample]:
    """The samples of one random scene: MOMENTS crowds before one camera.

    It is drawn by the project's renderer, or painted (painted.py).
    """
    cv2.setNumThreads(1)
    g = np.random.default_rng((seed, 1) if paint else seed)
    shot, lit = camera(g), light(g)
    slant = math.hypot(*shot.position)
    across = 2 * slant * math.tan(math.radians(shot.hfov) / 2)
    reach = float(np.clip(across * g.uniform(0.3, 0.55), 2.5, 6.5))
    area: tuple[Point, ...] = ((-reach, -reach), (reach, -reach), (reach, reach), (-reach, reach))
    glass = optics(View(calibration=shot.calibration(), polygon=area), *shot.size)
    plane = head_plane(glass.projection, glass.size, area)
    if plane is None:
        return []
    seen_ = painted(g, shot, reach + 1.5, MOST) if paint else rendered(g, shot, lit, reach)
    pictures, empties = (
        [np.asarray(cv2.resize(one, glass.size, interpolation=cv2.INTER_AREA)) for one in some]
        for some in (seen_.pictures, seen_.empties)
    )
    found = []
    for k, (picture, places) in enumerate(zip(pictures, seen_.places, strict=True)):
        others = [one for j, one in enumerate(pictures) if j != k]
        plates = learned(g, picture, others, empties)
        found.append(_sample(g, plane, picture, plates, places))
    return found


def rendered(g: np.random.Generator, shot: Camera, lit: Light, reach: float) -> Shot:
    """What the project's renderer makes of a scene under `lit` before the camera `shot`."""
    stage = world(g, reach)
    way = passage(g)
    if way is not None:
        stage = walled(g, stage, way, reach)
    movers = []
    for _ in range(int(g.choice((0, 1, 2), p=(0.7, 0.2, 0.1)))):
        x, y, a = (*g.uniform(-reach, reach, 2).tolist(), float(g.uniform(0, 6.28)))
        end = (x + 9 * math.cos(a), y + 9 * math.sin(a))
        kind = str(g.choice(("car", "dog")))
        movers.append(
            Mover(kind, ((0.0, x, y), (MOMENTS - 0.6, *end)), float(g.uniform(0.05, 0.7)))
        )
    people = walks(g, stage, reach + 1.5, way)
    sensor = Sensor(blur=float(g.uniform(0, 0.25)), vignetting=float(g.uniform(0, 0.5)))
    renderer = Renderer(
        stage, shot, people, lit, sensor=sensor, movers=tuple(movers),
        looks=clothes(g, people.height), seed=int(g.integers(1 << 30)),
    )  # fmt: skip
    wire, sky, much = Wire(g, shot.size), weather(g), float(g.uniform(0, 0.3) * (g.random() < 0.6))
    matrix = shot.matrix()
    centre = camera_centre(matrix)
    bare = cv2.cvtColor(renderer.frame(MOMENTS + 1.0), cv2.COLOR_RGB2GRAY)

    def filmed(t: float) -> Luma:
        luma = cv2.cvtColor(renderer.frame(t), cv2.COLOR_RGB2GRAY)
        luma = clothed(g, luma, bare, much)
        return wire.through(weathered(g, luma, sky, matrix, centre, people.at(t).position))

    empties = [filmed(MOMENTS + 1.25 + 0.25 * k) for k in range(3)]
    moments = [k + 0.25 for k in range(MOMENTS)]
    pictures = [filmed(t) for t in moments]
    return Shot(pictures, empties, [people.at(t).position for t in moments])


def _sample(
    g: np.random.Generator, plane: HeadPlane, picture: Luma, plates: list[Plate], places: Floats
) -> Sample:
    first, *rest = (seen(g, plane, picture, plate) for plate in plates)
    full = channels(plane, plane.seen(picture), first, None)
    others = [one * plane.valid / np.float32(64) for one in rest]
    stack = np.concatenate((full, np.stack(others)))
    width, height = plane.size
    people = np.zeros((height // 4, width // 4), dtype=np.float32)
    at = (plane.pixels(places) + 0.5) / 4 - 0.5
    low = np.floor(at).astype(int)
    part = at - low
    for dx in (0, 1):
        for dy in (0, 1):
            x, y = low[:, 0] + dx, low[:, 1] + dy
            ok = (x >= 0) & (x < width // 4) & (y >= 0) & (y < height // 4)
            share = np.abs(1 - dx - part[:, 0]) * np.abs(1 - dy - part[:, 1])
            np.add.at(people, (y[ok], x[ok]), share[ok])
    # A window of SIDE, wherever it falls; what lies outside is not valid.
    out = np.zeros((len(stack), SIDE, SIDE), dtype=np.int8)
    target = np.zeros((SIDE // 4, SIDE // 4), dtype=np.float32)
    x0, y0 = (int(g.integers(0, max(n - SIDE, 0) // 4 + 1)) * 4 for n in (width, height))
    wide, tall = min(width - x0, SIDE), min(height - y0, SIDE)
    quantised = np.clip(np.rint(stack * 32), -127, 127).astype(np.int8)
    out[:, :tall, :wide] = quantised[:, y0 : y0 + tall, x0 : x0 + wide]
    target[: tall // 4, : wide // 4] = people[
        y0 // 4 : (y0 + tall) // 4, x0 // 4 : (x0 + wide) // 4
    ]
    return Sample(out, target)
