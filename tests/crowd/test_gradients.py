import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.crowd.scenes import block

from plainview.crowd.field import Array, Series
from plainview.crowd.gradients import gradients
from plainview.geometry import Grid

X, Y = np.moveaxis(Grid((0.0, 0.0), 0.5, (8, 8)).centres() - 2.0, -1, 0)
INNER = np.s_[1:-1, 1:-1]


def _flow(vx: Array, vy: Array, *, noise: float = 0.0) -> Series:
    full = np.ones((5, 8, 8))
    return block(vx * full, vy * full, cell=0.5, noise=noise)


def test_a_turning_floor_has_twice_its_rate_of_vorticity_alone() -> None:
    """V = w x r: vorticity 2 w, no shear, no divergence."""
    found = gradients(series=_flow(-0.3 * Y, 0.3 * X))
    np.testing.assert_allclose(found.vorticity[INNER], 0.6)
    np.testing.assert_allclose(found.shear[INNER], 0, atol=1e-12)
    np.testing.assert_allclose(found.divergence[INNER], 0, atol=1e-12)


def test_sliding_and_spreading() -> None:
    """Vx = a y: vorticity -a and shear a; v = b r: divergence 2 b alone."""
    slide = gradients(series=_flow(0.4 * Y, 0 * Y))
    np.testing.assert_allclose(slide.vorticity[INNER], -0.4)
    np.testing.assert_allclose(slide.shear[INNER], 0.4)
    spread = gradients(series=_flow(0.1 * X, 0.1 * Y))
    np.testing.assert_allclose(spread.divergence[INNER], 0.2)
    np.testing.assert_allclose(spread.shear[INNER], 0, atol=1e-12)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 999))
def test_a_mirror_turns_vorticity_alone(seed: int) -> None:
    """Seen in a mirror the flow turns the other way; shear and divergence are the same."""
    vx, vy = np.random.default_rng(seed).normal(size=(2, 8, 8))
    one, two = gradients(series=_flow(vx, vy)), gradients(series=_flow(-vx[:, ::-1], vy[:, ::-1]))
    np.testing.assert_allclose(two.vorticity[:, ::-1], -one.vorticity)
    np.testing.assert_allclose(two.shear[:, ::-1], one.shear)
    np.testing.assert_allclose(two.divergence[:, ::-1], one.divergence)


def test_the_error_is_that_of_the_flows_noise() -> None:
    """Vorticity of noise alone spreads as its sigma says."""
    chance = np.random.default_rng(1)
    noise = 0.1 * chance.normal(size=(2, 20, 40, 40))
    found = gradients(series=block(noise[0], noise[1], noise=0.1))
    deviations = found.vorticity[INNER] / found.sigma[INNER]
    assert float(deviations.std()) == pytest.approx(1, abs=0.1)


def test_empty_and_unknown_neighbours_tell_nothing() -> None:
    """A cell beside empty or unknown ground has no gradient."""
    density = np.full((5, 8, 8), 2.0)
    density[:, 4, 4] = 0
    found = gradients(series=block(np.ones((5, 8, 8)), np.ones((5, 8, 8)), density=density))
    assert not found.known[4, 3]
    assert np.isnan(found.vorticity[4, 3])
    assert not found.known[0].any()
    assert found.known[2, 2]
