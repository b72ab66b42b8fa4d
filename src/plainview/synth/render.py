"""Draws a scene: scenery, shadows and bodies in perspective, through a camera's sensor."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plainview.geometry import Points, project
from plainview.synth.body import Looks, Parts
from plainview.synth.camera import Camera
from plainview.synth.cast import Cast, Mover
from plainview.synth.events.actor import Actor, Effect
from plainview.synth.light import Light
from plainview.synth.picture import Developer, Fault, Sensor, gain_for
from plainview.synth.scenery import World, build
from plainview.synth.shadow import NEAR, doubled
from plainview.synth.shot import Now, Shot
from plainview.synth.trajectories import Trajectories


@dataclass(frozen=True)
class Box2:
    """A body's box in the picture: centre and size in pixels, before occlusion."""

    x: float
    y: float
    width: float
    height: float


class Renderer:
    """Renders one camera's frames. Owns the stage, the people's looks and the sensor's state.

    `frame` must be called with growing times; equal arguments give equal frames (the noise too).
    """

    def __init__(  # noqa: PLR0913 - a scene has many parts, each with its default
        self,
        world: World,
        camera: Camera,
        walks: Trajectories,
        light: Light,
        *,
        sensor: Sensor | None = None,
        faults: tuple[Fault, ...] = (),
        movers: tuple[Mover, ...] = (),
        actors: tuple[Actor, ...] = (),
        effects: tuple[Effect, ...] = (),
        looks: Looks | None = None,
        seed: int = 0,
    ) -> None:
        """Build the stage (about a second at 640 x 360).

        Who walks is dressed by `seed`, or as `looks` says.
        """
        self.camera, self._world, self._walks, self._light = camera, world, walks, light
        self._cast = Cast(
            world, light, walks, movers=movers, actors=actors, effects=effects, looks=looks,
            seed=seed,
        )  # fmt: skip
        self._stages = {0.0: Shot(camera, build(world, camera, light))}
        first = self._stages[0.0].stage
        lit = first.ambient * light.sky + first.direct * light.sun + first.lamps
        self._gain = gain_for(lit, light.brightness)
        self._developer = Developer(camera.size, light, sensor or Sensor(), faults, seed + 11)
        self._moves = tuple(fault for fault in faults if fault.kind == "moved")

    def frame(self, t: float) -> NDArray[np.uint8]:
        """The camera's picture at `t` seconds, (h, w, 3) uint8 RGB."""
        shot = self._shot(t)
        stage, light = shot.stage, self._light
        level = light.level(t)
        there = self._cast.present(shot, t)
        block, touch = self._cast.shades(shot, there, t)
        image = stage.ambient * (np.float32(light.sky * level) * doubled(touch, stage.cover))
        if light.sun:
            image += stage.direct * (np.float32(light.sun * level) * doubled(block, stage.cover))
        if light.lamps:
            # Lamps' shadows are taken from the whole lamp light, most of which is one lamp's.
            image += stage.lamps * (np.float32(level) * doubled(block, stage.cover))
        self._cast.draw(image, Now(shot, light, t), there)
        return self._developer.develop(image, self._gain, t)

    def boxes(self, t: float) -> tuple[NDArray[np.int64], list[Box2]]:
        """For people present at `t`: their rows in the walks, and their boxes in the picture."""
        moment = self._walks.at(t)
        matrix = self._shot(t).matrix
        parts, _, _ = self._cast.people(t)
        return moment.rows, [_box(parts, k, matrix, self.camera) for k in range(len(moment.rows))]

    def _shot(self, t: float) -> Shot:
        angle = sum(fault.amount for fault in self._moves if fault.active(t))
        if angle not in self._stages:
            camera = _turned(self.camera, angle)
            self._stages[angle] = Shot(camera, build(self._world, camera, self._light))
        return self._stages[angle]


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
    radii = np.where(radii > 0, radii, 0) * camera.focal() / np.maximum(depth, NEAR)
    low, high = (pixels - radii[:, None]).min(axis=0), (pixels + radii[:, None]).max(axis=0)
    middle, size = (low + high) / 2, high - low
    return Box2(float(middle[0]), float(middle[1]), float(size[0]), float(size[1]))
