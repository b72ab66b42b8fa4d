import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.crowd.scenes import block

from plainview.crowd.bottleneck import flow_through, lengths_in, time_to_reach
from plainview.crowd.field import UNKNOWN, Estimate, normal, own_doubt
from plainview.errors import InputError
from plainview.geometry import Grid, Line

SHAPE = (10, 6, 6)
EVEN = np.ones(SHAPE)
DOOR = Line(name="door", start=(3.0, 5.0), end=(3.0, 1.0))
"""Forward is towards +x: the left hand of one who walks along -y."""


def test_a_uniform_stream_through_a_door() -> None:
    """2/m² at 0.5 m/s through 4 m: four people a second, one for each metre, none back."""
    found = flow_through(series=block(0.5 * EVEN, 0 * EVEN, density=2.0), line=DOOR)
    assert found.net.value == pytest.approx(4)
    assert found.forward.value == pytest.approx(4, abs=0.01)
    assert found.backward.value == pytest.approx(0, abs=0.01)
    assert found.specific.value == pytest.approx(1)
    assert found.net.low < 4 < found.net.high
    assert found.known == 1


def test_a_line_walked_the_other_way_turns_the_sign() -> None:
    """The net flow over a line with its ends exchanged is the opposite."""
    turned = Line(name="door", start=DOOR.end, end=DOOR.start)
    one, two = (
        flow_through(series=block(0.5 * EVEN, 0.1 * EVEN), line=line).net for line in (DOOR, turned)
    )
    assert one.value == pytest.approx(-two.value)


def test_noise_alone_is_no_flow() -> None:
    """A standing crowd with a noisy flow: nought is in the net flow's interval."""
    chance = np.random.default_rng(1)
    vx, vy = 0.1 * chance.normal(size=(2, 40, 6, 6))
    found = flow_through(series=block(vx, vy, noise=0.1), line=DOOR)
    assert found.net.low < 0 < found.net.high
    assert found.forward.value < 0.15
    assert found.backward.value < 0.15


def test_the_interval_of_a_flow_holds_it() -> None:
    """With the errors that the fields say they have: about nine times out of ten."""
    held = []
    own = float(own_doubt(math.inf, 1, 1.0, np.array(3.0)))
    for seed in range(300):
        chance = np.random.default_rng(seed)
        vx = 0.4 + 0.1 * chance.normal(size=SHAPE)
        density = 3 + 0.27 * chance.normal() + own * chance.normal(size=(1, 6, 6))
        sigma = math.hypot(0.27, own)
        series = block(vx, 0 * vx, density=density, sigma=sigma, noise=0.1, common=0.27)
        found = flow_through(series=series, line=DOOR).net
        held.append(found.low <= 4.8 <= found.high)
    assert 0.85 < np.mean(held) < 0.95


def test_a_line_on_unknown_ground_tells_nothing() -> None:
    """Half of the door unseen: no flow is said; off the grid: refused."""
    known = np.ones(SHAPE, dtype=np.bool_)
    known[:, :3] = False
    found = flow_through(series=block(EVEN, EVEN, known=known), line=DOOR)
    assert not found.net.known
    assert found.known == pytest.approx(0.5, abs=0.02)
    far = Line(name="far", start=(90.0, 0.0), end=(90.0, 5.0))
    with pytest.raises(InputError):
        flow_through(series=block(EVEN, EVEN), line=far)


@given(st.floats(0, 6), st.floats(0, 6), st.floats(0, 6), st.floats(0, 6))
def test_a_lines_length_is_shared_out_over_its_cells(
    x0: float, y0: float, x1: float, y1: float
) -> None:
    """Lengths in cells add up to the line."""
    line = Line(name="any", start=(x0, y0), end=(x1, y1))
    total = lengths_in(grid=Grid((0.0, 0.0), 1.0, (6, 6)), line=line).sum()
    assert total == pytest.approx(math.dist(line.start, line.end), abs=0.05)


def test_time_until_it_is_full() -> None:
    """100 m² from 3 to 5/m² at two people a second: a hundred seconds."""
    found = time_to_reach(density=normal(3, 0.1), inflow=normal(2, 0.2), area=100, level=5)
    assert found.value == pytest.approx(100)
    assert 70 < found.low < 100 < found.high < 140


@pytest.mark.parametrize(
    ("inflow", "value", "high"),
    [(normal(0, 0.1), math.inf, math.inf), (normal(-2, 0.1), math.inf, math.inf)],
)
def test_it_is_never_full_where_nobody_is_added(
    inflow: Estimate, value: float, high: float
) -> None:
    """No net inflow, or a net outflow: never, and never is in the interval."""
    found = time_to_reach(density=normal(3, 0.1), inflow=inflow, area=100, level=5)
    assert (found.value, found.high) == (value, high)
    assert found.low > 0


def test_an_inflow_that_may_be_none_may_take_for_ever() -> None:
    """The value is finite, the high end is not."""
    found = time_to_reach(density=normal(3, 0.1), inflow=normal(1, 1), area=100, level=5)
    assert found.value == pytest.approx(200)
    assert found.high == math.inf
    assert 0 < found.low < 200


def test_what_is_full_is_full_now() -> None:
    """At or over the level: nought, surely so when the low end is over it too."""
    full = time_to_reach(density=normal(6, 0.1), inflow=normal(1, 0.1), area=10, level=5)
    assert full == Estimate(0, 0, 0)
    assert time_to_reach(density=UNKNOWN, inflow=normal(1, 1), area=10, level=5) is UNKNOWN
    with pytest.raises(InputError):
        time_to_reach(density=normal(6, 0.1), inflow=normal(1, 0.1), area=0, level=5)


@settings(max_examples=60)
@given(
    st.floats(0, 4.9), st.floats(0.01, 1), st.floats(-3, 3), st.floats(0.01, 1), st.floats(1, 500)
)
def test_times_are_ordered_and_not_negative(
    density: float, error: float, inflow: float, doubt: float, area: float
) -> None:
    """0 <= low <= value <= high, whatever is asked."""
    found = time_to_reach(
        density=normal(density, error), inflow=normal(inflow, doubt), area=area, level=5
    )
    assert 0 <= found.low <= found.value <= found.high


def test_the_interval_of_the_time_holds_it() -> None:
    """Errors of both numbers as stated: 86 to 94 % hold the true time."""
    chance = np.random.default_rng(3)
    held = 0
    for _ in range(1000):
        density, inflow = 3 + 0.2 * chance.normal(), 1 + 0.2 * chance.normal()
        found = time_to_reach(
            density=normal(density, 0.2), inflow=normal(inflow, 0.2), area=50, level=5
        )
        held += found.low <= 100 <= found.high
    assert 0.86 < held / 1000 < 0.94
