"""What is met again and again is one path, for some seconds."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from plainview.vision.events.paths import MOST, WINDOW, Found, Paths, Size


def found(x: float, y: float, size: Size = Size.VEHICLE) -> Found:
    """Something there."""
    return Found(x, y, size, 1.8, 4.5, 1.5, 0.0, 0.9, blur=0.05)


@settings(max_examples=30, deadline=None)
@given(st.floats(-25, 25), st.floats(-25, 25))
def test_a_vehicle_is_followed_at_any_speed_of_a_road(vx: float, vy: float) -> None:
    """Its velocity is measured; beside it another, the other way, is another path."""
    paths = Paths()
    for k in range(10):
        t = k / 5
        paths.step([found(vx * t, vy * t), found(200 - vx * t, 200 - vy * t)], t)
    one, other = paths.paths
    assert np.allclose(one.velocity, (vx, vy), atol=1e-6)
    assert np.allclose(other.velocity, (-vx, -vy), atol=1e-6)


def test_what_is_swift_may_be_of_either_size() -> None:
    """A cyclist is a person in one frame and a vehicle in the next; who walks is no car."""
    for speed, paths_left in ((4.0, 1), (1.0, 2)):
        paths = Paths()
        for k in range(10):
            size = Size.VEHICLE if k in (6, 7) else Size.PERSON
            paths.step([found(speed * k / 5, 0.0, size)], k / 5)
        assert len(paths.paths) == paths_left


def test_a_path_is_some_seconds_long_and_ends_unseen() -> None:
    """Nothing older is kept, and who is away for long is somebody new."""
    paths = Paths()
    for k in range(100):
        paths.step([found(0.1 * k, 0.0, Size.PERSON)], k / 5)
    (one,) = paths.paths
    assert one.points[-1][0] - one.points[0][0] <= WINDOW + 1e-6
    assert one.moved
    paths.step([], 25.0)
    assert paths.paths == []


def test_people_who_stand_together_are_no_vehicle_under_way() -> None:
    """What passes them shifts the outline of all; a car's bodies go with it, if it has any."""
    for flows, moved in (
        (((0.0, 0.0), (0.1, -0.1)), False),
        (((0.0, 0.0), (-5.0, 0.0)), False),
        (((0.0, 0.0), (4.0, 0.0)), True),
        ((), True),
    ):
        paths = Paths()
        for k in range(6):
            paths.step([found(0.3 * k, 0.0)._replace(bodies=flows)], k / 5)
        (one,) = paths.paths
        assert one.moved is moved


def test_somebody_is_under_way_when_he_goes_somewhere() -> None:
    """Rain and a puddle's ragged border make outlines, and bodies, that jump to and fro; the shade
    of leaves makes outlines that sway by most of a metre.
    """  # noqa: D205 - one sentence
    jumps = [0.0, -0.8, 0.2, -0.6, 0.1, -0.9]
    for places, flow, moved in (
        (jumps, None, False),
        (jumps, (0.0, 0.0), False),
        (jumps, (0.0, -1.0), True),
        ([0.4 * k for k in range(6)], None, True),
        ([0.0, 0.3, 0.6, 0.9, 0.9, 0.9], None, False),
        ([0.0, 0.3, 0.6, 0.9, 0.9, 0.9], (0.0, 1.0), True),
    ):
        paths = Paths()
        for k, y in enumerate(places):
            paths.step([found(0.0, y, Size.PERSON)._replace(flow=flow)], 0.4 * k)
        (one,) = paths.paths
        assert one.moved is moved


def test_a_path_knows_how_often_it_was_met() -> None:
    """In the looks since it was met first; what came before says nothing."""
    paths = Paths()
    for k in range(20):
        there = k >= 10 and k % 3 != 2
        paths.step([found(0.0, 0.0, Size.PERSON)] if there else [], 0.2 * k)
    (one,) = paths.paths
    assert one.share == 0.7


def test_however_much_is_found_paths_are_bounded() -> None:
    """A street full of noise."""
    paths = Paths()
    for k in range(5):
        paths.step([found(50.0 * n, 0.0) for n in range(200)], k / 5)
        assert len(paths.paths) <= MOST
