import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plainview.crowd.field import Z90, Array
from plainview.crowd.fusion import Layer, fuse, sight
from plainview.crowd.levels import occupancy
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


def test_who_stands_in_which_of_two_cells_is_no_doubt_of_the_whole() -> None:
    """Cameras that place the same people a metre apart agree on how many there are."""
    here, there = np.zeros((2, 4, 10))
    here[:, ::2], there[:, 1::2] = 2.0, 2.0
    field = fuse(grid=GRID, t=0, layers=[layer(here), layer(there)]).field
    assert field.sigma == pytest.approx(np.full((4, 10), 1.0), rel=0.1)
    assert np.all(field.common < 0.1 * field.sigma)
    people = occupancy(field=field).people
    assert people.value == pytest.approx(40)
    assert people.high - people.low < 2 * 2 * Z90 * math.sqrt(40), "in quadrature, not added up"


def test_who_counts_twice_as_many_leaves_the_whole_in_doubt() -> None:
    """What cameras disagree by on all that they share goes together from cell to cell."""
    chance = np.random.default_rng(2)
    one = chance.uniform(0, 2, (4, 10))
    layers = [layer(one, deviation=0.1), layer(3 * one, deviation=0.1)]
    field = fuse(grid=GRID, t=0, layers=layers).field
    people = occupancy(field=field).people
    assert people.high > 0.98 * 3 * one.sum()
    assert people.low < 1.02 * one.sum()


def test_a_layer_states_the_error_of_its_count_wherever_its_people_stand() -> None:
    """Where it sees them worse than the rest of its ground, too."""
    far = np.zeros((4, 10))
    far[:, 8:] = 2.0
    seen = sight(projection=looking(-6, 12), grid=GRID)
    plain = layer(far, deviation=3.0)
    aslant = Layer(plain.moments, plain.cover, plain.count, 3.0, 0.05, seen)
    for one in (plain, aslant):
        common = fuse(grid=GRID, t=0, layers=[one]).field.common
        assert common.sum() == pytest.approx(3.0)


def test_only_shared_ground_is_disagreed_about() -> None:
    """Where one camera alone looks, its own word counts, whatever another says elsewhere."""
    own, other = layer(1.0, to=6), layer(5.0, since=4)
    field = fuse(grid=GRID, t=0, layers=[own, other]).field
    alone = fuse(grid=GRID, t=0, layers=[own]).field
    assert np.array_equal(field.sigma[:, :4], alone.sigma[:, :4])
    assert np.array_equal(field.common[:, :4], alone.common[:, :4])
    assert np.all(field.common[:, 4:6] > 1.5)


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
