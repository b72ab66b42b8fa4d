import math

import pytest
from msgspec import structs

from plainview.errors import InputError
from plainview.geometry import Point
from plainview.web.plan import SitePlan
from plainview.web.views import SiteView, check_sites


@pytest.fixture
def site(sites: tuple[SiteView, ...]) -> SiteView:
    """The site with two cameras."""
    return sites[0]


def test_sites_that_can_be_shown_are_accepted(sites: tuple[SiteView, ...]) -> None:
    """The scripted sites pass."""
    check_sites(sites)


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"id": "a/b"}, "id"),
        ({"id": ""}, "id"),
        ({"id": "x" * 65}, "id"),
        ({"longitude": 181.0}, "longitude"),
        ({"latitude": math.nan}, "place"),
        ({"bearing": math.inf}, "place"),
        ({"cameras": ()}, "camera"),
        ({"cell": 0.001}, "cells"),
    ],
)
def test_a_site_that_cannot_be_shown_is_refused_in_one_line(
    site: SiteView, changes: dict[str, object], word: str
) -> None:
    """The error names the fault and says how to mend it."""
    with pytest.raises(InputError, match=word) as caught:
        check_sites((structs.replace(site, **changes),))
    assert caught.value.mend


def test_an_id_is_used_once(site: SiteView) -> None:
    """Two sites of one id, or one camera in two sites, would hide each other's Readings."""
    with pytest.raises(InputError, match="twice"):
        check_sites((site, site))
    with pytest.raises(InputError, match="camera plaza-north is there twice"):
        check_sites((site, structs.replace(site, id="other")))


@pytest.mark.parametrize(
    ("bearing", "point", "east", "north"),
    [
        (0.0, (10.0, 0.0), 1, 0),
        (0.0, (0.0, 10.0), 0, 1),
        (90.0, (0.0, 10.0), 1, 0),
        (90.0, (10.0, 0.0), 0, -1),
    ],
)
def test_ground_metres_find_their_place_on_earth(
    site: SiteView, bearing: float, point: Point, east: int, north: int
) -> None:
    """The y axis looks to its bearing, clockwise from north; x is to its right."""
    plan = SitePlan(structs.replace(site, bearing=bearing))
    longitude, latitude = plan.on_earth(point)
    shrink = math.cos(math.radians(site.latitude))
    assert (longitude - site.longitude) * 111_320 * shrink == pytest.approx(10 * east, abs=0.02)
    assert (latitude - site.latitude) * 111_320 == pytest.approx(10 * north, abs=0.02)
