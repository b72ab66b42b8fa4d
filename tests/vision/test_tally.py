"""From estimates to Readings: people are conserved, bytes bounded, blindness said."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import Polygon
from tests.vision.scenes import CAMERA, people_in

from plainview.geometry import Line, Point, View
from plainview.record import (
    COUNT_STEP,
    CROSSING_STEP,
    DENSITY_STEP,
    MAX_BYTES_PER_SECOND,
    NOISE_STEP,
    Health,
    Reading,
    decode,
    unpack_cells,
)
from plainview.vision.estimate import Estimate
from plainview.vision.tally import BASE, CAPACITY, GROWTH, Tally

SQUARE: tuple[Point, ...] = ((-8.0, -8.0), (8.0, -8.0), (8.0, 8.0), (-8.0, 8.0))
SKEW: tuple[Point, ...] = ((-7.3, -2.1), (3.3, -6.2), (8.4, 5.5), (-1.0, 6.7))


def view_of(polygon: tuple[Point, ...], cell: float = 1.0, lines: tuple[Line, ...] = ()) -> View:
    """An area seen by some camera; the tally does not look through it."""
    return View(calibration=CAMERA.calibration(), polygon=polygon, cell=cell, lines=lines)


def estimate(
    places: object,
    *,
    velocity: object = (0.0, 0.0),
    weights: object = 1.0,
    variance: float = 0.0,
    missed: float = 0.0,
    noise: float | None = 0.03,
) -> Estimate:
    """People at `places` (n, 2), all with the same `velocity` unless n are given."""
    where = np.asarray(places, dtype=np.float64).reshape(-1, 2)
    return Estimate(
        places=where,
        velocities=np.broadcast_to(np.asarray(velocity, dtype=np.float64), where.shape).copy(),
        weights=np.broadcast_to(np.asarray(weights, dtype=np.float64), len(where)).copy(),
        variance=variance,
        missed=missed,
        noise=noise,
    )


def closed(
    tally: Tally,
    view: View,
    *,
    health: tuple[Health, ...] = (),
    doubt: float = 1.0,
) -> Reading:
    """The interval's Reading, decoded as strictly as the parent does."""
    data = tally.reading(1000, 1000, dropped=0, health=health, doubt=doubt)
    return decode(data, shape=view.grid().shape)


def in_cells(reading: Reading, cell: float) -> float:
    """People in the sent cells."""
    area = (cell * reading.coarse) ** 2
    return sum(one.density for one in unpack_cells(reading)) * area


@settings(deadline=None, max_examples=80)
@given(
    people=st.lists(st.tuples(st.floats(-9, 9), st.floats(-9, 9), st.floats(0.05, 1)), max_size=60),
    cell=st.sampled_from([0.25, 0.5, 1.0, 2.0, 7.0]),
    polygon=st.sampled_from([SQUARE, SKEW]),
    frames=st.integers(1, 6),
)
def test_the_cells_hold_the_people_that_are_counted(
    people: list[tuple[float, float, float]], cell: float, polygon: tuple[Point, ...], frames: int
) -> None:
    """Count is the people inside the area; the cells' sum is the count within quantisation."""
    view = view_of(polygon, cell)
    tally = Tally(view, 1.0)
    table = np.array(people).reshape(-1, 3)
    for _ in range(frames):
        tally.add(estimate(table[:, :2], weights=table[:, 2]), 0.2)
    true = people_in(table[:, :2], table[:, 2], Polygon(polygon))
    reading = closed(tally, view)
    assert reading.frames == frames
    assert reading.count * COUNT_STEP == pytest.approx(true, abs=COUNT_STEP / 2 + 1e-9)
    step = DENSITY_STEP * (cell * reading.coarse) ** 2
    assert in_cells(reading, cell) == pytest.approx(true, abs=step / 2 + 1e-6)
    assert reading.low <= reading.count <= reading.high


@settings(deadline=None)
@given(st.floats(-7.5, 7.5), st.floats(-7.5, 7.5), st.sampled_from([0.25, 1.0, 3.0]))
def test_a_person_is_spread_only_over_cells_beside_it(x: float, y: float, cell: float) -> None:
    """All of a body lies within one cell of where it stands, balanced around it."""
    view = view_of(SQUARE, cell)
    tally = Tally(view, 1.0)
    tally.add(estimate([(x, y)]), 0.2)
    (ox, oy), _, shape = view.grid()
    planes = tally._sums[0]
    assert planes.sum() == pytest.approx(1)
    assert planes.min() >= 0
    rows, columns = np.nonzero(planes > 1e-9)
    ix, iy = (x - ox) / cell, (y - oy) / cell
    assert np.all(np.abs(columns + 0.5 - ix) <= 1 + 1e-9)
    assert np.all(np.abs(rows + 0.5 - iy) <= 1 + 1e-9)
    assert shape == planes.shape[::-1]


def test_counts_are_the_mean_over_the_interval() -> None:
    """Someone who is there in half of the frames counts half."""
    view = view_of(SQUARE)
    tally = Tally(view, 1.0)
    for k in range(10):
        tally.add(estimate([(0.5, 0.5)] if k % 2 else []), 0.1)
    reading = closed(tally, view)
    assert reading.count * COUNT_STEP == 0.5
    assert in_cells(reading, 1.0) == pytest.approx(0.5, abs=DENSITY_STEP)
    tally.add(estimate([]), 0.1)
    assert closed(tally, view).count == 0, "nothing is left over from the interval before"


def test_velocity_and_its_variance_are_the_peoples() -> None:
    """A cell's velocity is its people's mean; its variance is that of their speeds."""
    view = view_of(SQUARE)
    tally = Tally(view, 1.0)
    tally.add(
        estimate([(0.5, 0.5), (0.5, 0.5), (5.5, -3.5)], velocity=[(1, 0), (2, 0), (0, -1.5)]), 0.2
    )
    cells = {(one.ix, one.iy): one for one in unpack_cells(closed(tally, view))}
    both, alone = cells[8, 8], cells[13, 4]
    assert (both.vx, both.vy) == pytest.approx((1.5, 0), abs=1 / 16)
    assert both.variance == pytest.approx(0.25, abs=1 / 32)
    assert (alone.vx, alone.vy) == pytest.approx((0, -1.5), abs=1 / 16)
    assert alone.variance == 0


@settings(deadline=None, max_examples=25)
@given(
    n=st.integers(0, 3000),
    cell=st.sampled_from([0.1, 0.25, 0.5, 1.0]),
    every=st.sampled_from([0.1, 0.2, 0.5, 1.0, 10.0]),
    lines=st.integers(0, 32),
    speed=st.floats(0, 100),
    seed=st.integers(0, 1000),
)
def test_no_reading_is_larger_than_its_share(
    n: int, cell: float, every: float, lines: int, speed: float, seed: int
) -> None:
    """However full the scene, a Reading has at most 4,096 bytes for each second, and one second."""
    gates = tuple(Line(name=f"g{k}", start=(-8.0, k / 4), end=(8.0, k / 4)) for k in range(lines))
    view = view_of(SQUARE, cell, gates)
    tally = Tally(view, every)
    generator = np.random.default_rng(seed)
    places = generator.uniform(-8, 8, (n, 2))
    for _ in range(2):
        tally.add(
            estimate(
                places, velocity=generator.normal(0, 1, (n, 2)) * speed,
                weights=generator.uniform(0, 1, n), variance=float(n),
            ),
            0.2,
        )  # fmt: skip
    health = tuple(h for h in Health if h in (Health.BLURRED, Health.LATE))
    limit = math.floor(MAX_BYTES_PER_SECOND * min(every, 1.0))
    data = tally.reading(10**12, 1000, dropped=10**6, health=health, doubt=2.5)
    assert len(data) <= limit
    reading = decode(data, limit=limit, shape=view.grid().shape)
    step = DENSITY_STEP * (cell * reading.coarse) ** 2
    if max((one.density for one in unpack_cells(reading)), default=0.0) < 39:
        whole = reading.count * COUNT_STEP
        assert in_cells(reading, cell) == pytest.approx(whole, abs=step + COUNT_STEP)


def test_a_grid_of_the_largest_area_has_a_reading() -> None:
    """An area of many thousand cells, all of them occupied, is said on a coarser grid."""
    polygon = ((-200.0, -200.0), (200.0, -200.0), (200.0, 200.0), (-200.0, 200.0))
    view = view_of(polygon)
    tally = Tally(view, 0.1)
    x, y = np.meshgrid(np.arange(-199.5, 200, 2), np.arange(-199.5, 200, 2))
    tally.add(estimate(np.column_stack((x.ravel(), y.ravel())), velocity=(1, -1)), 0.1)
    data = tally.reading(100, 100, dropped=0, health=(), doubt=1)
    assert len(data) <= MAX_BYTES_PER_SECOND // 10
    reading = decode(data, shape=view.grid().shape)
    assert reading.coarse > 1
    assert in_cells(reading, 1.0) == pytest.approx(x.size, rel=0.02)


BLINDING = [Health.BLIND, Health.DARK, Health.FROZEN, Health.MOVED, Health.LOST]


@pytest.mark.parametrize("flag", BLINDING)
def test_a_camera_that_cannot_see_never_reads_as_empty(flag: Health) -> None:
    """With a blinding flag no cells are sent, and the interval reaches up to capacity."""
    view = view_of(SKEW)
    tally = Tally(view, 1.0)
    tally.add(estimate([]), 0.2)
    reading = closed(tally, view, health=(flag,))
    assert reading.health == (flag,)
    assert reading.cells == ()
    assert reading.low == 0
    assert reading.high * COUNT_STEP >= CAPACITY * Polygon(SKEW).area - COUNT_STEP


def test_an_interval_without_frames_is_not_empty() -> None:
    """No frame, no claim: the count may be anything up to capacity."""
    view = view_of(SQUARE)
    reading = closed(Tally(view, 1.0), view)
    assert reading.frames == 0
    assert reading.high * COUNT_STEP >= CAPACITY * 256 - COUNT_STEP


@pytest.mark.parametrize("flag", [Health.LATE, Health.BLURRED])
def test_a_camera_that_still_sees_is_measured(flag: Health) -> None:
    """A late or a blurred picture is measured, with its flag."""
    view = view_of(SQUARE)
    tally = Tally(view, 1.0)
    tally.add(estimate([(0, 0)]), 0.2)
    reading = closed(tally, view, health=(flag,))
    assert reading.health == (flag,)
    assert reading.count * COUNT_STEP == 1
    assert reading.cells


@settings(deadline=None)
@given(
    n=st.integers(0, 200),
    variance=st.floats(0, 1e4),
    doubt=st.floats(1, 10),
    cap=st.floats(0.01, 1),
)
def test_the_interval_holds_the_count_and_widens_with_doubt(
    n: int, variance: float, doubt: float, cap: float
) -> None:
    """Low <= count <= high always; more variance or doubt never narrows it."""
    view = view_of(SQUARE)
    places = np.random.default_rng(n).uniform(-7, 7, (n, 2))
    spans = []
    for v, d in ((0.0, 1.0), (variance, 1.0), (variance, doubt)):
        tally = Tally(view, 1.0)
        tally.add(estimate(places, weights=cap, variance=v), 0.2)
        reading = closed(tally, view, doubt=d)
        assert 0 <= reading.low <= reading.count <= reading.high
        assert reading.high > reading.count, "no camera is sure of a count"
        spans.append((reading.low, reading.high))
    assert spans[0][0] >= spans[1][0] >= spans[2][0]
    assert spans[0][1] <= spans[1][1] <= spans[2][1]


def test_a_poor_plate_widens_no_more_than_what_depends_on_it() -> None:
    """A crowd's own deviation is the same whatever the plate is worth."""
    view = view_of(SQUARE)
    widths = []
    for settled in (0.0, 400.0):
        tally = Tally(view, 1.0)
        crowd = estimate([[0.0, 0.0]], weights=100.0, variance=400.0)
        tally.add(crowd._replace(settled=settled), 0.2)
        reading = closed(tally, view, doubt=2.0)
        widths.append((reading.high - reading.low) * COUNT_STEP)
    own = BASE**2 + GROWTH**2 * 100
    assert widths[0] == pytest.approx(4 * 1.645 * math.sqrt(400 + own), rel=0.01)
    assert widths[1] == pytest.approx(2 * 1.645 * math.sqrt(400 + 4 * own), rel=0.01)


def test_who_stands_out_and_is_alone_is_known_to_a_person() -> None:
    """Of five people of whom nothing is doubtful the interval is a person wide."""
    tally = Tally(view_of(SQUARE), 1.0)
    tally.add(estimate([[0.0, 0.0]], weights=5.0, variance=0.0), 0.2)
    reading = closed(tally, view_of(SQUARE))
    assert 0.5 < (reading.high - reading.low) * COUNT_STEP < 1.5


def test_crossings_are_carried_from_interval_to_interval() -> None:
    """What is less than a step in one interval is said in a later one: nothing is lost."""
    line = Line(name="gate", start=(-5.0, 0.0), end=(5.0, 0.0))
    view = view_of(SQUARE, lines=(line,))
    tally = Tally(view, 0.1)
    said = 0.0
    rate, speed = 10, 0.31
    for k in range(140):
        tally.add(estimate([(0.0, -2.0 + k * speed / rate)], velocity=(0.0, speed)), 1 / rate)
        ((forward, backward),) = closed(tally, view).crossings
        said += forward * CROSSING_STEP
        assert backward == 0
    assert said == pytest.approx(1, abs=0.03)


def test_who_stands_outside_the_area_crosses_all_the_same_but_is_not_counted() -> None:
    """Lines at the area's edge count those who come from outside; the count does not."""
    line = Line(name="edge", start=(-5.0, 8.0), end=(5.0, 8.0))
    view = view_of(SQUARE, lines=(line,))
    tally = Tally(view, 1.0)
    for k in range(50):
        tally.add(estimate([(0.0, 8.05 + 0.1 * k)], velocity=(0.0, 0.5)), 0.2)
    reading = closed(tally, view)
    assert reading.count == 0
    assert reading.cells == ()
    assert reading.crossings[0][0] > 0


def test_noise_is_the_last_one_measured() -> None:
    """A frame in which no noise was measured does not forget the one before."""
    view = view_of(SQUARE)
    tally = Tally(view, 1.0)
    tally.add(estimate([], noise=0.05), 0.2)
    tally.add(estimate([], noise=None), 0.2)
    assert closed(tally, view).noise * NOISE_STEP == pytest.approx(0.05, abs=NOISE_STEP)
    tally.add(estimate([], noise=1e9), 0.2)
    assert closed(tally, view).noise == 65_535


def test_people_who_may_be_missed_widen_the_interval_upwards_only() -> None:
    """An allowance for people who show nowhere raises the upper end, not the count."""
    view = view_of(SQUARE)
    found = []
    for missed in (0.0, 5.0):
        tally = Tally(view, 1.0)
        tally.add(estimate([(1, 1), (2, 2)], missed=missed), 0.2)
        found.append(closed(tally, view))
    assert found[0].count == found[1].count
    assert found[0].low == found[1].low
    assert found[1].high > found[0].high
