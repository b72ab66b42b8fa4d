"""A plume of smoke, or of steam: puffs that rise, spread and thin out, drawn into radiance.

What is behind shows through: radiance = (1 - a) behind + a smoke, a = 1 - exp(-optical depth)
(Koschmieder's law). A buoyant plume is about a quarter as wide as it is high (Morton, Taylor &
Turner, Proc. R. Soc. A 234, 1956), and what one puff holds spreads over its growing section. Drawn,
not simulated, and never held against film of a real fire.
"""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from plainview.synth.camera import Camera
from plainview.synth.flame import Pane
from plainview.synth.scenery import noise_tile, sample
from plainview.synth.shot import Now, Shot

F32 = NDArray[np.float32]
F = NDArray[np.float64]

SPREAD = 0.22
"""Metres that a puff grows in radius for each that it rises."""


@dataclass(frozen=True)
class Smoke:
    """A source of smoke at `at` that gives it off from `began` to `ended` seconds."""

    at: tuple[float, float]
    metres: float = 0.5
    """Across its source."""
    began: float = 0.0
    ended: float = 1e9
    seed: int = 1
    shade: float = 0.25
    """Part of the light on it that it throws back: 0.05 oil and rubber, 0.3 wood, 0.9 steam."""
    thick: float = 1.6
    """Optical depth at the source."""
    rise: float = 1.2
    """m/s."""
    wind: tuple[float, float] = (0.4, 0.0)
    """m/s."""
    life: float = 9.0
    """Seconds until a puff is gone: one or two for steam."""
    period: float = 0.0
    """Seconds from one burst to the next; 0 gives off all the time."""
    rate: float = 5.0
    """Puffs a second."""

    @cached_property
    def _tile(self) -> F32:
        return noise_tile(self.seed, 256, 1.5)

    def puffs(self, t: float) -> F:
        """(n, 5): metres east, north and up of the source, radius, and optical depth at `t`."""
        first = math.ceil(max(self.began, t - self.life) * self.rate)
        last = math.floor(min(self.ended, t) * self.rate)
        k = np.arange(first, last + 1)
        if self.period:
            k = k[(k / self.rate / self.period) % 1.0 < 0.4]
        age = t - k / self.rate
        own = np.random.default_rng(self.seed).standard_normal((997, 3))[k % 997]
        up = self.rise * age * (1.0 + 0.12 * own[:, 2])
        stray = 0.12 * (self.metres + up)[:, None] * own[:, :2]
        place = age[:, None] * np.array(self.wind) + stray
        radius = 0.5 * self.metres + SPREAD * (up + 0.5 * np.hypot(*place.T))
        fade = np.clip(1.0 - age / self.life, 0.0, 1.0)
        strength = self.thick * (0.5 * self.metres / radius) * fade
        return np.column_stack((place, up, radius, strength))

    def veil(self, camera: Camera, t: float) -> tuple[tuple[slice, slice], F]:
        """The window of the picture that it is in, and how much it hides there: (h, w) 0 to 1."""
        puffs = self.puffs(t)
        pane = Pane(camera, self.at)
        nothing = (slice(0, 0), slice(0, 0)), np.zeros((0, 0))
        if not len(puffs):
            return nothing
        toward = np.array(camera.position[:2]) - np.array(self.at)
        toward /= max(float(np.hypot(*toward)), 1e-6)
        across = puffs[:, :2] @ np.array([-toward[1], toward[0]])
        up, radius, strength = puffs[:, 2], puffs[:, 3], puffs[:, 4]
        left, right = float((across - 2 * radius).min()), float((across + 2 * radius).max())
        window = pane.window(left, right, float((up + 2 * radius).max()))
        rows, columns = window
        if rows.stop <= rows.start or columns.stop <= columns.start:
            return nothing
        u, z = pane.metres(rows, columns)
        deep = np.zeros_like(u)
        for k in range(len(puffs)):
            away = ((u - across[k]) ** 2 + (z - up[k]) ** 2) / (0.6 * radius[k]) ** 2
            deep += strength[k] * np.exp(-0.5 * away)
        ragged = sample(self._tile, u, z - self.rise * t, 6.0 * max(self.metres, 0.4))
        deep *= np.clip(1.0 + 0.45 * ragged, 0.15, 2.0) * np.clip((z + 0.05) * 4, 0, 1)
        return window, np.asarray(1.0 - np.exp(-deep * 2.0 / self.rate))

    def depth(self, shot: Shot) -> float:
        """Metres before the camera."""
        return Pane(shot.camera, self.at).depth

    def paint(self, image: F32, now: Now) -> None:
        """Lay it over `image` (h, w, 3), radiance in place."""
        (rows, columns), veil = self.veil(now.shot.camera, now.t)
        if not veil.size:
            return
        veil[now.shot.stage.nearest[rows, columns] < self.depth(now.shot)] = 0.0
        light = now.light
        lit = (light.sky + light.sun * light.to_sun()[2]) * light.level(now.t)
        hides = veil[..., None].astype(np.float32)
        part = image[rows, columns]
        part *= 1.0 - hides
        part += hides * np.array([0.98, 1.0, 1.02], np.float32) * np.float32(self.shade * lit)
