import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plainview.vision.headplane import HEAD
from plainview.vision.parallax import TRUNK, depth, spots


@given(st.floats(0, 10), st.floats(0.01, 20))
def test_trunks_are_seen_between_head_and_hip_and_less_of_them_in_a_crowd(
    density: float, slant: float
) -> None:
    """Half a trunk where nobody is in front; the denser, the nearer to the heads."""
    one, more = depth(np.array([density, density + 0.5]), np.array([slant, slant]))
    assert 0 < more <= one <= TRUNK / 2 + 1e-6
    assert depth(np.array([0.0]), np.array([slant]))[0] == pytest.approx(TRUNK / 2, rel=1e-3)
    assert depth(np.array([1e6]), np.array([slant]))[0] < 0.01


@given(st.floats(-20, 20), st.floats(-20, 20), st.floats(3, 30), st.floats(0, 8))
def test_what_hangs_below_a_head_is_found_by_the_ray_to_it(
    x: float, y: float, height: float, density: float
) -> None:
    """The head plane is met by the ray to the trunk, and what moves there moves by `slower`."""
    centre = np.array([3.0, -4.0, height])
    places = np.array([[x, y], [x + 0.1, y]])
    found = spots(places, np.full(2, density), centre)
    away = places - centre[:2]
    down = depth(np.full(2, density), np.hypot(*away.T) / (height - HEAD))
    trunk = np.column_stack((places, HEAD - down))
    meets = centre + (trunk - centre) * ((height - HEAD) / (height - trunk[:, 2]))[:, None]
    assert meets[:, 2] == pytest.approx(HEAD)
    assert found.places == pytest.approx(meets[:, :2])
    # Both at one depth: a step of a body is seen as so much of a step.
    same = centre[:2] + found.slower[0] * (places - centre[:2])
    assert found.places[0] == pytest.approx(same[0])
    assert np.all((found.slower > 0) & (found.slower <= 1))
