"""Draws a scene: scenery, shadows and bodies in perspective, through a camera's sensor.

Bodies are capsules. A capsule's picture is close to a tapered band with round ends, so coverage and
shading come in closed form for each pixel of its patch; patches of like size are computed together.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from plainview.geometry import Points, project
from plainview.synth.body import Looks, Parts, car, dog, dressed, people
from plainview.synth.camera import Camera
from plainview.synth.light import Light
from plainview.synth.picture import Developer, Fault, Sensor, gain_for
from plainview.synth.scenery import Stage, World, build, lamp_light, noise_tile, sample, sunlit
from plainview.synth.trajectories import Trajectories

F = NDArray[np.float64]
F32 = NDArray[np.float32]

_PATCHES = (6, 9, 13, 18, 26, 38, 56, 84, 128, 192, 288, 432, 648, 972, 1458, 2187)
_NEAR = 0.4


@dataclass(frozen=True)
class Mover:
    """A distractor that is no person: a car or a dog on a way of (seconds, x, y) points."""

    kind: str
    way: tuple[tuple[float, float, float], ...]
    shade: float = 0.4

    def at(self, t: float) -> tuple[F, float, float] | None:
        """Place (2,), heading and metres gone at `t` seconds; None while it is away."""
        way = np.array(self.way)
        if not way[0, 0] <= t <= way[-1, 0]:
            return None
        place = np.array([np.interp(t, way[:, 0], way[:, k]) for k in (1, 2)])
        leg = min(max(int(np.searchsorted(way[:, 0], t, side="right")) - 1, 0), len(way) - 2)
        step = way[leg + 1, 1:] - way[leg, 1:]
        gone = np.concatenate(([0.0], np.cumsum(np.hypot(*np.diff(way[:, 1:], axis=0).T))))
        return place, math.atan2(step[1], step[0]), float(np.interp(t, way[:, 0], gone))


@dataclass(frozen=True)
class Box2:
    """A body's box in the picture: centre and size in pixels, before occlusion."""

    x: float
    y: float
    width: float
    height: float


class _Lit(NamedTuple):
    """Light on each body."""

    soft: F
    """(n,) irradiance from all around"""
    key: F
    """(n,) from one direction"""
    towards: F
    """(n, 3) that direction, to the light"""


class Renderer:
    """Renders one camera's frames. Owns the stage, the people's looks and the sensor's state.

    `frame` must be called with growing times; equal arguments give equal frames (the noise too).
    """

    def __init__(
        self,
        world: World,
        camera: Camera,
        walks: Trajectories,
        light: Light,
        *,
        sensor: Sensor | None = None,
        faults: tuple[Fault, ...] = (),
        movers: tuple[Mover, ...] = (),
        seed: int = 0,
    ) -> None:
        """Build the stage (about a second at 640 x 360)."""
        self.camera, self._world, self._walks, self._light = camera, world, walks, light
        self._movers = movers
        generator = np.random.default_rng(seed)
        self._looks = dressed(walks.height, generator)
        self._walked = walks.walked()
        self._heading = _headings(walks)
        self._stages = {0.0: _Shot(camera, build(world, camera, light))}
        first = self._stages[0.0].stage
        lit = first.ambient * light.sky + first.direct * light.sun + first.lamps
        self._gain = gain_for(lit, light.brightness)
        self._developer = Developer(camera.size, light, sensor or Sensor(), faults, seed + 11)
        self._moves = tuple(fault for fault in faults if fault.kind == "moved")
        self._clouds = noise_tile(world.seed + 5, 512, 1.6)
        self._posed: tuple[float, tuple[Parts, F, F]] | None = None

    def frame(self, t: float) -> NDArray[np.uint8]:
        """The camera's picture at `t` seconds, (h, w, 3) uint8 RGB."""
        shot = self._shot(t)
        stage, light = shot.stage, self._light
        level = light.level(t)
        bodies, depth = self._bodies(t)
        half = shot.half
        block = np.ones(half.gx.shape, dtype=np.float32)
        touch = np.ones(half.gx.shape, dtype=np.float32)
        lit = self._lit(bodies, depth, t, level)
        for k in range(len(bodies)):
            _ground_shadow(half, shot.matrix, bodies[k], lit, k, block, touch)
        if light.clouds and light.sun:
            block *= self._cloud(half.gx, half.gy, t)
        image = stage.ambient * (np.float32(light.sky * level) * _doubled(touch, stage.cover))
        if light.sun:
            image += stage.direct * (np.float32(light.sun * level) * _doubled(block, stage.cover))
        if light.lamps:
            # Lamps' shadows are taken from the whole lamp light, most of which is one lamp's.
            image += stage.lamps * (np.float32(level) * _doubled(block, stage.cover))
        self._draw(image, shot, bodies, lit)
        return self._developer.develop(image, self._gain, t)

    def boxes(self, t: float) -> tuple[NDArray[np.int64], list[Box2]]:
        """For people present at `t`: their rows in the walks, and their boxes in the picture."""
        moment = self._walks.at(t)
        matrix = self._shot(t).matrix
        parts, _, _ = self._people(t)
        return moment.rows, [_box(parts, k, matrix, self.camera) for k in range(len(moment.rows))]

    def _shot(self, t: float) -> "_Shot":
        angle = sum(fault.amount for fault in self._moves if fault.active(t))
        if angle not in self._stages:
            camera = _turned(self.camera, angle)
            self._stages[angle] = _Shot(camera, build(self._world, camera, self._light))
        return self._stages[angle]

    def _people(self, t: float) -> tuple[Parts, F, F]:
        if self._posed is None or self._posed[0] != t:
            self._posed = (t, self._pose(t))
        return self._posed[1]

    def _pose(self, t: float) -> tuple[Parts, F, F]:
        moment = self._walks.at(t)
        who = moment.rows
        looks = _picked(self._looks, who)
        speed = np.hypot(*moment.velocity.T)
        walks = self._walks
        first = walks.frame[walks.offset[:-1]][who]
        last = walks.offset[1:][who] - 1
        row = np.clip(t * walks.rate - first + walks.offset[:-1][who], walks.offset[:-1][who], last)
        low = np.floor(row).astype(np.int64)
        high, share = np.minimum(low + 1, last), row - np.floor(row)
        gone = self._walked[low] + share * (self._walked[high] - self._walked[low])
        turn = np.angle(np.exp(1j * (self._heading[high] - self._heading[low])))
        heading = self._heading[low] + share * turn
        parts = people(looks, moment.position, heading, gone, speed, t)
        return parts, moment.position, looks.height

    def _bodies(self, t: float) -> tuple[list["_Body"], F]:
        parts, place, height = self._people(t)
        bodies = [
            _Body(_one(parts, k), np.append(place[k], height[k]), 1.0) for k in range(len(place))
        ]
        for mover in self._movers:
            now = mover.at(t)
            if now is None:
                continue
            where, heading, gone = now
            tint = mover.shade * np.array([1.0, 0.95, 0.9])
            shape = (
                car(where, heading, tint)
                if mover.kind == "car"
                else dog(where, heading, gone, tint)
            )
            bodies.append(
                _Body(_one(shape, 0), np.append(where, 1.0), 6.0 if mover.kind == "car" else 1.0)
            )
        matrix = self._shot(t).matrix
        middle = np.array([[*b.place[:2], 0.5 * b.place[2]] for b in bodies]).reshape(-1, 3)
        depth = project(matrix, middle)[1]
        order = np.argsort(-depth)
        return [bodies[k] for k in order if depth[k] > _NEAR], depth[order][depth[order] > _NEAR]

    def _lit(self, bodies: list["_Body"], depth: F, t: float, level: float) -> _Lit:
        n, light = len(depth), self._light
        soft = np.full(n, light.sky * level)
        key, towards = np.zeros(n), np.tile(light.to_sun(), (n, 1))
        if not n:
            return _Lit(soft, key, towards)
        chest = np.array([[*b.place[:2], 0.65 * b.place[2]] for b in bodies])
        if light.sun:
            key = light.sun * level * sunlit(self._world, chest, light.to_sun())
            if light.clouds:
                key = key * self._cloud(chest[:, 0], chest[:, 1], t)
        if light.lamps:
            total, strongest, where = lamp_light(light, chest)
            take = strongest * level > key
            key = np.where(take, strongest * level, key)
            towards[take] = where[take]
            soft = soft + 0.5 * (total - strongest) * level
        return _Lit(soft, key, towards)

    def _cloud(self, x: NDArray[np.floating], y: NDArray[np.floating], t: float) -> F32:
        light = self._light
        density = sample(
            self._clouds, x - light.wind[0] * t, y - light.wind[1] * t, 4.0 * light.cloud_size
        )
        return np.asarray(1 - light.clouds * np.clip(0.5 + 1.2 * density, 0, 1), dtype=np.float32)

    def _draw(self, image: F32, shot: "_Shot", bodies: list["_Body"], lit: _Lit) -> None:
        if not bodies:
            return
        flat = [_flatten(body, k, shot, lit) for k, body in enumerate(bodies)]
        bands = _Bands(*(np.concatenate([f[k] for f in flat]) for k in range(len(_Bands._fields))))
        _paint(image, shot.stage, bands)


class _Body(NamedTuple):
    parts: Parts
    """of one body: arrays (k, ...)"""
    place: F
    """(3,) x, y, height"""
    wide: float
    """Area that it keeps the sky's light off, in units of a person's."""


def _one(parts: Parts, k: int) -> Parts:
    return Parts(
        parts.start[k], parts.end[k], parts.start_radius[k], parts.end_radius[k], parts.colour[k],
        parts.casts,
    )  # fmt: skip


class _Half(NamedTuple):
    """Ground places at half the picture's size, for shadows, which are soft."""

    gx: F32
    gy: F32


class _Shot:
    """A stage with what is derived from it for drawing."""

    def __init__(self, camera: Camera, stage: Stage) -> None:
        self.camera, self.stage = camera, stage
        self.matrix = camera.matrix()
        self.axes = camera.axes()
        self.focal = camera.focal()
        self.half = _Half(
            np.ascontiguousarray(stage.gx[::2, ::2]), np.ascontiguousarray(stage.gy[::2, ::2])
        )


class _Bands(NamedTuple):
    """Capsules as the camera sees them, far ones first. All (m, ...)."""

    ends: F
    """(m, 4) u0, v0, u1, v1 pixels"""
    radii: F
    """(m, 2) pixels"""
    colour: F
    """(m, 3)"""
    depth: F
    soft: F
    key: F
    towards: F
    """(m, 3) to the light, in the camera's axes"""
    up: F
    """(m, 3) world up in the camera's axes"""
    screened: NDArray[np.bool_]
    """(m,) whether scenery may stand in front"""


def _headings(walks: Trajectories) -> F:
    """(m,) which way each person faces at each row, radians: the way it goes, smoothed."""
    out = np.zeros(len(walks.frame))
    window = max(1, round(0.6 * walks.rate))
    for k in range(len(walks.people)):
        rows = slice(int(walks.offset[k]), int(walks.offset[k + 1]))
        z = walks.x[rows] + 1j * walks.y[rows]
        n = len(z)
        ahead = z[np.minimum(np.arange(n) + window, n - 1)]
        behind = z[np.maximum(np.arange(n) - window, 0)]
        step = ahead - behind
        moving = np.abs(step) > 0.12
        # One who stands keeps facing the way it came; one who never walks faces anywhere.
        last = np.maximum.accumulate(np.where(moving, np.arange(n), -1))
        first = int(np.argmax(moving)) if moving.any() else -1
        angle = np.angle(step)
        idle = float((k * 2.399963) % (2 * np.pi))
        filled = np.where(last >= 0, angle[last], angle[first] if first >= 0 else idle)
        kernel = np.ones(window) / window
        padded = np.pad(np.exp(1j * filled), (window // 2, window - 1 - window // 2), mode="edge")
        out[rows] = np.angle(np.convolve(padded, kernel, mode="valid"))
    return out


def _picked(looks: Looks, who: NDArray[np.int64]) -> Looks:
    return Looks(
        looks.height[who], looks.breadth[who], looks.top[who], looks.legs[who], looks.skin[who],
        looks.hair[who], looks.bag[who], looks.shoe[who], looks.hat[who], looks.coat[who],
        looks.bagged[who], looks.pace[who],
    )  # fmt: skip


def _turned(camera: Camera, degrees: float) -> Camera:
    """`camera` knocked askew: yawed by `degrees`, tilted by a third of it, rolled by a fifth."""
    yaw, pitch = math.radians(degrees), math.radians(degrees / 3)
    aim = np.subtract(camera.look_at, camera.position)
    c, s = math.cos(yaw), math.sin(yaw)
    aim = np.array([c * aim[0] - s * aim[1], s * aim[0] + c * aim[1], aim[2]])
    aim[2] += math.tan(pitch) * float(np.linalg.norm(aim))
    look = tuple(float(v) for v in np.add(camera.position, aim))
    return Camera(
        camera.name, camera.position, (look[0], look[1], look[2]), camera.hfov, camera.size,
        camera.roll + degrees / 5,
    )  # fmt: skip


def _box(parts: Parts, k: int, matrix: Points, camera: Camera) -> Box2:
    ends = np.vstack((parts.start[k], parts.end[k]))
    radii = np.concatenate((parts.start_radius[k], parts.end_radius[k]))
    pixels, depth = project(matrix, ends)
    radii = np.where(radii > 0, radii, 0) * camera.focal() / np.maximum(depth, _NEAR)
    low, high = (pixels - radii[:, None]).min(axis=0), (pixels + radii[:, None]).max(axis=0)
    middle, size = (low + high) / 2, high - low
    return Box2(float(middle[0]), float(middle[1]), float(size[0]), float(size[1]))


def _flatten(body: _Body, k: int, shot: _Shot, lit: _Lit) -> _Bands:
    """The capsules of body `k` as bands, far ones first, the empty ones left out."""
    parts = body.parts
    keep = parts.start_radius > 1e-4
    a, da = project(shot.matrix, parts.start[keep])
    b, db = project(shot.matrix, parts.end[keep])
    da, db = np.maximum(da, _NEAR), np.maximum(db, _NEAR)
    radii = np.column_stack(
        (parts.start_radius[keep] * shot.focal / da, parts.end_radius[keep] * shot.focal / db)
    )
    depth = 0.5 * (da + db)
    order = np.argsort(-depth + 0.3 * np.minimum(parts.start_radius[keep], 0.1))
    order = order[radii[order].max(axis=1) > 0.3]  # a hand far away is less than the noise
    m = len(order)
    near = float(depth.mean())
    return _Bands(
        np.column_stack((a, b))[order],
        radii[order],
        parts.colour[keep][order],
        np.full(m, near),
        np.full(m, lit.soft[k]),
        np.full(m, lit.key[k]),
        np.tile(shot.axes @ lit.towards[k], (m, 1)),
        np.tile(shot.axes[:, 2], (m, 1)),
        np.full(m, _screened(shot.stage, np.vstack((a, b)), radii.max(), near)),
    )


def _screened(stage: Stage, pixels: F, reach: float, depth: float) -> bool:
    """Whether above-ground scenery nearer than `depth` is near any of `pixels` (n, 2)."""
    height, width = stage.nearest.shape
    x0, y0 = np.clip(pixels.min(axis=0) - reach - 1, 0, (width, height)).astype(int).tolist()
    x1, y1 = np.clip(pixels.max(axis=0) + reach + 2, 0, (width, height)).astype(int).tolist()
    window = stage.nearest[y0:y1, x0:x1]
    return bool(window.size and window.min() < depth)


def _ground_shadow(
    half: _Half, matrix: Points, body: _Body, lit: _Lit, k: int, block: F32, touch: F32
) -> None:
    """Darken `block` (key light) and `touch` (light from around) where the body keeps it off."""
    place, parts = body.place, body.parts
    towards = lit.towards[k]
    casting = lit.key[k] > 1e-3 and towards[2] > 0.1
    x, y = float(place[0]), float(place[1])
    side = 0.7 * math.sqrt(body.wide)
    reach = [(x + i * side, y + j * side) for i in (-1, 1) for j in (-1, 1)]
    if casting:
        c = parts.casts
        lean = -towards[:2] / towards[2]
        a = parts.start[c, :2] + parts.start[c, 2:] * lean
        b = parts.end[c, :2] + parts.end[c, 2:] * lean
        width = np.column_stack((parts.start_radius[c], parts.end_radius[c]))
        high = 0.5 * (parts.start[c, 2] + parts.end[c, 2]) / towards[2]
        low, top = np.minimum(a, b).min(axis=0) - 0.3, np.maximum(a, b).max(axis=0) + 0.3
        reach += [(low[0], low[1]), (low[0], top[1]), (top[0], low[1]), (top[0], top[1])]
    corners = np.column_stack((np.array(reach), np.zeros(len(reach))))
    pixels, depth = project(matrix, corners)
    if depth.min() < _NEAR:
        return
    rows, columns = block.shape
    u0, v0 = np.floor(pixels.min(axis=0) / 2).astype(int)
    u1, v1 = np.ceil(pixels.max(axis=0) / 2).astype(int) + 1
    window = (slice(max(v0, 0), min(v1, rows)), slice(max(u0, 0), min(u1, columns)))
    if window[0].start >= window[0].stop or window[1].start >= window[1].stop:
        return
    gx, gy = half.gx[window], half.gy[window]
    near = (gx - np.float32(x)) ** 2 + (gy - np.float32(y)) ** 2
    wide = np.float32(body.wide)
    touch[window] *= 1 - np.float32(0.45) * np.exp(-near / (np.float32(0.045) * wide))
    touch[window] *= 1 - np.float32(0.22) * np.exp(-near / (np.float32(0.25) * wide))
    if not casting:
        return
    footprint = float(depth.mean()) / float(np.linalg.norm(matrix[0, :3]))
    block[window] *= 1 - _capsule_cover(gx, gy, a, b, width, 0.02 + 0.012 * high + footprint)


def _capsule_cover(gx: F32, gy: F32, a: F, b: F, width: F, soft: F) -> F32:
    """(h, w) how much of the light the flattened capsules take at each ground place."""
    s = [v.astype(np.float32)[:, None, None] for v in (*a.T, *(b - a).T, *width.T, soft)]
    ax, ay, dx, dy, r0, r1, edge = s
    px, py = gx[None] - ax, gy[None] - ay
    along = np.clip((px * dx + py * dy) / (dx * dx + dy * dy + np.float32(1e-6)), 0, 1)
    off = np.hypot(px - along * dx, py - along * dy)
    cover = np.clip((r0 + along * (r1 - r0) - off) / edge * np.float32(0.5) + 0.5, 0, 1)
    return np.asarray(cover.max(axis=0), dtype=np.float32)


def _doubled(small: F32, like: F32) -> F32:
    """`small` (h/2, w/2) at twice the size, linear between: (h, w, 1) for `like` (h, w)."""
    rows = np.empty((2 * small.shape[0], small.shape[1]), dtype=np.float32)
    rows[0::2] = small
    rows[1:-1:2] = (small[1:] + small[:-1]) * np.float32(0.5)
    rows[-1] = small[-1]
    out = np.empty((rows.shape[0], 2 * rows.shape[1]), dtype=np.float32)
    out[:, 0::2] = rows
    out[:, 1:-1:2] = (rows[:, 1:] + rows[:, :-1]) * np.float32(0.5)
    out[:, -1] = rows[:, -1]
    return out[: like.shape[0], : like.shape[1], None]


def _paint(image: F32, stage: Stage, bands: _Bands) -> None:
    """Composite all bands onto `image` in their order, scenery in front hiding them."""
    height, width = image.shape[:2]
    u, v = bands.ends[:, 0::2], bands.ends[:, 1::2]
    reach = bands.radii + 1.0
    left = np.clip(np.floor((u - reach).min(axis=1)), 0, width).astype(np.int64)
    right = np.clip(np.ceil((u + reach).max(axis=1)) + 1, 0, width).astype(np.int64)
    top = np.clip(np.floor((v - reach).min(axis=1)), 0, height).astype(np.int64)
    bottom = np.clip(np.ceil((v + reach).max(axis=1)) + 1, 0, height).astype(np.int64)
    wide, tall = right - left, bottom - top
    shown = np.flatnonzero((wide > 0) & (tall > 0))
    sizes = np.array(_PATCHES)
    size_u, size_v = np.searchsorted(sizes, wide), np.searchsorted(sizes, tall)
    bins: dict[tuple[int, int], list[int]] = {}
    for k in shown.tolist():
        bins.setdefault((int(size_u[k]), int(size_v[k])), []).append(k)
    patches: dict[int, tuple[F32, F32]] = {}
    for (bw, bh), members in bins.items():
        index = np.array(members)
        cover, shade = _shade(bands, index, left, top, int(sizes[bw]), int(sizes[bh]))
        for i, k in enumerate(members):
            patches[k] = (cover[i, : tall[k], : wide[k]], shade[i, : tall[k], : wide[k]])
    colours = bands.colour.astype(np.float32)
    corners = np.column_stack((top, bottom, left, right)).tolist()
    screened, depths = bands.screened.tolist(), bands.depth.tolist()
    for k in shown.tolist():
        cover, shade = patches[k]
        y0, y1, x0, x1 = corners[k]
        window = (slice(y0, y1), slice(x0, x1))
        if screened[k]:
            cover = cover * (1 - stage.cover[window] * (stage.nearest[window] < depths[k]))
        there = image[window]
        there += cover[..., None] * (shade[..., None] * colours[k] - there)


def _shade(
    bands: _Bands, index: NDArray[np.int64], left: NDArray[np.int64], top: NDArray[np.int64],
    width: int, height: int,
) -> tuple[F32, F32]:  # fmt: skip
    """(m, height, width) coverage and irradiance of bands `index`, from their patches' corners."""
    ends, radii = bands.ends[index], bands.radii[index]
    corner = np.column_stack((left[index], top[index], left[index], top[index]))
    local = (ends - corner).astype(np.float32)
    u0, v0 = local[:, 0, None, None], local[:, 1, None, None]
    axis_u, axis_v = local[:, 2, None, None] - u0, local[:, 3, None, None] - v0
    r = radii.astype(np.float32)[:, :, None, None]
    r0, dr = r[:, 0], r[:, 1] - r[:, 0]
    px = np.arange(width, dtype=np.float32)[None, None, :] - u0
    py = np.arange(height, dtype=np.float32)[None, :, None] - v0
    scale = np.float32(1) / (axis_u * axis_u + axis_v * axis_v + np.float32(1e-4))
    along = np.clip(px * (axis_u * scale) + py * (axis_v * scale), 0, 1)
    ex, ey = px - along * axis_u, py - along * axis_v
    radius = r0 + along * dr
    off = np.sqrt(ex * ex + ey * ey)
    cover = np.clip(radius - off + np.float32(0.5), 0, 1)
    cover *= np.minimum(1, 2 * r0)
    inverse = np.float32(1) / np.maximum(radius, np.float32(0.5))
    nx, ny = ex * inverse, ey * inverse
    # A band narrower than a pixel has no side; bounding the offset keeps its shading in range.
    nz = np.sqrt(np.clip(1 - nx * nx - ny * ny, 0, 1))
    up = bands.up[index].astype(np.float32)[:, :, None, None]
    to = bands.towards[index].astype(np.float32)[:, :, None, None]
    soft = bands.soft[index].astype(np.float32)[:, None, None]
    key = bands.key[index].astype(np.float32)[:, None, None]
    rise = nx * up[:, 0] + ny * up[:, 1] - nz * up[:, 2]
    facing = nx * to[:, 0] + ny * to[:, 1] - nz * to[:, 2]
    shade = soft * (np.float32(0.68) + np.float32(0.32) * np.clip(rise, -1, 1))
    shade += key * np.clip(facing, 0, 1)
    return cover, np.asarray(shade, dtype=np.float32)
