import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plainview.crowd.field import Z90, Estimate, Field, field_of
from plainview.crowd.levels import (
    Facility,
    Level,
    bounds,
    dwell,
    level,
    levels,
    mean_density,
    occupancy,
    product,
    specific_flow,
)
from plainview.errors import InputError
from plainview.geometry import Calibration, Grid, View
from plainview.record import Cell, Reading, pack_cells


def _field(density: float, *, known: float = 1.0) -> Field:
    shape = (10, 10)
    seen = np.arange(100).reshape(shape) < known * 100
    plane = np.where(seen, density, 0.0)
    nought = np.zeros(shape)
    sigma = np.where(seen, 0.1, 0.0)
    return Field(
        Grid((0, 0), 0.5, (10, 10)), 0, plane, nought, nought, nought, sigma, nought, seen, nought
    )


@pytest.mark.parametrize(
    ("facility", "density", "expected"),
    [
        (Facility.WALKWAY, 0.30, Level.A),
        (Facility.WALKWAY, 0.40, Level.B),
        (Facility.WALKWAY, 0.60, Level.C),
        (Facility.WALKWAY, 1.00, Level.D),
        (Facility.WALKWAY, 2.10, Level.E),
        (Facility.WALKWAY, 2.20, Level.F),
        (Facility.STAIRS, 0.53, Level.A),
        (Facility.STAIRS, 2.60, Level.E),
        (Facility.STAIRS, 2.80, Level.F),
        (Facility.QUEUE, 0.80, Level.A),
        (Facility.QUEUE, 3.00, Level.D),
        (Facility.QUEUE, 5.50, Level.F),
    ],
)
def test_fruins_tables(facility: Facility, density: float, expected: Level) -> None:
    """Each level's printed bounds in m² for each person are kept."""
    assert level(density=density, facility=facility) is expected


@given(st.sampled_from(Facility), st.floats(0, 20), st.floats(0, 20))
def test_more_people_are_never_a_better_level(facility: Facility, one: float, two: float) -> None:
    """Levels follow density; bounds increase."""
    first, second = (level(density=d, facility=facility) for d in sorted((one, two)))
    assert first is not None
    assert second is not None
    assert first <= second
    assert list(bounds(facility)) == sorted(bounds(facility))


def test_a_density_that_is_unknown_or_cannot_be() -> None:
    """Unknown density has no level; a negative one is refused."""
    assert level(density=math.nan) is None
    with pytest.raises(InputError):
        level(density=-1)
    assert levels(density=Estimate(0.5, -0.1, 3)) == (Level.C, Level.A, Level.F)
    assert levels(density=Estimate(math.nan, math.nan, math.nan)) == (None, None, None)


@given(st.floats(0.1, 8), st.floats(0.01, 2), st.floats(0, 0.5), st.floats(0, 0.5))
def test_a_product_holds_its_value_and_knows_no_doubt_without_cause(
    density: float, speed: float, one: float, two: float
) -> None:
    """Flow is density times speed, inside its interval, which is no wider than the corners."""
    found = specific_flow(
        density=Estimate(density, density - one, density + one),
        speed=Estimate(speed, speed - two, speed + two),
    )
    assert found.value == pytest.approx(density * speed)
    assert found.low <= found.value <= found.high
    if one == two == 0:
        assert found.low == found.high


def test_a_product_covers_as_often_as_it_says() -> None:
    """Of two independent normal errors: about nine times out of ten."""
    chance = np.random.default_rng(1)
    held = 0
    for _ in range(2000):
        a, b = 4 + 0.5 * chance.normal(), 0.5 + 0.1 * chance.normal()
        one = Estimate(a, a - 1.6449 * 0.5, a + 1.6449 * 0.5)
        two = Estimate(b, b - 1.6449 * 0.1, b + 1.6449 * 0.1)
        found = product(one, two)
        held += found.low <= 2 <= found.high
    assert 0.87 < held / 2000 < 0.93


def test_occupancy_counts_the_known_ground_and_says_how_much_that_is() -> None:
    """People are density times area over known cells; the rest is a share, not nought."""
    found = occupancy(field=_field(2.0, known=0.8))
    assert found.people.value == pytest.approx(2 * 80 * 0.25)
    assert found.people.low < found.people.value < found.people.high
    assert found.known == 0.8
    assert mean_density(field=_field(2.0, known=0.8)).value == pytest.approx(2)


def test_a_bias_of_the_camera_does_not_average_out() -> None:
    """What the cells' errors have in common is kept in the doubt of the whole; the rest is not."""
    field = _field(2.0)
    field.sigma[:] = 0.6
    alone = occupancy(field=field).people
    assert alone.high - alone.value == pytest.approx(Z90 * 0.6 * 0.25 * 10)
    field.common[:] = 0.4
    people = occupancy(field=field).people
    assert people.high - people.value > Z90 * 0.4 * 0.25 * 100


def test_empty_ground_adds_little_doubt() -> None:
    """A camera's few people on much ground are known as its count is, or nearly."""
    cells = tuple(Cell(k, k, 1.0, 0.0, 0.0, 0.0) for k in range(10))
    nx = ny = 40
    calibration = Calibration((640, 480), ((1, 0, 0, 0), (0, -1, 0, 400), (0, 0, 0, 1)))
    view = View(calibration, ((0, 0), (nx, 0), (nx, ny), (0, ny)))
    reading = Reading(1000, 1000, 5, 0, 160, 128, 192, 13, 1, nx, pack_cells(cells, nx), (), (), ())
    people = occupancy(field=field_of(reading, view)).people
    assert people.value == pytest.approx(10)
    assert 2 <= people.high - people.value <= 2 * math.sqrt(2) * 1.1


def test_occupancy_of_unknown_ground_is_unknown() -> None:
    """No known cell gives no number; a part without cells is refused."""
    assert not occupancy(field=_field(2.0, known=0)).people.known
    assert not mean_density(field=_field(2.0, known=0)).known
    with pytest.raises(InputError):
        occupancy(field=_field(2.0), cells=np.zeros((10, 10), dtype=np.bool_))


def _stay(people: float, entered: float, left: float, *, span: float = 600) -> tuple[float, str]:
    t = np.linspace(0, span, 61)
    found = dwell(t=t, people=np.full(61, people), sigma=np.ones(61), entered=entered, left=left)
    return found.seconds.value, found.why


def test_littles_law() -> None:
    """Fifty people with one arriving each second stay fifty seconds."""
    value, why = _stay(50, 600, 600)
    assert value == pytest.approx(50)
    assert not why


@pytest.mark.parametrize(
    ("people", "entered", "left"), [(50, 0, 0), (50, 900, 300), (400, 600, 600), (math.nan, 9, 9)]
)
def test_dwell_is_not_told_where_littles_law_does_not_hold(
    people: float, entered: float, left: float
) -> None:
    """Nobody moves, what comes does not go, stays outlast the window, occupancy is unknown."""
    value, why = _stay(people, entered, left)
    assert math.isnan(value)
    assert why


def test_dwell_needs_two_moments() -> None:
    """One moment is no window."""
    one = np.ones(1)
    with pytest.raises(InputError):
        dwell(t=one, people=one, sigma=one, entered=1, left=1)


def test_dwell_covers_the_true_stay_of_a_simulated_queue() -> None:
    """Poisson arrivals, exponential stays: the interval holds the mean stay often enough."""
    chance = np.random.default_rng(2)
    held = []
    for _ in range(150):
        arrive = np.cumsum(chance.exponential(2.0, 2000)) - 600
        leave = arrive + chance.exponential(60.0, 2000)
        t = np.arange(0.0, 1800, 10)
        people = ((arrive <= t[:, None]) & (leave > t[:, None])).sum(axis=1)
        entered = ((arrive > 0) & (arrive <= 1790)).sum()
        left = ((leave > 0) & (leave <= 1790)).sum()
        measured = people * (1 + 0.03 * chance.normal())
        found = dwell(
            t=t, people=measured, sigma=0.03 * people, entered=entered, left=left, doubt=0.02
        )
        held.append(found.seconds.low <= 60 <= found.seconds.high)
    assert 0.82 < np.mean(held) <= 1
