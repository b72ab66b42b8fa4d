"""Smoke boils cell by cell; a ghost under a passing cloud, and a restless picture, do not."""

import numpy as np
from numpy.typing import NDArray

from plainview.vision.events.boil import Boil
from plainview.vision.events.veil import Veil

SHAPE = (24, 36)
LOOKS = 7
CORE = np.zeros(SHAPE, np.bool_)
CORE[8:15, 12:20] = True
F32 = NDArray[np.float32]


def likely(shift: F32, lost: F32) -> float:
    """How likely what lies over CORE is smoke, by `shift` and `lost` (looks, h, w)."""
    everywhere = np.ones(SHAPE, np.bool_)
    even = np.ones(SHAPE, np.float32)
    veils = [Veil(b, even, a, everywhere, everywhere, 1.0, even, even)
             for a, b in zip(shift, lost, strict=True)]  # fmt: skip
    return Boil(veils, lost).likely(CORE)


def noise(size: float, seed: int) -> F32:
    """Noise of standard deviation `size` in each look's cells."""
    g = np.random.default_rng(seed)
    return (size * g.standard_normal((LOOKS, *SHAPE))).astype(np.float32)


def hidden(stir: float) -> F32:
    """CORE hides half of what is behind it, and each look `stir` more or less."""
    lost = np.zeros((LOOKS, *SHAPE), np.float32)
    lost[:, CORE] = 0.5 + noise(stir, 2)[:, CORE]
    return lost


def test_what_boils_in_a_calm_picture_is_likely_smoke() -> None:
    """Its cells change apart from each other, and much more than the picture's rest."""
    shift = noise(0.002, 1)
    shift[:, CORE] += noise(0.02, 3)[:, CORE]
    assert likely(shift, hidden(0.1)) > 0.9


def test_a_ghost_under_a_cloud_is_not() -> None:
    """Its light changes much from look to look, but all of it alike, and it hides what it did."""
    passing = np.linspace(0.0, 0.3, LOOKS, dtype=np.float32)[:, None, None]
    assert likely(noise(0.002, 1) + passing, hidden(0.01)) < 0.2


def test_a_restless_picture_is_not() -> None:
    """Rain and hard coding stir what is hidden no more than the rest, and hide much elsewhere."""
    lost = hidden(0.06)
    lost[:, :, 24:] = 0.4
    assert likely(noise(0.01, 1), lost) < 0.2


def test_rain_that_stirs_what_is_hidden_is_not() -> None:
    """What is hidden flickers more than under any smoke, but the light does so everywhere."""
    shift = noise(0.01, 1)
    shift[:, CORE] *= 1.5
    assert likely(shift, hidden(0.3)) < 0.2
