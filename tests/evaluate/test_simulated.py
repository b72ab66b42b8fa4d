"""Simulated truth becomes fields and Readings that say what the truth says, errors apart."""

from collections.abc import Callable

import numpy as np
import pytest
from msgspec.structs import replace

from plainview.evaluate.alarms import (
    Moments,
    Raised,
    RunUpTrial,
    alarm_scores,
    alarm_table,
    moments,
)
from plainview.evaluate.erring import Erring
from plainview.evaluate.error_model import measured_model
from plainview.evaluate.proportion import poisson_interval, share_interval
from plainview.evaluate.simulated import Course, Moment, course, mixed, readings
from plainview.evaluate.truth import Truth
from plainview.geometry import Grid
from plainview.record import DENSITY_STEP, check, unpack_cells

GRID = Grid((0.0, 0.0), 1.0, (20, 10))
Walking = Callable[..., Truth]
EXACT = replace(
    measured_model(), ratio=(1.0,) * 6, spread=(0.0,) * 6, velocity=(0.0,) * 6, camera=0.0,
    common=0.0, slope=(1.0,) * 6,
)  # fmt: skip


def test_a_course_holds_everybody(walking: Walking) -> None:
    """Each second's cells sum to the people there, with their velocity and its spread."""
    people = [(2.2, 3.3, 0.0, 0.0), (2.6, 3.7, 1.0, 0.0), (15.5, 5.5, 0.0, -0.4)]
    told = course(walking(people, 3, 5.0), GRID, 3)
    assert told.density.sum(axis=(1, 2)) == pytest.approx([3, 3, 3])
    assert told.velocity[0, 3, 2, 0] == pytest.approx(1 * 2 / 7)
    assert told.variance[0, 3, 2] == pytest.approx(2 * 5 / 49)
    assert told.at(4).density == pytest.approx(told.density[1])


def test_a_mixture_keeps_people_and_momentum() -> None:
    """Half of one second and half of another: so many people, so much momentum."""
    shape = (2, 3)
    a = Moment(np.full(shape, 2.0), np.full((*shape, 2), 1.0), np.zeros(shape))
    b = Moment(np.zeros(shape), np.zeros((*shape, 2)), np.zeros(shape))
    half = mixed(a, b, 0.5)
    assert half.density == pytest.approx(np.full(shape, 1.0))
    assert half.velocity == pytest.approx(a.velocity)
    assert mixed(b, b, 0.3).velocity == pytest.approx(b.velocity)


def test_readings_of_an_exact_camera_say_the_truth(walking: Walking) -> None:
    """Lawful Readings, a second apart, whose cells and count are the truth's."""
    told = course(walking([(3.5, 4.5, 0.5, 0.0), (9.5, 2.5, 0.0, 1.0)], 4, 5.0), GRID, 4)
    erring = Erring(EXACT, (10, 20), np.random.default_rng(0))
    found = list(readings((told.at(k) for k in range(4)), GRID, erring, 0.25, 2))
    assert [reading.t for reading in found] == [2000, 4000, 6000, 8000]
    for k, reading in enumerate(found):
        check(reading, shape=GRID.shape)
        assert reading.healthy
        assert reading.count / 16 == pytest.approx(2.0)
        for cell in unpack_cells(reading):
            density = told.density[k, cell.iy, cell.ix]
            assert cell.density == pytest.approx(density, abs=1.1 * DENSITY_STEP)


def test_the_crush_is_where_it_is_defined() -> None:
    """After ten seconds at 7 people/m² or of three times the pressure of beginning turbulence."""
    n = 40
    density = np.full((n, 5, 5), 4.0)
    still = Course(density, np.zeros((n, 5, 5, 2)), np.zeros((n, 5, 5)))
    calm = np.zeros(n)
    assert np.isnan(moments(still, calm)).all()
    pushed = calm.copy()
    pushed[10:19] = 0.07
    assert np.isnan(moments(still, pushed)).all()
    pushed[10:20] = 0.03
    assert moments(still, pushed).turbulence == 20.0
    assert np.isnan(moments(still, pushed).crush)
    pushed[15:25] = 0.07
    assert moments(still, pushed) == (20.0, 25.0)
    density[12:] = 7.5
    assert moments(still, pushed) == (13.0, 22.0)


def test_the_poisson_interval_is_garwood_s() -> None:
    """Tabulated: none seen allows 3.0 at 95 % one-sided; ten seen, 5.43 to 16.96."""
    assert poisson_interval(0) == pytest.approx((0.0, 2.996), abs=0.001)
    assert poisson_interval(10) == pytest.approx((5.425, 16.962), abs=0.001)


def test_the_interval_of_a_share_is_clopper_and_pearson_s() -> None:
    """Tabulated: 8 of 10 allow 0.493 to 0.963; none of 10 up to 0.259; all of 10 from 0.741."""
    assert share_interval(8, 10) == pytest.approx((0.493, 0.963), abs=0.001)
    assert share_interval(0, 10) == pytest.approx((0.0, 0.259), abs=0.001)
    assert share_interval(10, 10) == pytest.approx((0.741, 1.0), abs=0.001)


def test_alarms_are_scored_by_what_came_first() -> None:
    """An alarm before the crush counts with its lead, one after it does not; false ones by hour."""
    when = Moments(70.0, 100.0)
    trials = [
        RunUpTrial(when, (Raised("density", "alarm", 60.0), Raised("pressure", "alarm", 120.0))),
        RunUpTrial(when, (Raised("density", "warning", 10.0), Raised("density", "alarm", 80.0))),
        RunUpTrial(Moments(70.0, float("nan")), (Raised("density", "alarm", 1.0),)),
    ]
    kinds = [("density", "alarm"), ("pressure", "alarm")]
    density, pressure, both = alarm_scores(trials, [Raised("pressure", "alarm", 5.0)], 50.0, kinds)
    assert (density.runs, density.told, density.early, density.lead) == (2, 1.0, 0.5, 30.0)
    assert (pressure.told, pressure.false, pressure.rate) == (0.0, 1, 2.0)
    assert both.told == 1.0
    text = alarm_table((density, pressure, both))
    assert "100 %" in text
    assert "< 1" in text
