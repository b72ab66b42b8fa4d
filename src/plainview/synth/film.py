"""What happens in a rendered scene, drawn into the frames of a real recording.

A rendered place is clean, and its ground, its passers-by and its noise are ours. Here the place,
the people in it and the camera are real, and only what happens is drawn: a bag that is put down,
who falls, a flame. It stands where the recording's calibration says, darkens the ground that it
shades, and is as soft and as noisy as the film. It is drawn before all that is real: no lamp post
and nobody who passes hides it.
"""

import math
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import rq
from scipy.ndimage import gaussian_filter

from plainview.geometry import Calibration, Point, Points, camera_centre
from plainview.synth.camera import Camera
from plainview.synth.cast import Cast
from plainview.synth.light import Light
from plainview.synth.scenery import World, build
from plainview.synth.shadow import doubled
from plainview.synth.shot import Now, Shot

F32 = NDArray[np.float32]

SOFT: Final = 0.6
"""Pixels, deviation of the blur of what is drawn."""
GRAIN: Final = 1.2
"""Grey levels of noise in what is drawn."""
CHANGED: Final = 1e-4
"""Change of radiance below which a pixel stays the recording's own."""


@dataclass(frozen=True)
class Calibrated(Camera):
    """A camera that is known by its projection alone."""

    projection: Points = field(default_factory=lambda: np.zeros((3, 4)), compare=False)
    """(3, 4) world metres -> homogeneous pixels; w is the depth in metres."""

    def axes(self) -> Points:
        """(3, 3): the camera's right, down and forward unit vectors as rows, in world metres."""
        inner, turned = rq(self.projection[:, :3])
        # Lengths in pixels and depths in metres are more than 0 (Hartley & Zisserman, section 6.2).
        return np.asarray(np.sign(np.diagonal(inner))[:, None] * turned, dtype=np.float64)

    def focal(self) -> float:
        """Focal length in pixels, across."""
        return _focal(self.projection)

    def matrix(self) -> Points:
        """(3, 4) projection, world metres -> homogeneous pixels; w is the depth in metres."""
        return self.projection


def faced(
    name: str, calibration: Calibration, area: tuple[Point, ...]
) -> tuple[Calibrated, tuple[Point, ...]]:
    """The camera of `calibration` and `area`, on a ground turned so that it looks along y.

    Its origin is in the area's middle, as stories of events want it.
    """
    projection = calibration.matrix()
    middle = np.mean(area, axis=0)
    ahead = middle - camera_centre(projection)[:2]
    ahead /= np.hypot(*ahead)
    turn = np.column_stack(((ahead[1], -ahead[0]), ahead))
    ground = np.eye(4)
    ground[:2, :2], ground[:2, 3] = turn, middle
    seen = projection @ ground
    x, y, z = (float(one) for one in camera_centre(seen))
    width, height = calibration.image_size
    wide = 2 * math.degrees(math.atan(0.5 * width / _focal(seen)))
    camera = Calibrated(
        name, (x, y, z), (0.0, 0.0, 0.0), wide, (width, height), projection=seen
    )  # fmt: skip
    places = (np.array(area) - middle) @ turn
    return camera, tuple((round(float(x), 2), round(float(y), 2)) for x, y in places)


def _focal(projection: Points) -> float:
    """Focal length in pixels, across, of a `projection` (3, 4)."""
    rows = projection[:, :3]
    return float(np.linalg.norm(np.cross(rows[0], rows[2])))


@dataclass(frozen=True)
class Tone:
    """How a recording shows light: as steep (radiance / sky) ** (1 / 2.2) - black, 0 to 1."""

    steep: float
    black: float

    @classmethod
    def through(cls, dark: tuple[float, float], bright: tuple[float, float]) -> "Tone":
        """Of two things in the picture, each by its reflectance and its display value, 0 to 1."""
        low, high = dark[0] ** (1 / 2.2), bright[0] ** (1 / 2.2)
        steep = (bright[1] - dark[1]) / (high - low)
        return cls(steep, steep * low - dark[1])


class Film:
    """Draws into one recording's frames. Owns the noise that it adds."""

    def __init__(
        self,
        camera: Camera,
        light: Light,
        cast: Cast,
        tone: Tone,
        seed: int,
        *,
        usual: float | None = None,
    ) -> None:
        """What `cast` does, before `camera`, whose recording shows light by `tone`.

        `usual`: the median display value (0 to 1) of the recording when nothing bright is there,
        if its exposure follows what is seen: what is drawn is then shown as dimly as the rest.
        """
        self._usual = usual
        self._light, self._cast, self._tone = light, cast, tone
        self._shot = Shot(camera, build(World(), camera, light))
        self._generator = np.random.default_rng(seed)

    def over(self, frame: NDArray[np.uint8], t: float) -> NDArray[np.uint8]:
        """`frame` (h, w, 3) RGB with what is there `t` seconds after the beginning."""
        light, tone, shot = self._light, self._tone, self._shot
        shown = frame.astype(np.float32) / 255
        sky = np.float32(light.sky)
        gain = self._gain(frame)
        before = (sky / gain) * (
            (shown + np.float32(tone.black)) / np.float32(tone.steep)
        ) ** np.float32(2.2)
        there = self._cast.present(shot, t)
        block, touch = self._cast.shades(shot, there, t)
        sun = light.sun * float(light.to_sun()[2])
        soft = np.float32(light.sky / (light.sky + sun))
        kept = soft * doubled(touch, shot.stage.cover) + (1 - soft) * doubled(
            block, shot.stage.cover
        )
        image = np.asarray(before * kept, dtype=np.float32)
        self._cast.draw(image, Now(shot, light, t), there)
        changed = np.abs(image - before).max(axis=2) > CHANGED
        bright = np.float32(tone.steep) * (np.maximum(image, 0) * (gain / sky)) ** np.float32(
            1 / 2.2
        )
        drawn = np.clip(bright - np.float32(tone.black), 0, 1)
        drawn = gaussian_filter(drawn, (SOFT, SOFT, 0), mode="nearest", truncate=3.0)
        drawn += self._generator.normal(0, GRAIN / 255, drawn.shape[:2])[..., None]
        out = frame.copy()
        out[changed] = np.round(255 * np.clip(drawn, 0, 1))[changed].astype(np.uint8)
        return out

    def _gain(self, frame: NDArray[np.uint8]) -> np.float32:
        """How much more light the camera let in for `frame` (h, w, 3) than is usual, 1: as much."""
        if self._usual is None:
            return np.float32(1)
        black = self._tone.black
        ratio = (float(np.median(frame)) / 255 + black) / (self._usual + black)
        return np.float32(ratio**2.2)
