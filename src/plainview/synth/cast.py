"""Who and what a scene shows, posed and lit: bodies, their shadows on the ground, light and air."""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from plainview.geometry import Points, project
from plainview.synth.body import Looks, Parts, car, dog, dressed, one_of, people
from plainview.synth.events.actor import Actor, Effect
from plainview.synth.light import Light
from plainview.synth.raster import Bands, paint, screened
from plainview.synth.scenery import World, lamp_light, noise_tile, sample, sunlit
from plainview.synth.shadow import NEAR, Body, Lit, ground_shadow
from plainview.synth.shot import Now, Shot
from plainview.synth.trajectories import Trajectories

F = NDArray[np.float64]
F32 = NDArray[np.float32]


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


class Present(NamedTuple):
    """The bodies of one moment, far ones first, those before the camera."""

    bodies: list[Body]
    depth: F
    """(n,) metres before the camera."""
    lit: Lit


class Cast:
    """All that is not scenery. Owns the people's looks and the last moment that they were posed at.

    Moments are asked for in any order; those of one time are posed once.
    """

    def __init__(
        self,
        world: World,
        light: Light,
        walks: Trajectories,
        *,
        movers: tuple[Mover, ...] = (),
        actors: tuple[Actor, ...] = (),
        effects: tuple[Effect, ...] = (),
        looks: Looks | None = None,
        seed: int = 0,
    ) -> None:
        """Who walks `walks` in `world` is dressed by `seed`, or as `looks` says."""
        self._world, self._light, self._walks = world, light, walks
        self._movers, self._actors, self._effects = movers, actors, effects
        self._looks = looks or dressed(walks.height, np.random.default_rng(seed))
        self._walked = walks.walked()
        self._heading = _headings(walks)
        self._clouds = noise_tile(world.seed + 5, 512, 1.6)
        self._posed: tuple[float, tuple[Parts, F, F]] | None = None

    def present(self, shot: Shot, t: float) -> Present:
        """Who is there at `t` seconds as `shot` sees them."""
        bodies, depth = self._bodies(t, shot.matrix)
        return Present(bodies, depth, self._lit(bodies, depth, t, self._light.level(t)))

    def shades(self, shot: Shot, there: Present, t: float) -> tuple[F32, F32]:
        """(h/2, w/2) what passes of the sun's light, and of that from around, of 1."""
        half, light = shot.half, self._light
        block = np.ones(half.gx.shape, dtype=np.float32)
        touch = np.ones(half.gx.shape, dtype=np.float32)
        for k in range(len(there.bodies)):
            ground_shadow(half, shot.matrix, there.bodies[k], there.lit, k, block, touch)
        if light.clouds and light.sun:
            block *= self._cloud(half.under_x, half.under_y, t)
        return block, touch

    def draw(self, image: F32, now: Now, there: Present) -> None:
        """Bodies and effects into the radiance `image` (h, w, 3), in place, far ones first."""
        shot, depth = now.shot, there.depth
        flat = [_flatten(body, k, shot, there.lit) for k, body in enumerate(there.bodies)]
        done = 0
        for effect in sorted(self._effects, key=lambda one: -one.depth(shot)):
            behind = int(np.count_nonzero(depth > effect.depth(shot)))
            _paint(image, shot, flat[done:behind])
            effect.paint(image, now)
            done = behind
        _paint(image, shot, flat[done:])

    def people(self, t: float) -> tuple[Parts, F, F]:
        """The bodies, places (n, 2) and heights (n,) of those who walk at `t`."""
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

    def _bodies(self, t: float, matrix: Points) -> tuple[list[Body], F]:
        parts, place, height = self.people(t)
        bodies = [
            Body(one_of(parts, k), np.append(place[k], height[k]), 1.0) for k in range(len(place))
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
                Body(one_of(shape, 0), np.append(where, 1.0), 6.0 if mover.kind == "car" else 1.0)
            )
        bodies += [body for actor in self._actors for body in actor.bodies(t)]
        middle = np.array([[*b.place[:2], 0.5 * b.place[2]] for b in bodies]).reshape(-1, 3)
        depth = project(matrix, middle)[1]
        order = np.argsort(-depth)
        return [bodies[k] for k in order if depth[k] > NEAR], depth[order][depth[order] > NEAR]

    def _lit(self, bodies: list[Body], depth: F, t: float, level: float) -> Lit:
        n, light = len(depth), self._light
        soft = np.full(n, light.sky * level)
        key, towards = np.zeros(n), np.tile(light.to_sun(), (n, 1))
        if not n:
            return Lit(soft, key, towards)
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
        return Lit(soft, key, towards)

    def _cloud(self, x: NDArray[np.floating], y: NDArray[np.floating], t: float) -> F32:
        light = self._light
        density = sample(
            self._clouds, x - light.wind[0] * t, y - light.wind[1] * t, 4.0 * light.cloud_size
        )
        return np.asarray(1 - light.clouds * np.clip(0.5 + 1.2 * density, 0, 1), dtype=np.float32)


def _paint(image: F32, shot: Shot, flat: list[Bands]) -> None:
    if flat:
        bands = Bands(*(np.concatenate([f[k] for f in flat]) for k in range(len(Bands._fields))))
        paint(image, shot.stage, bands)


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


def _flatten(body: Body, k: int, shot: Shot, lit: Lit) -> Bands:
    """The capsules of body `k` as bands, far ones first, the empty ones left out."""
    parts = body.parts
    keep = parts.start_radius > 1e-4
    a, da = project(shot.matrix, parts.start[keep])
    b, db = project(shot.matrix, parts.end[keep])
    da, db = np.maximum(da, NEAR), np.maximum(db, NEAR)
    radii = np.column_stack(
        (parts.start_radius[keep] * shot.focal / da, parts.end_radius[keep] * shot.focal / db)
    )
    depth = 0.5 * (da + db)
    order = np.argsort(-depth + 0.3 * np.minimum(parts.start_radius[keep], 0.1))
    order = order[radii[order].max(axis=1) > 0.3]  # a hand far away is less than the noise
    m = len(order)
    near = float(depth.mean())
    return Bands(
        np.column_stack((a, b))[order],
        radii[order],
        parts.colour[keep][order],
        np.full(m, near),
        np.full(m, lit.soft[k]),
        np.full(m, lit.key[k]),
        np.tile(shot.axes @ lit.towards[k], (m, 1)),
        np.tile(shot.axes[:, 2], (m, 1)),
        np.full(m, screened(shot.stage, np.vstack((a, b)), radii.max(), near)),
    )
