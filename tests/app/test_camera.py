"""What `plainview camera check` says is amiss with zones."""

import re

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


FAR = structs.replace(VIEW, polygon=((-20, 5), (20, 5), (20, 45), (-20, 45)))


def test_a_zone_too_shallow_to_judge_is_told_with_its_depth_and_how_to_mend_it() -> None:
    """Two metres are deep enough at 15 m, and at 40 m nobody could be known to be inside."""
    near = Zone("near", "zone-intrusion", around(0, 15))
    far = Zone("far", "zone-intrusion", around(5, 40))
    (line,) = zone_warnings(structs.replace(FAR, zones=(near, far)))
    assert line.startswith("zone 'far': seen from the camera it is 5.8 pixels deep, and nobody in")
    found = re.search(r"Draw it ([0-9.]+) m deep along the line of sight \(it is 2.0 m\)", line)
    assert found is not None
    half = float(found[1]) / 2
    deeper = tuple((5 + dx, 40 + dy) for dx, dy in ((-1, -half), (1, -half), (1, half), (-1, half)))
    mended = Zone("far", "zone-intrusion", deeper)
    assert zone_warnings(structs.replace(FAR, zones=(mended,))) == [], "as deep as it says"


def test_a_shallow_zone_matters_only_where_people_are_placed_by_their_feet() -> None:
    """Not where smoke is looked for, nor of vehicles, which have an outline; and once if unseen."""
    fire = Zone("fire", "fire", around(0, 40))
    vehicles = Zone("lane", "zone-intrusion", around(5, 40), sizes=("vehicle",))
    assert zone_warnings(structs.replace(FAR, zones=(fire, vehicles))) == []
    away = Zone("away", "zone-intrusion", around(0, 400))
    assert len(zone_warnings(structs.replace(FAR, zones=(away,)))) == 1
