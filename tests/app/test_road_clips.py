"""The marks on real roads, brought to the ground by a guess."""

from pathlib import Path

import pytest
from shapely.geometry import Point, Polygon

from plainview.app.road_clips import CYCLIST, MOTORWAY, Road
from plainview.calibrate.output import camera_toml
from plainview.config import load_camera
from plainview.geometry import check_view
from plainview.record import EventKind


@pytest.mark.parametrize("road", [CYCLIST, MOTORWAY])
def test_a_road_is_a_camera_as_any_site_could_write_it(road: Road, tmp_path: Path) -> None:
    """Its view holds, reads back the same, and its zones lie in what it measures."""
    view = road.view()
    check_view(view)
    path = tmp_path / "camera.toml"
    path.write_text(camera_toml("road", view))
    assert load_camera(path).view.zones == view.zones
    area = Polygon(view.polygon).buffer(0.1)
    assert all(area.contains(Polygon(zone.polygon)) for zone in view.zones)


def test_the_cyclist_rides_in_the_shoulder() -> None:
    """He enters below the picture and is in the zone while his wheels are seen near."""
    (event,) = CYCLIST.events()
    shoulder = Polygon(CYCLIST.view().zones[0].polygon)
    assert (event.kind, event.zone) == (EventKind.ZONE_INTRUSION, "shoulder")
    assert all(shoulder.contains(Point(event.place(t))) for t in (5.0, 7.0, 10.0, 15.0))
    assert MOTORWAY.events() == ()
    assert MOTORWAY.kinds() == (EventKind.WRONG_WAY,)


@pytest.mark.parametrize("road", [CYCLIST, MOTORWAY])
def test_a_turned_road_is_the_same_the_other_way(road: Road) -> None:
    """Its lanes lead back, its other zones and its marks stay; and twice is as it was."""
    view, turned = road.view(), road.turned().view()
    for zone, other in zip(view.zones, turned.zones, strict=True):
        assert zone.polygon == other.polygon
        if zone.direction is None:
            assert other.direction is None
        else:
            assert other.direction == pytest.approx([-v for v in zone.direction])
    assert road.turned().turned() == road
    assert road.passing in {zone.name for zone in road.zones if zone.way is not None}
    assert all(begin < end for begin, end in road.passages)
