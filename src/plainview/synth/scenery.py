"""What stands still: ground, walls, posts and benches, ray-cast once into what a camera needs."""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from plainview.geometry import camera_centre, project
from plainview.synth.camera import Camera
from plainview.synth.light import Light

F32 = NDArray[np.float32]
F = NDArray[np.float64]
Tint = tuple[float, float, float]

_FAR = 1e6
_SAMPLES = ((-0.25, -0.25), (0.25, -0.25), (-0.25, 0.25), (0.25, 0.25))


@dataclass(frozen=True)
class Box:
    """An upright block: a wall, a bench, a kiosk. `angle` degrees about its middle."""

    x: float
    y: float
    width: float
    depth: float
    height: float
    base: float = 0.0
    angle: float = 0.0
    shade: float = 0.35
    tint: Tint = (1.0, 1.0, 1.0)
    pattern: str = "plain"
    """plain, brick or windows"""


@dataclass(frozen=True)
class Post:
    """A round mast, bollard or tree trunk."""

    x: float
    y: float
    radius: float
    height: float
    shade: float = 0.12
    base: float = 0.0
    tint: Tint = (1.0, 1.0, 1.0)


@dataclass(frozen=True)
class Mark:
    """Something painted on, or let into, the ground: a line, a patch or a manhole."""

    x: float
    y: float
    width: float
    depth: float = 0.0
    """Metres; 0 makes it a disc of `width` across."""
    angle: float = 0.0
    shade: float = 0.7


@dataclass(frozen=True)
class World:
    """All that stands still in a scene."""

    ground: str = "paving"
    """paving, asphalt, concrete, tiles or snow"""
    boxes: tuple[Box, ...] = ()
    posts: tuple[Post, ...] = ()
    marks: tuple[Mark, ...] = ()
    sky: float = 0.8
    """Radiance above the horizon in units of the sky's light (a ceiling indoors)."""
    seed: int = 7

    def solids(self) -> tuple[Box | Post, ...]:
        """All that stands above the ground."""
        return (*self.boxes, *self.posts)


class Stage(NamedTuple):
    """A world as one camera sees it, for light of unit strength. Arrays (h, w[, 3]), linear."""

    ambient: F32
    """Radiance under a sky of irradiance 1."""
    direct: F32
    """Radiance under a sun of irradiance 1, with the scenery's own shadows."""
    lamps: F32
    """Radiance under the scene's lamps at full power."""
    gx: F32
    """Ground x of each pixel in metres; far away where the pixel shows no ground."""
    gy: F32
    nearest: F32
    """Depth of above-ground scenery, metres; far where there is none."""
    cover: F32
    """Share of the pixel that above-ground scenery covers."""
    under_x: F32
    """x of whatever each pixel shows, metres, for the clouds above it."""
    under_y: F32


@lru_cache(maxsize=16)
def noise_tile(seed: int, size: int = 512, slope: float = 1.1) -> F32:
    """(size, size) tileable cloud-like noise, mean 0, deviation 1: power falls as f^-2 slope.

    Equal arguments give the same array, which cannot be written to.
    """
    generator = np.random.default_rng(seed)
    fx, fy = np.fft.fftfreq(size)[:, None], np.fft.rfftfreq(size)[None, :]
    strength = np.hypot(fx, fy)
    strength[0, 0] = 1.0
    spectrum = np.fft.rfft2(generator.standard_normal((size, size))) / strength**slope
    spectrum[0, 0] = 0.0
    tile = np.fft.irfft2(spectrum, s=(size, size))
    normal = np.asarray(tile / tile.std(), dtype=np.float32)
    normal.setflags(write=False)
    return normal


def sample(tile: F32, x: NDArray[np.floating], y: NDArray[np.floating], metres: float) -> F32:
    """`tile`, repeated every `metres`, at ground points."""
    size = tile.shape[0]
    scale = size / metres
    # A power-of-two tile wraps by a mask; the cast bounds points that are far away.
    ix = np.clip(x * scale, -2e9, 2e9).astype(np.int64) & (size - 1)
    iy = np.clip(y * scale, -2e9, 2e9).astype(np.int64) & (size - 1)
    return np.asarray(tile[iy, ix])


def _grooves(x: F, spacing: float, width: float) -> NDArray[np.bool_]:
    return np.asarray(np.abs((x / spacing) % 1.0 - 0.5) > 0.5 - 0.5 * width / spacing)


def ground_shade(world: World, x: F, y: F, tile: F32) -> F:
    """(n, 3) reflectance of the ground at points (n,) metres."""
    fine, coarse = sample(tile, x, y, 7.0), sample(tile, x + 3.1, y + 1.7, 46.0)
    kind = world.ground
    middle = {"paving": 0.27, "asphalt": 0.13, "concrete": 0.3, "tiles": 0.38, "snow": 0.74}[kind]
    rough = {"paving": 0.07, "asphalt": 0.13, "concrete": 0.06, "tiles": 0.03, "snow": 0.02}[kind]
    shade = middle * (1.0 + rough * fine + 0.09 * coarse)
    if kind in ("paving", "tiles"):
        side = 0.6 if kind == "paving" else 0.9
        row = np.floor(y / side)
        shift = np.where(row % 2 == 0, 0.0, 0.5 * side)
        slab = np.floor((x + shift) / side) * 12.9898 + row * 78.233
        shade = shade * (0.94 + 0.12 * (np.abs(np.sin(slab) * 43758.5453) % 1.0))
        joint = _grooves(x + shift, side, 0.025) | _grooves(y, side, 0.025)
        shade = np.where(joint, shade * 0.66, shade)
    elif kind == "asphalt":
        stain = sample(tile, x + 9.0, y + 4.0, 90.0) > 1.1
        shade = np.where(stain, shade * 0.72, shade)
    elif kind == "concrete":
        joint = _grooves(x, 3.0, 0.03) | _grooves(y, 3.0, 0.03)
        shade = np.where(joint, shade * 0.6, shade)
    elif kind == "snow":
        trodden = sample(tile, x + 5.0, y + 2.0, 30.0) > 0.7
        shade = np.where(trodden, shade * 0.8, shade)
    for mark in world.marks:
        a = math.radians(mark.angle)
        u = (x - mark.x) * math.cos(a) + (y - mark.y) * math.sin(a)
        v = (y - mark.y) * math.cos(a) - (x - mark.x) * math.sin(a)
        if mark.depth:
            inside = (np.abs(u) < mark.width / 2) & (np.abs(v) < mark.depth / 2)
        else:
            inside = u * u + v * v < mark.width**2 / 4
            rim = inside & (u * u + v * v > (0.42 * mark.width) ** 2)
            shade = np.where(rim, shade * 0.5, shade)
        shade = np.where(inside, mark.shade * (1 + 0.12 * fine), shade)
    tint = np.array([0.99, 1.0, 1.03]) if kind == "snow" else np.array([1.03, 1.0, 0.95])
    return np.asarray(np.clip(shade, 0.01, 0.95)[:, None] * tint)


def _hit_box(box: Box, origin: F, rays: F) -> tuple[F, F, F]:
    """Ray parameter (n,), the hit's normal (n, 3) and place along the face (n, 2). inf: no hit."""
    turn = _turn(box)
    start = turn @ (origin - np.array([box.x, box.y, 0.0]))
    local_rays = rays @ turn.T
    enter, depth = _slabs(box, start, local_rays)
    axis = enter.argmax(axis=1)
    place = start + local_rays * np.where(np.isfinite(depth), depth, 0.0)[:, None]
    rows = np.arange(len(rays))
    local = np.zeros_like(rays)
    local[rows, axis] = -np.sign(local_rays[rows, axis])
    along = np.where(axis == 0, place[:, 1], place[:, 0])
    return depth, local @ turn, np.column_stack((along, place[:, 2]))


def _turn(box: Box) -> F:
    a = math.radians(box.angle)
    c, s = math.cos(a), math.sin(a)
    return np.array([[c, s, 0], [-s, c, 0], [0, 0, 1.0]])


def _corners(solid: Box | Post) -> F:
    """(8, 3) corners of the least upright block around `solid`."""
    if isinstance(solid, Box):
        flat = np.array(
            [[i * solid.width / 2, j * solid.depth / 2, 0] for i in (-1, 1) for j in (-1, 1)]
        )
        flat = flat @ _turn(solid)
    else:
        flat = np.array([[i * solid.radius, j * solid.radius, 0] for i in (-1, 1) for j in (-1, 1)])
    flat = flat + np.array([solid.x, solid.y, solid.base])
    return np.vstack((flat, flat + np.array([0, 0, solid.height])))


def _slabs(box: Box, start: F, rays: F) -> tuple[F, F]:
    """Where rays in the box's own axes enter each pair of faces (n, 3), and the box (n,) or inf."""
    low = np.array([-box.width / 2, -box.depth / 2, box.base])
    high = np.array([box.width / 2, box.depth / 2, box.base + box.height])
    inverse = 1.0 / np.where(np.abs(rays) < 1e-12, 1e-12, rays)
    t1, t2 = (low - start) * inverse, (high - start) * inverse
    near, far = np.minimum(t1, t2), np.maximum(t1, t2)
    # Column by column: NumPy's reduction over a short axis is slow.
    enter = np.maximum(np.maximum(near[:, 0], near[:, 1]), near[:, 2])
    leave = np.minimum(np.minimum(far[:, 0], far[:, 1]), far[:, 2])
    return near, np.where((enter < leave) & (enter > 1e-6), enter, np.inf)


def _hit_post(post: Post, origin: F, rays: F) -> tuple[F, F, F]:
    ox, oy = origin[..., 0] - post.x, origin[..., 1] - post.y
    a = rays[:, 0] ** 2 + rays[:, 1] ** 2
    a = np.maximum(a, 1e-12)
    b = ox * rays[:, 0] + oy * rays[:, 1]
    under = b * b - a * (ox * ox + oy * oy - post.radius**2)
    t = (-b - np.sqrt(np.maximum(under, 0))) / a
    z = origin[..., 2] + t * rays[:, 2]
    hit = (under > 0) & (t > 1e-6) & (z >= post.base) & (z <= post.base + post.height)
    depth = np.where(hit, t, np.inf)
    t = np.where(hit, t, 0.0)
    normal = np.column_stack((ox + t * rays[:, 0], oy + t * rays[:, 1], np.zeros(len(t))))
    normal /= post.radius
    return depth, normal, np.column_stack((np.zeros(len(t)), z))


def _face_shade(box: Box, along: F, z: F, tile: F32) -> F:
    shade = box.shade * (1 + 0.05 * sample(tile, along, z, 9.0))
    if box.pattern == "brick":
        row = np.floor(z / 0.09)
        joint = _grooves(along + 0.11 * (row % 2), 0.22, 0.02) | _grooves(z, 0.09, 0.014)
        shade = np.where(joint, shade * 1.25, shade * (0.9 + 0.08 * np.sin(row * 7.1)))
    elif box.pattern == "windows":
        glass = (np.abs(along % 3.2 - 1.6) < 0.75) & (np.abs(z % 3.4 - 1.9) < 0.85) & (z > 0.6)
        frame = (np.abs(along % 3.2 - 1.6) < 0.85) & (np.abs(z % 3.4 - 1.9) < 0.95) & (z > 0.5)
        shade = np.where(frame, box.shade * 1.5, shade)
        shade = np.where(glass, 0.05 + 0.02 * (np.floor(along / 3.2) % 3), shade)
    return np.asarray(shade)


def sunlit(world: World, points: F, to_sun: F) -> F:
    """(n,) 1 where `points` (n, 3) see the sun past the scenery, 0 where they lie in its shadow."""
    free = np.ones(len(points))
    for solid in world.solids():
        corners = _corners(solid)
        # What it can shade lies under its block swept away from the sun down to the ground.
        swept = corners[:, :2] - corners[:, 2:] * to_sun[:2] / to_sun[2]
        low = np.minimum(corners[:, :2].min(axis=0), swept.min(axis=0))
        high = np.maximum(corners[:, :2].max(axis=0), swept.max(axis=0))
        ask = np.flatnonzero(
            (points[:, 0] >= low[0]) & (points[:, 0] <= high[0])
            & (points[:, 1] >= low[1]) & (points[:, 1] <= high[1])
        )  # fmt: skip
        if not len(ask):
            continue
        some = points[ask]
        if isinstance(solid, Box):
            turn = _turn(solid)
            start = (some - np.array([solid.x, solid.y, 0.0])) @ turn.T
            depth = _slabs(solid, start, (turn @ to_sun)[None, :])[1]
        else:
            depth = _hit_post(solid, some, to_sun[None, :])[0]
        free[ask[np.isfinite(depth)]] = 0.0
    return free


def lamp_light(light: Light, points: F) -> tuple[F, F, F]:
    """At `points` (n, 3): irradiance of all lamps (n,), of the strongest (n,), and where it is."""
    n = len(points)
    total, best, where = np.zeros(n), np.zeros(n), np.tile(np.array([0.0, 0.0, 1.0]), (n, 1))
    for lamp in light.lamps:
        to = np.array([lamp.x, lamp.y, lamp.height]) - points
        distance = np.linalg.norm(to, axis=1)
        rise = np.maximum(to[:, 2], 0.0)
        # Close to the lamp its own size bounds the light.
        here = lamp.power * lamp.height**2 * rise / np.maximum(distance, 2.5) ** 3
        total += here
        stronger = here > best
        best = np.where(stronger, here, best)
        where[stronger] = to[stronger] / distance[stronger, None]
    return total, best, where


def build(world: World, camera: Camera, light: Light) -> Stage:
    """Ray-cast `world` for `camera`, four samples a pixel: about a second at 640 x 360."""
    width, height = camera.size
    projection = camera.matrix()
    inverse = np.linalg.inv(projection[:, :3])
    origin = camera_centre(projection)
    tile = noise_tile(world.seed)
    shape = (height, width)
    ambient, direct, lamps = (np.zeros((*shape, 3), dtype=np.float32) for _ in range(3))
    nearest, cover = np.full(shape, _FAR, dtype=np.float32), np.zeros(shape, dtype=np.float32)
    generator = np.random.default_rng(world.seed)
    us, vs = np.meshgrid(np.arange(width), np.arange(height))
    for du, dv in _SAMPLES:
        pixels = np.stack((us + du, vs + dv, np.ones(shape)), axis=-1).reshape(-1, 3)
        rays = pixels @ inverse.T  # scaled so that the ray parameter is the depth
        spread = light.to_sun() + generator.normal(0, 0.006, 3)
        sun = spread / np.linalg.norm(spread)
        windows = [_window(solid, projection, shape) for solid in world.solids()]
        shot = _cast(world, light, origin, rays, sun, tile, windows)
        for image, part in zip((ambient, direct, lamps), shot[:3], strict=True):
            np.add(image, part.reshape(*shape, 3) / len(_SAMPLES), out=image, casting="unsafe")
        depth = shot[3].reshape(shape)
        nearest = np.minimum(nearest, depth).astype(np.float32)
        cover += (depth < _FAR).astype(np.float32) / len(_SAMPLES)
    rays = np.stack((us, vs, np.ones(shape)), axis=-1).reshape(-1, 3) @ inverse.T
    reach = np.where(rays[:, 2] < -1e-9, -origin[2] / np.minimum(rays[:, 2], -1e-9), _FAR)
    ground = (reach < 400).reshape(shape) & (cover < 0.99)
    gx = np.where(ground, (origin[0] + reach * rays[:, 0]).reshape(shape), _FAR)
    gy = np.where(ground, (origin[1] + reach * rays[:, 1]).reshape(shape), _FAR)
    shown = np.where(ground, reach.reshape(shape), np.where(nearest < _FAR, nearest, 0.0))
    under = origin[:2] + shown[..., None] * rays[:, :2].reshape(*shape, 2)
    return Stage(
        ambient,
        direct,
        lamps,
        gx.astype(np.float32),
        gy.astype(np.float32),
        nearest,
        cover,
        under[..., 0].astype(np.float32),
        under[..., 1].astype(np.float32),
    )


def _window(solid: Box | Post, projection: F, shape: tuple[int, int]) -> NDArray[np.int64] | None:
    """Flat indices of the pixels that may show `solid`; None where it reaches behind the camera."""
    pixels, depth = project(projection, _corners(solid))
    if depth.min() < 0.2:
        return None
    height, width = shape
    left, top = np.floor(pixels.min(axis=0)) - 1
    right, bottom = np.ceil(pixels.max(axis=0)) + 2
    columns = np.arange(max(int(left), 0), min(int(right), width))
    rows = np.arange(max(int(top), 0), min(int(bottom), height))
    return np.asarray((rows[:, None] * width + columns[None, :]).ravel(), dtype=np.int64)


def _cast(
    world: World,
    light: Light,
    origin: F,
    rays: F,
    to_sun: F,
    tile: F32,
    windows: list[NDArray[np.int64] | None],
) -> tuple[F, F, F, F]:
    """Radiance by ambient, sun and lamps, (n, 3) each, and the solids' depth (n,)."""
    n = len(rays)
    down = rays[:, 2] < -1e-9
    reach = np.where(down, -origin[2] / np.where(down, rays[:, 2], -1.0), np.inf)
    depth = np.full(n, np.inf)
    normal = np.tile(np.array([0.0, 0.0, 1.0]), (n, 1))
    colour = np.zeros((n, 3))
    for solid, window in zip(world.solids(), windows, strict=True):
        ask = np.arange(n) if window is None else window
        if not len(ask):
            continue
        d, face, place = (
            _hit_box(solid, origin, rays[ask])
            if isinstance(solid, Box)
            else _hit_post(solid, origin, rays[ask])
        )
        closer = np.flatnonzero((d < depth[ask]) & (d < reach[ask]))
        seen = ask[closer]
        depth[seen], normal[seen] = d[closer], face[closer]
        if isinstance(solid, Box):
            shade = _face_shade(solid, place[closer, 0], place[closer, 1], tile)
        else:
            shade = np.full(len(closer), solid.shade)
        colour[seen] = shade[:, None] * np.array(solid.tint)
    solid_hit = np.isfinite(depth)
    on_ground = ~solid_hit & (reach < 400)
    at = np.where(solid_hit, depth, np.where(on_ground, reach, 0.0))
    points = origin + rays * at[:, None]
    colour[on_ground] = ground_shade(world, points[on_ground, 0], points[on_ground, 1], tile)
    shown = solid_hit | on_ground
    facing = np.clip(normal @ to_sun, 0.0, None)
    lit = np.zeros(n)
    if light.sun > 0:
        ask = np.flatnonzero(shown & (facing > 0))
        lit[ask] = facing[ask] * sunlit(world, points[ask] + 1e-3 * normal[ask], to_sun)
    total = np.zeros(n)
    if light.lamps:
        total[shown] = lamp_light(light, points[shown])[0] * (0.35 + 0.65 * normal[shown, 2])
    openness = 0.62 + 0.38 * normal[:, 2]
    ambient = colour * openness[:, None]
    haze = np.clip(np.where(on_ground, reach, 0.0) / 260.0, 0, 0.6)[:, None]
    ambient = ambient * (1 - haze) + haze * world.sky * 0.8
    upward = np.clip(rays[:, 2] / np.linalg.norm(rays, axis=1), 0, 1)[:, None]
    ambient[~shown] = (world.sky * np.array([0.92, 0.98, 1.1]) * (1 - 0.3 * upward))[~shown]
    solid_depth = np.where(solid_hit, depth, _FAR)
    return ambient, colour * lit[:, None] * (1 - haze), colour * total[:, None], solid_depth
