"""Inside is who stands inside: by the foot, for whom the zone is, the way that counts."""

from collections.abc import Sequence

import numpy as np
import pytest
from shapely.geometry import Polygon
from tests.vision.events.traffic import SQUARE, along, hanging, moment, mover, zone

from plainview.geometry import View, Zone
from plainview.record import Event, Phase
from plainview.vision.bodies import Bodies
from plainview.vision.events.detector import Sighting
from plainview.vision.events.episodes import Episodes
from plainview.vision.events.hours import OpenHours
from plainview.vision.events.movers import Mover
from plainview.vision.events.paths import Size
from plainview.vision.events.within import well_inside
from plainview.vision.events.zone_intrusion import ZoneIntrusion
from plainview.vision.optics import optics

VIEW = View(calibration=hanging((320, 240), 300.0, 7.0, 25.0), polygon=SQUARE, zones=(zone(),))
OPTICS = optics(VIEW, 320, 240)
WALKER = mover(along((-8.0, 12.0), (-4.0, 12.0), 3.0), Size.PERSON)
CAR = mover(along((-20.0, 15.0), (-4.0, 15.0), 3.0), Size.VEHICLE)


def detector(watched: Zone | None = None) -> ZoneIntrusion:
    """Watches one zone."""
    zones = (watched or zone(),)
    view = View(calibration=VIEW.calibration, polygon=SQUARE, zones=zones)
    return ZoneIntrusion(view, OPTICS, OpenHours(zones, live=False))


def look(one: Mover, watched: Zone | None = None) -> list[Sighting]:
    """What is sighted of `one`."""
    return detector(watched).look(moment(0.0, one))


def test_people_and_vehicles_inside_are_told_with_their_place() -> None:
    """A person by the foot, a car by its footprint."""
    for one in (WALKER, CAR):
        (found,) = look(one)
        assert (found.x, found.y, found.zone) == (one.x, one.y, 0)


@pytest.mark.parametrize(
    "one",
    [
        WALKER._replace(x=-5.2),
        WALKER._replace(other=(-4.0, 21.0)),
        WALKER._replace(moved=False, seconds=1.0),
        WALKER._replace(seconds=0.2),
        CAR._replace(x=-7.2),
        CAR._replace(moved=False),
    ],
    ids=["beside", "behind, with a shadow", "just there", "a flash", "bumper", "never moved"],
)
def test_who_is_not_surely_inside_is_not_told(one: Mover) -> None:
    """Beside the zone, behind it with a shadow into it, or only just there."""
    assert look(one) == []


def test_a_look_that_comes_a_little_early_counts() -> None:
    """Looks are 0.2 s apart to a millisecond or a frame: who runs through has no other."""
    assert look(WALKER._replace(seconds=1.4 - 0.8))
    assert look(WALKER._replace(seconds=0.56))


def test_who_runs_through_is_told_of_by_two_looks_that_agree() -> None:
    """Half a second is all there is of a cyclist; light that darts about has no such flow."""
    path = [(0.2 * k, 0.0, 11.0 + 0.7 * k) for k in range(3)]
    assert starts(path, seconds=0.0) == 1
    assert starts(path, seconds=0.0, flow=(0.0, -3.0)) == 0
    assert starts(path, seconds=0.0, flow=(0.0, 0.5)) == 0
    walks = [(0.2 * k, 0.0, 11.0 + 0.3 * k) for k in range(3)]
    assert starts(walks, seconds=0.0) == 0


def test_an_outline_that_was_never_under_way_is_nobody() -> None:
    """A puddle may have one; a body that stands there for long is somebody all the same."""
    stands = WALKER._replace(moved=False, seconds=5.0)
    assert look(stands)
    assert look(stands._replace(flow=None)) == []


def test_who_is_hardly_ever_met_is_rain() -> None:
    """Streaks far away look like somebody in one look, and are elsewhere in the next.

    Who runs as his flow says may have come where rain was met.
    """
    assert look(WALKER._replace(share=0.3)) == []
    assert look(WALKER._replace(share=0.7))
    assert look(WALKER._replace(share=0.3, vx=2.5, flow=(2.2, 0.3)))


def test_an_outline_alone_must_be_there_nearly_always() -> None:
    """The shade of leaves has somebody's outline in half of the looks; somebody's shadow in heavy
    rain in five of seven.
    """  # noqa: D205 - one sentence
    for share in (0.6, 5 / 7):
        assert look(WALKER._replace(share=share, flow=None)) == []
    assert look(WALKER._replace(share=0.9, flow=None))


def test_who_seems_to_run_but_is_a_part_of_a_bus_is_nobody() -> None:
    """A roof that drives behind the zone is laid into it in pieces, all of them fast."""
    runs = WALKER._replace(share=0.3, vx=2.5, flow=(2.2, 0.3))
    assert look(runs)
    assert not look(runs._replace(part=True))


def test_what_goes_with_a_vehicle_is_where_its_outline_is() -> None:
    """Bodies are laid into its shadow and its light, and those may fall into a zone beside it."""
    van = CAR._replace(x=-7.5, y=15.0)
    part = WALKER._replace(x=-4.0, y=15.0, vx=5.3, flow=(4.8, 0.5), part=True)

    def both(one: Mover, other: Mover) -> list[Sighting]:
        return detector().look(moment(0.0, one, other))

    assert look(part)
    assert not both(van, part)
    assert [(one.x, one.y) for one in both(CAR, part)] == [(CAR.x, CAR.y)]
    for another in (part._replace(part=False), part._replace(flow=(-4.8, 0.5)),
                    part._replace(flow=(1.2, 0.0)), part._replace(x=-2.0)):  # fmt: skip
        assert len(both(van, another)) == 1


def passing(one: Mover, *, after: float = 0.0, count: int = 6, y: float = 8.0) -> bool:
    """Whether `one` is told of `after` a bus of so many parts has passed, `y` metres away."""
    x = np.linspace(-4.0, 4.0, count)
    flow = np.tile((6.0, 0.0), (count, 1))
    sure = np.ones(count)
    watch = detector()
    watch.look(
        moment(0.0)._replace(bodies=Bodies(np.column_stack((x, 0 * x + y)), flow, sure, sure))
    )
    return bool(watch.look(moment(after, one)))


def test_what_is_found_behind_a_bus_may_be_its_upper_half() -> None:
    """Its windows are laid into a zone behind it, its even side without any flow."""
    part = WALKER._replace(x=1.0, y=12.0, seconds=2.0)
    assert not passing(part)
    assert not passing(part, after=1.5)
    assert passing(part, after=2.5)
    assert passing(part, count=3)
    assert passing(part, y=11.5)
    assert passing(part, y=14.0)
    assert passing(part._replace(seconds=5.0))
    assert not passing(part._replace(seconds=5.0, share=0.4, flow=None))


def test_somebody_far_away_is_one_however_his_feet_are_found() -> None:
    """His upper half, found for all of him, is six metres behind him; near by that is another."""
    for height, events in ((7.0, 2), (3.0, 1)):
        view = View(calibration=hanging((320, 240), 300.0, height, 25.0), polygon=SQUARE)
        watched = zone(polygon=np.array([(-5, 10), (5, 10), (5, 40), (-5, 40)], float))
        view = View(calibration=view.calibration, polygon=SQUARE, zones=(watched,))
        watch = ZoneIntrusion(view, optics(view, 320, 240), OpenHours((watched,), live=False))
        episodes, told = Episodes(watch.kind, watch.patience), []
        for k in range(20):
            y = 18.0 if k < 10 else 24.0
            one = mover([(k / 5, 0.0, y)], Size.PERSON)
            told += episodes.step(k / 5, watch.look(moment(k / 5, one)))
        assert sum(event.phase is Phase.START for event in told) == events


def test_what_fog_veiled_has_proved_no_weather_before() -> None:
    """Its few grey levels are as even as weather's; by its sharp ends it was given back.

    What is brighter may be a patch of light all the same.
    """
    height, width = OPTICS.size[1], OPTICS.size[0]
    evidence = np.full((height, width), 0.6, np.float32)
    luma = np.full((height, width), 130, np.uint8)
    light = moment(0.0)._replace(
        evidence=evidence, luma=luma, background=np.full((height, width), 140, np.uint8),
        mask=np.zeros((height, width), np.uint8),
    )  # fmt: skip
    for given, brighter, told in ((False, 0, False), (True, 0, True), (True, 20, False)):
        one = WALKER._replace(given=given, y=15.0)
        seen = light._replace(movers=(one,), luma=luma + np.uint8(brighter))
        assert bool(detector().look(seen)) is told


def test_who_comes_as_another_leaves_is_told_of() -> None:
    """He was seen outside while the first was inside: they are two, and two events."""
    first = [(0.2 * k, -4.0 + 0.24 * k, 12.0) for k in range(45)]
    second = [(0.2 * k, -4.0 + 0.24 * (k - 33), 12.0) for k in range(70)]
    watch = detector()
    episodes = Episodes(watch.kind, watch.patience)
    begun: list[Event] = []
    for k in range(1, 70):
        there = [mover(path[max(k - 20, 0) : k + 1], Size.PERSON)
                 for path in (first, second) if k < len(path)]  # fmt: skip
        begun += episodes.step(0.2 * k, watch.look(moment(0.2 * k, *there)))
    assert sum(event.phase is Phase.START for event in begun) == 2


def test_a_zone_may_be_for_some_only() -> None:
    """By size, and by length in metres."""
    assert look(WALKER, zone(sizes=("vehicle",))) == []
    assert look(CAR, zone(sizes=("person",))) == []
    assert len(look(CAR, zone(sizes=("vehicle",)))) == 1
    assert look(CAR, zone(length=(6.0, 20.0))) == []
    assert len(look(CAR, zone(length=(4.0, 20.0)))) == 1


def test_only_who_comes_in_the_way_that_counts() -> None:
    """And he is told of while he is inside, wherever he then turns."""
    watch = detector(zone(crossing=(1.0, 0.0)))
    assert len(watch.look(moment(0.0, WALKER))) == 1
    turned = mover(along((-3.0, 12.0), (-4.5, 12.5), 1.0, t=0.6), Size.PERSON)
    assert len(watch.look(moment(0.6, turned))) == 1
    assert look(WALKER, zone(crossing=(-1.0, 0.0))) == []
    inside_always = mover(along((-4.0, 12.0), (-3.0, 12.0), 3.0), Size.PERSON)
    assert look(inside_always, zone(crossing=(1.0, 0.0))) == []


def test_who_sits_down_inside_is_there_until_nothing_is() -> None:
    """No mover any more, but what differs from the plate stays; then it does not."""
    watch = detector()
    there = np.full((240, 320), 0.8, dtype=np.float32)
    for k in range(5):
        assert watch.look(moment(0.2 * k, WALKER, evidence=there))
    for k in range(5, 60):
        (held,) = watch.look(moment(0.2 * k, evidence=there))
        assert held.confidence < 0.9
    assert watch.look(moment(12.2)) == []


def test_who_passes_close_to_the_border_is_not_told_of() -> None:
    """Nobody knows how far away feet are to the last decimetre: he may pass behind or before it."""
    assert starts([(0.4 * k, -4.0 + 0.5 * k, 10.15) for k in range(12)]) == 0
    assert starts([(0.4 * k, -4.0 + 0.5 * k, 19.7) for k in range(12)]) == 0
    assert starts([(0.4 * k, -4.0 + 0.5 * k, 11.0) for k in range(12)]) == 1


def test_whose_feet_show_nowhere_may_pass_behind_a_zone() -> None:
    """Where the dark hides his head he is found lower in the picture than he is."""
    behind = mover(along((-8.0, 19.3), (-4.0, 19.3), 3.0), Size.PERSON)
    surely = ZoneIntrusion.patience.least
    (found,) = look(behind)
    assert found.confidence >= surely
    (found,) = look(behind._replace(lift=0.2))
    assert found.confidence < surely
    (found,) = look(WALKER._replace(lift=0.2))
    assert found.confidence >= surely


def test_who_cuts_a_corner_far_away_may_have_passed_behind_it() -> None:
    """There every line of sight is short within the zone, which says nothing of his feet."""
    aside = zone(polygon=np.add(SQUARE, (15.0, 0.0)))
    assert starts([(0.4 * k, 9.0 + 0.4 * k, 19.8) for k in range(12)], aside) == 0
    assert starts([(0.4 * k, 9.0 + 0.4 * k, 19.0) for k in range(12)], aside) == 1


def test_of_a_zone_a_few_pixels_deep_nobody_can_tell_who_is_inside() -> None:
    """Feet are found a few pixels too high or too low, however small somebody is."""
    inside = mover([(0.4 * k, -3.0 + 0.5 * k, 15.0) for k in range(12)], Size.PERSON)
    ground = Polygon([(-5.0, 13.0), (5.0, 13.0), (5.0, 17.0), (-5.0, 17.0)])
    assert well_inside(inside, ground, OPTICS)
    coarse = View(calibration=hanging((64, 48), 60.0, 7.0, 25.0), polygon=SQUARE)
    assert well_inside(inside, ground, optics(coarse, 64, 48))
    coarser = View(calibration=hanging((32, 24), 30.0, 7.0, 25.0), polygon=SQUARE)
    assert not well_inside(inside, ground, optics(coarser, 32, 24))


def test_who_is_well_inside_between_two_looks_was_inside() -> None:
    """A cyclist crosses a narrow zone within a look or two, each near one of its borders."""
    narrow = zone(polygon=np.minimum(SQUARE, 12.4))
    crossing = [(0.4 * k, 0.0, 16.25 - 2.0 * k) for k in range(5)]
    assert starts(crossing, narrow) == 1


def starts(
    path: Sequence[tuple[float, float, float]],
    watched: Zone | None = None,
    *,
    seconds: float | None = None,
    flow: tuple[float, float] | None = None,
) -> int:
    """How many events begin as somebody goes along `path`, and is seen at each of its points.

    He is followed since `seconds` before the first, and moves by `flow`, where they are given.
    """
    watch = detector(watched)
    episodes = Episodes(watch.kind, watch.patience)
    begun: list[Event] = []
    for k in range(1 if seconds is None else 0, len(path)):
        one = mover(path[: k + 1], Size.PERSON)
        if seconds is not None:
            way = mover(path, Size.PERSON)
            one = one._replace(seconds=seconds + path[k][0], flow=flow or (way.vx, way.vy))
            one = one._replace(moved=k > 0)
        begun += episodes.step(path[k][0], watch.look(moment(path[k][0], one)))
    return sum(event.phase is Phase.START for event in begun)


def test_who_is_seen_beside_the_zone_has_left_it() -> None:
    """What still differs at his old place is he, on his way."""
    watch = detector()
    there = np.full((240, 320), 0.8, dtype=np.float32)
    for k in range(5):
        watch.look(moment(0.2 * k, WALKER, evidence=there))
    assert watch.look(moment(1.0, WALKER._replace(x=-5.1), evidence=there)) == []


def test_who_rides_on_unmet_is_met_again_where_he_has_come_to() -> None:
    """His path was joined to what he left behind: the body that is him now is one of its own."""
    there = np.full((240, 320), 0.8, dtype=np.float32)
    watch = detector()
    episodes = Episodes(watch.kind, watch.patience)
    begun: list[Event] = []
    for k in range(22):
        rides = [(0.2 * j, -4.6 + 0.6 * j, 15.0) for j in range(max(k - 20, 0), k + 1)]
        if 4 < k < 13:
            sightings = watch.look(moment(0.2 * k, evidence=there))
        else:
            one = mover(rides if k < 13 else rides[-2:], Size.PERSON)
            sightings = watch.look(moment(0.2 * k, one, evidence=there))
        begun += episodes.step(0.2 * k, sightings)
    assert sum(event.phase is Phase.START for event in begun) == 1
