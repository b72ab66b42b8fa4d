import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.crowd.scenes import block

from plainview.crowd.counterflow import directions

SHAPE = (12, 6, 6)
EVEN = np.ones(SHAPE)
LANES = np.where(np.arange(6)[:, None] % 2 == 0, 1.0, -1.0) * EVEN


def test_one_way_is_neither_counterflow_nor_crossing() -> None:
    """All go along y: both indices nought, the axis is y."""
    found = directions(series=block(0 * EVEN, EVEN))
    assert found.counterflow.value == pytest.approx(0)
    assert found.crossing.value == pytest.approx(0)
    assert found.axis == pytest.approx(math.pi / 2)
    assert found.moving == 1


def test_lanes_both_ways_are_full_counterflow() -> None:
    """Half one way and half the other: 1, with no crossing."""
    found = directions(series=block(LANES, 0 * EVEN))
    assert found.counterflow.value == pytest.approx(1)
    assert found.crossing.value == pytest.approx(0)


def test_a_quarter_against_reads_as_half() -> None:
    """Twice the share that goes against."""
    vx = np.where(np.arange(6)[:, None] == 0, -1.0, 1.0) * EVEN
    found = directions(series=block(vx, 0 * EVEN))
    assert found.counterflow.value == pytest.approx(2 / 6)


def test_streams_at_right_angles_cross() -> None:
    """Half along x, half along y: no axis, crossing is 1."""
    along = np.where(np.arange(6)[:, None] % 2 == 0, 1.0, 0.0) * EVEN
    found = directions(series=block(along, 1 - along))
    assert found.crossing.value == pytest.approx(1)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 999), st.floats(0, 2 * math.pi), st.floats(1, 3))
def test_indices_do_not_depend_on_axes_or_speed(seed: int, turn: float, scale: float) -> None:
    """Turning all velocities and scaling them changes neither index."""
    chance = np.random.default_rng(seed)
    vx, vy = 1.5 * LANES + 0.2 * chance.normal(size=SHAPE), 0.2 * chance.normal(size=SHAPE)
    tx = scale * (math.cos(turn) * vx - math.sin(turn) * vy)
    ty = scale * (math.sin(turn) * vx + math.cos(turn) * vy)
    one, two = directions(series=block(vx, vy)), directions(series=block(tx, ty))
    assert one.counterflow.value == pytest.approx(two.counterflow.value)
    assert one.crossing.value == pytest.approx(two.crossing.value)


def test_who_stands_or_is_unknown_has_no_direction() -> None:
    """Noise of a standing crowd gives no index; unknown ground neither."""
    chance = np.random.default_rng(1)
    vx, vy = 0.1 * chance.normal(size=(2, *SHAPE))
    assert not directions(series=block(0.3 * vx, 0.3 * vy)).counterflow.known
    known = np.zeros(SHAPE, dtype=np.bool_)
    assert not directions(series=block(EVEN, EVEN, known=known)).crossing.known


def test_the_interval_widens_when_the_flow_changes() -> None:
    """A flow that turned within the window is less sure than one that did not."""
    turned = EVEN.copy()
    turned[6:] = -1
    steady = directions(series=block(EVEN, 0 * EVEN)).counterflow
    found = directions(series=block(turned, 0 * EVEN)).counterflow
    assert found.high - found.low > steady.high - steady.low
