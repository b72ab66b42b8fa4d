"""What the ground in a camera's picture is, against projecting point by point."""

import numpy as np
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.web.conftest import NORTH, looking

from plainview.geometry import Calibration, View, project
from plainview.governance.places import DETECTED, seen_ground


@settings(max_examples=30)
@given(
    height=st.floats(2, 40),
    ahead=st.floats(0.5, 200),
    aside=st.floats(-50, 50),
    focal=st.floats(300, 3000),
    seed=st.integers(0, 1000),
)
def test_the_ground_in_the_picture_is_what_projects_into_it(
    height: float, ahead: float, aside: float, focal: float, seed: int
) -> None:
    """A ground point lies in the polygon just when it is in the picture, and near enough."""
    calibration = looking((3.0, -2.0, height), (3.0 + aside, -2.0 + ahead), focal=focal)
    corners = seen_ground(View(calibration, NORTH.polygon))
    points = np.random.default_rng(seed).uniform(-300, 300, (400, 2))
    pixels, depth = project(calibration.matrix(), np.column_stack((points, np.zeros(400))))
    inside = (depth > 0) & (pixels >= 0).all(axis=1) & (pixels <= (1280, 720)).all(axis=1)
    inside &= depth <= focal / DETECTED
    shape = shapely.Polygon(corners) if len(corners) >= 3 else shapely.Polygon()
    found = shapely.contains_xy(shape, points[:, 0], points[:, 1])
    # A point on the very border may fall either way.
    near = shapely.distance(shape.boundary, shapely.points(points)) < 0.01
    assert ((found == inside) | near).all()


def test_a_camera_that_looks_up_sees_no_ground() -> None:
    """Nothing rather than what lies behind it."""
    # Forward (0, 0, 1), 5 m above the ground.
    rows = ((700.0, 0.0, 640.0, -3200.0), (0.0, 700.0, 360.0, -1800.0), (0.0, 0.0, 1.0, -5.0))
    calibration = Calibration(image_size=(1280, 720), projection=rows)
    assert seen_ground(View(calibration, NORTH.polygon)) == ()
