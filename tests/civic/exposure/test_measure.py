"""How much of a walk or a district is seen."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs
from shapely.geometry import LineString, Polygon
from tests.civic.exposure.cities import PLANE, at, camera, register

from plainview.civic.exposure.measure import WALKING, district_exposure, seen_metres, walk_exposure
from plainview.civic.exposure.plane import Plane, parse_place
from plainview.civic.exposure.views import ASSUMED_REACH, CIRCLE, SECTOR, sector, sights_of
from plainview.errors import InputError

BOX = (40.0, -10.0, 60.0, 10.0)
WALK = LineString([(0, 0), (100, 0)])


def test_seconds_are_metres_in_view_at_walking_speed() -> None:
    """Where views overlap camera-seconds add up and time counts once; capabilities are told."""
    sights = sights_of(
        register(
            camera("a", 50, 0, view=BOX),
            camera("b", 60, 0, view=(50, -10, 70, 10), capabilities=("count", "events:fire")),
            camera("far", 900, 900, view=(890, 890, 910, 910)),
            camera("off", 10, 0, view=(0, -10, 20, 10), running=False),
        ),
        PLANE,
    )
    found = walk_exposure(WALK, sights)
    assert WALKING == 1.34
    assert found.seconds == pytest.approx(100 / 1.34, abs=0.1)
    assert (found.running.cameras, found.registered.cameras) == (2, 3)
    assert found.running.camera_seconds == pytest.approx(40 / 1.34, abs=0.2)
    assert found.running.seconds_seen == pytest.approx(30 / 1.34, abs=0.2)
    assert found.registered.seconds_seen == pytest.approx(50 / 1.34, abs=0.2)
    assert {one.camera for one in found.cameras} == {"a", "b", "off"}
    told = {one.capability: one for one in found.doing}
    assert set(told) == {"count", "flow", "events:fire"}
    assert told["count"].cameras == 2
    assert told["count"].seconds == found.running.seconds_seen
    assert told["events:fire"].seconds == pytest.approx(20 / 1.34, abs=0.2)


def test_a_view_that_is_not_known_is_assumed_and_said_so_never_left_out() -> None:
    """Without calibration a sector; without direction a circle; without a place the site's."""
    bare = camera("nowhere", 0, 0)
    sights = sights_of(
        register(
            camera("east", 0, 0, direction=90.0),
            camera("round", 0, 0),
            structs.replace(bare, longitude=None, latitude=None),
            structs.replace(bare, id="lost", site="gone", longitude=None, latitude=None),
        ),
        PLANE,
    )
    assert [sight.assumed for sight in sights.sights] == [SECTOR, CIRCLE, CIRCLE]
    assert sights.unplaced == ("lost",)
    found = walk_exposure(WALK, sights)
    assert (found.running.assumed, found.unplaced) == (3, 1)
    assert found.running.seconds_seen == pytest.approx(ASSUMED_REACH / WALKING, rel=0.01)
    behind = walk_exposure(LineString([(-50, 0), (-10, 0)]), sights)
    assert {one.camera for one in behind.cameras} == {"round", "nowhere"}


@settings(max_examples=25)
@given(
    x=st.floats(-200, 300),
    y=st.floats(-100, 100),
    wide=st.floats(1, 200),
    high=st.floats(1, 200),
)
def test_no_camera_sees_longer_than_the_walk_lasts(
    x: float, y: float, wide: float, high: float
) -> None:
    """Time seen is within the walk and the camera-seconds; one camera more lowers neither."""
    one = camera("a", x, y, view=(x, y, x + wide, y + high))
    two = camera("b", 50, 0, view=BOX)
    fewer = walk_exposure(WALK, sights_of(register(one), PLANE))
    more = walk_exposure(WALK, sights_of(register(one, two), PLANE))
    for found in (fewer, more):
        assert 0 <= found.running.seconds_seen <= found.seconds + 0.1
        assert found.running.seconds_seen <= found.running.camera_seconds + 0.2
    assert more.running.camera_seconds >= fewer.running.camera_seconds
    assert more.running.seconds_seen >= fewer.running.seconds_seen - 0.1


def test_a_district_is_told_by_its_ground() -> None:
    """A quarter of the ground seen; a camera that only touches the border sees nothing of it."""
    sights = sights_of(
        register(
            camera("a", 25, 25, view=(0, 0, 50, 50)),
            camera("again", 25, 25, view=(0, 0, 50, 50)),
            camera("beside", 150, 50, view=(100, 0, 200, 100)),
        ),
        PLANE,
    )
    found = district_exposure(
        Polygon([(0, 0), (100, 0), (100, 100), (0, 100)]), sights, name="west"
    )
    assert found.share_seen == pytest.approx(0.25, abs=0.001)
    assert (found.running, found.path_metres) == (2, None)
    assert found.square_metres == pytest.approx(10_000, rel=1e-3)


def test_pieces_of_path_are_seen_as_the_walk_along_them_is() -> None:
    """The camera-metres of a street's pieces add up to those of the street."""
    sights = sights_of(
        register(
            camera("a", 50, 0, view=BOX), camera("off", 9, 0, view=(0, -1, 9, 1), running=False)
        ),
        PLANE,
    )
    pieces = np.array(
        [LineString([(k * 10, 0), (k * 10 + 10, 0)]) for k in range(10)], dtype=object
    )
    assert seen_metres(pieces, sights, every=False).sum() == pytest.approx(20, rel=1e-3)
    assert seen_metres(pieces, sights, every=True).sum() == pytest.approx(29, rel=1e-2)


def test_a_sector_holds_all_of_the_true_one() -> None:
    """Every point within reach and angle lies in the drawn polygon, and little more does."""
    shape = sector(np.array((10.0, 20.0)), direction=30.0, angle=60.0, reach=50.0)
    assert shape.area == pytest.approx(math.pi * 50**2 / 6, rel=0.01)
    assert shape.area >= math.pi * 50**2 / 6
    whole = sector(np.array((0.0, 0.0)), direction=None, reach=50.0)
    assert whole.area == pytest.approx(math.pi * 50**2, rel=0.01)


def test_what_is_no_place_and_what_crosses_itself_is_refused() -> None:
    """One line each: swapped, beyond the map, no number, a view that crosses itself, no length."""
    for text, said in (
        ("114.17,22.28", "swapped"),
        ("nan,4", "no number"),
        ("89,4", "no place"),
        ("one,two", "no place"),
        ("1,2,3", "no place"),
    ):
        with pytest.raises(InputError, match=said):
            parse_place(text, "--from")
    assert parse_place("22.28, 114.17", "--from") == (114.17, 22.28)
    bow = structs.replace(camera("bow", 0, 0), area=(at(0, 0), at(9, 9), at(9, 0), at(0, 9)))
    with pytest.raises(InputError, match=r"camera bow.*crosses itself"):
        sights_of(register(bow), PLANE)
    with pytest.raises(InputError, match="no length"):
        walk_exposure(LineString([(0, 0), (0, 0)]), sights_of(register(), PLANE))


@settings(max_examples=50)
@given(x=st.floats(-9_000, 9_000), y=st.floats(-9_000, 9_000), latitude=st.floats(-70, 70))
def test_metres_and_degrees_are_inverse(x: float, y: float, latitude: float) -> None:
    """To the map and back, to 2 cm."""
    plane = Plane(10.0, latitude)
    back = plane.metres(plane.degrees([(x, y)]))[0]
    assert math.dist(back, (x, y)) < 0.02
