"""An open flame: soot that glows, rises and puffs, drawn into a scene's radiance.

A drawing after published regularities, not a simulation of burning, and never held against film of
a real fire: height after Heskestad (SFPE Handbook, 5th ed., chapter 13), L = 0.235 Q^(2/5) - 1.02 D
for Q kW on a bed D metres across; puffs f = 1.5 / sqrt(D) times a second (Cetegen & Ahmed,
Combustion and Flame 93, 1993); a core of soot at about 1900 K, too bright for the sensor, whose
rim glows at 1000 K.
"""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from plainview.geometry import camera_centre
from plainview.synth.camera import Camera
from plainview.synth.scenery import noise_tile, sample
from plainview.synth.shot import Now, Shot

F32 = NDArray[np.float32]
F = NDArray[np.float64]

HEAT = 500.0
"""kW that a square metre of burning wood or plastic releases."""
CATCH = 2.0
"""Seconds that it takes to catch, and to go out."""


_NEAREST = 0.2
"""Metres before the camera from which on a pane is drawn."""
_UNDER = -1000.0
"""Metres up where nothing burns."""


class Pane:
    """A vertical pane at `at` that faces the camera: which of its metres each pixel shows."""

    def __init__(self, camera: Camera, at: tuple[float, float]) -> None:
        """Look through `camera` at the pane that stands at `at`, ground metres."""
        projection = camera.matrix()
        away = np.array(at) - camera_centre(projection)[:2]
        away /= max(float(np.hypot(*away)), 1e-6)
        across = np.array([away[1], -away[0], 0.0])
        foot = projection @ np.array([*at, 0.0, 1.0])
        self._plane = np.column_stack((projection[:, :3] @ across, projection[:, 2], foot))
        self.depth = float(foot[2])
        """Metres from the camera, along its axis."""
        self._size = camera.size

    def window(
        self, left: float, right: float, top: float, bottom: float = 0.0
    ) -> tuple[slice, slice]:
        """Rows and columns that show the pane from `left` to `right` and up to `top` metres.

        Of what rises past a camera that looks down, the part before it.
        """
        corners = [(left, bottom, 1.0), (right, bottom, 1.0), (right, top, 1.0), (left, top, 1.0)]
        pixels = _before(np.array(corners) @ self._plane.T)
        if self.depth < 0.5 or len(pixels) == 0:
            return slice(0, 0), slice(0, 0)
        x, y = (pixels[:, :2] / pixels[:, 2:]).T
        width, height = self._size
        columns = slice(max(math.floor(x.min()), 0), max(min(math.ceil(x.max()) + 1, width), 0))
        rows = slice(max(math.floor(y.min()), 0), max(min(math.ceil(y.max()) + 1, height), 0))
        return rows, columns

    def metres(self, rows: slice, columns: slice) -> tuple[F, F]:
        """Metres across and up, (h, w) each, of the pixels of a window.

        Far below the ground where the ray meets the pane behind the camera.
        """
        v, u = np.mgrid[rows, columns]
        pane = np.stack((u, v, np.ones_like(u)), axis=-1) @ np.linalg.inv(self._plane).T
        ahead = pane[..., 2] > 0
        scale = np.where(ahead, pane[..., 2], 1.0)
        return pane[..., 0] / scale, np.where(ahead, pane[..., 1] / scale, _UNDER)


def _before(corners: F) -> F:
    """(m, 3) corners of the part of a polygon `corners` (n, 3), homogeneous, before the camera."""
    found = []
    for one, other in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        if one[2] >= _NEAREST:
            found.append(one)
        if (one[2] >= _NEAREST) != (other[2] >= _NEAREST):
            share = (_NEAREST - one[2]) / (other[2] - one[2])
            found.append(one + share * (other - one))
    return np.array(found).reshape(-1, 3)


@dataclass(frozen=True)
class Flame:
    """Something that burns on the ground at `at` from `began` to `ended` seconds."""

    at: tuple[float, float]
    metres: float = 0.6
    """Across the bed that burns."""
    began: float = 0.0
    ended: float = 1e9
    seed: int = 1
    radiance: float = 1.4
    """Of its core; 1 is a white ground in full sun. A few times as much as a night's lamps give."""

    @property
    def height(self) -> float:
        """Mean metres from its foot to its tip."""
        heat = HEAT * math.pi / 4 * self.metres**2
        return float(max(0.235 * heat**0.4 - 1.02 * self.metres, 0.6 * self.metres))

    @cached_property
    def _tiles(self) -> tuple[F32, F32]:
        return noise_tile(self.seed, 256, 1.2), noise_tile(self.seed + 1, 256, 1.6)

    def burns(self, t: float) -> float:
        """Part of its full size at `t` seconds, 0 to 1."""
        return min(max(min((t - self.began) / CATCH, (self.ended - t) / CATCH), 0.0), 1.0)

    def depth(self, shot: Shot) -> float:
        """Metres before the camera."""
        return Pane(shot.camera, self.at).depth

    def paint(self, image: F32, now: Now) -> None:
        """Add it to `image` (h, w, 3), radiance in place."""
        size = self.burns(now.t)
        if size <= 0:
            return
        pane = Pane(now.shot.camera, self.at)
        reach = 1.3 * self.metres
        rows, columns = pane.window(-reach, reach, 2.2 * self.height)
        if rows.stop <= rows.start or columns.stop <= columns.start:
            return
        glow = self._glow(*pane.metres(rows, columns), now.t, size)
        glow[now.shot.stage.nearest[rows, columns] < pane.depth] = 0.0
        colour = np.stack((glow, glow * (0.22 + 0.5 * glow), glow**2 * 0.3 + 0.02 * glow), axis=-1)
        cover = np.clip(1.3 * glow, 0.0, 0.9)[..., None]
        part = image[rows, columns]
        part *= (1.0 - cover).astype(np.float32)
        part += (self.radiance * colour).astype(np.float32)

    def _glow(self, across: F, up: F, t: float, size: float) -> F:
        """(h, w) how strongly it glows, 0 to 1, at metres `across` and `up`."""
        fine, coarse = self._tiles
        tall = self.height * size
        rise = 0.55 * math.sqrt(2 * 9.81 * tall)
        part = up / tall
        lift = up - rise * t
        bend = sample(coarse, lift, np.full_like(up, 0.7 * t), 3.0 * tall)
        u = across - 0.22 * self.metres * np.clip(part, 0, 1.5) * bend
        puff = 0.5 + 0.5 * np.cos(2 * math.pi * 1.5 / math.sqrt(self.metres) * (t - up / rise))
        tip = 1.0 + 0.3 * sample(coarse, np.full_like(up, 1.7 * t), u, 2.0 * tall)
        narrow = 1.0 - 0.45 * np.clip(part, 0, 1) * puff
        half = 0.5 * self.metres * size**0.5 * narrow * np.clip(1.05 - part / tip, 0.02, 1.0) ** 0.6
        ragged = 0.5 * (0.25 + part) * sample(fine, u, lift, 1.6 * self.metres)
        body = 1.15 - (np.abs(u) / half) ** 1.6 + ragged - 0.35 * part / tip
        body[(up < 0) | (part > 1.6 * tip)] = 0.0
        return np.asarray(np.clip(body, 0.0, 1.0))
