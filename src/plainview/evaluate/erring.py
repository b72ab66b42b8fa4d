"""Measured errors put on simulated truth, second by second, as a camera of its own would err."""

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from plainview.evaluate.error_model import ErrorModel, pick
from plainview.evaluate.score import local_density

Floats = NDArray[np.float64]

_BLOCK = 128
"""Seconds of errors that are drawn at once."""


def _impulse(sigma: float) -> Floats:
    point = np.zeros((41, 41))
    point[20, 20] = 1.0
    return np.asarray(gaussian_filter(point, sigma))


def _blur_for(neighbour: float) -> float:
    """Cells: the Gaussian that gives white noise this correlation between neighbours; 0 for none.

    Found by halving, since the sampled kernel's own correlation differs from exp(-1 / (4 sigma²)).
    """
    if neighbour < 0.05:
        return 0.0
    low, high = 0.2, 5.0
    for _ in range(20):
        middle = (low + high) / 2
        kernel = _impulse(middle)
        found = float((kernel[1:] * kernel[:-1]).sum() / (kernel**2).sum())
        low, high = (middle, high) if found < neighbour else (low, middle)
    return low


def _alike(white: Floats, neighbour: float) -> Floats:
    """`white` noise (..., ny, nx) with that correlation of neighbours, still of unit deviation."""
    blur = _blur_for(neighbour)
    if not blur:
        return white
    gain = math.sqrt(float((_impulse(blur) ** 2).sum()))
    steps = (0.0,) * (white.ndim - 2) + (blur, blur)
    return np.asarray(gaussian_filter(white, steps, mode="wrap") / gain)


class Erring:
    """Puts errors on true fields, second by second. Owns the errors that last."""

    def __init__(
        self, model: ErrorModel, shape: tuple[int, int], generator: np.random.Generator
    ) -> None:
        """For one camera whose field is (ny, nx); its own factor is drawn here."""
        self._model, self._generator, self._shape = model, generator, shape
        self._factor = math.exp(model.camera * float(generator.standard_normal()))
        self._fresh = self._drawn()
        self._keep = np.array([model.memory, model.flow_memory, model.flow_memory])[:, None, None]
        self._noise = next(self._fresh)
        self._common = float(generator.standard_normal())

    def _drawn(self) -> Iterator[Floats]:
        """Errors of unit deviation for density and both components, (3, ny, nx), for ever.

        Drawn _BLOCK at a time: many small filters cost much more than a large one.
        """
        model = self._model
        while True:
            white = self._generator.standard_normal((_BLOCK, 3, *self._shape))
            white[:, :1] = _alike(white[:, :1], model.neighbour)
            white[:, 1:] = _alike(white[:, 1:], model.flow_neighbour)
            yield from white

    def step(self, density: Floats, velocity: Floats) -> tuple[Floats, Floats]:
        """The next second as it would be measured: (ny, nx) people/m² and (ny, nx, 2) m/s."""
        model, keep = self._model, self._keep
        self._noise = keep * self._noise + np.sqrt(1 - keep**2) * next(self._fresh)
        renewed = math.sqrt(1 - model.memory**2) * float(self._generator.standard_normal())
        self._common = model.memory * self._common + renewed
        near = local_density(density, np.ones(self._shape, dtype=np.bool_), 1.0)
        said = density * pick(model.ratio, near) * self._factor * (1 + model.common * self._common)
        said = np.maximum(said + pick(model.spread, near) * self._noise[0], 0.0)
        error = pick(model.velocity, near)[..., None] * np.moveaxis(self._noise[1:], 0, -1)
        return said, pick(model.slope, near)[..., None] * velocity + error

    def noise_floor(self, density: Floats) -> float:
        """What a Reading of the true `density` (ny, nx) says of its velocities' noise, m/s.

        A lens states one number for its picture. It is taken to know its noise rightly in the mean:
        the root mean square over the people there (bench/piv.py: how far that is so).
        """
        near = local_density(density, np.ones(self._shape, dtype=np.bool_), 1.0)
        weight = np.maximum(density, 1e-9)
        squares = weight * pick(self._model.velocity, near) ** 2
        return math.sqrt(float(squares.sum() / weight.sum()))
