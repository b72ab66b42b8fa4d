"""What drives against a lane is a line through its picture, however little of it shows at once."""

from collections.abc import Iterator
from typing import Literal

import msgspec
import numpy as np
import pytest
from msgspec import UNSET, UnsetType
from tests.vision.events.traffic import hanging

from plainview.geometry import View, Zone
from plainview.record import EventKind, Phase
from plainview.vision.bodies import NONE, Bodies
from plainview.vision.events.eyes import Eyes, detectors, movers
from plainview.vision.events.hours import OpenHours
from plainview.vision.events.keen import Keen
from plainview.vision.events.lines import DRIVEN, SPEEDS, STEP, Line, Lines, enough
from plainview.vision.events.seen import Seen
from plainview.vision.events.strips import DRIVES, Driven, Strip
from plainview.vision.optics import Floats, optics
from plainview.vision.plate import Luma, Plate

WIDE, HIGH = 160, 120
LANE = np.array([(-12, 13.3), (12, 13.3), (12, 16.7), (-12, 16.7)], float)
VIEW = View(calibration=hanging((WIDE, HIGH), 90.0, 7.0, 25.0), polygon=tuple(map(tuple, LANE)))
OPTICS = optics(VIEW, WIDE, HIGH)
RIGHT = np.array([1.0, 0.0])


def film(
    speed: float,
    across: float = 15.0,
    *,
    contrast: float = 6.0,
    light: float = 0.0,
    patch: float = 0.0,
) -> Iterator[tuple[float, Luma]]:
    """Nine seconds in which somebody drives along x at `speed` m/s, `across` metres away.

    He differs by `contrast` grey levels, less than two noises; `light` grey levels of a cloud's
    edge go over all of the ground against the lane at 5 m/s, and a patch of `patch` grey levels
    over that between lane and camera, with him, but three metres ahead.
    """
    g = np.random.default_rng(3)
    columns = np.arange(WIDE)
    for k in range(45):
        t = 0.2 * k
        picture = 110.0 + g.normal(0, 3.5, (HIGH, WIDE))
        picture[:, columns > _pixel(14.0 - 5.0 * t, 15.0)[0]] += light
        x = float(-np.copysign(10.0, speed) + speed * (t - 4.0))
        if abs(x) < 11:
            column, foot = _pixel(x, across)
            _, head = _pixel(x, across, 1.7)
            wide = abs(_pixel(x + 0.9, across)[0] - column)
            # What is even shows at its ends alone: it is striped, as whatever is driven.
            body = contrast * np.sign(np.sin(columns - column) + 0.2)
            there = np.abs(columns - column) <= wide
            picture[head:foot, there] += body[there]
            ahead, near = _pixel(x + np.copysign(3.0, speed), 10.0)
            far = _pixel(x, 12.0)[1]
            picture[far:near, np.abs(columns - ahead) <= wide] += patch
        yield t, np.clip(picture, 0, 255).astype(np.uint8)


def watched(
    speed: float,
    across: float = 15.0,
    *,
    contrast: float = 6.0,
    light: float = 0.0,
    patch: float = 0.0,
) -> list[Driven]:
    """What the strip of the lane tells of that film."""
    strip = Strip(OPTICS, LANE, RIGHT)
    told = []
    for t, picture in film(speed, across, contrast=contrast, light=light, patch=patch):
        strip.look(t, picture)
        if (one := strip.driven(t)) is not None:
            told.append(one)
    return told


def _looked(strip: Strip, frames: Iterator[tuple[float, Luma]]) -> Iterator[float]:
    """The times of `frames`, each after `strip` has looked at it."""
    for t, picture in frames:
        strip.look(t, picture)
        yield t


def _pixel(x: float, y: float, z: float = 0.0) -> tuple[int, int]:
    u, v, w = OPTICS.projection @ np.array([x, y, z, 1.0])
    return round(u / w), round(v / w)


def test_who_hardly_differs_is_told_by_the_frames_together() -> None:
    """Six grey levels in a noise of three and a half, against the lane."""
    told = watched(-4.0)
    assert told
    assert told[0].vx == pytest.approx(-4.0, abs=1.0)
    assert all(13.3 < one.y < 16.7 for one in told)


def test_who_goes_the_lanes_way_is_not_told() -> None:
    """However plain he is."""
    assert watched(4.0) == []
    assert watched(4.0, contrast=60.0) == []


def test_nothing_is_told_of_noise_or_of_a_walker() -> None:
    """Nobody drives at a walker's speed."""
    assert watched(-4.0, contrast=0.0) == []
    assert watched(-1.5, contrast=20.0) == []


def test_who_drives_beside_the_lane_is_not_in_it() -> None:
    """He is seen above it, where he drives before it, but his feet are in the next lane."""
    assert watched(-4.0, across=11.3, contrast=20.0) == []
    assert watched(-4.0, across=18.7, contrast=20.0) == []


def test_a_clouds_edge_drives_nowhere() -> None:
    """It goes over all of the ground at once."""
    assert watched(-4.0, contrast=0.0, light=15.0) == []


def test_what_the_wind_drives_goes_over_the_ground_before_the_lane_as_well() -> None:
    """Shades of clouds go along a lane as straight as who drives, but not there alone."""
    assert watched(-4.0, patch=6.0) == []
    assert watched(-4.0, patch=0.5)


def test_a_lane_as_wide_as_a_square_has_no_ground_before_it() -> None:
    """Nothing tells weather there; who drives against it is told all the same."""
    strip = Strip(OPTICS, LANE + np.where(LANE[:, 1:] > 15, 6.0, -6.0) * [0.0, 1.0], RIGHT)
    assert strip.half > 7
    assert any(strip.driven(t) is not None for t in _looked(strip, film(-4.0, patch=6.0)))


def test_weather_is_remembered_for_a_while() -> None:
    """The next patch may go over the lane alone; after DRIVES seconds it is somebody again."""
    strip = Strip(OPTICS, LANE, RIGHT)
    told: dict[float, int] = {}
    for begin, patch in ((0.0, 6.0), (9.0, 0.0), (9.0 + DRIVES, 0.0)):
        for t, picture in film(-4.0, patch=patch):
            strip.look(begin + t, picture)
            told[begin] = told.get(begin, 0) + (strip.driven(begin + t) is not None)
    assert told[0.0] == told[9.0] == 0
    assert told[9.0 + DRIVES] > 0


def _told(sizes: tuple[Literal["vehicle"], ...] | UnsetType, bodies: Bodies) -> int:
    """How many events the watch of a lane for `sizes` tells of somebody who hardly differs.

    `bodies` are found in every fourth frame: in too few to be told of themselves.
    """
    lane = Zone(
        name="lane", kind="one-way", polygon=VIEW.polygon, direction=(1.0, 0.0), sizes=sizes
    )
    view = msgspec.structs.replace(VIEW, zones=(lane,))
    found = detectors(view, OPTICS, [EventKind.WRONG_WAY], OpenHours((lane,), live=False))
    eyes = Eyes(found, follow=movers(view, OPTICS))
    blank = np.full((HIGH, WIDE), 110, dtype=np.uint8)
    nothing = np.full((HIGH, WIDE), -1.0, dtype=np.float32)
    plate = Plate(blank, np.full((HIGH, WIDE), 3.5, dtype=np.float32))
    for k, (t, picture) in enumerate(film(-4.0)):
        there = NONE if k % 4 else bodies
        eyes.frame(
            Seen(
                t, 0.2, picture, None, blank, nothing, np.zeros_like(blank), there, plate,
                trusted=True,
            )
        )  # fmt: skip
    return sum(one.phase is Phase.START for one in eyes.finish())


@pytest.mark.parametrize(("sizes", "told"), [(UNSET, 1), (("vehicle",), 0)])
def test_the_watch_of_a_lane_tells_of_it_in_every_frame(
    sizes: tuple[Literal["vehicle"], ...] | UnsetType, told: int
) -> None:
    """Though nothing moves that it knows of; where a lane is for sizes, a line has none."""
    assert _told(sizes, NONE) == told


@pytest.mark.parametrize(("light", "told"), [(0.03, 1), (0.16, 0)])
def test_where_light_runs_over_much_of_the_ground_a_line_may_be_light(
    monkeypatch: pytest.MonkeyPatch, light: float, told: int
) -> None:
    """A patch that clouds drive along a lane is as straight as who drives; banks of fog are few."""
    monkeypatch.setattr(Keen, "light", light)
    assert _told(UNSET, NONE) == told


@pytest.mark.parametrize(("speed", "told"), [(-4.0, 0), (-0.8, 1), (4.0, 1)])
def test_a_line_is_silent_while_something_plainly_drives_against_the_lane(
    speed: float, told: int
) -> None:
    """Of a bus it tells a place that is metres off; who walks, or goes the lane's way, is none."""
    ones = np.ones(1)
    assert (
        _told(UNSET, Bodies(np.array([[9.0, 15.0]]), np.array([[speed, 0.0]]), ones, ones)) == told
    )


def lines(frames: int, speed: float, speaks: float = 3.0) -> Lines:
    """The lines of a lane of 60 places where one of them `speaks`, along it at `speed` m/s."""
    found = Lines(60)
    for k in range(frames):
        now: Floats = np.full(60, -1.0)
        now[round((30 + (10 if speed < 0 else -10)) + speed * 0.2 * k / STEP)] = speaks
        found.add(now, 0.2 * k, 0.2)
    return found


def test_evidence_adds_up_along_a_line_until_it_is_enough() -> None:
    """More frames, more evidence; it is as long as it has come."""
    few, many = lines(4, -5.0).best(), lines(8, -5.0).best()
    assert few is not None
    assert many is not None
    assert many.evidence > 1.8 * few.evidence
    assert many.speed == pytest.approx(5.0, rel=0.14)
    assert many.metres == pytest.approx(8.0, rel=0.2)
    assert many.control < many.evidence / 2


def test_a_line_the_lanes_way_is_its_control() -> None:
    """What speaks for one that goes along it speaks hardly for any against it."""
    found = lines(8, 5.0).best()
    assert found is None or found.control > 2 * found.evidence


def test_what_has_left_gains_no_more() -> None:
    """Its evidence stands for a while, but nothing comes to it."""
    found = lines(8, -5.0)
    for k in range(8, 13):
        found.add(np.full(60, -1.0), 0.2 * k, 0.2)
    left = found.best()
    assert left is not None
    assert left.gain < 0
    assert SPEEDS[DRIVEN] > 2.2 > SPEEDS[DRIVEN - 3]


def test_what_speaks_for_both_ways_is_not_enough() -> None:
    """Who crosses, a long bus that goes the lane's way, and who walks speak for others as well."""
    plain = Line(
        evidence=40.0, control=10.0, walked=30.0, gain=9.0, place=20, speed=4.0, metres=9.0
    )
    assert enough(plain)
    assert not enough(plain._replace(control=25.0))
    assert not enough(plain._replace(walked=45.0))
    assert not enough(plain._replace(gain=0.0))
    assert not enough(plain._replace(metres=3.0))
    assert not enough(plain._replace(evidence=20.0, control=2.0, walked=2.0))
