"""Blobs that are vehicles, and bodies that are people, become movers in metres."""

from collections.abc import Sequence

import cv2
import numpy as np
import pytest
from tests.vision.events.traffic import SQUARE, hanging

from plainview.geometry import View, camera_centre, project
from plainview.vision.bodies import NONE, Bodies
from plainview.vision.events.boxes import Box, Boxes, Rectangle, _corners
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


def with_car(x: float, y: float, heading: float = np.pi / 2) -> Image:
    """A car that heads along y, or by `heading` radians."""
    corners = _corners(np.array([4]), np.array([heading]))[0] + np.array([x, y, 0.0])
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


def test_a_streak_of_rain_that_hangs_from_a_car_does_not_move_it() -> None:
    """Its outline ends where the car does, not where a streak before it ends."""
    evidence = with_car(0.0, 16.0, heading=0.0)
    foot, _ = project(MATRIX, [(0.0, 16.0, 0.0)])
    x, y = np.rint(foot[0]).astype(int)
    evidence[y : y + 24, x + 5 : x + 8] = 1.0
    (one,) = Movers(OPTICS, [SQUARE]).step(0.0, evidence, NONE)
    assert np.hypot(one.x, one.y - 16.0) < 0.5


def test_where_light_runs_over_much_of_the_ground_an_outline_must_be_filled() -> None:
    """A ragged patch of sun has a car's outline now and then; a car fills its own."""
    whole = with_car(0.5, 15.0)
    hollow = np.where(cv2.erode(whole, np.ones((5, 5), np.uint8)) > 0, 0.1, whole)
    for evidence, found in ((whole, (1, 1, 1)), (hollow.astype(np.float32), (1, 1, 0))):
        for light, cars in zip((0.0, 0.03, 0.16), found, strict=True):
            seen = Movers(OPTICS, [SQUARE]).step(0.0, evidence, NONE, light=light)
            assert sum(one.size is Size.VEHICLE for one in seen) == cars


def test_vehicles_under_way_are_followed_frame_by_frame_and_people_less_often() -> None:
    """Half of the frames are enough for who walks; a car may cross the view in a second."""
    movers = Movers(OPTICS, [SQUARE])
    assert movers.due(0.0, NONE)
    movers.step(0.0, *people((0.5, 12.0)))
    assert not movers.due(0.2, NONE)
    assert movers.due(0.4, NONE)
    for k in range(2, 5):
        movers.step(k / 5, with_car(0.5, 12.0 + 1.2 * k), NONE)
    assert movers.due(1.0, NONE)


def test_who_runs_or_rides_near_a_zone_is_looked_at_in_every_frame() -> None:
    """He may be inside for half a second; far from every zone he is nobody's business."""
    movers = Movers(OPTICS, [SQUARE])
    movers.step(0.0, *people((0.5, 12.0)))
    _, bodies = people((0.5, 12.0))
    for place, speed, due in ((12.0, 3.0, True), (12.0, 1.5, False), (60.0, 3.0, False)):
        at = bodies._replace(places=np.array([[0.5, place]]), velocities=np.array([[speed, 0.0]]))
        assert movers.due(0.2, at) is due
    evidence, runs = people((0.5, 12.0))
    movers = Movers(OPTICS, [SQUARE])
    movers.step(0.0, evidence, runs._replace(velocities=np.array([[3.0, 0.0]])))
    assert movers.due(0.2, NONE)


def test_a_body_is_a_person_and_one_in_a_shadow_has_another_place() -> None:
    """Alone it stands where its foot is; where more goes on above, perhaps further away."""
    evidence, bodies = people((1.0, 15.0))
    (alone,) = Movers(OPTICS, [SQUARE]).step(0.0, evidence, bodies)
    assert (alone.x, alone.y, alone.size, alone.other) == (1.0, 15.0, Size.PERSON, None)
    behind, _ = people((1.05, 16.4))
    (long,) = Movers(OPTICS, [SQUARE]).step(0.0, np.maximum(evidence, behind), bodies)
    assert long.other is not None
    assert long.other[1] > 15.8


@pytest.mark.parametrize("off", [(0.0, 2.0), (0.3, -1.5)])
def test_who_runs_is_where_he_is_seen_and_not_where_his_body_was_left(
    off: tuple[float, float],
) -> None:
    """A body metres behind or before what is seen of somebody is found anew, to half a metre."""
    evidence, bodies = people((1.0, 15.0))
    left = bodies._replace(places=bodies.places + np.array(off))
    (runner,) = Movers(OPTICS, [SQUARE]).step(0.0, evidence, left)
    assert np.hypot(runner.x - 1.0, runner.y - 15.0) < 0.5


def test_two_bodies_of_one_are_one_mover_and_two_people_are_two() -> None:
    """What is taken for somebody twice is found at one place; who walks in company stays."""
    evidence, _ = people((1.0, 15.0))
    places = np.array([(1.0, 16.5), (1.1, 13.6)])
    one = np.ones(2)
    twice = Bodies(places, np.zeros((2, 2)), one, one)
    assert len(Movers(OPTICS, [SQUARE]).step(0.0, evidence, twice)) == 1
    both, company = people((0.6, 15.0), (1.4, 15.0))
    assert len(Movers(OPTICS, [SQUARE]).step(0.0, both, company)) == 2


def test_people_whose_shadows_join_them_are_no_vehicle() -> None:
    """The outline of them together is a car's, but hardly filled; that of a car hides bodies."""
    evidence, bodies = people((-1.0, 13.0), (1.2, 15.5))
    feet, _ = project(MATRIX, np.array([(-1.0, 13.0, 0.0), (1.2, 15.5, 0.0)]))
    start, end = (tuple(int(v) for v in foot) for foot in feet)
    cv2.line(evidence, start, end, 1.0, 4)
    sizes = [one.size for one in Movers(OPTICS, [SQUARE]).step(0.0, evidence, bodies)]
    assert sizes == [Size.PERSON, Size.PERSON]
    hidden = bodies._replace(places=np.array([(0.4, 11.5), (0.6, 12.0)]))
    (car,) = Movers(OPTICS, [SQUARE]).step(0.0, with_car(0.5, 12.0), hidden)
    assert car.size is Size.VEHICLE


def test_somebody_whom_no_body_was_found_for_is_told_by_his_outline() -> None:
    """Who runs is leant forward, his legs far apart: his outline is a person's all the same."""
    movers = Movers(OPTICS, [SQUARE])
    seen: tuple[Mover, ...] = ()
    for k in range(6):
        evidence, _ = people((0.6 * k - 2.0, 14.0))
        seen = movers.step(k / 5, evidence, NONE)
    (runner,) = seen
    assert (runner.size, runner.flow) == (Size.PERSON, None)
    assert np.hypot(runner.x - 1.0, runner.y - 14.0) < 0.8
    assert runner.moved
    assert runner.vx == pytest.approx(3.0, rel=0.2)
    assert movers.due(1.2, NONE)


def test_the_other_half_of_somebody_is_nobody() -> None:
    """Of a coat and trousers that differ apart, the coat is an outline of its own."""
    evidence, bodies = people((1.0, 15.0))
    foot, head = OPTICS.size[1], 0
    rows = np.nonzero((evidence > 0).any(axis=1))[0]
    foot, head = int(rows[-1]), int(rows[0])
    evidence[(foot + 2 * head) // 3 + 14 : foot + 1] = -1.0
    evidence[:, :] = np.where(evidence > 0, 1.0, -1.0)
    assert len(Movers(OPTICS, [SQUARE]).step(0.0, evidence, bodies)) <= 1


def test_many_fast_bodies_close_by_are_parts_of_one_vehicle() -> None:
    """Two who run are people; a bus is six of them."""
    for many, part in ((2, False), (6, True)):
        evidence, bodies = people(*((0.8 * k - 2.0, 14.0) for k in range(many)))
        fast = bodies._replace(velocities=np.tile((4.0, 0.0), (many, 1)))
        seen = Movers(OPTICS, [SQUARE]).step(0.0, evidence, fast)
        assert all(one.large is part for one in seen if one.size is Size.PERSON)


def test_nothing_far_from_every_zone_is_followed() -> None:
    """And without a zone nothing is looked at."""
    evidence, bodies = people((1.0, 60.0))
    assert Movers(OPTICS, [SQUARE]).step(0.0, evidence, bodies) == ()
    assert Movers(OPTICS, []).step(0.0, evidence, bodies) == ()


def test_what_can_be_nothing_is_held_against_no_box(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where only people stand who are found as bodies, no box is moved over the ground."""
    asked: list[int] = []
    fit = Boxes.fit

    def noted(boxes: Boxes, blobs: Sequence[Rectangle]) -> list[Box | None]:
        asked.append(len(blobs))
        return fit(boxes, blobs)

    monkeypatch.setattr(Boxes, "fit", noted)
    movers = Movers(OPTICS, [SQUARE])
    movers.step(0.0, *people((0.0, 12.0), (3.0, 14.0), (-2.5, 10.0)))
    movers.step(0.4, with_car(0.5, 12.0), NONE)
    assert asked == [0, 1]
