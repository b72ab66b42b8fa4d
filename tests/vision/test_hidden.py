"""People behind people: some are allowed for where others stand close, nobody where nobody is."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import contains_xy
from shapely.geometry import Polygon
from tests.vision.scenes import AREA, CAMERA, view

from plainview.geometry import Point
from plainview.synth.camera import Camera, hung
from plainview.vision.bodies import NONE, Bodies, BodyModel
from plainview.vision.hidden import HiddenPeople
from plainview.vision.optics import MARGIN, Floats, optics

LOW = hung("low", at=(0.0, -12.0), height=3.2, towards=(0.0, 1.0), hfov=58, size=(320, 180))


def behind(camera: Camera = CAMERA) -> HiddenPeople:
    """Who may be hidden from `camera`."""
    return HiddenPeople(view(camera), optics(view(camera), *camera.size))


def standing(places: object, camera: Camera = CAMERA, *, speed: Point = (0.0, 0.0)) -> Bodies:
    """Certain bodies at `places`, each visible as far as nearer ones let it be."""
    where: Floats = np.asarray(places, dtype=np.float64).reshape(-1, 2)
    model = BodyModel(optics(view(camera), *camera.size))
    width, height = model.optics.size
    model.begin(np.ones((height, width), np.float32))
    visible = np.zeros(len(where))
    for k in np.argsort(np.hypot(*(where - model.optics.centre[:2]).T)):
        own = model.flat(where[k][None])
        hidden = np.append(model.closed().ravel(), 0)[own] > 0
        visible[k] = 1 - hidden.mean()
        model.explain(where[k])
    return Bodies(where, np.tile(speed, (len(where), 1)), np.ones(len(where)), visible)


def test_behind_nobody_is_nobody() -> None:
    """An empty scene has nobody hidden; nor has one with a single person."""
    assert behind().estimate(NONE).total == 0
    for place in ((0.0, 0.0), (-4.0, 4.0), (0.0, -2.5)):
        found = behind().estimate(standing([place]))
        assert found.total == 0
        assert len(found.places) == len(found.weights) == len(found.velocities) == 0


@pytest.mark.parametrize(
    "places",
    [[(-3, 0), (3, 2)], [(-3, 0), (3, 2), (0, 4), (-1, -2)], [(-4, -2), (4, -2), (-4, 4), (4, 4)]],
)
@pytest.mark.parametrize("camera", [CAMERA, LOW], ids=["mast", "low"])
def test_people_who_stand_apart_hide_next_to_nobody(places: list[Point], camera: Camera) -> None:
    """Isolated people add less than a tenth of a person in all."""
    assert behind(camera).estimate(standing(places, camera)).total < 0.1


def test_a_dense_block_hides_some_but_not_more_than_there_is_room() -> None:
    """From low down, of a packed block only the front is found: more are allowed for behind it."""
    block = [(x, y) for x in np.arange(-2, 2.1, 0.5) for y in np.arange(0, 3.1, 0.5)]
    bodies = standing(block, LOW)
    seen = bodies.visible > 0.3
    found = Bodies(*(part[seen] for part in bodies))
    hidden = behind(LOW).estimate(found)
    assert 3 < len(found.weights) < len(block) / 2
    assert 0.2 < hidden.total < len(block) - len(found.weights)
    assert hidden.weights.sum() == pytest.approx(hidden.total, rel=0.01)


def test_hidden_people_are_near_those_who_hide_them_and_move_with_them() -> None:
    """They are put behind the block, within its reach, with its velocity."""
    row = [(x, y) for x in np.arange(-2, 2.1, 0.45) for y in (0.0, 1.2)]
    bodies = standing(row, LOW, speed=(0.8, -0.3))
    seen = bodies.visible > 0.15
    hidden = behind(LOW).estimate(Bodies(*(part[seen] for part in bodies)))
    assert hidden.total > 0
    centre = (hidden.weights[:, None] * hidden.places).sum(axis=0) / hidden.weights.sum()
    assert abs(centre[0]) < 1.5
    assert -0.5 < centre[1] < 4.5
    assert hidden.velocities == pytest.approx(
        np.tile((0.8, -0.3), (len(hidden.places), 1)), abs=0.1
    )


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 10_000), n=st.integers(0, 120), camera=st.sampled_from([CAMERA, LOW]))
def test_the_estimate_is_proper_for_any_crowd(seed: int, n: int, camera: Camera) -> None:
    """Never negative, finite, within the area and its margin, no more than bodies have room."""
    generator = np.random.default_rng(seed)
    spread = generator.uniform(0.5, 6)
    places = generator.normal((0, 1), spread, (n, 2))
    bodies = Bodies(
        places, generator.normal(0, 1, (n, 2)), generator.uniform(0.05, 1, n), generator.random(n)
    )
    hidden = behind(camera).estimate(bodies)
    assert 0 <= hidden.total < 6 * Polygon(AREA).buffer(MARGIN).area
    assert np.all(hidden.weights >= 0)
    assert np.all(np.isfinite(hidden.places))
    assert np.all(np.isfinite(hidden.velocities))
    room = Polygon(AREA).buffer(MARGIN + 0.5)
    assert np.all(contains_xy(room, hidden.places[:, 0], hidden.places[:, 1]))


def test_tiny_pictures_hide_nobody_and_crash_nothing() -> None:
    """A picture in which nobody can be seen has an estimate all the same."""
    geometry = optics(view(CAMERA), 16, 16)
    hidden = HiddenPeople(view(CAMERA), geometry).estimate(standing([(0, 0), (0.5, 0.5)]))
    assert np.isfinite(hidden.total)


def test_who_is_not_seen_himself_hides_nobody() -> None:
    """A body right under the camera, where no picture shows it, does not make a crowd of a few."""
    few = standing([(-2.0, 1.0), (0.0, 2.0), (2.0, 1.5), (0.5, 3.5)])
    under = Bodies(np.array([[0.3, -10.4]]), np.zeros((1, 2)), np.ones(1), np.zeros(1))
    both = Bodies(*(np.concatenate(pair) for pair in zip(few, under, strict=True)))
    assert behind().estimate(both).total == pytest.approx(behind().estimate(few).total, abs=0.1)


def test_what_moves_beyond_the_area_is_not_allowed_for() -> None:
    """Where all of the picture moves, as much ground as the area has could hold somebody."""
    by = behind()
    height, width = by._optics.size[::-1]
    moving, nobody = np.ones((height, width), np.uint8), np.zeros((height, width), np.uint8)
    assert by.unexplained(moving, nobody) == pytest.approx(Polygon(AREA).area, rel=0.05)
