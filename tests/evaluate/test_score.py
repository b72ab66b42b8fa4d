import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from plainview.evaluate.measured import Measured
from plainview.evaluate.score import (
    count_score,
    density_score,
    health_score,
    local_density,
    score,
    true_crossings,
    velocity_score,
)
from plainview.evaluate.truth import Fault, Truth
from plainview.geometry import Line, View

Walking = Callable[..., Truth]
Perfect = Callable[[Truth, int], Measured]

person = st.tuples(
    st.floats(0.5, 19.5), st.floats(0.5, 9.5), st.floats(-2, 2), st.floats(-1.5, 1.5)
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(people=st.lists(person, min_size=1, max_size=40))
def test_truth_measured_as_it_is_has_no_error(
    people: list[tuple[float, float, float, float]],
    view: View,
    walking: Walking,
    perfect: Perfect,
) -> None:
    """Whoever measures the truth itself gets an error of zero in every score."""
    truth = walking(people, 6, 5.0)
    result = score(perfect(truth, 6), truth, view)
    assert result.counts.mae == pytest.approx(0, abs=1e-9)
    assert result.counts.coverage == 1
    assert result.counts.intervals == 6
    if result.velocity.cells:
        assert result.velocity.matched == 1
        assert result.velocity.speed == pytest.approx(0, abs=1e-9)
        assert result.velocity.direction == pytest.approx(0, abs=1e-5)
    for crossing in result.crossings:
        assert crossing.forward == crossing.measured_forward
        assert crossing.backward == crossing.measured_backward
    for band in result.density.bands:
        assert band.cells == 0 or band.error == pytest.approx(0, abs=1e-9)
    assert (result.health.sound, result.health.false) == (6, 0)


def test_a_wrong_count_is_found_at_its_size(view: View, walking: Walking, perfect: Perfect) -> None:
    """Two people too many in half of the intervals: MAE 1, bias +1, RMSE sqrt(2), coverage half."""
    truth = walking([(5, 5, 0, 0), (8, 5, 0, 0)], 4, 5.0)
    good = perfect(truth, 4)
    wrong = tuple(
        replace(i, count=4.0, low=3.0, high=5.0) if k % 2 else i
        for k, i in enumerate(good.intervals)
    )
    result = count_score(good._replace(intervals=wrong), truth, view.polygon)
    assert (result.mae, result.bias, result.coverage) == (1.0, 1.0, 0.5)
    assert result.rmse == pytest.approx(math.sqrt(2))
    assert result.width == 1.0


def test_a_false_alarm_does_not_excuse_a_wrong_count(
    view: View, walking: Walking, perfect: Perfect
) -> None:
    """Intervals flagged without a true fault are judged; those in a true fault are not."""
    truth = walking([(5, 5, 0, 0)], 4, 5.0)
    good = perfect(truth, 4)
    blind = good._replace(
        intervals=tuple(
            replace(i, count=0.0, low=0.0, high=0.0, cells=(), health=("blind",))
            for i in good.intervals
        )
    )
    assert count_score(blind, truth, view.polygon).mae == 1.0
    faults = (Fault(0.0, 2.0, "blind"),)
    assert count_score(blind, truth, view.polygon, faults).intervals == 2
    assert velocity_score(blind, truth, faults).cells == 0
    health = health_score(blind, faults)
    assert health == (2, 2, 2, 2, 2)
    assert health_score(good, faults) == (2, 0, 0, 2, 0)


def test_an_interval_half_in_a_fault_is_judged_in_neither_way(
    walking: Walking, perfect: Perfect
) -> None:
    """A fault that begins inside an interval asks nothing of that interval's flags."""
    good = perfect(walking([(5, 5, 0, 0)], 3, 5.0), 3)
    assert health_score(good, (Fault(0.5, 2.5, "dark"),)) == (1, 0, 0, 0, 0)


@pytest.mark.parametrize("degrees", [10.0, 90.0, 170.0])
def test_a_turned_velocity_is_found_at_its_angle(
    degrees: float, walking: Walking, perfect: Perfect
) -> None:
    """Turning and stretching all measured velocities gives just that error, and no other."""
    truth = walking([(3, 5, 1.0, 0.5), (15, 2, -0.5, 0.8)], 4, 5.0)
    good = perfect(truth, 4)
    turn = math.radians(degrees)

    def turned(vx: float, vy: float) -> tuple[float, float]:
        c, s = 2 * math.cos(turn), 2 * math.sin(turn)
        return c * vx - s * vy, s * vx + c * vy

    intervals = tuple(
        replace(i, cells=tuple((*c[:3], *turned(c[3], c[4]), c[5]) for c in i.cells))
        for i in good.intervals
    )
    result = velocity_score(good._replace(intervals=intervals), truth)
    assert result.matched == 1
    assert result.direction == pytest.approx(degrees, abs=1e-6)
    assert 0.9 < result.speed < 1.2
    assert result.speed_bias == pytest.approx(result.speed)


def test_a_measured_standstill_has_no_direction(walking: Walking, perfect: Perfect) -> None:
    """Zero velocity where people moved counts as 90 degrees, as a blind guess would."""
    truth = walking([(3, 5, 1.0, 0.0)], 3, 5.0)
    good = perfect(truth, 3)
    still = tuple(
        replace(i, cells=tuple((*c[:3], 0.0, 0.0, 0.0) for c in i.cells)) for i in good.intervals
    )
    assert velocity_score(good._replace(intervals=still), truth).direction == 90.0


def test_a_person_that_was_not_measured_is_missed(walking: Walking, perfect: Perfect) -> None:
    """A moving person with no measured cell within reach lowers the matched share."""
    truth = walking([(3, 5, 1.0, 0.0), (15, 5, 1.0, 0.0)], 1, 5.0)
    good = perfect(truth, 1)
    near = tuple(replace(i, cells=tuple(c for c in i.cells if c[0] < 8)) for i in good.intervals)
    assert velocity_score(good._replace(intervals=near), truth).matched == 0.5


def test_crossings_are_told_by_side(walking: Walking) -> None:
    """Forward is towards the left hand of one who walks along the line; outside it is nothing."""
    line = Line("gate", (10.0, 2.0), (10.0, 8.0))
    left = walking([(11, 5, -1.0, 0.0), (11, 5.5, -1.0, 0.0)], 3, 5.0)
    assert true_crossings(left, line) == (2, 0)
    right = walking([(9, 5, 1.0, 0.0), (9, 9, 1.0, 0.0)], 3, 5.0)
    assert true_crossings(right, line) == (0, 1)


def test_dithering_on_the_line_is_zero_net() -> None:
    """One who steps to and fro over the line has crossed as often forward as backward."""
    x = 10 + np.array([-0.1, 0.1] * 10 + [-0.1])
    place = np.column_stack((x, np.full(len(x), 5.0)))
    truth = Truth(np.arange(len(x)), place, np.zeros_like(place), 5.0)
    assert true_crossings(truth, Line("gate", (10.0, 0.0), (10.0, 10.0))) == (10, 10)


def test_a_gap_in_the_truth_links_nobody() -> None:
    """Rows that are not of neighbouring frames are never taken for one person's step."""
    place = np.array([[9.9, 5.0], [10.1, 5.0]])
    truth = Truth(np.array([0, 5]), place, np.zeros((2, 2)), 5.0)
    assert true_crossings(truth, Line("gate", (10.0, 0.0), (10.0, 10.0))) == (0, 0)


def test_nobody_at_all_is_scored(view: View, perfect: Perfect) -> None:
    """An empty truth gives a count error of zero and no velocity, rather than a crash."""
    nobody = Truth(np.empty(0, np.int64), np.empty((0, 2)), np.empty((0, 2)), 5.0)
    result = score(perfect(nobody, 3), nobody, view)
    assert (result.counts.mae, result.counts.truth, result.velocity.cells) == (0.0, 0.0, 0)
    assert math.isnan(result.velocity.speed)


@given(
    density=st.floats(0.1, 8), nx=st.integers(3, 12), ny=st.integers(3, 12), cell=st.floats(0.5, 2)
)
def test_a_uniform_crowd_keeps_its_density_to_the_edge(
    density: float, nx: int, ny: int, cell: float
) -> None:
    """The kernel divides out what lies outside the area."""
    inside = np.ones((ny, nx), dtype=bool)
    inside[0, 0] = False
    smooth = local_density(np.full((ny, nx), density), inside, cell)
    assert smooth[inside] == pytest.approx(density)


def test_a_crowd_measured_thin_is_found_so(view: View, walking: Walking, perfect: Perfect) -> None:
    """Half the people in every cell: a relative error of one half in every band that has cells."""
    spots = [(x + 0.25, y + 0.25, 0.0, 0.0) for x in range(20) for y in range(10)]
    spots += [(x + 0.75, y + 0.75, 0.0, 0.0) for x in range(10) for y in range(10)]
    truth = walking(spots, 2, 5.0)
    good = perfect(truth, 2)
    thin = good._replace(
        intervals=tuple(
            replace(i, cells=tuple((c[0], c[1], c[2] / 2, *c[3:]) for c in i.cells))
            for i in good.intervals
        )
    )
    result = density_score(thin, truth, view.polygon)
    assert result.relative == pytest.approx(0.5)
    assert result.area_truth == pytest.approx(2 * result.area_measured)
    assert sum(band.cells for band in result.bands) == 400
    assert result.area_truth == pytest.approx(1.5, abs=0.05)
