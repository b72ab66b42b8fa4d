"""Scenes of flat, strong colours, drawn without the project's renderer, for flat.py."""

import csv
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, NamedTuple

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from plainview.calibrate.output import camera_toml
from plainview.evaluate.event_truth import EventTruth, TrueEvent
from plainview.geometry import Point, View, Zone, project, to_plane
from plainview.record import EventKind
from plainview.synth.camera import hung
from plainview.vision.encoder import Encoder

SIZE: Final = (800, 448)
MINUTE: Final = 60.0
SECONDS: Final = 100.0
KINDS: Final = (
    EventKind.ZONE_INTRUSION, EventKind.WRONG_WAY, EventKind.LEFT_OBJECT, EventKind.PERSON_DOWN,
    EventKind.FIRE,
)  # fmt: skip
SKIN: Final = (200.0, 150.0, 120.0)
CAR: Final = (4.3, 1.8, 1.5)
Image = NDArray[np.float32]
"""(h, w, 3) red, green, blue."""
Floats = NDArray[np.float64]
Colour = tuple[float, float, float]
"""Red, green, blue, 0 to 255."""
Way = tuple[tuple[float, float, float], ...]
"""(seconds, x, y), in order of time: there it is, in between it moves evenly."""


def place(way: Way, t: float) -> Floats | None:
    """(2,) metres at `t` seconds; None before the beginning and after the end."""
    times, x, y = np.array(way).T
    if not times[0] <= t <= times[-1]:
        return None
    return np.array([np.interp(t, times, x), np.interp(t, times, y)])


class Person(NamedTuple):
    """Somebody of capsules: head, trunk and two legs, or head and all of the rest."""

    way: Way
    height: float
    top: Colour
    legs: Colour
    plain: bool
    falls: tuple[float, float] = (math.inf, 0.0)
    """Seconds at which, and radians in whose direction, somebody falls."""
    crouches: tuple[float, float] = (math.inf, math.inf)
    """From which second to which."""


class Block(NamedTuple):
    """A bag or a car, along the x axis."""

    way: Way
    size: tuple[float, float, float]
    colour: Colour


class Fire(NamedTuple):
    """Flames and smoke, or one of them."""

    way: Way
    size: float
    flames: bool
    smoke: bool


Thing = Person | Block | Fire


@dataclass(frozen=True)
class Scene:
    """All of one film."""

    name: str
    view: View
    ground: Image
    things: tuple[Thing, ...]
    seconds: float
    rate: float
    noise: float
    crf: float
    gain: float
    seed: int
    events: tuple[TrueEvent, ...] = ()

    @property
    def truth(self) -> EventTruth:
        """What happens in it, of every kind; a camera without zones watches none."""
        judged = tuple(one for one in KINDS if self.view.zones or one not in KINDS[:2])
        return EventTruth(self.seconds, self.events, judged)


class _Draw:
    """Owns the dice, the camera and the ground of one scene."""

    def __init__(self, seed: tuple[int, int]) -> None:
        self.dice = g = np.random.default_rng(seed)
        far, height = g.uniform(9, 20), g.uniform(4, 9)
        camera = hung(
            "flat", at=(0.0, -far), height=height, towards=(0.0, 0.0), hfov=g.uniform(45, 70),
            size=SIZE,
        )  # fmt: skip
        self.calibration = camera.calibration()
        self.matrix = self.calibration.matrix()
        width, tall = SIZE
        deep = project(self.matrix, [[0.0, 0.7 * far, 0.0]])[0][0, 1]
        top = max(float(deep), 0.12 * tall)
        corners = [(0.03, 0.97), (0.97, 0.97), (0.97, top / tall), (0.03, top / tall)]
        pixels = np.array(corners) * (width, tall)
        self.polygon: tuple[Point, ...] = tuple(
            (float(x), float(y)) for x, y in to_plane(self.matrix, pixels)
        )
        self.near = float(self.polygon[0][1])
        self.deep = float(self.polygon[2][1]) - self.near
        self.plain = bool(g.random() < 0.5)

    def colour(self, most: float = 230.0) -> Colour:
        r, g, b = self.dice.uniform(10, most, 3)
        return float(r), float(g), float(b)

    def depth(self, low: float, high: float) -> float:
        """Metres, y: some of the way through what is seen."""
        return self.near + self.deep * float(self.dice.uniform(low, high))

    def person(self, way: Way) -> Person:
        height = float(self.dice.uniform(1.55, 1.9))
        return Person(way, height, self.colour(), self.colour(150), self.plain)

    def across(self, begin: float, y: float, stop: float = 0.0) -> Way:
        """Somebody who walks through the picture from `begin` on, and stands for `stop` seconds."""
        g = self.dice
        side, speed = float(g.choice([-1.0, 1.0])), float(g.uniform(0.8, 1.6))
        long = 0.6 * (y - self.near + self.deep) + 8
        x = float(g.uniform(-0.3, 0.3)) * long
        there = begin + abs(-side * long - x) / speed
        end = there + stop + abs(side * long - x) / speed
        return (
            (begin, -side * long, y),
            (there, x, y),
            (there + stop, x, y),
            (end, side * long, y),
        )

    def ground(self) -> Image:
        """Noise or tiles on the ground's plane, an even sky, and some walls."""
        g, (width, tall) = self.dice, SIZE
        pixels = np.stack(np.meshgrid(np.arange(width), np.arange(tall)), axis=-1)
        x, y = to_plane(self.matrix, pixels.reshape(-1, 2)).reshape(tall, width, 2).T
        x, y = x.T.astype(np.float32), y.T.astype(np.float32)
        seen = np.isfinite(y) & (y < 150)
        base = g.uniform(60, 170, 3) if g.random() < 0.7 else np.full(3, g.uniform(70, 150))
        fine = g.normal(0, 1, (512, 512)).astype(np.float32)
        grain = sum(s * cv2.GaussianBlur(fine, (0, 0), s) for s in (0.7, 3.0, 9.0))
        grain = np.asarray(grain / np.std(grain), np.float32)
        where = [np.nan_to_num(20 * one) % 512 for one in (x, y)]
        found = cv2.remap(grain, where[0], where[1], cv2.INTER_LINEAR) * g.uniform(2, 10)
        if g.random() < 0.3:
            found += g.uniform(5, 18) * ((np.floor(x / 2) + np.floor(y / 2)) % 2)
        image = np.asarray(base + np.nan_to_num(found)[..., None], dtype=np.float32)
        image[~seen] = np.array([170, 190, 200]) * g.uniform(0.7, 1.1)
        return np.clip(image, 0, 255)

    def scene(self, name: str, seconds: float, things: Sequence[Thing], seed: int) -> Scene:
        g = self.dice
        return Scene(
            name, View(calibration=self.calibration, polygon=self.polygon), self.ground(),
            tuple(things), seconds, float(g.choice([10.0, 12.5, 15.0])), float(g.uniform(1, 4)),
            float(g.uniform(20, 30)), float(g.choice([1.0, 1.0, 1.0, 0.45])), seed,
        )  # fmt: skip


def crowd(number: int) -> Scene:
    """Four to forty who walk through in a minute, one in five with a stop."""
    draw = _Draw((77, number))
    g, things = draw.dice, []
    for _ in range(3 * int(g.integers(4, 40))):
        stop = float(g.uniform(5, 30)) if g.random() < 0.2 else 0.0
        begin = float(g.uniform(-40, MINUTE))
        things.append(draw.person(draw.across(begin, draw.depth(-0.1, 1.1), stop)))
    return draw.scene(f"flat-crowd-{number:02d}", MINUTE, things, number)


def story(kind: EventKind, number: int) -> Scene:
    """Two of three scenes in which an event of `kind` happens, and one in which none does."""
    draw = _Draw((KINDS.index(kind) + 1, number))
    g, happens = draw.dice, number % 3 != 2
    t, y, x = float(g.uniform(45, 60)), draw.depth(0.25, 0.6), float(g.uniform(-2, 2))
    if kind is EventKind.ZONE_INTRUSION:
        things, events, zones = _zone(draw, t, x, y, happens=happens)
    elif kind is EventKind.WRONG_WAY:
        things, events, zones = _lane(draw, t, y, happens=happens)
    else:
        tells = {EventKind.LEFT_OBJECT: _bag, EventKind.PERSON_DOWN: _fall, EventKind.FIRE: _fire}
        things, events = tells[kind](draw, t, x, y, happens=happens)
        zones = ()
    for _ in range(8):
        aside = draw.depth(0.0, 1.0)
        # Nobody comes too near to where it happens.
        aside += 3.0 * math.copysign(1.0, aside - y) if abs(aside - y) < 3.0 else 0.0
        things.append(draw.person(draw.across(float(g.uniform(-10, SECONDS - 5)), aside)))
    scene = draw.scene(f"flat-{kind}-{number:02d}", SECONDS, things, number)
    view = msgspec.structs.replace(scene.view, zones=zones)
    return replace(scene, view=view, events=tuple(events))


def _zone(
    draw: _Draw, t: float, x: float, y: float, *, happens: bool
) -> tuple[list[Thing], list[TrueEvent], tuple[Zone, ...]]:
    corners = ((x - 2.5, y - 2), (x + 2.5, y - 2), (x + 2.5, y + 2), (x - 2.5, y + 2))
    zone = Zone(name="closed", kind="zone-intrusion", polygon=corners)
    things: list[Thing] = [draw.person(draw.across(t - 30, y - 3.6))]
    if not happens:
        return things, [], (zone,)
    way = ((t - 9, x - 9, y - 4), (t - 2, x - 3, y), (t + 2, x, y), (t + 6, x + 3, y),
           (t + 14, x + 10, y - 3))  # fmt: skip
    things.append(draw.person(way))
    event = TrueEvent(EventKind.ZONE_INTRUSION, t - 1.4, (x - 2.5, y), t + 5.4, "closed", way)
    return things, [event], (zone,)


def _lane(
    draw: _Draw, t: float, y: float, *, happens: bool
) -> tuple[list[Thing], list[TrueEvent], tuple[Zone, ...]]:
    g, way = draw.dice, float(draw.dice.choice([-1.0, 1.0]))
    long = 12.0
    corners = ((-long, y - 1.8), (long, y - 1.8), (long, y + 1.8), (-long, y + 1.8))
    zone = Zone(name="lane", kind="one-way", polygon=corners, direction=(way, 0.0))
    things: list[Thing] = []
    for k in range(9):
        speed, begin = float(g.uniform(6, 11)), 10 * k + float(g.uniform(0, 4))
        if happens and abs(begin + 30 / speed - t) < 8:
            continue
        path = ((begin, -30 * way, y), (begin + 60 / speed, 30 * way, y))
        things.append(Block(path, CAR, draw.colour()))
    if not happens:
        return things, [], (zone,)
    speed = float(g.uniform(4, 10))
    path = ((t - 30 / speed, 30 * way, y), (t + 30 / speed, -30 * way, y))
    things.append(Block(path, CAR, draw.colour()))
    event = TrueEvent(
        EventKind.WRONG_WAY, t - long / speed, (long * way, y), t + long / speed, "lane", path
    )
    return things, [event], (zone,)


def _bag(
    draw: _Draw, t: float, x: float, y: float, *, happens: bool
) -> tuple[list[Thing], list[TrueEvent]]:
    g = draw.dice
    gone = t + 4 if happens else t + 30
    way = ((t - 12, x - 11, y + 0.4), (t - 2, x - 0.4, y + 0.4), (gone, x - 0.4, y + 0.4),
           (gone + 12, x + 13, y + 3))  # fmt: skip
    wide, deep, tall = (float(g.uniform(*one)) for one in ((0.3, 0.6), (0.2, 0.4), (0.3, 0.6)))
    stands = ((t, x, y), (1e6 if happens else gone, x, y))
    things: list[Thing] = [draw.person(way), Block(stands, (wide, deep, tall), draw.colour())]
    return things, [TrueEvent(EventKind.LEFT_OBJECT, gone, (x, y))] if happens else []


def _fall(
    draw: _Draw, t: float, x: float, y: float, *, happens: bool
) -> tuple[list[Thing], list[TrueEvent]]:
    g = draw.dice
    one = draw.person(((t - 10, x - 11, y), (t, x, y), (1e6, x, y)))
    if happens:
        things: list[Thing] = [one._replace(falls=(t, float(g.uniform(0, 2 * np.pi))))]
        return things, [TrueEvent(EventKind.PERSON_DOWN, t + 0.8, (x, y))]
    return [one._replace(crouches=(t + 1, t + float(g.uniform(15, 35))))], []


def _fire(
    draw: _Draw, t: float, x: float, y: float, *, happens: bool
) -> tuple[list[Thing], list[TrueEvent]]:
    g = draw.dice
    if happens:
        which = int(g.integers(3))
        fire = Fire(((t, x, y), (1e6, x, y)), float(g.uniform(0.8, 1.6)), which != 1, which != 0)
        return [fire], [TrueEvent(EventKind.FIRE, t, (x, y))]
    vest = draw.person(draw.across(t, y))._replace(top=(250.0, 110.0, 30.0))
    car = Block(
        ((20.0, -25.0, y + 3), (26.0, -2.0, y + 3), (60.0, -2.0, y + 3), (66.0, 25.0, y + 3)),
        CAR, (200.0, 20.0, 20.0),
    )  # fmt: skip
    return [vest, car], []


def write(scene: Scene, folder: Path, *, colours: bool) -> Path:
    """The folder in `folder` with its film, camera and truth; grey without `colours`."""
    into = folder / (scene.name if colours else f"{scene.name}-grey")
    if (into / "video.mp4").is_file():
        return into
    into.mkdir(parents=True, exist_ok=True)
    (into / "camera.toml").write_text(camera_toml(scene.name, scene.view), encoding="utf-8")
    (into / "events.json").write_bytes(msgspec.json.encode(scene.truth))
    _write_people(scene, into / "truth.csv")
    part = into / "part.mp4"
    with Encoder(part, *SIZE, scene.rate, crf=scene.crf) as film:
        for image in _frames(scene):
            grey = image if colours else cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
            film.write(np.asarray(grey, dtype=np.uint8))
    part.rename(into / "video.mp4")
    return into


def _write_people(scene: Scene, path: Path) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["frame", "x_m", "y_m", "vx_mps", "vy_mps"])
        for k in range(round(scene.seconds * scene.rate)):
            t = k / scene.rate
            for one in scene.things:
                here, next_ = place(one.way, t), place(one.way, t + 0.1)
                if isinstance(one, Person) and here is not None:
                    v = np.zeros(2) if next_ is None else (next_ - here) / 0.1
                    rows.writerow([k, *(f"{value:.3f}" for value in (*here, *v))])


def _frames(scene: Scene) -> Iterator[NDArray[np.uint8]]:
    dice = np.random.default_rng((5, scene.seed))
    matrix, (width, tall) = scene.view.calibration.matrix(), SIZE
    grain = dice.normal(0, scene.noise, (3, tall + 64, width + 64)).astype(np.float32)
    for k in range(round(scene.seconds * scene.rate)):
        t = k / scene.rate
        image = scene.ground.copy()
        there = [(one, at) for one in scene.things if (at := place(one.way, t)) is not None]
        for one, at in sorted(there, key=lambda pair: -pair[1][1]):
            _put(image, matrix, one, at, t, dice)
        image *= scene.gain * (1 + 0.01 * math.sin(0.3 * t))
        down, right = dice.integers(0, 64, 2)
        image += grain[k % 3, down : down + tall, right : right + width, None]
        yield np.clip(image, 0, 255).astype(np.uint8)


def _put(
    image: Image, matrix: Floats, one: Thing, at: Floats, t: float, dice: np.random.Generator
) -> None:
    if isinstance(one, Person):
        _person(image, matrix, one, at, t)
    elif isinstance(one, Block):
        _block(image, matrix, one, at)
    else:
        _burning(image, matrix, one, at, t - one.way[0][0], dice)


def _person(image: Image, matrix: Floats, one: Person, at: Floats, t: float) -> None:
    later = place(one.way, t + 0.2)
    pace = np.zeros(2) if later is None else (later - at) / 0.2
    speed = float(np.hypot(*pace))
    ahead = pace / speed if speed > 0.1 else np.array([1.0, 0.0])
    side = np.array([-ahead[1], ahead[0]])
    began, angle = one.falls
    lean = min(max((t - began) / 0.8, 0.0), 1.0) * np.pi / 2
    down = np.array([math.cos(angle), math.sin(angle)])
    low, up = one.crouches
    bent = min(max(min(t - low, up - t), 0.0), 1.0)
    tall = one.height * (1 - 0.4 * bent)
    swing = 0.3 * math.sin(6 * t + 10 * one.height) * (speed > 0.3)

    def joint(z: float, aside: float = 0.0, forth: float = 0.0) -> Floats:
        flat = at + down * (math.sin(lean) * z * tall) + side * aside
        flat = flat + ahead * (forth * math.cos(lean))
        return np.array([*flat, math.cos(lean) * z * tall + 0.12 * math.sin(lean)])

    if one.plain:
        _capsule(image, matrix, joint(0.14), joint(0.8), 0.24, one.top)
    else:
        for way in (1, -1):
            foot, hip = joint(0.04, 0.08 * way, swing * way), joint(0.48, 0.08 * way)
            _capsule(image, matrix, foot, hip, 0.08, one.legs)
        _capsule(image, matrix, joint(0.52), joint(0.8), 0.2, one.top)
    _capsule(image, matrix, joint(0.92), joint(0.93), 0.11, SKIN)


def _capsule(
    image: Image, matrix: Floats, a: Floats, b: Floats, radius: float, colour: Colour
) -> None:
    pixels, depth = project(matrix, [a, b])
    if depth.min() < 0.5:
        return
    wide = 2 * radius * float(np.linalg.norm(matrix[0, :3])) / float(depth.mean())
    ends = [(int(16 * x), int(16 * y)) for x, y in pixels]
    cv2.line(image, ends[0], ends[1], colour, max(round(wide), 1), cv2.LINE_AA, 4)


def _block(image: Image, matrix: Floats, one: Block, at: Floats) -> None:
    wide, deep, tall = one.size
    corners = [
        (at[0] + i * wide / 2, at[1] + j * deep / 2, tall * up)
        for up in (0, 1) for i, j in ((-1, -1), (1, -1), (1, 1), (-1, 1))
    ]  # fmt: skip
    pixels, depth = project(matrix, corners)
    if depth.min() < 0.5:
        return
    side = [0, 3, 7, 4] if at[0] > 0 else [1, 2, 6, 5]
    for face, shade in ((side, 0.7), ([0, 1, 5, 4], 0.85), ([4, 5, 6, 7], 1.1)):
        outline = cv2.convexHull(np.rint(16 * pixels[face]).astype(np.int32))
        colour = tuple(min(shade * value, 255.0) for value in one.colour)
        cv2.fillConvexPoly(image, outline, colour, cv2.LINE_AA, 4)


def _burning(
    image: Image, matrix: Floats, one: Fire, at: Floats, age: float, dice: np.random.Generator
) -> None:
    large = one.size * min(age / 6, 1.0)
    pixels, depth = project(matrix, [[*at, 0.0]])
    scale = float(np.linalg.norm(matrix[0, :3]) / depth[0])
    if one.flames:
        for _ in range(int(25 * large) + 8):
            x = pixels[0, 0] + dice.normal(0, 0.25 * large * scale)
            y = pixels[0, 1] - abs(dice.normal(0, 0.5 * large * scale))
            glow = dice.uniform()
            size = max(int(dice.uniform(0.06, 0.22) * large * scale), 1)
            colour = (255.0, 110 + 130 * glow, 20 + 60 * glow)
            cv2.circle(image, (int(x), int(y)), size, colour, -1, cv2.LINE_AA)
    if one.smoke:
        _smoke(image, matrix, at, age, one.size)


def _smoke(image: Image, matrix: Floats, at: Floats, age: float, size: float) -> None:
    """Puffs, three a second, that rise, drift and thin out within 12 s."""
    cover = np.zeros(image.shape[:2], np.float32)
    for k in range(max(0, math.ceil(3 * (age - 12))), int(3 * age)):
        old, puff = age - k / 3, np.random.default_rng((6, k))
        dx, dy, wide = puff.normal(0, 0.2), puff.normal(0, 0.2), puff.uniform(0.25, 0.5)
        middle = [at[0] + dx + 0.25 * old, at[1] + dy, 0.5 + 0.9 * old]
        pixels, depth = project(matrix, [middle])
        radius = int((wide + 0.15 * old) * size * np.linalg.norm(matrix[0, :3]) / depth[0])
        one = np.zeros_like(cover)
        where = (int(pixels[0, 0]), int(pixels[0, 1]))
        cv2.circle(one, where, max(radius, 1), 0.25 * (1 - old / 12), -1)
        cover = 1 - (1 - cover) * (1 - one)
    soft = cv2.GaussianBlur(cover, (0, 0), 5)[..., None]
    image += soft * (70 - image)
