"""Where bodies can stand and which pixels they cover agrees with the calibration."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.vision.scenes import AREA, CAMERA, view

from plainview.geometry import BODY_HEIGHT, Calibration, View, project, to_plane
from plainview.synth.camera import Camera, hung
from plainview.vision.optics import (
    MAX_CANDIDATES,
    MAX_WIDTH,
    MIN_VISIBLE,
    SAMPLE_Z,
    SAMPLES,
    WORK_HEIGHT,
    flat_samples,
    optics,
    outline,
    silhouettes,
)

ACROSS = SAMPLES // len(np.unique(SAMPLE_Z))
MIDDLE = ACROSS // 2


@st.composite
def cameras(draw: st.DrawFn) -> Camera:
    """Cameras over the origin or beside it, level to straight down, rolled any way."""
    height = draw(st.floats(2.5, 25))
    away = draw(st.floats(0, 25))
    turn = draw(st.floats(0, 2 * math.pi))
    at = (away * math.cos(turn), away * math.sin(turn))
    width = draw(st.sampled_from([160, 320, 640, 1920]))
    return hung(
        "random",
        at=at,
        height=height,
        towards=(0.0, 0.0),
        hfov=draw(st.floats(25, 100)),
        size=(width, width * 9 // 16),
        roll=draw(st.floats(-180, 180)),
    )


PLACES = np.array([(x, y) for x in (-4.0, 0.0, 1.3, 4.0) for y in (-4.0, 0.0, 2.2, 4.0)])


@settings(deadline=None, max_examples=40)
@given(cameras())
def test_a_silhouettes_axis_is_the_upright_line_over_its_place(camera: Camera) -> None:
    """The middle sample at each height is where the calibration puts that height above the feet."""
    projection = camera.matrix()
    pixels = silhouettes(projection, np.array(camera.position), PLACES)
    for k, place in enumerate(PLACES):
        for j in range(0, SAMPLES, ACROSS):
            point = [(*place, SAMPLE_Z[j] * BODY_HEIGHT)]
            there, depth = project(projection, point)
            if depth[0] > 0.1:
                assert pixels[k, j + MIDDLE] == pytest.approx(there[0], abs=1e-6)


@settings(deadline=None, max_examples=40)
@given(cameras())
def test_a_silhouette_is_symmetric_and_as_wide_as_a_person(camera: Camera) -> None:
    """Taken back to its heights, a body is the same on both sides and as wide as a person."""
    projection = camera.matrix()
    centre = np.array(camera.position)
    pixels = silhouettes(projection, centre, PLACES)
    for k, place in enumerate(PLACES):
        _, depth = project(projection, [(*place, 0.0), (*place, BODY_HEIGHT)])
        if depth.min() < 1.0:
            continue
        rows = pixels[k].reshape(-1, ACROSS, 2)
        widths = []
        for row, z in zip(rows, SAMPLE_Z[::ACROSS], strict=True):
            offset = to_plane(projection, row, z * BODY_HEIGHT) - place
            assert offset == pytest.approx(-offset[::-1], abs=1e-6)
            assert offset @ (place - centre[:2]) == pytest.approx(0, abs=1e-6)
            widths.append(float(np.hypot(*(offset[-1] - offset[0]))))
        if math.dist(place, centre[:2]) > 0.01:
            assert 0.3 < max(widths) < 0.5, "the outermost samples lie within the shoulders"
            assert min(widths) > 0.05


@settings(deadline=None, max_examples=40)
@given(cameras())
def test_samples_outside_the_picture_have_the_index_past_the_last(camera: Camera) -> None:
    """A flat index is a pixel of the picture where the sample is inside, one past it elsewhere."""
    size = camera.size
    projection, centre = camera.matrix(), np.array(camera.position)
    flat, depth = flat_samples(projection, centre, size, PLACES)
    assert flat.shape == (len(PLACES), SAMPLES)
    assert flat.min() >= 0
    assert flat.max() <= size[0] * size[1]
    _, true_depth = project(projection, np.column_stack((PLACES, np.zeros(len(PLACES)))))
    assert depth == pytest.approx(true_depth)
    pixels = np.rint(silhouettes(projection, centre, PLACES))
    inside = np.all((pixels >= 0) & (pixels < size), axis=-1)
    assert np.array_equal(flat == size[0] * size[1], ~inside)
    rows, columns = np.divmod(flat[inside], size[0])
    assert np.array_equal(np.column_stack((columns, rows)), pixels[inside])


@settings(deadline=None, max_examples=40)
@given(cameras())
def test_the_outline_holds_the_silhouette(camera: Camera) -> None:
    """The polygon around a body that is wholly in the picture contains its silhouette's samples."""
    projection, centre = camera.matrix(), np.array(camera.position)
    for place in PLACES[::5]:
        pixels = silhouettes(projection, centre, place[None])[0]
        if np.any(pixels < 0) or np.any(pixels >= camera.size):
            continue
        polygon = outline(projection, centre, place)[:, 0]
        slack = 1 + 0.03 * np.ptp(pixels, axis=0)
        assert np.all(polygon.min(axis=0) <= pixels.min(axis=0) + slack)
        assert np.all(polygon.max(axis=0) >= pixels.max(axis=0) - slack)
        assert np.all(np.ptp(polygon, axis=0) <= 1.5 * np.ptp(pixels, axis=0) + 2)


@pytest.mark.parametrize("width", [320, 640, 1920, 3840])
def test_the_working_picture_is_metric(width: int) -> None:
    """However large the frame, people are as tall in the working picture, which is never wider."""
    camera = hung("c", at=(0, -9), height=4, towards=(0, 0), hfov=50, size=(width, width * 9 // 16))
    geometry = optics(view(camera), width, width * 9 // 16)
    assert geometry.size[0] <= min(width, MAX_WIDTH)
    assert geometry.size[0] / geometry.size[1] == pytest.approx(16 / 9, rel=0.02)
    if width >= 640:
        assert np.median(geometry.tall) == pytest.approx(WORK_HEIGHT, rel=0.35)


def test_the_frames_size_does_not_move_the_world() -> None:
    """The same camera at another picture size looks for people at the same places."""
    small = optics(view(CAMERA), 320, 180)
    large = optics(view(CAMERA), 1280, 720)
    ends = [{tuple(np.round(p, 6)) for p in one.places} for one in (small, large)]
    assert len(ends[0] ^ ends[1]) < 0.05 * len(ends[0])


def test_candidates_cover_the_area_and_are_visible() -> None:
    """Every spot of the area in the picture has a candidate near it; each is partly in sight."""
    geometry = optics(view(CAMERA), 320, 180)
    assert np.all(geometry.seen >= MIN_VISIBLE)
    assert np.all(geometry.seen <= 1)
    generator = np.random.default_rng(1)
    spots = generator.uniform((-5, -3), (5, 5), (200, 2))
    seen = flat_samples(geometry.projection, geometry.centre, geometry.size, spots)[0]
    wholly = (seen < 320 * 180).all(axis=1)
    gap = np.hypot(*(spots[wholly, None] - geometry.places[None]).transpose(2, 0, 1)).min(axis=1)
    assert wholly.sum() > 100
    assert gap.max() < 0.5


def test_a_world_whose_y_runs_south_is_the_same_world() -> None:
    """A left-handed world (y mirrored) gives the mirrored places with the same pixels."""
    mirror = np.diag([1.0, -1.0, 1.0, 1.0])
    rows = tuple(tuple(float(v) for v in row) for row in CAMERA.matrix() @ mirror)
    calibration = Calibration(image_size=(320, 180), projection=rows)  # type: ignore[arg-type]
    south = View(calibration=calibration, polygon=tuple((x, -y) for x, y in AREA))
    right, left = optics(view(CAMERA), 320, 180), optics(south, 320, 180)
    assert right.size == pytest.approx(left.size, abs=1)
    assert left.centre[:2] == pytest.approx(right.centre[:2] * (1, -1))

    shares = [
        silhouettes(one.projection, one.centre, PLACES * (1, sign)).reshape(-1, ACROSS, 2)
        / one.size
        for one, sign in ((right, 1), (left, -1))
    ]
    shares = [share.reshape(-1, ACROSS, 2) for share in shares]
    # A mirrored world steps across a body from the other side: its rows of samples are reversed.
    assert shares[0] == pytest.approx(shares[1][:, ::-1], abs=0.005)
    assert len(left.places) == pytest.approx(len(right.places), rel=0.05)
    assert left.tall.mean() == pytest.approx(right.tall.mean(), rel=0.02)


@pytest.mark.parametrize("size", [(16, 16), (17, 400), (320, 16), (32, 18)])
def test_tiny_and_odd_pictures_are_taken(size: tuple[int, int]) -> None:
    """Frames of any size have a geometry, if only one in which nobody can be seen."""
    geometry = optics(view(CAMERA), *size)
    assert min(geometry.size) >= 16
    assert len(geometry.places) == len(geometry.samples) == len(geometry.seen)
    assert np.all(np.isfinite(geometry.tall))


def test_ground_behind_the_camera_has_no_candidates() -> None:
    """An area that reaches behind the camera is measured only in front of it."""
    area = ((-6.0, -30.0), (6.0, -30.0), (6.0, 6.0), (-6.0, 6.0))
    geometry = optics(view(CAMERA, area), 320, 180)
    feet = np.column_stack((geometry.places, np.zeros(len(geometry.places))))
    _, depth = project(CAMERA.matrix(), feet)
    assert len(geometry.places) > 100
    assert depth.min() > 0
    assert geometry.places[:, 1].min() > CAMERA.position[1]


def test_an_area_as_large_as_a_district_is_bounded() -> None:
    """The candidates of a huge area are thinned, so that a lens's work is bounded."""
    area = ((-300.0, -10.0), (300.0, -10.0), (300.0, 900.0), (-300.0, 900.0))
    geometry = optics(view(CAMERA, area), 320, 180)
    assert 0 < len(geometry.places) <= MAX_CANDIDATES
