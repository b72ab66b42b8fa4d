"""What is drawn into real frames: where it belongs, and nowhere else."""

import numpy as np
import pytest

from plainview.geometry import Calibration, project
from plainview.synth.camera import hung
from plainview.synth.cast import Cast
from plainview.synth.events.things import Stay, Thing
from plainview.synth.film import Calibrated, Film, Tone, faced
from plainview.synth.light import Light
from plainview.synth.scenery import World
from plainview.synth.simulate import empty

HUNG = hung("mast", at=(3.0, -8.0), height=6.0, towards=(1.0, 2.0), hfov=50, size=(160, 120))
TONE = Tone.through((0.03, 0.1), (0.2, 0.6))


def test_a_camera_is_known_by_its_projection_alone() -> None:
    """Axes and focal length are those of the camera whose projection it is."""
    known = Calibrated("one", HUNG.position, HUNG.look_at, 50, HUNG.size, projection=HUNG.matrix())
    assert np.allclose(known.axes(), HUNG.axes())
    assert known.focal() == pytest.approx(HUNG.focal())


def test_the_ground_is_turned_under_a_camera_not_the_picture() -> None:
    """A corner of the area is seen where it was; the camera looks along y at the area's middle."""
    area = ((-4.0, -3.0), (5.0, -2.0), (4.0, 6.0), (-3.0, 5.0))
    rows = tuple(tuple(-2.0 * float(v) for v in row) for row in HUNG.matrix())
    known = Calibration(image_size=HUNG.size, projection=rows)  # type: ignore[arg-type]
    camera, turned = faced("one", known, area)
    then, _ = project(HUNG.matrix(), np.column_stack((area, np.zeros(4))))
    now, _ = project(camera.matrix(), np.column_stack((turned, np.zeros(4))))
    assert np.abs(then - now).max() < 0.2
    assert camera.position[0] == pytest.approx(0.0, abs=1e-6)
    assert camera.position[1] < -5
    assert camera.hfov == pytest.approx(50, abs=0.1)


def test_a_thing_is_drawn_where_it_stands_and_all_else_is_the_films() -> None:
    """Dark on bright ground, with its shade; a frame without it is not changed at all."""
    thing = Thing("box", [Stay(1.0, 1.0, 2.0), Stay(9.0, 1.0, 2.0)], shade=0.03)
    light = Light(sky=0.5)
    film = Film(HUNG, light, Cast(World(), light, empty(), actors=(thing,)), TONE, 1)
    frame = np.full((120, 160, 3), 153, np.uint8)
    assert np.array_equal(film.over(frame, 0.5), frame)
    drawn = film.over(frame, 2.0)
    (x, y), _ = (part[0] for part in project(HUNG.matrix(), [(1.0, 2.0, 0.2)]))
    assert drawn[round(float(y)), round(float(x))].max() < 90
    rows, columns = np.nonzero((drawn != frame).any(axis=2))
    assert len(rows) > 20
    assert np.hypot(rows - y, columns - x).max() < 25
    assert np.array_equal(frame, np.full_like(frame, 153))


def test_what_is_drawn_dims_with_the_recording() -> None:
    """A camera that shows its ground darker than usual shows a grey box darker as well."""
    box = Thing("box", [Stay(0.0, 1.0, 2.0), Stay(9.0, 1.0, 2.0)], shade=0.4)
    light = Light(sky=0.5)
    shown = []
    for ground in (153, 110):
        cast = Cast(World(), light, empty(), actors=(box,))
        film = Film(HUNG, light, cast, TONE, 1, usual=0.6)
        frame = np.full((120, 160, 3), ground, np.uint8)
        drawn = film.over(frame, 2.0)
        shown.append(float(drawn[(drawn != frame).any(axis=2)].max()))
    assert 150 < shown[1] < shown[0] - 25


@pytest.mark.parametrize(("reflects", "shown"), [(0.03, 0.1), (0.2, 0.6)])
def test_a_tone_shows_both_things_as_they_are_shown(reflects: float, shown: float) -> None:
    """The curve goes through the two points that it was made of."""
    assert TONE.steep * reflects ** (1 / 2.2) - TONE.black == pytest.approx(shown)
