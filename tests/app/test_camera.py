"""What `plainview camera check` says is amiss with zones."""

from msgspec import structs
from tests.vision.events.traffic import SQUARE, hanging

from plainview.app.camera import zone_warnings
from plainview.geometry import Point, View, Zone

VIEW = View(calibration=hanging((640, 360), 600.0, 7.0, 25.0), polygon=SQUARE)


def around(x: float, y: float, half: float = 1.0) -> tuple[Point, ...]:
    """A square."""
    corners = ((-half, -half), (half, -half), (half, half), (-half, half))
    return tuple((x + dx, y + dy) for dx, dy in corners)


def said(*zones: Zone) -> list[str]:
    """The warnings of a view with `zones`."""
    return zone_warnings(structs.replace(VIEW, zones=zones))


def test_a_zone_that_is_seen_whole_and_alone_is_fine() -> None:
    """Zones that touch, or are for different kinds, too."""
    tracks = Zone("tracks", "zone-intrusion", around(0, 15))
    beside = Zone("beside", "zone-intrusion", around(2, 15))
    fire = Zone("stand", "fire", around(0, 15))
    assert said(tracks, beside, fire) == []


def test_a_zone_that_leaves_the_view_or_overlaps_has_one_warning_for_each() -> None:
    """By name, with how much of it."""
    half = Zone("half", "zone-intrusion", around(-5, 15, 2.0))
    away = Zone("away", "fire", around(0, 400))
    over = Zone("over", "zone-intrusion", around(-4, 15))
    out, gone, twice = said(half, away, over)
    assert "'half'" in out
    assert "% of it" in out
    assert "'away': all of it" in gone
    assert "'half' and 'over'" in twice
