"""The head plane: metric, away is up, heads over their places."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plainview.geometry import project
from plainview.synth.camera import hung
from plainview.vision.headplane import (
    HEAD,
    SCALE,
    HeadPlane,
    channels,
    difference,
    head_plane,
)

AREA = ((-2.0, -2.0), (2.0, -2.0), (2.0, 2.0), (-2.0, 2.0))


def plane_of(height: float, distance: float, turn: float) -> tuple[np.ndarray, HeadPlane]:
    """A camera's projection and its plane over AREA."""
    at = (distance * np.cos(turn), distance * np.sin(turn))
    camera = hung("any", at=at, height=height, towards=(0.0, 0.0), hfov=60)
    plane = head_plane(camera.matrix(), camera.size, AREA)
    assert plane is not None
    return camera.matrix(), plane


@settings(max_examples=15, deadline=None)
@given(
    height=st.floats(4.0, 14.0),
    distance=st.floats(3.0, 12.0),
    turn=st.floats(0.0, 6.2),
    x=st.floats(-1.0, 1.0),
    y=st.floats(-1.0, 1.0),
)
def test_a_head_is_seen_at_its_place(
    height: float, distance: float, turn: float, x: float, y: float
) -> None:
    """A bright dot where a head is comes out at the plane's pixel of the person's place."""
    projection, plane = plane_of(height, distance, turn)
    (u, v), depth = (one[0] for one in project(projection, [[x, y, HEAD]]))
    picture = np.zeros((360, 640), dtype=np.uint8)
    across, down = np.meshgrid(np.arange(640), np.arange(360))
    sigma = 0.1 * np.linalg.norm(projection[0, :3]) / depth
    blob = 250 * np.exp(-((across - u) ** 2 + (down - v) ** 2) / (2 * sigma**2))
    picture[:] = blob.astype(np.uint8)
    seen = plane.seen(picture).astype(float)
    rows, columns = np.indices(seen.shape)
    found = np.array([(columns * seen).sum(), (rows * seen).sum()]) / seen.sum()
    # A round blob in the picture is a long one on the plane: its middle shifts a little, away.
    assert found == pytest.approx(plane.pixels(np.array([[x, y]]))[0], abs=2.5)


def test_away_is_up_and_a_metre_is_a_metre() -> None:
    """Rows go towards the camera, columns to the right, in steps of SCALE."""
    _, plane = plane_of(7.0, 9.0, 0.0)
    here, away, right = plane.pixels(np.array([[0.0, 0.0], [-1.0, 0.0], [0.0, 1.0]]))
    assert away - here == pytest.approx([0.0, -1 / SCALE])
    assert right - here == pytest.approx([1 / SCALE, 0.0])
    assert plane.turned(np.array([0.0, -1.0])) == pytest.approx([-1.0, 0.0])


def test_cells_have_their_pixels_centres() -> None:
    """A cell's centre on the ground is the middle of its four by four pixels."""
    _, plane = plane_of(7.0, 9.0, 1.0)
    centres = plane.centres()
    assert centres.shape[:2] == (plane.size[1] // 4, plane.size[0] // 4)
    assert plane.pixels(centres[2, 3][None])[0] == pytest.approx([13.5, 9.5])


def test_what_a_look_takes_comes_back_after_a_rest() -> None:
    """Maps and geometry are kept from look to look, given back at rest, and the same again."""
    _, plane = plane_of(7.0, 9.0, 1.0)
    maps, geometry = plane.maps, plane.geometry
    assert plane.maps is maps
    assert plane.geometry is geometry
    plane.rest()
    assert plane.maps is not maps
    for one, other in zip((*plane.maps, plane.geometry), (*maps, geometry), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_camera_no_higher_than_heads_sees_no_plane() -> None:
    """There is nothing to look down on."""
    camera = hung("low", at=(0.0, -8.0), height=2.0, towards=(0.0, 0.0), hfov=60)
    assert head_plane(camera.matrix(), camera.size, AREA) is None


def test_channels_say_nothing_where_nothing_is_known() -> None:
    """Without a plate its two channels are 0; outside the picture all are."""
    _, plane = plane_of(5.0, 6.0, 0.0)
    picture = np.random.default_rng(1).integers(0, 255, (360, 640), dtype=np.uint8)
    differs = plane.seen(
        difference(picture, np.full_like(picture, 90), np.full(picture.shape, 0.2, np.float32))
    )
    bare = channels(plane, plane.seen(picture), None, None)
    full = channels(plane, plane.seen(picture), differs, None)
    assert not bare[1:3].any()
    assert full[2][plane.valid].all()
    assert not full[:, ~plane.valid].any()
    assert np.abs(full[0]).max() <= 3
