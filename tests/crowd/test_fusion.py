import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plainview.crowd.field import Array
from plainview.crowd.fusion import Layer, fuse, sight
from plainview.geometry import Grid

GRID = Grid((0.0, 0.0), 1.0, (10, 4))


def layer(density: Array | float, *, deviation: float = 2.0, to: int = 10, since: int = 0) -> Layer:
    """A camera that covers the columns from `since` to `to`, people walking at 1 m/s along x."""
    plane = np.zeros((4, 10))
    plane[:, since:to] = density
    cover = np.zeros((4, 10), dtype=np.bool_)
    cover[:, since:to] = True
    moments = np.stack((plane, plane, 0 * plane, 0 * plane))
    return Layer(moments, cover, float(plane.sum()), deviation, 0.05)


def looking(x: float, height: float) -> Array:
    """A camera over (x, 2), `height` m up, that looks along x at 30 degrees below the horizon."""
    down = math.radians(30)
    forward = np.array((math.cos(down), 0, -math.sin(down)))
    right = np.array((0.0, -1.0, 0.0))
    turn = np.stack((right, np.cross(forward, right), forward))
    inner = np.array([[800.0, 0, 500], [0, 800, 500], [0, 0, 1]])
    return np.asarray(inner @ np.column_stack((turn, -turn @ np.array((x, 2.0, height)))))


def test_one_camera_is_itself() -> None:
    """Fusing adds nothing to one layer; ground that it does not cover is unknown, not empty."""
    field, shares = fuse(grid=GRID, t=1.0, layers=[layer(2.0, to=5)])
    assert list(shares) == pytest.approx([1.0])
    assert np.all(field.density[:, :5] == 2.0)
    assert np.array_equal(field.known, layer(2.0, to=5).cover)
    assert np.all(field.vx[:, :5] == pytest.approx(1.0))


def test_nothing_is_unknown() -> None:
    """Without any camera all ground is unknown."""
    field, shares = fuse(grid=GRID, t=1.0, layers=[])
    assert not field.known.any()
    assert shares == ()


def test_people_in_the_overlap_count_once() -> None:
    """Two cameras that agree give their density, with less error than each alone."""
    alone = fuse(grid=GRID, t=0, layers=[layer(2.0)]).field
    both = fuse(grid=GRID, t=0, layers=[layer(2.0), layer(2.0)]).field
    assert both.density == pytest.approx(alone.density)
    assert np.all(both.sigma < alone.sigma)


def test_disagreement_shows_in_the_error() -> None:
    """Cameras that contradict each other leave an error as large as half of it, at least."""
    field = fuse(
        grid=GRID, t=0, layers=[layer(1.0, deviation=0.1), layer(5.0, deviation=0.1)]
    ).field
    assert field.density == pytest.approx(np.full((4, 10), 3.0))
    assert np.all(field.sigma >= 1.9)


def test_an_empty_answer_is_not_the_surest() -> None:
    """A camera that says nobody weighs by its own interval, not by what it says."""
    field = fuse(
        grid=GRID, t=0, layers=[layer(0.0, deviation=4.0), layer(5.0, deviation=1.0)]
    ).field
    assert np.all(field.density > 4.5)


def test_the_near_and_steep_view_weighs_more() -> None:
    """Resolution falls and shadows grow with distance; a dense crowd makes the flat view worse."""
    near = sight(projection=looking(-6, 12), grid=GRID)
    assert near.resolution[2, 0] > near.resolution[2, 9]
    assert near.shadow[2, 0] < near.shadow[2, 9]
    empty, dense = np.zeros((4, 10)), np.full((4, 10), 4.0)
    assert np.all(near.doubt(dense) > near.doubt(empty))
    low = sight(projection=looking(-6, 4), grid=GRID)
    assert np.all(low.doubt(dense) >= near.doubt(dense))


amounts = st.floats(0, 8)


@settings(max_examples=40, deadline=None)
@given(amounts, amounts, st.floats(0.1, 10), st.floats(0.1, 10))
def test_a_mean_lies_between(one: float, other: float, doubt: float, more: float) -> None:
    """Whatever the weights: no denser than the denser, no emptier than the emptier; shares are."""
    layers = [layer(one, deviation=doubt, to=7), layer(other, deviation=more, since=3)]
    field, shares = fuse(grid=GRID, t=0, layers=layers)
    both = field.density[:, 3:7]
    assert np.all(both >= min(one, other) - 1e-9)
    assert np.all(both <= max(one, other) + 1e-9)
    assert all(0 <= share <= 1 + 1e-9 for share in shares)
    taken = sum(s * float(la.moments[0].sum()) for s, la in zip(shares, layers, strict=True))
    assert taken == pytest.approx(float(field.density.sum()), abs=1e-6)
