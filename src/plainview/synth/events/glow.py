"""Things that shine: lamps, headlights, neon signs, beacons, a low sun, glare on the lens."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plainview.geometry import project
from plainview.synth.events.actor import GROUND, VEIL
from plainview.synth.events.ground import Way
from plainview.synth.events.pulse import ALWAYS, Pulse
from plainview.synth.shadow import NEAR
from plainview.synth.shot import Now, Shot

F32 = NDArray[np.float32]
Tint = tuple[float, float, float]


@dataclass(frozen=True)
class Glow:
    """A bright body from one place to another (the same for a lamp), with a halo around it."""

    start: tuple[float, float, float]
    """World metres; with `way` metres ahead, left and up of what it is fixed to."""
    end: tuple[float, float, float]
    radius: float
    """Metres."""
    tint: Tint = (1.0, 0.92, 0.75)
    power: float = 3.0
    """Radiance; 1 is a white ground in full sun."""
    halo: float = 0.05
    """Share of the power that the optics spread around it."""
    pulse: Pulse = ALWAYS
    way: Way | None = None

    def _ends(self, t: float, camera: tuple[float, float, float]) -> NDArray[np.float64] | None:
        ends = np.array([self.start, self.end])
        if self.way is None:
            return ends
        found = self.way(t)
        if found is None:
            return None
        (x, y), heading = found
        c, s = math.cos(heading), math.sin(heading)
        away = (camera[0] - x) * c + (camera[1] - y) * s
        if away * self.start[0] < 0:  # the vehicle's own body is between
            return None
        turned = ends @ np.array([[c, s, 0.0], [-s, c, 0.0], [0.0, 0.0, 1.0]])
        return np.asarray(turned + np.array([x, y, 0.0]))

    def depth(self, shot: Shot) -> float:
        """That of its middle; one that moves is drawn before everything."""
        if self.way is not None:
            return VEIL
        return float(project(shot.matrix, np.array([self.start, self.end]))[1].mean())

    def paint(self, image: F32, now: Now) -> None:
        """Lay the body over the picture and add its halo."""
        here, ends = self.pulse.at(now.t), self._ends(now.t, now.shot.camera.position)
        if here <= 0 or ends is None:
            return
        shot = now.shot
        pixels, depth = project(shot.matrix, ends)
        if depth.min() < NEAR:
            return
        r = max(self.radius * shot.focal / float(depth.mean()), 0.4)
        reach = r * (8 if self.halo else 1) + 2
        height, width = image.shape[:2]
        u0, v0 = np.floor(pixels.min(axis=0) - reach).astype(int).tolist()
        u1, v1 = np.ceil(pixels.max(axis=0) + reach).astype(int).tolist()
        window = slice(max(v0, 0), min(v1, height)), slice(max(u0, 0), min(u1, width))
        if any(part.start >= part.stop for part in window):
            return
        off = _off(window, pixels)
        free = 1 - shot.stage.cover[window] * (
            shot.stage.nearest[window] < np.float32(depth.mean() - 0.3)
        )
        body = np.clip(r - off + 0.5, 0, 1) * min(1.0, 2 * r) * free
        halo = np.float32(self.halo) * np.exp(-off / np.float32(2 * r)) * free
        tint = np.array(self.tint, dtype=np.float32)
        power = np.float32(self.power * here)
        part = image[window]
        part += body[..., None] * (tint * power - part) + halo[..., None] * (power * tint)


def _off(window: tuple[slice, slice], pixels: NDArray[np.float64]) -> F32:
    """(h, w) pixels from the line between two points."""
    rows = np.arange(window[0].start, window[0].stop, dtype=np.float32)[:, None]
    columns = np.arange(window[1].start, window[1].stop, dtype=np.float32)[None, :]
    (ax, ay), (bx, by) = pixels.astype(np.float32)
    dx, dy = bx - ax, by - ay
    along = ((columns - ax) * dx + (rows - ay) * dy) / (dx * dx + dy * dy + np.float32(1e-3))
    along = np.clip(along, 0, 1)
    return np.asarray(np.hypot(columns - ax - along * dx, rows - ay - along * dy))


@dataclass(frozen=True)
class Sunset:
    """A low sun's light: the picture turns warm, and the sky glows around the sun's bearing."""

    bearing: float
    """Degrees from the x axis."""
    elevation: float = 4.0
    power: float = 2.5
    pulse: Pulse = ALWAYS

    def depth(self, shot: Shot) -> float:
        """Behind everything that stands."""
        del shot
        return GROUND

    def paint(self, image: F32, now: Now) -> None:
        """Tint all, and add the sun with its glow where it is in the picture."""
        here = self.pulse.at(now.t)
        image *= 1 + np.float32(here) * (np.array([0.18, -0.06, -0.28], dtype=np.float32))
        a, e = math.radians(self.bearing), math.radians(self.elevation)
        far = np.add(
            now.shot.camera.position,
            1000.0 * np.array([math.cos(e) * math.cos(a), math.cos(e) * math.sin(a), math.sin(e)]),
        )
        pixels, depth = project(now.shot.matrix, far[None])
        if depth[0] < NEAR or here <= 0:
            return
        window = slice(0, image.shape[0]), slice(0, image.shape[1])
        off = _off(window, np.vstack((pixels, pixels))) * np.float32(640 / image.shape[1])
        open_ = 1 - now.shot.stage.cover
        sun = 3.0 * np.clip(9.0 - off, 0, 1) + 0.9 * np.exp(-off / 40) + 0.25 * np.exp(-off / 160)
        tint = np.array([1.0, 0.55, 0.18], dtype=np.float32)
        shine = (sun * open_ * np.float32(self.power * here)).astype(np.float32)
        image += shine[..., None] * tint


@dataclass(frozen=True)
class Glare:
    """The sun, or a lamp, on the lens itself: a bright veil about one place of the picture."""

    u: float
    """Share of the picture's width."""
    v: float
    size: float = 0.5
    """Share of the width over which it falls to a third."""
    power: float = 0.35
    tint: Tint = (1.0, 0.97, 0.9)
    pulse: Pulse = ALWAYS

    def depth(self, shot: Shot) -> float:
        """Before everything."""
        del shot
        return VEIL

    def paint(self, image: F32, now: Now) -> None:
        """Add the veil."""
        height, width = image.shape[:2]
        here = self.pulse.at(now.t) * (1 + 0.1 * math.sin(0.7 * now.t))
        rows = np.arange(height, dtype=np.float32)[:, None] - np.float32(self.v * height)
        columns = np.arange(width, dtype=np.float32)[None, :] - np.float32(self.u * width)
        off = np.hypot(rows, columns) / np.float32(self.size * width)
        veil = np.exp(-off) * np.float32(self.power * here)
        image += veil[..., None] * np.array(self.tint, dtype=np.float32)
