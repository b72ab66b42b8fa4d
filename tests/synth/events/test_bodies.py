"""People with poses, things and vehicles: where they are, how high and how long."""

import math

import numpy as np
import pytest

from plainview.synth.events.person import Key, Person, looks, walk
from plainview.synth.events.poses import DOWN, POSES, blended, posed
from plainview.synth.events.things import KINDS, Stay, Thing, carried
from plainview.synth.events.vehicles import Vehicle, straight
from plainview.synth.shadow import Body

LOOK = looks(np.random.default_rng(4))


def _extent(body: Body) -> tuple[float, float, float]:
    """Lowest and highest point and greatest length on the ground, metres."""
    parts = body.parts
    ends = np.vstack((parts.start, parts.end))
    radii = np.concatenate((parts.start_radius, parts.end_radius))
    low, high = float((ends[:, 2] - radii).min()), float((ends[:, 2] + radii).max())
    flat = ends[:, None, :2] - ends[None, :, :2]
    return low, high, float(np.hypot(flat[..., 0], flat[..., 1]).max())


@pytest.mark.parametrize("name", POSES)
def test_every_pose_rests_on_the_ground(name: str) -> None:
    """The lowest part touches the ground, or the bench; only one who is down is low and long."""
    low, high, long = _extent(posed(LOOK, (1.0, 2.0), 0.7, POSES[name]))
    assert low == pytest.approx(POSES[name].base, abs=1e-9)
    if name in DOWN:
        assert high < 0.65
        assert long > 0.6 * float(LOOK.height[0])
    elif name in ("stand", "phone"):
        assert high == pytest.approx(float(LOOK.height[0]), rel=0.05)
    else:
        assert high > 0.6


def test_a_fall_goes_from_one_pose_to_the_other() -> None:
    """The body gets lower without a jump, and its middle ends a body's half away from its feet."""
    heights = [
        _extent(posed(LOOK, (0.0, 0.0), 0.0, blended(POSES["stand"], POSES["back"], s)))[1]
        for s in np.linspace(0, 1, 21)
    ]
    assert np.all(np.diff(heights) < 0.06)
    assert np.abs(np.diff(heights)).max() < 0.25
    person = Person(LOOK, [Key(0, -3, 0), Key(3, 0, 0), Key(3.7, 0, 0, "front"),
                           Key(20, 0, 0, "front")])  # fmt: skip
    assert person.pose(1.0) is None, "it walks"
    assert person.place(10.0) == pytest.approx((0.0, 0.0))
    middle = person.middle(10.0)
    assert middle is not None
    assert math.hypot(*middle) == pytest.approx(0.5 * float(LOOK.height[0]), abs=0.02)
    assert person.bodies(-1.0) == []
    assert person.bodies(21.0) == []


def test_a_walk_keeps_its_speed() -> None:
    """Keys along a way come at the times that the speed says."""
    keys = walk([(0.0, 0.0), (3.0, 4.0), (3.0, 6.0)], begin=2.0, speed=1.0)
    assert [key.t for key in keys] == [2.0, 7.0, 9.0]


@pytest.mark.parametrize("kind", KINDS)
def test_every_thing_stands_where_it_is_put(kind: str) -> None:
    """It moves evenly between its stays, is gone after the last, and sinks into no ground."""
    thing = Thing(kind, [Stay(0, 0, 0, 1.0), Stay(2, 2, 0), Stay(9, 2, 0)])
    assert thing.place(1.0) == pytest.approx((1.0, 0.0, 0.5))
    assert thing.bodies(9.5) == []
    (body,) = thing.bodies(5.0)
    low, high, _ = _extent(body)
    assert -0.06 < low < 0.2
    assert high < 1.3


def test_what_is_carried_goes_beside_its_carrier() -> None:
    """Each stay is a hand's breadth from the way, never ahead of it."""
    stays = carried([(0.0, (0.0, 0.0)), (1.0, (1.0, 0.0)), (2.0, None)], side=0.3)
    assert [(s.t, round(s.x, 6), round(s.y, 6)) for s in stays] == [(0, 0, 0.3), (1, 1, 0.3)]


def test_a_vehicle_that_reverses_keeps_facing_on() -> None:
    """`facing` holds whichever way it goes; without it, one that stands keeps its last heading."""
    way = [(0.0, 0.0, 0.0), (2.0, 6.0, 0.0), (4.0, 6.0, 0.0), (5.0, 4.5, 0.0)]
    backwards = Vehicle("car", way, facing=0.0)
    moved = backwards.at(4.9)
    assert moved is not None
    assert moved[1] == pytest.approx(0.0)
    stands = Vehicle("van", way[:3]).at(3.5)
    assert stands is not None
    assert stands[:2] == ((6.0, 0.0), 0.0)
    assert stands[2] == pytest.approx(6.0)


@pytest.mark.parametrize("kind", ["car", "van", "bus", "tram", "bicycle"])
def test_every_vehicle_has_its_length(kind: str) -> None:
    """Lengths are those of the real ones; a bicycle has its rider on it."""
    rider = LOOK if kind == "bicycle" else None
    vehicle = Vehicle(kind, straight((0, 0), (20, 0), begin=0, speed=5), rider=rider)
    bodies = vehicle.bodies(2.0)
    assert len(bodies) == (2 if rider else 1)
    low, high, long = _extent(bodies[0])
    assert -0.05 < low < 0.3
    length = {"car": 4.3, "van": 5.2, "bus": 12.0, "tram": 18.0, "bicycle": 1.7}[kind]
    assert 0.7 * length < long < 1.05 * length
    assert high < 3.5
