import numpy as np
import pytest
from numpy.typing import NDArray
from tests.vision.events.stage import (
    Light,
    Moment,
    Solid,
    Stage,
    box,
    limb,
    lying,
    sitting,
    standing,
)

from plainview.record import Phase
from plainview.vision.events import person_down
from plainview.vision.events.extent import Extent
from plainview.vision.events.fallen import LONGER, fell
from plainview.vision.events.lasting import Lasting
from plainview.vision.events.person_down import AGAIN, PATIENCE, RESTED, PersonDown
from plainview.vision.events.rests import EVERY, Rests
from plainview.vision.events.stillness import Blob
from plainview.vision.shadow import Cast

STAGE = Stage()
FALLS = 6.0


def _walks_up(t: float) -> Moment:
    x = 1.2 * (min(t, FALLS) - FALLS)
    return standing(x, 1.0), [(x, 1.0, 1.2, 0.0)]


@pytest.mark.parametrize("angle", [0.0, 0.6, 2.4])
def test_one_who_falls_and_stays_is_told(angle: float) -> None:
    """Start within ten seconds of the fall, near the middle of the body; end after getting up."""

    def what(t: float) -> Moment:
        if t < FALLS:
            return _walks_up(t)
        if t < 18:
            return lying(0.6 * np.cos(angle), 1 + 0.6 * np.sin(angle), angle), []
        return standing(0.0, 1.0), [(0.0, 1.0, 0.0, 0.0)]

    start, end = STAGE.events(PersonDown(STAGE.view, STAGE.optics), 27, what)
    assert start.phase is Phase.START
    assert FALLS + PATIENCE.rise <= start.t / 1000 <= FALLS + 10
    middle = (0.6 * np.cos(angle), 1 + 0.6 * np.sin(angle))
    assert np.hypot(start.x * 0.1 - middle[0], start.y * 0.1 - middle[1]) < 0.7
    assert end.phase is Phase.END
    assert 18 <= end.t / 1000 <= 26


def test_who_sits_stumbles_or_drops_something_is_not_down() -> None:
    """One who sits, one who is up again in two seconds, and a coat on the ground: no event."""

    def sits(t: float) -> Moment:
        return _walks_up(t) if t < FALLS else (sitting(0.0, 1.0), [])

    def stumbles(t: float) -> Moment:
        if FALLS <= t < FALLS + 2:
            return lying(0.6, 1.0, 0.0), []
        return _walks_up(t)

    def drops(t: float) -> Moment:
        coat = [box(0.0, 1.0, (0.6, 0.45, 0.15))] if t >= FALLS else []
        x = 1.2 * (t - FALLS)
        return [*standing(x, 1.0), *coat], [(x, 1.0, 1.2, 0.0)]

    for what in (sits, stumbles, drops):
        assert STAGE.events(PersonDown(STAGE.view, STAGE.optics), 18, what) == []


def test_legs_stretched_out_fast_are_nobody_down() -> None:
    """Across the line of sight one view tells who lies, however fast somebody sank."""

    def sits(t: float) -> Moment:
        if t < FALLS:
            return _walks_up(t)
        legs = limb((0.0, 1.0, 0.1), (0.9, 1.0, 0.1), 0.11, 50)
        pale = limb((0.0, 1.0, 0.2), (-0.08, 1.0, 0.6), 0.2, 112)
        head = limb((-0.1, 1.0, 0.82), (-0.1, 1.0, 0.86), 0.1, 90)
        shade = box(-0.4, 1.0, (0.9, 0.35, 0.06), 50)
        return [shade, legs, pale, head], []

    assert STAGE.events(PersonDown(STAGE.view, STAGE.optics), 20, sits) == []


def test_a_shadow_is_explained_where_the_sun_is_known() -> None:
    """What is as dark as his shadow speaks neither for nor against one who sits in the sun."""
    dark = np.zeros((180, 320), np.float32)
    for x in np.linspace(0.2, 1.3, 12):
        np.maximum(dark, STAGE.spot(x, 1.0, (0.4, 0.4)), out=dark)

    def sun(image: NDArray[np.float32], t: float) -> None:
        image *= 1 - 0.65 * dark * (t >= FALLS)

    def sits(t: float) -> Moment:
        return _walks_up(t) if t < FALLS else (sitting(0.0, 1.0), [])

    shares = {}
    for cast in (None, Cast(np.array([1.4, 0.0]), 0.25)):
        by = PersonDown(STAGE.view, STAGE.optics)
        for seen in STAGE.seen(14, sits, sun):
            by.look(seen._replace(cast=cast))
        (judged,) = by._judged
        shares[cast is None] = (judged.shaded, judged.other - judged.lies)
    assert shares[True][0] == 0.0
    assert shares[False][0] > 0.0
    assert shares[False][1] > shares[True][1] + 0.02


def test_what_has_not_changed_is_looked_at_again() -> None:
    """The mean gap shows who walked there for some seconds: the first look is not kept for good."""
    by = PersonDown(STAGE.view, STAGE.optics)
    for seen in STAGE.seen(14, _falls):
        by.look(seen)
    (one,) = by._judged
    assert one.blob.since > 14 - 2 * AGAIN


def test_while_nobody_is_down_parts_are_looked_for_in_every_second_look(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whoever walks leaves parts; who may be down is looked at in every look."""
    asked: list[float] = []
    in_parts = Lasting.in_parts

    def noted(self: Lasting, t: float) -> list[tuple[Blob, Extent]]:
        asked.append(t)
        return in_parts(self, t)

    monkeypatch.setattr(Lasting, "in_parts", noted)
    by = PersonDown(STAGE.view, STAGE.optics)
    for seen in STAGE.seen(14, _falls):
        by.look(seen)
    falls = np.array(asked)
    assert len(by._down) == 1
    assert np.diff(falls[falls < 5]).min() > 1.5 * EVERY
    assert np.diff(falls[falls > 10]).max() < 1.5 * EVERY


def test_what_has_just_come_to_rest_is_held_against_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Who strolls by is at one place for two looks; who fell is looked at after a second."""
    by = PersonDown(STAGE.view, STAGE.optics)
    times: list[float] = []
    monkeypatch.setattr(person_down, "held", lambda *_: times.append(by._looked))
    for seen in STAGE.seen(10, _falls):
        by.look(seen)
    assert FALLS + RESTED <= min(times) <= FALLS + 2.0


def test_a_ghost_of_one_who_lay_there_is_not_down() -> None:
    """Where the plate shows somebody who is not there any more, nobody is down."""
    stage = Stage(began=lying(0.0, 1.0, 0.3))
    assert stage.events(PersonDown(stage.view, stage.optics), 12, lambda _t: ([], [])) == []


def test_what_stands_out_more_as_fog_lifts_is_nobody_down() -> None:
    """A bench of the plate, in thinner air: its own fine structure is what is seen there."""

    def through(air: float) -> list[Solid]:
        back = limb((0.7, 1.0, 0.12), (0.74, 1.0, 0.12), 0.11, 20)
        bench = [*lying(0.0, 1.0, 0.0)[:2], back]
        return [one._replace(shade=110 + (1 - air) * (one.shade - 110)) for one in bench]

    def lifts(t: float) -> Moment:
        by = _walks_up(t) if t < FALLS else ([], [])
        return [*through(0.6 if t < FALLS else 0.0), *by[0]], by[1]

    veiled = Stage(began=through(0.6))
    assert veiled.events(PersonDown(veiled.view, veiled.optics), 20, lifts) == []


def test_one_who_lies_there_while_the_plate_is_learned_is_told() -> None:
    """A plate that was learned from one who fell, and stayed, does not hide the fall."""
    stage = Stage(began=lying(0.6, 1.0, 0.6))

    def what(t: float) -> Moment:
        return _walks_up(t) if t < FALLS else (lying(0.6, 1.0, 0.6), [])

    (start,) = stage.events(PersonDown(stage.view, stage.optics), 18, what)
    assert FALLS + PATIENCE.rise <= start.t / 1000 <= FALLS + 10


def test_who_falls_while_the_plate_is_learned_is_seen_to_sink() -> None:
    """He is a part of the plate: where he lies nothing differs, and all of it fell."""
    stage = Stage(began=lying(0.6, 1.0, 0.6))
    by = PersonDown(stage.view, stage.optics)

    def what(t: float) -> Moment:
        return _walks_up(t) if t < FALLS + 2 else (lying(0.6, 1.0, 0.6), [])

    for seen in stage.seen(11, what):
        by.look(seen)
    assert [fell(by._sank(one)) for one in by._judged] == [1.0]


def test_trousers_as_grey_as_the_ground_hide_nobody_who_lies() -> None:
    """His trunk alone is as small as a bag; with his shoes he is as long as somebody."""

    def what(t: float) -> Moment:
        if t < FALLS:
            return _walks_up(t)
        shoes = limb((-0.78, 1.0, 0.1), (-0.72, 1.0, 0.1), 0.09, 30)
        return [shoes, limb((0.1, 1.0, 0.14), (0.4, 1.0, 0.15), 0.19, 30)], []

    (start,) = STAGE.events(PersonDown(STAGE.view, STAGE.optics), 18, what)
    assert FALLS + PATIENCE.rise <= start.t / 1000 <= FALLS + 11


def _falls(t: float) -> Moment:
    return _walks_up(t) if t < FALLS else (lying(0.6, 1.0, 0.6), [])


def _told(stage: Stage, light: Light) -> bool:
    events = stage.events(PersonDown(stage.view, stage.optics), 20, _falls, light)
    last = FALLS + PATIENCE.rise + RESTED + LONGER + 1
    return any(FALLS + PATIENCE.rise <= one.t / 1000 <= last for one in events)


def test_one_who_lies_in_what_differs_faintly_is_told() -> None:
    """A veil over the ground around who fell, larger than anybody, hides no fall."""
    stage = Stage()
    patch = 9.0 * stage.spot(1.2, 1.2, (5.0, 3.0))

    def veil(image: NDArray[np.float32], t: float) -> None:
        if t > FALLS - 4:
            image += patch

    assert _told(stage, veil)


def test_nothing_is_told_while_the_gain_swings() -> None:
    """Nobody can tell who lies there while the camera sets its gain anew again and again."""

    def swings(image: NDArray[np.float32], t: float) -> None:
        image *= 1 + 0.25 * np.sin(0.7 * t)

    assert not _told(Stage(), swings)


def test_who_was_told_before_the_gain_swings_does_not_get_up() -> None:
    """Nor is told a second time once it is steady again."""

    def swings(image: NDArray[np.float32], t: float) -> None:
        if t > 19:
            image *= 1 + 0.25 * np.sin(0.7 * (t - 19))

    events = STAGE.events(PersonDown(STAGE.view, STAGE.optics), 36, _falls, swings)
    assert [one.phase for one in events] == [Phase.START]
    assert events[0].t < 19_000


def test_rain_in_the_first_frames_joins_no_body() -> None:
    """Where the plate was learned from who lies there, streaks of the first looks are no ground."""
    stage = Stage(began=lying(0.6, 1.0, 0.6))
    generator = np.random.default_rng(5)

    def rain(image: NDArray[np.float32], t: float) -> None:
        height, width = image.shape
        for x, y in generator.integers(0, (width, height), (150 if t < 3.0 else 0, 2)):
            image[y : y + 14, x] = 235

    assert _told(stage, rain)


def test_a_place_is_remembered_while_something_rests_there() -> None:
    """Since when, though rain or a helper hides it for a look; not once it is gone for long."""
    rests = Rests()
    place = np.array([1.0, 2.0])
    assert not rests.note(place, 0.0)
    rests.look(0.6)
    assert rests.note(place + 0.1, 0.6)
    rests.look(2.4)
    assert not rests.note(place, 2.4)
    assert rests.since(place, 2.4) == 0.0
    assert rests.since(place + 3.0, 2.4) == 2.4
    rests.look(9.0)
    assert rests.since(place, 9.0) == 9.0


def test_what_is_looked_for_in_every_second_look_comes_to_rest() -> None:
    """Who is seen in parts alone is not met in each look, and rests all the same."""
    rests = Rests()
    place = np.array([1.0, 2.0])
    assert not rests.note(place, 0.0)
    for t in (2 * EVERY, 4 * EVERY):
        rests.look(t)
        assert rests.note(place + 0.1, t)
    assert rests.since(place, 4 * EVERY) == 0.0


def test_where_something_stayed_for_long_is_known_for_a_while() -> None:
    """A seat is one though it is lost from sight; where somebody only stopped is none."""
    rests = Rests()
    seat, stop = np.array([1.0, 2.0]), np.array([6.0, 2.0])
    for t in np.arange(0.0, 40.1, 0.5):
        rests.look(t)
        rests.note(seat, t)
        if t > 38:
            rests.note(stop, t)
    rests.look(55.0)
    assert rests.stayed(seat, 55.0) == 55.0
    assert rests.since(seat, 55.0) == 55.0
    assert rests.stayed(stop, 55.0) == 0.0
    rests.note(seat + 0.2, 55.0)
    assert rests.since(seat, 55.0) == 55.0
    assert rests.stayed(seat, 55.0) == 55.0
    rests.look(90.0)
    assert rests.stayed(seat, 90.0) == 0.0
