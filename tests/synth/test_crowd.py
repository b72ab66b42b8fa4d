"""Simulated crowds: repeatable, on free ground, and with the story that each scene tells."""

import numpy as np
import pytest
from shapely import box

from plainview.errors import InputError
from plainview.geometry import Line
from plainview.synth import crowd, plaza
from plainview.synth.trajectories import Trajectories, count_inside, crossings


@pytest.fixture(scope="module")
def walks() -> Trajectories:
    """One period of the plaza."""
    return crowd.plaza(3)


def test_equal_seeds_give_equal_walks(walks: Trajectories) -> None:
    """The simulation repeats exactly for one seed and differs for another."""
    again, other = crowd.plaza(3), crowd.plaza(4)
    assert np.array_equal(walks.x, again.x)
    assert not np.array_equal(walks.x[:100], other.x[:100])


def test_the_plaza_jams_and_clears(walks: Trajectories) -> None:
    """Density before the gate rises above 2 people/m² and falls back within the period."""
    middle = sum(plaza.GATE) / 2
    x0, x1 = plaza.GATE_X - 2.2, plaza.GATE_X - 0.2
    before = ((x0, middle - 1), (x1, middle - 1), (x1, middle + 1), (x0, middle + 1))
    density = count_inside(walks, before, np.arange(0, plaza.PERIOD)) / 4.0
    assert 2.0 < density.max() < 6.0
    assert density[:15].max() <= 1.0
    assert density[-10:].max() <= 1.0


def test_nobody_walks_through_the_barrier(walks: Trajectories) -> None:
    """All who cross the barrier's line cross it in the gate."""
    x, (low, high) = plaza.GATE_X, plaza.GATE
    for y0, y1 in ((plaza.GROUND[1], low), (high, plaza.GROUND[3])):
        wall = Line(name="wall", start=(x, y1), end=(x, y0))
        assert crossings(walks, wall, -1, plaza.PERIOD + 1) == (0, 0)
    forward, backward = crossings(walks, plaza.LINES[0], -1, plaza.PERIOD + 1)
    assert forward > 50
    assert backward <= 2


def test_the_period_closes_without_a_jump(walks: Trajectories) -> None:
    """Those present at the period's end are at its start where they would have gone."""
    end = walks.at(walks.duration).position
    start = walks.at(0.0).position
    assert abs(len(end) - len(start)) <= 2
    near = [np.hypot(*(start - place).T).min() for place in end]
    assert np.median(near) < 0.25


def test_people_keep_apart(walks: Trajectories) -> None:
    """Bodies do not stand in each other, in the jam either."""
    for t in (10.0, 45.0, 55.0):
        place = walks.at(t).position
        gap = np.hypot(*(place[:, None] - place[None]).transpose(2, 0, 1))
        assert np.percentile(gap[np.triu_indices(len(place), 1)], 0.2) > 0.2


@pytest.mark.parametrize("make", [crowd.corridor, crowd.crossing, crowd.standing, crowd.queue])
def test_people_are_there_from_the_start_to_the_end(make: crowd.Maker) -> None:
    """No scene begins with an empty ground, and each lasts as long as asked."""
    walks = make(30.0, 2)
    assert walks.duration >= 29.5
    assert all(len(walks.at(t).rows) >= 5 for t in (0.0, 10.0, 29.0))


def test_standing_people_stand_and_the_queue_moves_up() -> None:
    """Those who stand stay within a hand's breadth; the queue serves one every 16 s."""
    still = crowd.standing(120.0, 1, people=9)
    for k in range(9):
        rows = slice(int(still.offset[k]), int(still.offset[k + 1]))
        assert np.ptp(still.x[rows]) < 0.15
        assert still.offset[k + 1] - still.offset[k] > 119 * still.rate
    line = crowd.queue(100.0, 1, serve=16.0)
    assert crossings(line, Line(name="s", start=(4, 4), end=(9, 4)), 0, 100) == (0, 6)


def test_a_stream_off_the_ground_is_refused() -> None:
    """Entry and exit must lie on free ground."""
    stream = crowd.Stream((50, 50, 51, 51), (1, 1, 2, 2), (0.0,))
    with pytest.raises(InputError, match="entry"):
        crowd.simulated(box(0, 0, 9, 9), (stream,), 1.0, 0)


def test_repetition(walks: Trajectories) -> None:
    """The second period shows what the first did."""
    twice = crowd.repeated(walks, 2 * plaza.PERIOD)
    a, b = twice.at(20.0).position, twice.at(20.0 + plaza.PERIOD).position
    assert np.allclose(np.sort(a[:, 0]), np.sort(b[:, 0]))
