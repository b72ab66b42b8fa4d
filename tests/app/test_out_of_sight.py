"""Which lines and zones nothing will ever be told of."""

import pytest
from msgspec import structs

from plainview.app.out_of_sight import out_of_sight
from plainview.geometry import Calibration, Line, Point, View, Zone

VIEW = View(
    calibration=Calibration(
        image_size=(320, 240),
        projection=(
            (200.0, -160.0, 0.0, 1600.0),
            (0.0, -120.0, -200.0, 2200.0),
            (0.0, -1.0, 0.0, 10.0),
        ),
    ),
    polygon=((-3.0, -2.0), (3.0, -2.0), (3.0, 3.0), (-3.0, 3.0)),
)


def _square(x: float, y: float, side: float) -> tuple[Point, ...]:
    return ((x, y), (x + side, y), (x + side, y + side), (x, y + side))


@pytest.mark.parametrize(
    ("polygon", "told"),
    [
        (_square(-1.0, -1.0, 2.0), False),
        (_square(-500.0, -500.0, 1000.0), False),  # all around: what is seen of it is in the area
        (_square(2.9, 2.9, 50.0), False),  # a corner
        (_square(500.0, 500.0, 10.0), True),
        (_square(3.5, 0.0, 2.0), True),  # in the picture, not in the area
        (_square(-1.0, 40.0, 2.0), True),  # behind the camera
    ],
)
def test_a_zone_is_told_only_where_nothing_of_it_is_seen(
    polygon: tuple[Point, ...], *, told: bool
) -> None:
    """What is seen in part is for `camera check` to tell; what is not at all is a mistake."""
    view = structs.replace(VIEW, zones=(Zone("z", "fire", polygon),))
    assert out_of_sight(view) == (["zone 'z'"] if told else [])


@pytest.mark.parametrize(
    ("ends", "told"),
    [
        (((-2.0, 0.0), (2.0, 0.0)), False),
        (((-900.0, 0.0), (900.0, 0.0)), False),
        (((500.0, 500.0), (600.0, 600.0)), True),
        (((-1.0, 40.0), (1.0, 40.0)), True),
    ],
)
def test_a_line_is_told_only_where_nothing_of_it_is_seen(
    ends: tuple[Point, Point], *, told: bool
) -> None:
    """A line that passes through the picture is seen, however far away its ends are."""
    view = structs.replace(VIEW, lines=(Line("gate", *ends),))
    assert out_of_sight(view) == (["line 'gate'"] if told else [])
