import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plainview.crowd.field import (
    UNKNOWN,
    Array,
    Estimate,
    Field,
    Side,
    at,
    field_of,
    last,
    normal,
    own_doubt,
    series,
)
from plainview.errors import InputError
from plainview.geometry import Calibration, Grid, View
from plainview.record import Cell, Health, Reading, coarse_shape, coarsen, pack_cells

CALIBRATION = Calibration((640, 480), ((1, 0, 0, 0), (0, -1, 0, 400), (0, 0, 0, 1)))
VIEW = View(CALIBRATION, ((0, 0), (6, 0), (6, 5), (0, 5)))
SHAPE = (6, 5)


def _reading(
    cells: list[Cell], *, coarse: int = 1, health: tuple[Health, ...] = (), frames: int = 5
) -> Reading:
    nx, _ = coarse_shape(SHAPE, coarse)
    joined = cells if coarse == 1 else coarsen(cells, SHAPE, coarse)
    people = round(sum(cell.density for cell in cells) * 16)
    packed = pack_cells(joined, nx)
    low = max(people - 32, 0)
    return Reading(
        4000, 1000, frames, 0, people, low, people + 32, 13, coarse, nx, packed, (), health, ()
    )


def field(t: float, density: Array) -> Field:
    """A field of standing people."""
    ny, nx = density.shape
    still = np.zeros_like(density)
    known = np.ones(density.shape, dtype=np.bool_)
    return Field(
        Grid((0, 0), 1, (nx, ny)), t, density, still, still, still, still, still, known, still
    )


def test_a_reading_becomes_a_field_in_si_units() -> None:
    """Each cell lies where it was sent, with its density, velocity and the interval's end."""
    found = field_of(_reading([Cell(2, 1, 3.0, 0.5, -0.25, 0.125)]), VIEW)
    assert found.t == 4
    assert found.density[1, 2] == 3
    assert (found.vx[1, 2], found.vy[1, 2], found.variance[1, 2]) == (0.5, -0.25, 0.125)
    assert found.density.sum() == 3
    assert found.known.all()
    assert found.noise == pytest.approx(math.hypot(13 / 256, 1 / 16 / math.sqrt(12)))


@pytest.mark.parametrize("coarse", [1, 2, 4, 8])
def test_coarse_cells_keep_their_people(coarse: int) -> None:
    """Whatever the coarseness, density times area over the cells adds up to the people sent."""
    cells = [Cell(ix, iy, 2.0, 1.0, 0.0, 0.0) for iy in range(5) for ix in range(6)]
    found = field_of(_reading(cells, coarse=coarse), VIEW)
    assert found.density.sum() == pytest.approx(60, abs=0.5)


@pytest.mark.parametrize("health", [(flag,) for flag in Health])
def test_an_unhealthy_camera_knows_nothing(health: tuple[Health, ...]) -> None:
    """No cell is known and no density is said, whatever the flag."""
    found = field_of(_reading([Cell(2, 1, 3.0, 0, 0, 0)], health=health), VIEW)
    assert not found.known.any()
    assert not found.density.any()


def test_an_interval_without_pictures_knows_nothing() -> None:
    """No frame was measured: nothing is known, not even with a camera that feels well."""
    assert not field_of(_reading([], frames=0), VIEW).known.any()


def test_the_doubt_of_the_cells_is_not_less_than_the_doubt_of_the_count() -> None:
    """Cells' errors taken as common give at least the count's own error."""
    cells = [Cell(ix, iy, 2.0, 1.0, 0.0, 0.0) for iy in range(5) for ix in range(6)]
    found = field_of(_reading(cells), VIEW)
    assert found.sigma.sum() >= 2 / 1.6449


def test_a_crowd_can_be_told_from_its_threshold() -> None:
    """A count sure to a third leaves a density of 5 people/m² surely past half of it."""
    even = np.full((8, 5), 5.0)
    deviation = float(even.sum()) / 3 / 1.6449
    doubt = np.hypot(5 / 3 / 1.6449, own_doubt(deviation, 40, 1.0, even))
    assert normal(5.0, float(doubt.max())).past(5.0, sure=0.5) is Side.ABOVE


def test_a_place_in_a_crowd_is_doubted_more_than_one_on_a_visible_floor() -> None:
    """Its own doubt grows with density, by a larger share once a crowd hides the floor."""
    own = own_doubt(math.inf, 1, 1.0, np.linspace(0.0, 9.0, 91))
    assert (np.diff(own) > 0).all()
    assert own[5] < 0.07
    assert own[50] > 0.15 * 5


def test_a_series_keeps_order_and_refuses_what_is_none() -> None:
    """Fields stack in time; another grid, a clock set back and nothing at all are refused."""
    one, two = field(1, np.ones((2, 3))), field(2.5, np.full((2, 3), 2.0))
    block = series([one, two])
    assert (block.span, block.step) == (1.5, 1.5)
    assert at(block, 1).t == 2.5
    assert at(block, 1).density[0, 0] == 2
    for wrong in ([], [two, one], [one, one], [one, field(3, np.ones((3, 3)))]):
        with pytest.raises(InputError):
            series(wrong)


def test_the_last_seconds_are_counted_from_the_last_field() -> None:
    """A window holds the fields no older than it is long, ends included."""
    fields = [field(t, np.ones((1, 1))) for t in (0, 1, 2, 3)]
    assert [f.t for f in last(fields, 2)] == [1, 2, 3]
    assert last([], 2) == []


@pytest.mark.parametrize(
    ("estimate", "side"),
    [
        (Estimate(6, 5, 7), Side.ABOVE),
        (Estimate(4, 3, 4.9), Side.BELOW),
        (Estimate(5.2, 4.5, 5.9), Side.ABOVE),
        (Estimate(4.8, 4.1, 5.5), Side.BELOW),
        (Estimate(6, 3, 9), Side.CANNOT_TELL),
        (Estimate(2, 0, 6), Side.CANNOT_TELL),
        (Estimate(math.inf, 400, math.inf), Side.ABOVE),
        (Estimate(math.inf, 2, math.inf), Side.CANNOT_TELL),
        (UNKNOWN, Side.CANNOT_TELL),
        (Estimate(6, math.nan, 7), Side.CANNOT_TELL),
    ],
)
def test_which_side_of_five(estimate: Estimate, side: Side) -> None:
    """An interval clear of the threshold decides; one too wide for it tells nothing."""
    assert estimate.against(5) is side


@given(st.floats(-10, 10), st.floats(0, 5), st.floats(-10, 10))
def test_no_verdict_contradicts_the_interval(
    value: float, deviation: float, threshold: float
) -> None:
    """ABOVE is never said of an interval wholly below, nor BELOW of one wholly above."""
    estimate = normal(value, deviation)
    side = estimate.against(threshold)
    if side is Side.ABOVE:
        assert estimate.high >= threshold
    if side is Side.BELOW:
        assert estimate.low < threshold


@pytest.mark.parametrize(
    ("estimate", "side"),
    [
        (Estimate(0.02, 0.01, 0.09), Side.ABOVE),
        (Estimate(0.5, 0.02, 2.0), Side.ABOVE),
        (Estimate(0.02, 0.009, 0.03), Side.CANNOT_TELL),
        (Estimate(0.019, 0.0, 0.03), Side.BELOW),
        (Estimate(0.019, 0.015, 0.031), Side.CANNOT_TELL),
        (UNKNOWN, Side.CANNOT_TELL),
    ],
)
def test_what_must_not_wait_decides_by_its_value(estimate: Estimate, side: Side) -> None:
    """Past 0.02 by its value and surely past half of it, or below and surely not far over it."""
    assert estimate.past(0.02, sure=0.5) is side
