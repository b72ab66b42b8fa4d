"""What hangs or falls in the air: rain, fog, steam."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plainview.geometry import camera_centre, project
from plainview.synth.events.actor import VEIL
from plainview.synth.events.pulse import ALWAYS, Pulse
from plainview.synth.scenery import noise_tile, sample
from plainview.synth.shadow import NEAR
from plainview.synth.shot import Now, Shot

F32 = NDArray[np.float32]
_TILE = noise_tile(53, 256, 1.7)


def white(now: Now) -> float:
    """Radiance of a white cloud in the scene's light: droplets scatter all of it."""
    lamps = 0.25 if now.light.lamps else 0.0
    return 0.75 * (now.light.sky + 0.45 * now.light.sun + lamps * 0.3)


@dataclass(frozen=True)
class Rain:
    """Streaks of falling drops near the camera."""

    rate: float = 60.0
    """Streaks in one picture."""
    seed: int = 0
    slant: float = 0.12
    pulse: Pulse = ALWAYS

    def depth(self, shot: Shot) -> float:
        """Before everything."""
        del shot
        return VEIL

    def paint(self, image: F32, now: Now) -> None:
        """Draw this frame's streaks: no drop is seen twice at a few frames a second."""
        height, width = image.shape[:2]
        generator = np.random.default_rng((self.seed, round(now.t * 1000)))
        count = int(generator.poisson(self.rate * self.pulse.at(now.t)))
        length = max(4, height // 14)
        bright = np.float32(white(now))
        for u, v, near in generator.random((count, 3)):
            long = int(length * (0.5 + near))
            rows = np.arange(long) + int(v * height) - long // 2
            columns = (int(u * width) + self.slant * np.arange(long)).astype(int)
            inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
            rows, columns = rows[inside], columns[inside]
            image[rows, columns] += np.float32(0.2 + 0.25 * near) * (bright - image[rows, columns])


@dataclass(frozen=True)
class Fog:
    """Air that hides what is far (Koschmieder's law), thicker here and thinner there."""

    visibility: float = 60.0
    """Metres at which contrast has fallen to 2 %."""
    patchy: float = 0.3
    pulse: Pulse = ALWAYS
    wind: tuple[float, float] = (0.5, 0.2)

    def depth(self, shot: Shot) -> float:
        """Before everything: bodies are hidden as the ground behind them."""
        del shot
        return VEIL

    def paint(self, image: F32, now: Now) -> None:
        """Veil the picture by its distance."""
        stage, t = now.shot.stage, now.t
        x, y, z = camera_centre(now.shot.matrix)
        across = np.hypot(stage.under_x - np.float32(x), stage.under_y - np.float32(y))
        far = np.where(across > 0, np.hypot(across, np.float32(z)), 200)
        gone = self.wind[0] * t, self.wind[1] * t
        drift = sample(_TILE, stage.under_x - gone[0], stage.under_y - gone[1], 60.0)
        thick = np.float32(3.9 / self.visibility * self.pulse.at(t)) * np.clip(
            1 + np.float32(self.patchy) * drift, 0.2, 2.5
        )
        veil = 1 - np.exp(-thick * np.minimum(far, 200))
        image += veil[..., None] * (np.float32(white(now)) - image)


@dataclass(frozen=True)
class Steam:
    """Warm damp air from a vent: white, torn, gone within a few metres."""

    x: float
    y: float
    z: float = 0.1
    size: float = 0.35
    """Metres across at the vent."""
    rise: float = 1.4
    """m/s."""
    life: float = 2.2
    """Seconds until it has dissolved."""
    strength: float = 0.7
    wind: tuple[float, float] = (0.3, 0.1)
    pulse: Pulse = ALWAYS
    seed: int = 0

    def depth(self, shot: Shot) -> float:
        """That of the vent."""
        return float(project(shot.matrix, [(self.x, self.y, self.z)])[1][0])

    def paint(self, image: F32, now: Now) -> None:
        """Draw the puffs of the last few seconds, each larger and thinner than when it came."""
        shot, every = now.shot, 0.12
        newest = math.floor(now.t / every)
        bright = np.float32(white(now))
        for k in range(newest - int(self.life / every), newest + 1):
            age = now.t - k * every
            here = self.pulse.at(k * every)
            if not 0 <= age <= self.life or here <= 0:
                continue
            a, b, c = np.random.default_rng((self.seed, k + 10_000)).normal(size=3)
            gone = age / self.life
            size = self.size * (0.5 + 2.2 * gone)
            place = (
                self.x + self.wind[0] * age + 0.25 * size * a + 0.2 * gone * c,
                self.y + self.wind[1] * age + 0.25 * size * b,
                self.z + self.rise * age * (1 - 0.35 * gone),
            )
            strength = self.strength * here * (1 - gone) * (0.35 + 0.15 * c)
            _puff(image, shot, place, size, np.float32(np.clip(strength, 0, 1)), bright)


def _puff(
    image: F32, shot: Shot, place: tuple[float, float, float], size: float, alpha: np.float32,
    bright: np.float32,
) -> None:  # fmt: skip
    """Blend one soft ball of `size` metres into the picture."""
    pixels, depth = project(shot.matrix, [place])
    if depth[0] < NEAR:
        return
    r = max(size * shot.focal / float(depth[0]), 0.8)
    height, width = image.shape[:2]
    u, v = (float(value) for value in pixels[0])
    u0, u1 = max(int(u - 2 * r), 0), min(int(u + 2 * r) + 2, width)
    v0, v1 = max(int(v - 2 * r), 0), min(int(v + 2 * r) + 2, height)
    if u0 >= u1 or v0 >= v1:
        return
    rows = np.arange(v0, v1, dtype=np.float32)[:, None] - np.float32(v)
    columns = np.arange(u0, u1, dtype=np.float32)[None, :] - np.float32(u)
    soft = alpha * np.exp(-(rows * rows + columns * columns) / np.float32(r * r))
    part = image[v0:v1, u0:u1]
    part += soft[..., None] * (bright - part)
