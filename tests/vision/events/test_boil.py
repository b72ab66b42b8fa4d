"""Smoke boils cell by cell; a ghost under a passing cloud, and a restless picture, do not."""

import numpy as np
import pytest
from numpy.typing import NDArray

from plainview.vision.events.boil import Boil
from plainview.vision.events.plume import plumes
from plainview.vision.events.veil import CELL, Veil

SHAPE = (24, 36)
LOOKS = 7
CORE = np.zeros(SHAPE, np.bool_)
CORE[8:15, 12:20] = True
F32 = NDArray[np.float32]


def likely(shift: F32, lost: F32, habit: float = 0.0) -> float:
    """How likely what lies over CORE is smoke, by `shift` and `lost` (looks, h, w).

    Everywhere `habit` of the contrast was lost before.
    """
    everywhere = np.ones(SHAPE, np.bool_)
    even = np.ones(SHAPE, np.float32)
    veils = [Veil(b, even, a, everywhere, everywhere, 1.0, even, even)
             for a, b in zip(shift, lost, strict=True)]  # fmt: skip
    return Boil(veils, lost, habit * even).likely(CORE)


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


def boiling() -> F32:
    """The light of a calm picture in which CORE boils."""
    shift = noise(0.002, 1)
    shift[:, CORE] += noise(0.01, 3)[:, CORE]
    return shift


def test_what_goes_one_way_is_less_likely_than_what_goes_to_and_fro() -> None:
    """A shadow's edge passes once; smoke comes and goes."""
    way = np.linspace(-0.15, 0.15, LOOKS, dtype=np.float32)
    passing, stirring = boiling(), boiling()
    passing[:, CORE] += way[:, None]
    stirring[:, CORE] += way[[0, 4, 1, 6, 2, 5, 3], None]
    assert likely(passing, hidden(0.1)) < 0.9 * likely(stirring, hidden(0.1))


def test_where_the_rest_of_the_picture_swings_as_much_it_is_less_likely() -> None:
    """Under driving clouds all of it grows light and dark."""
    cloud = np.sin(np.arange(LOOKS, dtype=np.float32)).astype(np.float32)[:, None, None]
    swinging = boiling() + np.float32(0.1) * cloud
    assert likely(swinging, hidden(0.08)) < 0.9 * likely(boiling(), hidden(0.08))


def test_where_contrast_was_lost_before_it_is_less_likely() -> None:
    """Coding blurs the same faint ground whenever the light changes."""
    assert likely(boiling(), hidden(0.1)) > 0.9
    assert likely(boiling(), hidden(0.1), habit=0.2) < 0.2


@pytest.mark.parametrize("ghost", [False, True])
def test_a_plume_ends_where_it_boils_though_a_ghost_goes_on(*, ghost: bool) -> None:
    """Where somebody stood while the plate was learned looks veiled for good, and hangs on it."""
    shift, lost = boiling() + 0.1, hidden(0.1)
    below = np.s_[:, 15:24, 12:20]
    lost[below] = 0.5 if ghost else 0.0
    everywhere = np.ones(SHAPE, np.bool_)
    even = np.ones(SHAPE, np.float32)
    veils = [Veil(b, even, a, everywhere, everywhere, 1.0, even, even)
             for a, b in zip(shift, lost, strict=True)]  # fmt: skip
    found = plumes(veils, lost, 0 * even, None, clear=1.0, steady=False)
    assert len(found) == 1
    cells, smoke = found[0]
    assert smoke.confidence > 0.5
    assert abs(smoke.row / (2 * CELL) - 15) <= 2
    assert cells[CORE].mean() > 0.9
