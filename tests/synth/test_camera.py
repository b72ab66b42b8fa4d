"""Cameras: the projection is that of the geometry module and looks where it is told to."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plainview.errors import InputError
from plainview.geometry import camera_centre, project, to_plane
from plainview.synth.camera import Camera, hung

_PLACE = st.floats(-20, 20)


@given(
    x=_PLACE, y=_PLACE, height=st.floats(2.5, 30), roll=st.floats(-20, 20), hfov=st.floats(20, 110)
)
def test_projection_is_a_camera(
    x: float, y: float, height: float, roll: float, hfov: float
) -> None:
    """Centre, depth, the picture's middle and the field of view are as told, for any camera."""
    camera = Camera("c", (x, y, height), (25.0, 25.0, 1.0), hfov, (640, 360), roll)
    matrix = camera.calibration().matrix()
    assert np.allclose(camera_centre(matrix), camera.position, atol=1e-6)
    pixel, depth = project(matrix, [camera.look_at])
    assert np.allclose(pixel[0], (319.5, 179.5), atol=1e-6)
    assert depth[0] == pytest.approx(np.linalg.norm(np.subtract(camera.look_at, camera.position)))
    half = np.tan(np.radians(hfov) / 2)
    right = np.array(camera.position) + camera.axes()[2] + half * camera.axes()[0]
    assert project(matrix, [right])[0][0, 0] == pytest.approx(639.5, abs=1e-6)


def test_up_is_up_and_left_is_left() -> None:
    """A head is above its feet in the picture; the west lies left of one who looks north."""
    camera = hung("c", at=(0, -10), height=5, towards=(0, 0), hfov=60)
    pixels, _ = project(camera.matrix(), [(0, 0, 0), (0, 0, 1.7), (-1, 0, 0)])
    assert pixels[1, 1] < pixels[0, 1]
    assert pixels[2, 0] < pixels[0, 0]
    assert np.allclose(to_plane(camera.matrix(), pixels[2:]), [[-1, 0]], atol=1e-9)


def test_impossible_cameras_are_refused() -> None:
    """A camera that looks at itself or sees all around is a clear error."""
    with pytest.raises(InputError):
        Camera("c", (0, 0, 3), (0, 0, 3), 60).matrix()
    with pytest.raises(InputError):
        Camera("c", (0, 0, 3), (1, 0, 0), 180).matrix()


def test_straight_down_works() -> None:
    """A camera that looks straight down has a regular projection."""
    matrix = Camera("c", (0, 0, 8), (0, 0, 0), 60).calibration().matrix()
    assert np.allclose(project(matrix, [(0, 0, 0)])[0], [(319.5, 179.5)])
