"""What goes one way together is one stream, at its feet, whatever its parts look like."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from shapely.geometry import Polygon
from tests.vision.events.traffic import SQUARE

from plainview.vision.bodies import Bodies
from plainview.vision.events.streams import MOST, Streams, fronts
from plainview.vision.events.wrong_way import streams

WAY = np.array([0.0, 1.0])
EYE = np.array([0.0, 0.0, 7.0])
LANE = Polygon(SQUARE)


def bodies(*parts: tuple[float, float, float]) -> Bodies:
    """Bodies at x and y that go along y at so many m/s, for sure."""
    rows: NDArray[np.float64] = np.array(parts, dtype=np.float64).reshape(-1, 3)
    ones = np.ones(len(rows))
    velocities = np.column_stack((np.zeros(len(rows)), rows[:, 2]))
    return Bodies(rows[:, :2], velocities, ones, ones)


def test_a_bus_is_one_stream_at_its_nearest_feet() -> None:
    """Its upper parts are laid on the ground behind it; an even side has no flow of its own."""
    bus = bodies((0.0, 12.0, 0.0), (0.3, 13.5, -5.0), (0.2, 15.0, -5.0), (0.1, 19.0, -5.0))
    (front,) = fronts(bus, WAY, EYE)
    assert front.y == 12.0
    assert front.vy == -5.0
    assert 12.0 < front.middle[1] < 15.0


def test_a_bus_that_drives_askew_is_one_stream_too() -> None:
    """The far end of its roof lies beside its nearest feet, but behind other parts of it."""
    bus = bodies((-1.0, 12.0, 5.0), (0.9, 12.0, 5.0), (1.0, 13.9, 5.0), (2.9, 20.0, 5.0))
    (front,) = fronts(bus, -WAY, EYE)
    assert front.y == 12.0


def test_who_goes_the_right_way_or_across_is_in_no_stream() -> None:
    """Nor is who stands, or is hardly there."""
    assert fronts(bodies((0.0, 12.0, 2.0), (3.0, 12.0, 0.0)), WAY, EYE) == []
    across = bodies((0.0, 12.0, -1.0))._replace(velocities=np.array([[3.0, -1.0]]))
    assert fronts(across, WAY, EYE) == []
    assert fronts(bodies((0.0, 12.0, -1.0))._replace(weights=np.array([0.2])), WAY, EYE) == []


def told(speed: float, flow: float, seconds: float = 1.6, unseen: tuple[int, ...] = ()) -> bool:
    """Whether something at `speed` m/s against the lane, with such a flow, is a wrong way.

    It is not seen in the looks that are numbered in `unseen`.
    """
    watch = Streams(WAY, EYE)
    for k in range(round(seconds * 5) + 1):
        if k in unseen:
            continue
        (one,) = watch.step(bodies((0.0, 19.0 + speed * k / 5, flow)), k / 5)
    return streams(one, LANE, WAY, EYE)


def test_the_way_that_its_place_has_come_must_be_that_of_its_flow() -> None:
    """What only flickers in place has a flow and comes nowhere; a chain of flashes has no flow."""
    assert told(-5.0, -5.0)
    assert told(-1.0, -1.0, 3.0)
    assert not told(-1.0, -1.0, 1.0)
    assert not told(0.0, -3.0)
    assert not told(-3.0, -0.8, 2.0)


def test_what_is_met_anew_farther_on_than_a_car_is_long_may_be_the_next_car() -> None:
    """At a rider's speed it is the same, after as long unseen."""
    assert told(-8.0, -8.0, 1.0)
    assert not told(-8.0, -8.0, 1.0, unseen=(2, 3))
    assert told(-4.0, -4.0, 1.6, unseen=(3, 4))


def test_who_walks_along_a_border_far_away_may_be_beside_the_lane() -> None:
    """From the side his feet are found a metre nearer or farther; a car's parts are many."""
    aside = np.array([-40.0, 15.0, 7.0])
    lane = Polygon(np.add(SQUARE, (5.3, 0.0)))
    for centre, beside in ((np.array([0.3, -9.0, 7.0]), False), (aside, True)):
        watch = Streams(WAY, EYE)
        for k in range(16):
            (one,) = watch.step(bodies((0.8, 19.0 - k / 5, -1.0)), k / 5)
        assert streams(one, lane, WAY, centre) is not beside


def test_who_runs_across_a_lane_askew_goes_nowhere_along_it() -> None:
    """A runner is as fast as who rides, and nothing tells them apart but where they go."""
    for aside, wrong in ((0.0, True), (1.2, True), (1.9, False)):
        watch = Streams(WAY, EYE)
        for k in range(12):
            step = np.array([aside, -2.2])
            one = bodies((0.0, 19.0, 0.0))
            one = one._replace(places=one.places + step * k / 5, velocities=step[None])
            (stream,) = watch.step(one, k / 5)
        assert streams(stream, LANE, WAY, EYE) is wrong


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.lists(st.tuples(st.floats(-30, 30), st.floats(1, 90), st.floats(-9, 9)), max_size=30),
        max_size=4,
    )
)
def test_however_much_moves_streams_are_bounded(
    frames: list[list[tuple[float, float, float]]],
) -> None:
    """A square full of people."""
    watch = Streams(WAY, EYE)
    for k, parts in enumerate(frames):
        assert len(watch.step(bodies(*parts), k / 5)) <= MOST
