"""Packed crowds are as dense as asked, and move as asked without walking through each other."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import cKDTree

from plainview.errors import InputError
from plainview.synth.packed import Surge, packed, places

RECT = (-4.0, -3.0, 4.0, 3.0)


@settings(max_examples=25, deadline=None)
@given(density=st.floats(1.0, 8.5), seed=st.integers(0, 1000))
def test_a_pack_has_its_density(density: float, seed: int) -> None:
    """People over area is the density asked for, to a tenth, and nobody stands in another."""
    found = places(RECT, (density, density), np.random.default_rng(seed))
    assert len(found) / 48 == pytest.approx(density, rel=0.1)
    nearest = np.asarray(cKDTree(found).query(found, k=2)[0])[:, 1]
    assert np.quantile(nearest, 0.02) > 0.55 * np.sqrt(1 / density)


def test_density_grows_along_the_crowd() -> None:
    """From 2 people/m² at one end to 8 at the other."""
    found = places((0, 0, 6, 9), (2.0, 8.0), np.random.default_rng(1))
    first, last = found[:, 1] < 2, found[:, 1] >= 7
    assert np.count_nonzero(first) / 12 == pytest.approx(2.7, abs=0.7)
    assert np.count_nonzero(last) / 12 == pytest.approx(7.3, abs=0.7)


def test_who_stands_still_stays() -> None:
    """Without a surge nobody leaves the place by more than the body's sway."""
    walks = packed(RECT, (5.0, 5.0), 10.0, 3)
    a, b = walks.at(0.0), walks.at(7.3)
    assert np.abs(a.position - b.position).max() < 0.04
    assert np.hypot(*b.velocity.T).mean() < 0.04


def test_a_surge_moves_neighbours_alike() -> None:
    """The drift is the mean velocity; waves have the speed asked for; distances are kept."""
    surge = Surge((0.0, 0.3), speed=0.2, length=7.0)
    walks = packed((-8.0, -8.0, 8.0, 8.0), (4.0, 4.0), 30.0, 5, surge=surge)
    moved = np.concatenate([walks.at(t).velocity for t in np.arange(1.0, 29.0, 2.0)])
    assert moved.mean(axis=0) == pytest.approx((0.0, 0.3), abs=0.08)
    assert np.sqrt(((moved - (0.0, 0.3)) ** 2).mean()) == pytest.approx(0.2, abs=0.05)
    place = walks.at(11.0).position
    nearest = np.asarray(cKDTree(place).query(place, k=2)[0])[:, 1]
    assert np.quantile(nearest, 0.02) > 0.2


def test_an_impossible_density_is_refused() -> None:
    """Nobody can be packed at 12 people/m²."""
    with pytest.raises(InputError, match="density of"):
        packed(RECT, (12.0, 12.0), 1.0, 0)
