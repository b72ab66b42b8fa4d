"""The wrong way is some metres and seconds against the lane; nothing else is."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.vision.events.traffic import SQUARE, along, film, hanging, moment, mover, zone

from plainview.geometry import View, Zone
from plainview.record import EventKind, Phase, decode
from plainview.vision.bodies import Bodies
from plainview.vision.events.hours import OpenHours
from plainview.vision.events.movers import Mover
from plainview.vision.events.paths import Size
from plainview.vision.events.wrong_way import WrongWay
from plainview.vision.measure import Measurer
from plainview.vision.optics import optics
from plainview.vision.spec import LensSpec

UP = (0.0, 1.0)
CALIBRATION = hanging((320, 240), 300.0, 7.0, 25.0)
OPTICS = optics(View(calibration=CALIBRATION, polygon=SQUARE), 320, 240)
LONG = zone("one-way", np.array([(-5, 5), (5, 5), (5, 20), (-5, 20)], float), direction=UP)
Path = list[tuple[float, float, float]]


def against(one: Mover, lane: Zone | None = None, *, hazy: bool = False) -> bool:
    """Whether `one` goes the wrong way in a lane that leads along y."""
    zones = (lane or zone("one-way", direction=UP),)
    view = View(calibration=CALIBRATION, polygon=SQUARE, zones=zones)
    watch = WrongWay(view, OPTICS, OpenHours(zones, live=False))
    found = watch.look(moment(0.0, one)._replace(trusted=not hazy, hazy=hazy))
    return len(found) == 1


@settings(max_examples=60, deadline=None)
@given(st.floats(0, 360), st.sampled_from(Size))
def test_the_angle_to_the_lane_decides(angle: float, size: Size) -> None:
    """More than 120 degrees from its direction is against it, of people 143, wherever it goes."""
    a = math.radians(angle)
    far = 6.0 if size is Size.VEHICLE else 2.6
    end = (far / 2 * math.sin(a), 15 + far / 2 * math.cos(a))
    start = (-end[0], 30 - end[1])
    off = abs((angle + 180) % 360 - 180)
    if abs(off - 120) < 3 or 120 < off < 150:
        return  # at the border, or with too few metres against the lane itself
    assert against(mover(along(start, end, 2.4), size)) == (off > 120)


def test_who_crosses_a_lane_askew_goes_nowhere_along_it() -> None:
    """He comes metres against it on the way; a car that comes so far is in the wrong lane."""
    askew = along((-2.5, 16.5), (2.5, 13.5), 3.0)
    assert not against(mover(askew, Size.PERSON))
    assert against(mover(along((-2.5, 17.0), (2.5, 13.0), 2.0), Size.VEHICLE))
    assert against(mover(along((-1.0, 17.0), (1.0, 13.0), 3.0), Size.PERSON))


def test_who_walks_along_a_border_of_the_lane_may_be_behind_it() -> None:
    """His feet are found a metre too near: in fog he was on the lane that he walked behind."""
    aside = zone("one-way", direction=(1.0, 0.0))
    for y, told in ((19.8, False), (10.2, False), (15.0, True)):
        assert against(mover(along((2.0, y), (-2.0, y), 3.0), Size.PERSON), aside) is told
    assert against(mover(along((4.0, 19.8), (-4.0, 19.8), 1.0), Size.VEHICLE), aside)


def turning() -> Path:
    """A car that turns off to the side."""
    return [(-2.4 + 0.2 * k, 2.5 * math.sin(k / 8), 15 + 2.5 * math.cos(k / 8)) for k in range(13)]


def jumping() -> Path:
    """Two cars taken for one: it is here, and then there."""
    return [(-1.6 + 0.2 * k, 0.0, 18.0 if k < 4 else 11.0) for k in range(9)]


def amiss(path: Path, *looks: int) -> Path:
    """`path` that was 6 m beside it in some `looks`."""
    return [(t, x - 6.0 * (k in looks), y) for k, (t, x, y) in enumerate(path)]


def late(path: Path, by: float) -> Path:
    """`path` whose second half comes `by` seconds later: meanwhile nothing was seen."""
    half = len(path) // 2
    return [(t + (by if k >= half else 0.0), x, y) for k, (t, x, y) in enumerate(path)]


@pytest.mark.parametrize(
    "one",
    [
        mover(along((0, 18), (0, 9.9), 0.6), Size.VEHICLE),
        mover(along((0, 18), (0, 12), 0.79), Size.VEHICLE),
        mover(along((0, 18), (0, 13.6), 1.0), Size.PERSON),
    ],
    ids=["soon gone", "a clock a little fast", "a bicycle"],
)
def test_what_is_fast_is_told_of_while_it_is_there(one: Mover) -> None:
    """On a fast road a car is in sight for a second; and no camera's clock is exact."""
    assert against(one, LONG)


@pytest.mark.parametrize(
    "one",
    [
        mover(along((0, 16), (0, 14), 3.0), Size.VEHICLE),
        mover(along((0, 18), (0, 13), 0.6), Size.VEHICLE),
        mover(late(along((0, 18), (0, 12), 1.0), 1.2), Size.VEHICLE),
        mover(along((0, 18), (0, 12), 0.4), Size.VEHICLE),
        mover(along((0, 24), (0, 20.5), 3.0), Size.VEHICLE),
        mover(along((0, 18), (0, 12), 3.0), Size.VEHICLE)._replace(vy=0.0),
        mover(along((0, 16), (0, 13), 3.0), Size.PERSON)._replace(flow=(0.0, 0.9)),
        mover(along((0, 16), (0, 15), 3.0), Size.PERSON),
        mover(turning(), Size.VEHICLE),
        mover(jumping(), Size.VEHICLE),
    ],
    ids=[
        "backs up",
        "not far",
        "unseen",
        "a flash",
        "outside",
        "stopped",
        "flow",
        "sways",
        "turns",
        "jumps",
    ],
)
def test_what_is_no_wrong_way(one: Mover) -> None:
    """Backing up a little, one look, a look lost, outside, standing, turning, a mismatch."""
    assert not against(one)


def test_a_car_that_is_metres_amiss_in_one_look_goes_on() -> None:
    """Rain hangs from its outline now and then. What is so in two on end may be beside the lane."""
    path = along((0, 18), (0, 12), 1.2)
    assert against(mover(amiss(path, 3), Size.VEHICLE))
    assert not against(mover(amiss(path, 3, 4), Size.VEHICLE))
    assert not against(mover([(t, x - 6.0, y) for t, x, y in amiss(path, 3)], Size.VEHICLE))


def streaming(x: float | None, speed: float = -5.0) -> bool:
    """Whether parts that stream down a lane are told of; a vehicle's outline drives at `x`."""
    lanes = (LONG,)
    view = View(calibration=CALIBRATION, polygon=SQUARE, zones=lanes)
    watch = WrongWay(view, OPTICS, OpenHours(lanes, live=False))
    one = np.ones(1)
    told = False
    for k in range(8):
        t, y = k / 5, 18.0 - k
        parts = Bodies(np.array([(4.0, y)]), np.array([(0.0, -5.0)]), one, one)
        path = [(t - 0.4, x or 0.0, y - 0.4 * speed), (t, x or 0.0, y)]
        car = () if x is None else (mover(path, Size.VEHICLE),)
        told = told or bool(watch.look(moment(t, *car)._replace(bodies=parts)))
    return told


def test_what_streams_beside_a_vehicle_of_the_next_lane_is_a_part_of_it() -> None:
    """A bus's roof and shadow lie in the lane beside its own: there nobody goes the wrong way."""
    assert streaming(None)
    assert not streaming(6.5)
    assert streaming(4.5)
    assert streaming(6.5, speed=5.0)
    assert streaming(12.0)


def test_what_streams_before_a_car_is_told_of_where_the_car_is() -> None:
    """Its headlights fall on wet ground metres before it, and that goes its way as fast."""
    lanes = (LONG,)
    view = View(calibration=CALIBRATION, polygon=SQUARE, zones=lanes)
    for behind, where in ((6.0, 6.0), (14.0, 0.0)):
        watch = WrongWay(view, OPTICS, OpenHours(lanes, live=False))
        for k in range(8):
            t, y = k / 5, 18.0 - k
            parts = Bodies(np.array([(0.0, y)]), np.array([(0.0, -5.0)]), *np.ones((2, 1)))
            path = [(t - 0.4, 0.0, y + behind + 2.0), (t, 0.0, y + behind)]
            seen = moment(t, mover(path, Size.VEHICLE))._replace(bodies=parts)
            told = watch.look(seen)
        (found,) = told
        assert found.y == pytest.approx(y + where, abs=0.1)


def test_who_is_made_of_a_cars_light_is_told_of_where_the_car_is() -> None:
    """Bodies are laid into what its headlights fall on, and go its way; who walks is himself."""
    lanes = (LONG,)
    view = View(calibration=CALIBRATION, polygon=SQUARE, zones=lanes)
    for far, where in ((6.0, 16.0), (1.3, 10.0)):
        watch = WrongWay(view, OPTICS, OpenHours(lanes, live=False))
        light = mover(along((0.0, 10.0 + 2 * far), (0.0, 10.0), 2.0), Size.PERSON)
        car = mover([(-0.4, 0.0, 18.0), (0.0, 0.0, 16.0)], Size.VEHICLE)
        found = watch.look(moment(0.0, light, car))
        assert where in [pytest.approx(one.y) for one in found]
        assert all(one.y in (10.0, 16.0) for one in found)
        assert (10.0 in [one.y for one in found]) == (where == 10.0)


def test_what_stands_in_the_lane_is_not_what_drives_in_it() -> None:
    """A car is told of where it is, not where something else that does not move was seen."""
    lanes = (LONG,)
    view = View(calibration=CALIBRATION, polygon=SQUARE, zones=lanes)
    watch = WrongWay(view, OPTICS, OpenHours(lanes, live=False))
    for k in range(8):
        t, y = k / 5, 18.0 - k
        parts = Bodies(np.array([(0.0, y)]), np.array([(0.0, -5.0)]), *np.ones((2, 1)))
        still = mover([(t, 1.0, 4.0)], Size.VEHICLE)
        told = watch.look(moment(t, still)._replace(bodies=parts))
    (found,) = told
    assert (found.x, found.y) == pytest.approx((0.0, y), abs=0.1)


def test_what_drives_as_many_parts_is_told_of_in_their_middle() -> None:
    """The end of a bus is six metres from it; one who rides past people who stand is himself."""
    lanes = (LONG,)
    view = View(calibration=CALIBRATION, polygon=SQUARE, zones=lanes)
    watch = WrongWay(view, OPTICS, OpenHours(lanes, live=False))
    end = mover(along((0, 18), (0, 12), 1.2), Size.PERSON)
    places = np.array([(0.0, 12.0 + 1.5 * k) for k in range(8)])
    ones, along_it = np.ones(8), np.tile((0.0, -5.0), (8, 1))
    for velocities, y in ((along_it, 17.25), (0.0 * along_it, 12.0)):
        seen = moment(0.0, end)._replace(bodies=Bodies(places, velocities, ones, ones))
        found = watch.look(seen)
        assert any(abs(one.y - y) < 0.1 for one in found)


def test_an_outline_alone_must_be_there_nearly_always() -> None:
    """The shade of leaves, or a coat behind a fence, has somebody's outline now and then."""
    walker = mover(along((0, 17), (0, 13), 3.0), Size.PERSON)._replace(flow=None)
    assert against(walker._replace(share=0.9))
    assert not against(walker._replace(share=0.6))
    assert not against(walker._replace(share=0.9, moved=False))


def test_in_haze_an_outline_must_be_there_mostly() -> None:
    """No leaves cast any shade there, and a few grey levels are all that is seen of somebody."""
    walker = mover(along((0, 17.2), (0, 12.8), 3.0), Size.PERSON)._replace(flow=None)
    assert against(walker._replace(share=0.6), hazy=True)
    assert not against(walker._replace(share=0.4), hazy=True)


def test_in_haze_who_walks_must_have_come_further() -> None:
    """Fog that drifts carries an outline along by a metre or two; who rides is soon gone."""
    walker = mover(along((0, 16.5), (0, 13.5), 3.0), Size.PERSON)._replace(flow=None, share=0.95)
    assert against(walker)
    assert not against(walker, hazy=True)
    rider = mover(along((0, 17.2), (0, 12.8), 1.2), Size.PERSON)._replace(flow=None, share=0.95)
    assert against(rider, hazy=True)


def test_a_lane_may_be_for_vehicles_only() -> None:
    """By default it is for people too."""
    walker = mover(along((0, 17), (0, 13), 3.0), Size.PERSON)
    assert against(walker)
    assert not against(walker, zone("one-way", direction=UP, sizes=("vehicle",)))


@pytest.mark.parametrize("against_it", [False, True])
def test_a_real_car_goes_the_way_it_goes(*, against_it: bool) -> None:
    """The clip bicycle-and-car: a car drives away; that is wrong only where the lane says so."""
    calibration = hanging((480, 270), 600.0, 12.0, 45.0)
    area = ((-5.5, 7.6), (5.5, 7.6), (7.8, 15.7), (-7.8, 15.7))
    lane = Zone("lane", "one-way", area, direction=(0.0, -1.0 if against_it else 1.0))
    view = View(calibration=calibration, polygon=area, zones=(lane,))
    measurer = Measurer(LensSpec(view=view, live=False, events=(EventKind.WRONG_WAY,)))
    for t, luma in film("bicycle-and-car.mp4"):
        measurer.frame(luma, t)
    measurer.interval(3400, 3400, dropped=0, health=())
    events = [event for data in measurer.finish() for event in decode(data).events]
    assert [event.phase for event in events] == [Phase.START] * against_it
