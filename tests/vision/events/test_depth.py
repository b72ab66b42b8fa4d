import numpy as np
from shapely.geometry import Polygon
from tests.vision.events.traffic import hanging

from plainview.geometry import View, camera_centre
from plainview.vision.events.depth import PIXELS, Depth, deep, depth_of
from plainview.vision.events.feet import Standing
from plainview.vision.optics import optics, working

VIEW = View(
    calibration=hanging((640, 360), 600.0, 7.0, 25.0),
    polygon=((-20, 5), (20, 5), (20, 45), (-20, 45)),
)


def strip(y: float, depth: float) -> Polygon:
    """Of 2 m, across the line of sight at `y` metres, `depth` metres deep."""
    near, far = y - depth / 2, y + depth / 2
    return Polygon([(4, near), (6, near), (6, far), (4, far)])


def sure(ground: Polygon, place: tuple[float, float]) -> bool:
    """Whether the detector's own rule has who stands at `place` inside."""
    seen, foot = optics(VIEW, *VIEW.calibration.image_size), np.array(place)
    least = PIXELS / float(Standing(seen.projection, foot[None]).tall[0])
    return deep(foot, ground, seen.centre, least=least)


def test_what_is_judged_is_what_the_detector_goes_by() -> None:
    """Where it is said that nobody is told of, not even who stands in the middle is inside."""
    for y, depth in ((40.0, 1.7), (30.0, 1.0), (15.0, 0.28)):
        found = depth_of(strip(y, depth), VIEW)
        assert found.judged == 0
        assert found.pixels < 2 * PIXELS
        assert not sure(strip(y, depth), (5.0, y))
        deeper = strip(y, 1.2 * found.enough)
        assert depth_of(deeper, VIEW).judged > 0
        assert sure(deeper, (5.0, y))


def test_the_same_zone_is_shallower_farther_away_and_from_lower_down() -> None:
    """By the picture alone: the ground is the same."""
    depths = [depth_of(strip(y, 2.0), VIEW).pixels for y in (10.0, 20.0, 40.0)]
    assert depths == sorted(depths, reverse=True)
    low = View(calibration=hanging((640, 360), 600.0, 3.0, 15.0), polygon=VIEW.polygon)
    assert depth_of(strip(20, 2.0), low).pixels < depths[1]


def test_a_sliver_has_a_depth_and_is_never_judged() -> None:
    """One that no place of the grid falls into has its own middle."""
    found = depth_of(strip(20, 1e-3), VIEW)
    assert isinstance(found, Depth)
    assert 0 < found.pixels < 0.1
    assert found.judged == 0


def test_the_working_picture_is_the_lenss_own() -> None:
    """Pixels here are those that the detectors count in."""
    size = VIEW.calibration.image_size
    seen = optics(VIEW, *size)
    assert working(VIEW, *size).calibration.image_size == seen.size
    assert np.allclose(camera_centre(working(VIEW, *size).matrix()), seen.centre)
