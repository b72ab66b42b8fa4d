"""What changes on the ground without being anything: shadows, puddles, light spots, reflections."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from plainview.geometry import Point, project
from plainview.synth.events.actor import GROUND
from plainview.synth.events.pulse import ALWAYS, Pulse
from plainview.synth.scenery import noise_tile, sample
from plainview.synth.shadow import NEAR
from plainview.synth.shot import Now, Shot

F32 = NDArray[np.float32]
Way = Callable[[float], tuple[Point, float] | None]
"""Where something is and which way it faces (radians) at a time; None while it is away."""

_TILE = noise_tile(31, 256, 1.4)


@dataclass(frozen=True)
class Spot:
    """A patch of ground that looks otherwise for a while.

    shadow: less light, the ground's texture kept; light: more of it; puddle: dark and mirroring the
    sky; glare: the sun or a lamp mirrored, which hides the texture.
    """

    kind: Literal["shadow", "light", "puddle", "glare"]
    x: float
    """Ground metres."""
    y: float
    length: float
    """Metres along `angle`."""
    width: float
    angle: float = 0.0
    """Degrees."""
    amount: float = 0.6
    """shadow, puddle: share of the light that goes; light, glare: radiance that comes."""
    edge: float = 0.25
    """Softness of the border, as a share of the half width."""
    ragged: float = 0.0
    """How far the border wanders, as a share of the half width."""
    pulse: Pulse = ALWAYS
    tint: tuple[float, float, float] = (1.0, 1.0, 1.0)
    way: Way | None = None
    """It moves with this, `x` and `y` then being metres ahead of and left of it."""
    sway: float = 0.0
    """Metres that it swings in the wind: the shadow of leaves."""

    def depth(self, shot: Shot) -> float:
        """Under everything."""
        del shot
        return GROUND

    def paint(self, image: F32, now: Now) -> None:
        """Darken or lighten the ground."""
        here = self.pulse.at(now.t)
        placed = self._placed(now.t)
        if here <= 0 or placed is None:
            return
        x, y, angle = placed
        window = self._window(now.shot, x, y)
        if window is None:
            return
        cover = self._cover(now.shot, window, x, y, angle) * np.float32(here)
        part, tint = image[window], np.array(self.tint, dtype=np.float32)
        amount = np.float32(self.amount)
        if self.kind == "shadow":
            part *= 1 - amount * cover
        elif self.kind == "light":
            part += now.shot.stage.ambient[window] * (amount * cover) * tint
        elif self.kind == "puddle":
            sky = np.float32(0.07 * (now.light.sky + 0.3 * now.light.sun))
            part += cover * (part * (1 - amount) + sky * tint - part)
        else:
            part += amount * cover * tint

    def _placed(self, t: float) -> tuple[float, float, float] | None:
        if self.way is None:
            swing = self.sway * (math.sin(1.1 * t) + 0.5 * math.sin(2.7 * t + 1))
            return self.x + swing, self.y + 0.4 * swing, math.radians(self.angle)
        found = self.way(t)
        if found is None:
            return None
        (x, y), heading = found
        c, s = math.cos(heading), math.sin(heading)
        return (
            x + c * self.x - s * self.y, y + s * self.x + c * self.y,
            heading + math.radians(self.angle),
        )  # fmt: skip

    def _window(self, shot: Shot, x: float, y: float) -> tuple[slice, slice] | None:
        reach = 0.5 * max(self.length, self.width) * (1 + self.ragged + self.edge)
        corners = [(x + i * reach, y + j * reach, 0.0) for i in (-1, 1) for j in (-1, 1)]
        pixels, depth = project(shot.matrix, corners)
        rows, columns = shot.stage.gx.shape
        if depth.min() < NEAR:
            return slice(0, rows), slice(0, columns)
        u0, v0 = np.floor(pixels.min(axis=0)).astype(int).tolist()
        u1, v1 = np.ceil(pixels.max(axis=0)).astype(int).tolist()
        window = slice(max(v0, 0), min(v1 + 1, rows)), slice(max(u0, 0), min(u1 + 1, columns))
        return None if any(part.start >= part.stop for part in window) else window

    def _cover(
        self, shot: Shot, window: tuple[slice, slice], x: float, y: float, angle: float
    ) -> F32:
        """(h, w, 1) how much of each pixel lies in the patch."""
        gx, gy = shot.stage.gx[window] - np.float32(x), shot.stage.gy[window] - np.float32(y)
        c, s = np.float32(math.cos(angle)), np.float32(math.sin(angle))
        along = (c * gx + s * gy) * np.float32(2 / self.length)
        across = (c * gy - s * gx) * np.float32(2 / self.width)
        radius = np.hypot(along, across)
        if self.ragged:
            radius += np.float32(0.5 * self.ragged) * sample(_TILE, gx + 7, gy + 3, 4.0)
        edge = np.float32(max(self.edge, 0.02))
        return np.asarray(np.clip((1 - radius) / edge, 0, 1)[..., None], dtype=np.float32)


@dataclass(frozen=True)
class Wet:
    """The whole ground darkened by rain, with the sky mirrored where it is nearly level."""

    pulse: Pulse = ALWAYS
    amount: float = 0.35

    def depth(self, shot: Shot) -> float:
        """Under everything."""
        del shot
        return GROUND

    def paint(self, image: F32, now: Now) -> None:
        """Darken the ground."""
        stage = now.shot.stage
        ground = (stage.gx < 1e5)[..., None] * np.float32(self.amount * self.pulse.at(now.t))
        patchy = np.clip(1 + 0.25 * sample(_TILE, stage.gx, stage.gy, 9.0), 0.4, 1.4)
        image -= image * ground * patchy[..., None]


@dataclass(frozen=True)
class Mirror:
    """A lamp or a window mirrored in wet ground: a streak below it, towards the camera."""

    x: float
    """Ground metres of what is mirrored."""
    y: float
    z: float
    """Its height."""
    power: float = 0.4
    width: float = 0.25
    """Metres."""
    tint: tuple[float, float, float] = (1.0, 0.93, 0.8)
    pulse: Pulse = ALWAYS

    def depth(self, shot: Shot) -> float:
        """Under everything."""
        del shot
        return GROUND

    def paint(self, image: F32, now: Now) -> None:
        """Add the streak."""
        shot, here = now.shot, self.pulse.at(now.t)
        pixels, depth = project(shot.matrix, [(self.x, self.y, -self.z), (self.x, self.y, 0.0)])
        if here <= 0 or depth.min() < NEAR:
            return
        wide = self.width * shot.focal / float(depth[0])
        tall = max(abs(float(pixels[0, 1] - pixels[1, 1])) * 0.35, 3 * wide)
        rows = np.arange(image.shape[0], dtype=np.float32)[:, None]
        columns = np.arange(image.shape[1], dtype=np.float32)[None, :]
        ripple = 0.25 * wide * np.sin(0.9 * rows + 3 * now.t)
        streak = np.exp(
            -(((columns - pixels[0, 0] + ripple) / wide) ** 2) - ((rows - pixels[0, 1]) / tall) ** 2
        )
        ground = shot.stage.gx < 1e5
        tint = np.array(self.tint, dtype=np.float32)
        image += (streak * ground * np.float32(self.power * here))[..., None] * tint
