import math

from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs
from tests.web.portal.conftest import PublicCity

from plainview.geometry import METRES_PER_DEGREE
from plainview.governance.register import RegisterCamera, RegisterSite
from plainview.web.portal.drawing import MARK, WIDTH, city_map, scale_bar, site_map
from plainview.web.portal.lookup import Group

PLACES = st.tuples(st.floats(-180, 180), st.floats(-85, 85))


def camera(name: str, longitude: float, latitude: float, **more: object) -> RegisterCamera:
    """One that runs."""
    bare = RegisterCamera(name, "s", name, "running", "")
    return structs.replace(bare, longitude=longitude, latitude=latitude, **more)


def group(name: str, longitude: float | None, latitude: float | None) -> Group:
    """A site with one camera."""
    return Group(RegisterSite(name, name, longitude, latitude), (camera(name, 0.0, 0.0),))


def test_north_is_up_east_is_right_and_metres_are_true() -> None:
    """100 m north and 100 m east are equally far on the drawing, and as long as the bar says."""
    north = 100 / METRES_PER_DEGREE
    east = 100 / (METRES_PER_DEGREE * math.cos(math.radians(60.0 + north / 2)))
    cameras = [camera("o", 10.0, 60.0), camera("n", 10.0, 60.0 + north), camera("e", 10 + east, 60)]
    drawn = site_map(cameras, [1, 2, 3])
    assert drawn is not None
    origin, up, right = ({m.camera.id: m for m in drawn.marks}[name] for name in "one")
    assert math.isclose(up.x, origin.x, abs_tol=0.2)
    assert up.y < origin.y
    assert right.x > origin.x
    assert math.isclose(origin.y - up.y, right.x - origin.x, abs_tol=0.3)
    assert math.isclose(
        (origin.y - up.y) / 100, drawn.scale.length / drawn.scale.metres, rel_tol=0.01
    )


def test_a_wedge_opens_towards_the_direction() -> None:
    """A camera that looks east has its wedge to the right of itself."""
    drawn = site_map([camera("a", 0.0, 0.0, direction=90.0)], [1])
    assert drawn is not None
    mark = drawn.marks[0]
    rims = [tuple(map(float, part.split())) for part in _rims(mark.wedge)]
    assert all(x > mark.x for x, _ in rims)
    assert math.isclose(sum(y for _, y in rims) / 2, mark.y, abs_tol=0.2)


def _rims(path: str) -> list[str]:
    start = path.partition("L")[2]
    first, _, rest = start.partition("A")
    return [first, " ".join(rest.removesuffix("Z").split()[-2:])]


def test_the_camera_of_the_page_is_drawn_last_and_marked(founded: PublicCity) -> None:
    """Nothing covers it; cameras without a place are left out, and none at all is no map."""
    cameras = [c for c in founded.made.cameras if c.site == "market-square"]
    drawn = site_map(cameras, [1, 2], here="square-north")
    assert drawn is not None
    assert [mark.here for mark in drawn.marks] == [False, True]
    gone = founded.made.camera("gone")
    assert gone is not None
    assert site_map([gone], [1]) is None
    partly = site_map([gone, *cameras], [3, 1, 2])
    assert partly is not None
    assert {mark.number for mark in partly.marks} == {1, 2}


@given(st.floats(1e-7, 1e3))
def test_a_scale_bar_is_round_and_fits(per_metre: float) -> None:
    """1, 2 or 5 times a power of ten, between two fifths of the room and all of it."""
    bar = scale_bar(per_metre)
    lead = bar.metres / 10.0 ** math.floor(math.log10(bar.metres) + 1e-9)
    assert any(math.isclose(lead, round_number) for round_number in (1, 2, 5, 10))
    assert WIDTH / 4 * 0.39 <= bar.metres * per_metre <= WIDTH / 4 + 1e-6


@given(st.lists(PLACES, min_size=1, max_size=80, unique=True))
def test_no_two_marks_of_a_city_touch_and_every_site_has_one(
    places: list[tuple[float, float]],
) -> None:
    """Each mark can be chosen by a finger, wherever on Earth the sites are."""
    groups = [group(f"s{n}", *place) for n, place in enumerate(places)]
    drawn = city_map(groups)
    assert drawn is not None
    for i, one in enumerate(drawn.marks):
        assert -MARK <= one.x <= WIDTH + MARK
        assert all(
            math.dist((one.x, one.y), (other.x, other.y)) >= 2 * MARK for other in drawn.marks[:i]
        )
        for member in one.groups:
            west, south, east, north = one.box
            assert west <= (member.site.longitude or 0.0) <= east
            assert south <= (member.site.latitude or 0.0) <= north
    told = sorted(member.site.id for mark in drawn.marks for member in mark.groups)
    assert told == sorted(member.site.id for member in groups)


def test_a_city_without_places_has_no_map() -> None:
    """There is nothing to draw, and that is no error."""
    assert city_map([group("a", None, None)]) is None
    assert city_map([]) is None
