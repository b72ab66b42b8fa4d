"""From scene radiance to the camera's picture: exposure, optics, noise, tone, and its faults."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from plainview.synth.light import Light
from plainview.synth.scenery import noise_tile

F32 = NDArray[np.float32]

FaultKind = Literal["covered", "partly-covered", "sprayed", "moved", "defocus", "dark", "frozen"]


@dataclass(frozen=True)
class Fault:
    """Something wrong with the camera from `start` to `end` seconds."""

    kind: FaultKind
    start: float
    end: float = 1e9
    amount: float = 1.0
    """defocus: blur in pixels at 640 wide; moved: degrees; partly-covered: share of the picture;
    dark: factor on the light; others: not used."""

    def active(self, t: float) -> bool:
        """Whether it is present at `t` seconds."""
        return self.start <= t < self.end


@dataclass(frozen=True)
class Sensor:
    """How one camera makes pictures."""

    blur: float = 0.12
    """Share of light that optics spill to each neighbour, 0 to 0.3."""
    vignetting: float = 0.25
    """Loss of light in the corners."""
    shake: float = 0.0
    """Pixels, standard deviation of the camera's swing in wind."""
    shake_hz: float = 1.7


_LEVELS = 4096


def tone_curve() -> NDArray[np.uint8]:
    """(4096,) linear light 0 to 1 -> display value: gamma 1/2.2 with a soft shoulder."""
    linear = np.linspace(0.0, 1.0, _LEVELS)
    shoulder = np.where(linear > 0.7, 0.7 + 0.3 * np.tanh((linear - 0.7) / 0.3), linear)
    return np.asarray(np.round(255 * shoulder ** (1 / 2.2)), dtype=np.uint8)


def gain_for(radiance: F32, brightness: float) -> float:
    """The exposure that shows `radiance` (h, w, 3) at a mean display value of `brightness`."""
    luma = radiance.mean(axis=2)[::4, ::4]
    low, high, middle = 1e-3, 1e4, 1.0
    for _ in range(40):
        middle = math.sqrt(low * high)
        shown = float(np.mean(np.clip(middle * luma, 0, 1) ** (1 / 2.2), dtype=np.float64))
        low, high = (middle, high) if shown < brightness else (low, middle)
    return middle


class Developer:
    """Turns radiance into pictures. Owns the noise it repeats and the frame it may freeze on."""

    def __init__(
        self,
        size: tuple[int, int],
        light: Light,
        sensor: Sensor,
        faults: tuple[Fault, ...],
        seed: int,
    ) -> None:
        """For pictures of `size` (width, height)."""
        width, height = size
        self._light, self._sensor, self._faults = light, sensor, faults
        self._generator = np.random.default_rng(seed)
        self._noise = self._generator.standard_normal((height + 61, width + 67)).astype(np.float32)
        x = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
        y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
        self._fade = (1 - sensor.vignetting * (x * x + y * y) / 2)[..., None].astype(np.float32)
        self._tone = tone_curve()
        self._last: NDArray[np.uint8] | None = None
        rows, columns = np.arange(height) % 512, np.arange(width) % 512
        smear = noise_tile(seed + 1, 512, 1.9)[np.ix_(rows, columns)]
        self._paint = np.clip(0.8 + 0.25 * smear, 0.35, 1.0)[..., None].astype(np.float32)
        self._hand = (x + 0.12 * np.sin(4 * y)).astype(np.float32)

    def develop(self, radiance: F32, gain: float, t: float) -> NDArray[np.uint8]:
        """The picture (h, w, 3) of `radiance` (h, w, 3, changed in place) at `t` seconds."""
        active = {fault.kind: fault for fault in self._faults if fault.active(t)}
        if "frozen" in active and self._last is not None:
            return self._last
        image = radiance
        image *= self._fade * np.float32(gain * self._light.exposure(t))
        if self._sensor.shake:
            image = _shifted(image, *self._swing(t))
        if self._sensor.blur:
            image = _softened(image, self._sensor.blur)
        image = self._faulty(image, active)
        self._grain(image)
        index = np.clip(image * np.float32(_LEVELS - 1), 0, _LEVELS - 1).astype(np.uint16)
        self._last = self._tone[index]
        return self._last

    def _swing(self, t: float) -> tuple[float, float]:
        w = 2 * np.pi * self._sensor.shake_hz
        s = self._sensor.shake * 1.41
        return (
            float(s * (0.8 * np.sin(w * t) + 0.6 * np.sin(0.37 * w * t + 1))),
            float(0.5 * s * (0.8 * np.sin(1.23 * w * t + 2) + 0.6 * np.sin(0.51 * w * t))),
        )

    def _faulty(self, image: F32, active: dict[FaultKind, Fault]) -> F32:
        if "dark" in active:
            image *= np.float32(min(active["dark"].amount, 1.0) * 0.02)
        if "defocus" in active:
            sigma = active["defocus"].amount * image.shape[1] / 640
            image = gaussian_filter(image, (sigma, sigma, 0), mode="nearest", truncate=2.5)
        if "sprayed" in active:
            far = gaussian_filter(image[::4, ::4], (5, 5, 0), mode="nearest")
            far = far.repeat(4, 0).repeat(4, 1)[: image.shape[0], : image.shape[1]]
            image = (1 - self._paint) * far + self._paint * np.float32(0.09)
        if "partly-covered" in active:
            edge = np.float32(2 * active["partly-covered"].amount - 1)
            hidden = np.clip((edge - self._hand) * 12, 0, 1)[..., None]
            image = image * (1 - hidden) + hidden * np.float32(0.012)
        if "covered" in active:
            image = np.full_like(image, 0.01)
        return image

    def _grain(self, image: F32) -> None:
        height, width = image.shape[:2]
        dy, dx = self._generator.integers(0, 61), self._generator.integers(0, 67)
        grain = self._noise[dy : dy + height, dx : dx + width]
        if self._generator.random() < 0.5:
            grain = grain[:, ::-1]
        # Photon noise grows with the root of the light; read-out noise is there in the dark.
        strength = np.sqrt(np.maximum(image[..., 1], 0) * np.float32(4.5) + np.float32(0.05))
        strength *= np.float32(self._light.noise * 0.5)
        image += (grain * strength)[..., None]


def _shifted(image: F32, dx: float, dy: float) -> F32:
    """`image` moved by a fraction of a pixel (bilinear); the border repeats."""
    for axis, amount in ((1, dx), (0, dy)):
        whole = int(np.floor(amount))
        share = np.float32(amount - whole)
        a, b = np.roll(image, whole, axis), np.roll(image, whole + 1, axis)
        image = a * (1 - share) + b * share
    return image


def _softened(image: F32, spill: float) -> F32:
    """Three taps each way: the optics' own blur."""
    side, middle = np.float32(spill), np.float32(1 - 2 * spill)
    out = image * middle
    out[1:] += side * image[:-1]
    out[:-1] += side * image[1:]
    out[0] += side * image[0]
    out[-1] += side * image[-1]
    done = out * middle
    done[:, 1:] += side * out[:, :-1]
    done[:, :-1] += side * out[:, 1:]
    done[:, 0] += side * out[:, 0]
    done[:, -1] += side * out[:, -1]
    return done
