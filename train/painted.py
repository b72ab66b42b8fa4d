"""Scenes painted with a few strokes: any ground, any shapes for people, nothing of the renderer's.

Who only ever saw one renderer's floors takes the texture of others for a crowd: ground of noise was
read as hundreds of people. So a part of what the estimator is trained on comes from here. Grounds
are sums of noise, tiles, cobbles, stripes and litter, of any scale and contrast; things that are no
people stand about; people are capsules, ellipses, blocks or cut-out shapes in flat or uneven tones,
in most pictures few or none.
"""

import math
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from crowds import Floats, crowd, densities, thinned
from picture import Wire
from plainview.geometry import Points, project, to_plane
from plainview.synth.camera import Camera
from plainview.vision.plate import Luma

TEXELS = 1024
"""Pixels of a ground's side before it repeats."""
_EMPTY = 3
"""Pictures of the scene without anybody."""
_SHARP = 4
"""Bits of a pixel's fraction in what is painted."""
Shades = NDArray[np.float32]


class Shot(NamedTuple):
    """What one camera saw of one scene."""

    pictures: list[Luma]
    """MOMENTS, (h, w)."""
    empties: list[Luma]
    """The same without anybody."""
    places: list[Floats]
    """MOMENTS, (n, 2) metres: where people stand in each of the pictures."""


def _between(g: np.random.Generator, low: float, high: float) -> float:
    """As likely twice as large as half as large."""
    return float(np.exp(g.uniform(math.log(low), math.log(high))))


def _normal(noise: Shades) -> Shades:
    return (noise - noise.mean()) / max(float(noise.std()), 1e-6)


def _noise(g: np.random.Generator) -> Shades:
    """Noise of one to four octaves, at times drawn out along one way."""
    total = np.zeros((TEXELS, TEXELS), np.float32)
    size, squeezed = _between(g, 1.0, 60.0), float(g.uniform(0.2, 1.0))
    for _ in range(int(g.integers(1, 5))):
        grain = g.standard_normal((TEXELS, TEXELS)).astype(np.float32)
        soft = cv2.GaussianBlur(
            grain, (0, 0), max(size, 0.3), sigmaY=max(size * squeezed, 0.3),
            borderType=cv2.BORDER_REFLECT,
        )  # fmt: skip
        total += _normal(soft) * float(g.uniform(0.3, 1.0))
        size *= float(g.uniform(0.25, 0.6))
    if g.random() < 0.25:
        total = np.sign(total - float(g.normal(0, 0.5)) * total.std())
    return _normal(total)


def _tiles(g: np.random.Generator) -> Shades:
    """Slabs with joints, each of a shade of its own; or a chessboard, or stripes."""
    long = int(_between(g, 4, 90))
    wide = int(long * g.choice((1.0, 1.0, 0.5, 0.25))) or 1
    rows, columns = np.mgrid[:TEXELS, :TEXELS]
    row = rows // wide
    column = (columns + (row % 2) * (long // 2) * (g.random() < 0.5)) // long
    kind = g.random()
    if kind < 0.2:
        return np.asarray((row + column) % 2, np.float32)
    if kind < 0.35:
        return np.asarray(column % int(g.integers(2, 5)) == 0, np.float32)
    shade = g.standard_normal((TEXELS // wide + 2, TEXELS // long + 3)).astype(np.float32)
    slabs = shade[row, column] * float(g.uniform(0, 1))
    joint = max(int(long * g.uniform(0.02, 0.12)), 1)
    apart = (rows % wide < joint) | ((columns + (row % 2) * (long // 2)) % long < joint)
    return np.asarray(slabs - float(g.uniform(0.5, 3)) * apart, np.float32)


def _cobbles(g: np.random.Generator) -> Shades:
    """Stones of any outline: the distance to the next of random points."""
    points = np.full((TEXELS, TEXELS), 255, np.uint8)
    many = int(_between(g, 300, 20_000))
    points[g.integers(0, TEXELS, many), g.integers(0, TEXELS, many)] = 0
    far = cv2.distanceTransform(points, cv2.DIST_L2, 5)
    return _normal(np.asarray(np.minimum(far, np.quantile(far, 0.9)), np.float32))


def _litter(g: np.random.Generator) -> Shades:
    """Leaves, stains, patches: ellipses and slabs that lie about."""
    found = np.zeros((TEXELS, TEXELS), np.float32)
    size = _between(g, 2, 40)
    for x, y in g.uniform(0, TEXELS, (int(g.uniform(20, 900)), 2)):
        sides = (float(size * g.uniform(1, 3)), float(size * g.uniform(0.6, 3)))
        box = ((float(x), float(y)), sides, float(g.uniform(0, 180)))
        shade = float(g.normal())
        if g.random() < 0.5:
            cv2.ellipse(found, box, shade, -1)
        else:
            cv2.fillPoly(found, [np.rint(cv2.boxPoints(box)).astype(np.int32)], shade)
    return _normal(found)


_MAKERS: tuple[Callable[[np.random.Generator], Shades], ...] = (_noise, _tiles, _cobbles, _litter)


def texture(g: np.random.Generator) -> Shades:
    """(TEXELS, TEXELS) of mean 0: one to three of the above."""
    pick = g.choice(len(_MAKERS), int(g.integers(1, 4)), p=(0.55, 0.17, 0.13, 0.15))
    total = sum((_normal(_MAKERS[k](g)) * float(g.uniform(0.3, 1)) for k in pick), np.float32(0))
    return _normal(np.asarray(total, np.float32))


def ground(g: np.random.Generator, camera: Camera) -> Shades:
    """(h, w) what `camera` sees where nobody is: textured ground, an even sky."""
    width, height = camera.size
    pixels = np.stack(np.meshgrid(np.arange(width), np.arange(height)), axis=-1).reshape(-1, 2)
    with np.errstate(invalid="ignore"):
        x, y = to_plane(camera.matrix(), pixels).reshape(height, width, 2).astype(np.float32).T
    x, y = np.nan_to_num(x.T), np.nan_to_num(y.T)
    centre = np.asarray(camera.position)
    far = np.hypot(x - centre[0], y - centre[1]) > 200
    turn, each = float(g.uniform(0, math.pi)), _between(g, 0.01, 0.06)
    u = (math.cos(turn) * x + math.sin(turn) * y) / each + TEXELS / 2
    v = (math.cos(turn) * y - math.sin(turn) * x) / each + TEXELS / 2
    level = float(g.uniform(40, 200))
    deep = _between(g, 1.0, 45.0)
    grain = cv2.remap(
        texture(g), u.astype(np.float32), v.astype(np.float32),
        cv2.INTER_AREA if g.random() < 0.5 else cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT,
    )  # fmt: skip
    seen = level + deep * grain
    if g.random() < 0.3:  # the picture's own: compression, rain on the glass, another's renderer
        own = _noise(g)[:height, :width]
        seen[: own.shape[0], : own.shape[1]] += own * float(g.uniform(1, 12))
    if g.random() < 0.4:  # light that falls off
        slope = g.normal(0, 0.25, 2)
        across, down = (np.arange(n) / n - 0.5 for n in camera.size)
        seen *= 1 + slope[0] * across + slope[1] * down[:, None]
    seen[far] = float(g.uniform(120, 250))
    return np.asarray(seen, np.float32)


class _Brush:
    """Paints into one picture, with the tones of one style."""

    def __init__(self, seen: Shades, matrix: Points) -> None:
        self.seen = seen
        self._matrix = matrix

    def at(self, corners: Floats) -> NDArray[np.int32] | None:
        """(n, 2) pixels, with fractions, of `corners` (n, 3); None where they are not in view."""
        pixels, depth = project(self._matrix, corners)
        if depth.min() < 0.5 or np.abs(pixels).max() > 4000:
            return None
        return np.rint(pixels * 2**_SHARP).astype(np.int32)

    def block(self, one: "_Thing") -> None:
        """A box on the ground."""
        c, s = math.cos(one.turn), math.sin(one.turn)
        flat = np.array(((-1, -1), (1, -1), (1, 1), (-1, 1))) * one.size[:2] / 2
        flat = flat @ np.array(((c, s), (-s, c))) + one.place
        corners = np.vstack([np.column_stack((flat, np.full(4, z))) for z in (0.0, one.size[2])])
        pixels = self.at(corners)
        if pixels is None:
            return
        whole = cv2.convexHull(pixels)[:, 0]
        for face, tone in zip((whole, pixels[4:], pixels[[0, 1, 5, 4]]), one.tones, strict=True):
            cv2.fillConvexPoly(self.seen, face, float(tone), cv2.LINE_AA, _SHARP)

    def shadow(self, place: Floats, height: float, way: Floats, dark: float) -> None:
        """What one of `height` at `place` throws along `way` (2,), metres a metre of height."""
        ends = np.vstack((np.append(place, 0.0), np.append(place + way * height, 0.0)))
        pixels = self.at(ends)
        if pixels is None:
            return
        mask = np.zeros(self.seen.shape, np.uint8)
        thick = max(int(self._wide(place, 0.4)), 1)
        foot, end = (tuple(int(v) for v in one) for one in pixels)
        cv2.line(mask, foot, end, 255, thick, cv2.LINE_AA, _SHARP)
        self.seen *= 1 - (mask > 0) * np.float32(dark)

    def _wide(self, place: Floats, metres: float) -> float:
        """Pixels of `metres` across at `place`."""
        _, depth = project(self._matrix, np.append(place, 1.0)[None])
        return metres * float(np.linalg.norm(self._matrix[0, :3])) / max(float(depth[0]), 0.5)

    def person(self, style: "_Style", one: "_Body", place: Floats) -> None:
        """Somebody at `place` (2,), as the `style` paints all of them."""
        heights = np.array((0.0, 0.48, 0.82, 0.93)) * one.height
        pixels = self.at(np.column_stack((np.tile(place, (4, 1)), heights)))
        if pixels is None:
            return
        foot, hip, neck, head = (tuple(int(v) for v in p) for p in pixels)
        across = self._wide(place, one.breadth)
        full = 2**_SHARP
        scale = max(self._wide(place, 1.0), 1.0)

        def limb(a: tuple[int, ...], b: tuple[int, ...], tone: float, wide: float) -> None:
            cv2.line(self.seen, a, b, float(tone), max(round(wide), 1), cv2.LINE_AA, _SHARP)

        def oval(a: tuple[int, ...], b: tuple[int, ...], tone: float, wide: float) -> None:
            long = math.hypot(a[0] - b[0], a[1] - b[1]) / 2
            turn = math.degrees(math.atan2(b[1] - a[1], b[0] - a[0]))
            middle = ((a[0] + b[0]) // 2, (a[1] + b[1]) // 2)
            axes = (max(round(long), full), max(round(wide * full / 2), full // 2))
            cv2.ellipse(self.seen, middle, axes, turn, 0, 360, float(tone), -1, cv2.LINE_AA, _SHARP)

        if style.kind == "oval":
            oval(foot, head, one.top, across)
            return
        if style.kind == "slab":
            limb(foot, neck, one.top, across)
        elif style.kind == "trunk":
            limb(foot, hip, one.legs, 0.75 * across)
            oval(hip, neck, one.top, 1.15 * across)
        else:
            step = round(self._wide(place, one.stride) * full / 2)
            for side in (-step, step):
                limb((foot[0] + side, foot[1]), hip, one.legs, 0.4 * across)
            limb(hip, neck, one.top, 0.9 * across)
        if style.heads:
            radius = max(round(0.115 * scale * full), full // 2)
            cv2.circle(self.seen, head, radius, one.skin, -1, cv2.LINE_AA, _SHARP)


class _Style(NamedTuple):
    """How all people of one scene are painted."""

    kind: str
    heads: bool
    shadows: Floats | None
    """Metres of shadow a metre of height, if there are any."""
    dark: float


class _Body(NamedTuple):
    """One person's measures, metres, and grey levels."""

    height: float
    breadth: float
    stride: float
    top: float
    legs: float
    skin: float


def _style(g: np.random.Generator) -> _Style:
    kind = str(g.choice(("oval", "slab", "trunk", "legs"), p=(0.1, 0.2, 0.3, 0.4)))
    shadows = g.normal(0, 0.7, 2) if g.random() < 0.35 else None
    return _Style(kind, bool(g.random() < 0.8), shadows, float(g.uniform(0.1, 0.5)))


def _body(g: np.random.Generator, tones: tuple[float, float]) -> _Body:
    top, legs = g.uniform(*tones, 2)
    height = g.uniform(1.1, 1.5) if g.random() < 0.06 else g.normal(1.73, 0.09)
    return _Body(
        float(height), float(np.clip(g.normal(0.46, 0.05), 0.3, 0.6)), float(g.uniform(0, 0.5)),
        float(top), float(legs), float(g.uniform(60, 220)),
    )  # fmt: skip


class _Thing(NamedTuple):
    """A block that stands about: a kerb, a bin, a car, a stall."""

    place: Floats
    """(2,) metres."""
    size: Floats
    """(3,) metres."""
    turn: float
    tones: Floats
    """(3,) of its outline, top and one side."""


def _things(g: np.random.Generator, reach: float) -> list[_Thing]:
    found = []
    for _ in range(int(g.choice((0, 1, 3, 8), p=(0.35, 0.3, 0.2, 0.15)))):
        size = np.exp(g.uniform(np.log((0.2, 0.2, 0.1)), np.log((4.5, 2.2, 2.2))))
        place = g.uniform(-1.5 * reach, 1.5 * reach, 2)
        found.append(_Thing(place, size, float(g.uniform(0, math.pi)), g.uniform(10, 230, 3)))
    return found


def _crowds(g: np.random.Generator, reach: float, most: int) -> list[Floats]:
    """MOMENTS crowds, (n, 2) metres: in half of the scenes a few, or nobody."""
    few = g.random() < 0.5
    found = []
    for density in densities(g):
        much = density if not few else float(g.choice((0.0, g.uniform(0.01, 0.3)), p=(0.4, 0.6)))
        half = min(reach, 0.5 * math.sqrt(most / max(much, 0.1)))
        places = crowd(g, (-half, -half, half, half), much)
        found.append(places if few else thinned(g, places, half))
    return found


def painted(g: np.random.Generator, camera: Camera, reach: float, most: int) -> Shot:
    """One scene before `camera` that looks at the square of half a side `reach` (metres).

    At most about `most` people are in a picture.
    """
    matrix = camera.matrix()
    floor, things, style = ground(g, camera), _things(g, reach), _style(g)
    low = float(g.uniform(5, 120))
    tones = (low, float(g.uniform(low + 20, 250)))
    crowds = _crowds(g, reach, most)
    wire, grain = Wire(g, camera.size), _between(g, 0.5, 6)
    uneven = float(g.uniform(0, 0.25) * (g.random() < 0.4))
    centre = np.asarray(camera.position)[:2]

    def away(place: Floats) -> float:
        return math.hypot(*(place - centre))

    def filmed(places: Floats) -> Luma:
        seen = floor.copy()
        brush = _Brush(seen, matrix)
        bodies = [_body(g, tones) for _ in places]
        if style.shadows is not None:
            for place, one in zip(places[:60], bodies, strict=False):
                brush.shadow(place, one.height, style.shadows, style.dark)
        drawn: list[tuple[float, Callable[[], None]]] = [
            (away(thing.place), partial(brush.block, thing)) for thing in things
        ]
        drawn += [
            (away(place), partial(brush.person, style, one, place))
            for place, one in zip(places, bodies, strict=True)
        ]
        for _, paint in sorted(drawn, key=lambda pair: -pair[0]):
            paint()
        if uneven > 0 and len(places):
            cloth = cv2.GaussianBlur(g.standard_normal(seen.shape).astype(np.float32), (0, 0), 1.5)
            there = cv2.GaussianBlur((np.abs(seen - floor) > 6).astype(np.float32), (0, 0), 0.8)
            seen *= 1 + there * _normal(cloth) * np.float32(uneven)
        seen += g.standard_normal(seen.shape).astype(np.float32) * np.float32(grain)
        return wire.through(np.clip(seen, 0, 255).astype(np.uint8))

    nobody = np.empty((0, 2))
    return Shot([filmed(one) for one in crowds], [filmed(nobody) for _ in range(_EMPTY)], crowds)
