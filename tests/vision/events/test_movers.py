"""Blobs that are vehicles, and bodies that are people, become movers in metres."""

import cv2
import numpy as np
import pytest
from tests.vision.events.traffic import SQUARE, hanging

from plainview.geometry import View, camera_centre, project
from plainview.vision.bodies import NONE, Bodies
from plainview.vision.events.boxes import _corners
from plainview.vision.events.movers import Mover, Movers
from plainview.vision.events.paths import Size
from plainview.vision.optics import Optics, outline
from plainview.vision.plate import Image

SIZE = (320, 180)
MATRIX = View(calibration=hanging(SIZE, 300.0, 7.0, 25.0), polygon=SQUARE).matrix()
EMPTY = np.empty((0, 2))
OPTICS = Optics(
    SIZE, MATRIX, camera_centre(MATRIX), EMPTY, np.empty((0, 55), np.int32),
    np.empty(0, np.float32), np.empty(0, np.float32),
)  # fmt: skip


def blank() -> Image:
    """Nothing differs from the plate."""
    return np.full((SIZE[1], SIZE[0]), -1.0, dtype=np.float32)


def with_car(x: float, y: float) -> Image:
    """A car that heads along y."""
    corners = _corners(np.array([4]), np.array([np.pi / 2]))[0] + np.array([x, y, 0.0])
    pixels, _ = project(MATRIX, corners)
    evidence = blank()
    cv2.fillConvexPoly(evidence, cv2.convexHull(np.rint(pixels).astype(np.int32)), 1.0)
    return evidence


def people(*places: tuple[float, float]) -> tuple[Image, Bodies]:
    """Bodies that stand there."""
    evidence = blank()
    where = np.array(places)
    for place in where:
        cv2.fillPoly(evidence, [outline(MATRIX, OPTICS.centre, place, 1.2)], 1.0)
    one = np.ones(len(where))
    return evidence, Bodies(where, np.zeros((len(where), 2)), one, one)


def test_a_car_that_drives_is_a_vehicle_with_its_speed() -> None:
    """In metres and m/s, within a metre and a few percent."""
    movers = Movers(OPTICS, [SQUARE])
    seen: tuple[Mover, ...] = ()
    for k in range(8):
        seen = movers.step(k / 5, with_car(0.5, 12.0 + 1.2 * k), NONE)
    (car,) = seen
    assert car.size is Size.VEHICLE
    assert car.moved
    assert np.hypot(car.x - 0.5, car.y - 20.4) < 1.0
    assert car.vy == pytest.approx(6.0, rel=0.15)


def test_vehicles_under_way_are_followed_frame_by_frame_and_people_less_often() -> None:
    """Half of the frames are enough for who walks; a car may cross the view in a second."""
    movers = Movers(OPTICS, [SQUARE])
    assert movers.due(0.0)
    movers.step(0.0, *people((0.5, 12.0)))
    assert not movers.due(0.2)
    assert movers.due(0.4)
    for k in range(2, 5):
        movers.step(k / 5, with_car(0.5, 12.0 + 1.2 * k), NONE)
    assert movers.due(1.0)


def test_a_body_is_a_person_and_one_in_a_shadow_has_another_place() -> None:
    """Alone it stands where its foot is; where more goes on above, perhaps further away."""
    evidence, bodies = people((1.0, 15.0))
    (alone,) = Movers(OPTICS, [SQUARE]).step(0.0, evidence, bodies)
    assert (alone.x, alone.y, alone.size, alone.other) == (1.0, 15.0, Size.PERSON, None)
    behind, _ = people((1.05, 16.4))
    (long,) = Movers(OPTICS, [SQUARE]).step(0.0, np.maximum(evidence, behind), bodies)
    assert long.other is not None
    assert long.other[1] > 15.8


def test_nothing_far_from_every_zone_is_followed() -> None:
    """And without a zone nothing is looked at."""
    evidence, bodies = people((1.0, 60.0))
    assert Movers(OPTICS, [SQUARE]).step(0.0, evidence, bodies) == ()
    assert Movers(OPTICS, []).step(0.0, evidence, bodies) == ()
