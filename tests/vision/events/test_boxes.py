"""What stands on the ground is told from its outline in the picture."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.vision.events.traffic import hanging

from plainview.vision.events.boxes import (
    FIRST_VEHICLE,
    KINDS,
    Boxes,
    Rectangle,
    _about,
    _corners,
    _outlined,
)

MATRIX = hanging((640, 360), 600.0, 7.0, 25.0).matrix()


def drawn(kind: int, x: float, y: float, heading: float) -> Rectangle:
    """The rectangle around a box's outline, in whole pixels."""
    corners = _corners(np.array([kind]), np.array([heading]))
    x0, y0, x1, y1 = _outlined(MATRIX, np.array([[x, y]]), _about(MATRIX, corners))[:, 0]
    return Rectangle(round(x0), round(y0), round(x1) + 1, round(y1) + 1)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, len(KINDS) - 1), st.floats(-4, 4), st.floats(14, 30), st.floats(0, 3.14))
def test_a_box_is_found_where_it_stands(kind: int, x: float, y: float, heading: float) -> None:
    """Whatever it is, its middle is found within half its length and a bit."""
    (found,) = Boxes(MATRIX).fit([drawn(kind, x, y, heading)])
    assert found is not None
    # Seen from its end it may be taken for one that is longer, and farther at its middle.
    longer = max(KINDS[kind][0], KINDS[found.kind][0])
    assert np.hypot(found.x - x, found.y - y) <= 0.5 * longer + 0.6


@settings(max_examples=40, deadline=None)
@given(st.floats(-4, 4), st.floats(14, 30), st.integers(0, 5))
def test_people_are_no_vehicles_and_cars_are(x: float, y: float, turn: int) -> None:
    """By outline alone, at any heading that is tried."""
    person, car = Boxes(MATRIX).fit([drawn(0, x, y, 0.0), drawn(4, x, y, turn * np.pi / 6)])
    assert person is not None
    assert not person.vehicle
    assert car is not None
    assert car.kind >= FIRST_VEHICLE


def test_a_small_car_far_away_is_no_bicycle() -> None:
    """In whole pixels its outline is larger by nearly one, which is a fortieth of it out there."""
    places = [(1.25, 30.0), (1.63, 29.63), (1.632, 29.633), (-1.614, 28.888)]
    cars = Boxes(MATRIX).fit([drawn(4, x, y, np.pi / 2) for x, y in places])
    assert [car is not None and car.vehicle for car in cars] == [True] * 4


def test_a_bus_that_drives_askew_is_hardly_beside_its_lane() -> None:
    """Of thirteen metres, a heading that is amiss by a sixth of a right angle makes two aside."""
    for degrees in (10.0, 15.0, 160.0, 165.0):
        (bus,) = Boxes(MATRIX).fit([drawn(len(KINDS) - 1, 0.0, 26.0, np.radians(degrees))])
        assert bus is not None
        assert np.hypot(bus.x, bus.y - 26.0) < 0.8


def test_somebody_slim_is_a_person() -> None:
    """Seen from the side, with his arms at his sides, he is a foot wide."""
    whole = drawn(0, 1.0, 20.0, 0.0)
    slim = whole._replace(x0=whole.x0 + 0.3 * (whole.x1 - whole.x0))
    (found,) = Boxes(MATRIX).fit([slim._replace(x1=whole.x1 - 0.25 * (whole.x1 - whole.x0))])
    assert found is not None
    assert not found.vehicle


def test_what_is_cut_off_is_told_by_the_rest() -> None:
    """A car that comes in from below is placed by its upper edge; a band across is nothing."""
    whole = drawn(4, 0.0, 16.0, np.pi / 2)
    cut = whole._replace(y1=whole.y1 - 20, bottom=True)
    band = Rectangle(0, 100, 640, 140, left=True, right=True)
    found, nothing = Boxes(MATRIX).fit([cut, band])
    assert found is not None
    assert abs(found.y - 16.0) < 1.5
    assert nothing is None
    assert Boxes(MATRIX).fit([]) == []
