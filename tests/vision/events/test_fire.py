from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from plainview.geometry import Point, View, Zone, project
from plainview.record import Event, Phase
from plainview.synth.camera import hung
from plainview.synth.flame import Flame
from plainview.synth.light import Light
from plainview.synth.scenery import Stage, noise_tile
from plainview.synth.shot import Now, Shot
from plainview.synth.smoke import Smoke
from plainview.vision.bodies import NONE
from plainview.vision.events import fire, plume, smoke
from plainview.vision.events.boil import Boil
from plainview.vision.events.detector import Sighting
from plainview.vision.events.episodes import Episodes
from plainview.vision.events.fire import FLAME_REACH, MOST_SMOKE, SMOKE_REACH, Fire
from plainview.vision.events.flame import FlameWatch
from plainview.vision.events.flicker import disorder, flickering
from plainview.vision.events.gain import gained
from plainview.vision.events.seen import Seen
from plainview.vision.events.veil import Mask, Veil, dry, veiled
from plainview.vision.optics import optics
from plainview.vision.plate import Image, Plate

F32 = NDArray[np.float32]
SIZE = (320, 180)
CAMERA = hung("mast", at=(0.0, -10.0), height=5.0, towards=(0.0, 1.0), hfov=58, size=SIZE)
AREA: tuple[Point, ...] = ((-5.0, -4.0), (5.0, -4.0), (5.0, 6.0), (-5.0, 6.0))
LIGHT = Light(sky=0.6)
STEP = 0.2


def _shot() -> Shot:
    tile = noise_tile(3, 512, 0.8)[: SIZE[1], : SIZE[0]]
    bare = np.zeros((SIZE[1], SIZE[0]), np.float32)
    ground = np.repeat((0.22 * (1 + 0.25 * tile)).clip(0.02, 1)[..., None], 3, axis=2)
    far = np.full_like(bare, 1e6)
    return Shot(CAMERA, Stage(ground, bare, bare, bare, bare, far, bare, bare, bare))


SHOT = _shot()
Paint = Callable[[F32, float], None]


class _Frame(NamedTuple):
    luma: NDArray[np.uint8]
    chroma: NDArray[np.uint8]


def _frame(picture: F32, generator: np.random.Generator) -> _Frame:
    """A camera's frame of linear radiance (h, w, 3), with noise."""
    shown = 255 * np.asarray(cv2.pow(np.clip(picture * np.float32(1.2), 0, 1), 1 / 2.2), np.float32)
    shown += 1.5 * generator.standard_normal(shown.shape[:2], np.float32)[..., None]
    coded = cv2.cvtColor(shown.clip(0, 255).astype(np.uint8), cv2.COLOR_RGB2YCrCb)
    half = (SIZE[0] // 2, SIZE[1] // 2)
    small = [cv2.resize(coded[..., k], half, interpolation=cv2.INTER_AREA) for k in (2, 1)]
    return _Frame(np.asarray(coded[..., 0], np.uint8), np.asarray(small, dtype=np.uint8))


def _film(paint: Paint, seconds: float) -> Iterator[tuple[float, _Frame]]:
    generator = np.random.default_rng(5)
    for k in range(round(seconds / STEP)):
        picture = SHOT.stage.ambient * np.float32(LIGHT.sky)
        paint(picture, k * STEP)
        yield k * STEP, _frame(picture, generator)


def _plate(paint: Paint = lambda _p, _t: None) -> Plate:
    empty = [frame.luma for _, frame in _film(paint, 1.4)]
    return Plate.learn([np.asarray(cv2.resize(luma, GEOMETRY.size), np.uint8) for luma in empty])


VIEW = View(calibration=CAMERA.calibration(), polygon=AREA)
GEOMETRY = optics(VIEW, *SIZE)
PLATE = _plate()


def _events(
    paint: Paint, seconds: float = 10.0, view: View = VIEW, plate: Plate = PLATE
) -> list[Event]:
    """What is told of `seconds` in which `paint` changes the radiance of an empty place."""
    watch = Fire(view, GEOMETRY)
    episodes = Episodes(watch.kind, watch.patience)
    nothing = np.zeros(GEOMETRY.size[::-1], np.uint8)
    half = (GEOMETRY.size[0] // 2, GEOMETRY.size[1] // 2)
    told = []
    for t, frame in _film(paint, seconds):
        luma = np.asarray(cv2.resize(frame.luma, GEOMETRY.size), dtype=np.uint8)
        chroma = np.stack([cv2.resize(one, half) for one in frame.chroma]).astype(np.uint8)
        seen = Seen(
            t, STEP, luma, chroma, plate.luma, nothing.astype(np.float32), nothing, NONE, plate,
            trusted=True,
        )  # fmt: skip
        told += episodes.step(t, watch.look(seen))
    return told


def _effects(*effects: Flame | Smoke) -> Paint:
    def paint(picture: F32, t: float) -> None:
        for effect in effects:
            effect.paint(picture, Now(SHOT, LIGHT, t))

    return paint


def _lamps(
    way: Callable[[float], list[tuple[float, float, float]]], power: Callable[[float], float]
) -> Paint:
    """Warm lamps a hand wide at the places (x, y, z) of `way`, as bright as `power` says."""

    def paint(picture: F32, t: float) -> None:
        places = np.array(way(t))
        pixels, depth = project(SHOT.matrix, places)
        v, u = np.mgrid[0 : SIZE[1], 0 : SIZE[0]]
        for (x, y), far in zip(pixels, depth, strict=True):
            radius = 0.25 * SHOT.focal / far
            body = np.clip(radius - np.hypot(u - x, v - y) + 0.5, 0, 1).astype(np.float32)
            picture += body[..., None] * np.array([2.0, 0.9, 0.15], np.float32) * power(t)

    return paint


@pytest.mark.parametrize(("metres", "at"), [(0.5, (1.0, 0.0)), (1.0, (-2.0, 3.0))])
def test_a_flame_is_told_once_soon_and_where_it_burns(metres: float, at: Point) -> None:
    """A flame is one event, told within six seconds of catching, within a metre of its place."""
    told = _events(_effects(Flame(at, metres, began=3.0)))
    assert [event.phase for event in told] == [Phase.START]
    assert 3000 < told[0].t <= 9000
    assert np.hypot(told[0].x / 10 - at[0], told[0].y / 10 - at[1]) < 1.0


@pytest.mark.parametrize("radiance", [0.08, 0.11])
def test_a_dim_flame_is_told_by_night(radiance: float) -> None:
    """Also one that is hardly brighter than ground by day."""

    def night(picture: F32, _t: float) -> None:
        picture *= np.float32(0.1)

    def paint(picture: F32, t: float) -> None:
        night(picture, t)
        Flame((1.0, 1.0), 0.8, began=1.0, radiance=radiance).paint(picture, Now(SHOT, LIGHT, t))

    told = _events(paint, 8.0, plate=_plate(night))
    assert [event.phase for event in told] == [Phase.START]


def test_nothing_is_told_while_the_cameras_gain_swings() -> None:
    """What saturates now and then glows and fades as a flame does."""
    burns = _effects(Flame((0.0, 0.0), 1.2, began=5.0, seed=2))

    def paint(picture: F32, t: float) -> None:
        burns(picture, t)
        picture *= np.float32(1.0 + 0.6 * np.sin(0.9 * t))

    assert not _events(paint, 10.0)


def test_a_fires_own_light_is_no_gain() -> None:
    """It falls off with the distance; a gain changes all that is well lit alike."""
    before = np.random.default_rng(1).integers(20, 250, (24, 40)).astype(np.uint8)
    brighter = (before * 1.2).clip(0, 255).astype(np.uint8)
    assert gained(before, brighter) == pytest.approx(np.log(1.2), abs=0.02)
    assert gained(before, before) == 0
    away = np.hypot(*np.meshgrid(np.arange(40.0), np.arange(24.0)))
    glow = (before * (1 + 2.0 / (1 + (away / 6) ** 2))).clip(0, 255).astype(np.uint8)
    assert gained(before, glow) == 0
    assert gained(np.zeros_like(before), before) == 0


def test_a_fire_that_shows_again_soon_is_the_same() -> None:
    """Wind parts smoke for a quarter of a minute: that is no second alarm."""
    episodes = Episodes(Fire.kind, Fire.patience)
    told = []
    for k in range(200):
        t = 0.2 * k
        seen = [Sighting(1.0, 2.0, 0.8)] if t < 8 or 23 < t < 30 else []
        told += episodes.step(t, seen)
    assert [event.phase for event in told] == [Phase.START]


def test_a_screen_is_no_flame() -> None:
    """Warm pictures that change all over, never twice alike, have no foot that lasts."""
    generator = np.random.default_rng(2)

    def paint(picture: F32, t: float) -> None:
        if t > 1.0:
            cells = cv2.resize(generator.random((8, 12), np.float32), (36, 24), interpolation=0)
            picture[60:84, 140:176] += cells[..., None] * np.array([1.6, 0.7, 0.1], np.float32)

    assert _events(paint, 9.0) == []


def test_a_flame_outside_of_the_zones_for_fire_is_not_told() -> None:
    """Where there are zones for fire, it is told in them only, and with their number."""
    corners = ((-4.0, -3.0), (0.0, -3.0), (0.0, 3.0), (-4.0, 3.0))
    view = View(calibration=VIEW.calibration, polygon=AREA, zones=(Zone("stand", "fire", corners),))
    assert _events(_effects(Flame((3.5, 0.0), 0.8, began=1.0)), 6.0, view) == []
    told = _events(_effects(Flame((-2.0, 0.0), 0.8, began=1.0)), 8.0, view)
    assert [event.zone for event in told] == [0]


@pytest.mark.parametrize(
    ("way", "power"),
    [
        (lambda _: [(1.0, 1.0, 1.0)], lambda t: float(t * 1.7 % 1.0 < 0.5)),
        (lambda _: [(1.0, 1.0, 1.0)], lambda t: max(np.cos(2 * np.pi * 1.9 * t), 0.05)),
        (lambda t: [(-6.0 + 1.5 * t, y, 0.7) for y in (0.0, 1.4)], lambda _: 1.0),
        (lambda t: [(0.02 * np.sin(31 * t), 2.0, 3.0)], lambda t: 0.8 + 0.2 * np.sin(17 * t)),
        (lambda t: [(int(9 * t) % 4 - 2.0, 2.0, 2.0), (1.0, 2.0, 2.0)], lambda _: 1.0),
    ],
    ids=["indicator", "beacon", "headlights", "lamp in the wind", "running sign"],
)
def test_lamps_are_no_flame(
    way: Callable[[float], list[tuple[float, float, float]]], power: Callable[[float], float]
) -> None:
    """Lamps that blink, turn, sway, run or drive past are never told, whatever their colour."""
    assert _events(_lamps(way, power), 8.0) == []


@pytest.mark.parametrize("flares", [False, True])
def test_paint_at_the_edge_of_soots_colour_is_no_flame(*, flares: bool) -> None:
    """A bright line that only its chroma's noise makes soot is hardly a flame, unless it flares."""
    generator = np.random.default_rng(7)
    luma = np.full((120, 160), 60, np.uint8)
    plate, nothing = Plate(luma, np.ones(luma.shape, np.float32)), np.zeros_like(luma)
    luma = luma.copy()
    luma[30:80, 70:82] = 200
    watch, sure = FlameWatch(), [0.0]
    for k in range(40):
        if flares:
            luma[30:60, 70:82] = generator.integers(130, 255, (15, 6)).repeat(2, 0).repeat(2, 1)
        chroma = np.full((2, 60, 80), 128, np.uint8)
        # Warmer than grey by 20 at the foot: half of it is soot. Above, now this and now less.
        warmth = np.where(np.arange(25) < 14, generator.choice([12, 20], (6, 25)), 20).T
        chroma[0, 15:40, 35:41] = 128 - np.round(0.6 * warmth)
        chroma[1, 15:40, 35:41] = 128 + np.round(0.4 * warmth)
        seen = Seen(
            k * STEP, STEP, luma.copy(), chroma, plate.luma, nothing.astype(np.float32), nothing,
            NONE, plate, trusted=True,
        )  # fmt: skip
        sure += [flame.confidence for flame in watch.look(seen) or ()]
    assert max(sure) > 0.3 if flares else max(sure) < 0.1


def _glows(way: str) -> F32:
    """(14, 12, 16) what glows as something does that is no flame, its top more than its foot."""
    g, tall = np.random.default_rng(6), np.zeros((14, 12, 16), np.float32)
    if way == "tube":
        for k, up in enumerate(g.choice([0.0, 0.5], 14)):
            tall[k, 5] = 120 * up
            tall[k, 6:8], tall[k, 8] = 120, 120 * (1 - up)
    else:
        tall[:, 4:8] = 120 * (g.random((14, 4, 16)) < 0.3)
        # Each part of its foot is out at every third look.
        lit = np.add.outer(np.arange(14), np.arange(16)) % 3 > 0
        tall[:, 8:10] = 120 * lit[:, None]
    return tall


@pytest.mark.parametrize("way", ["tube", "screen"])
def test_what_keeps_its_shape_or_has_no_lasting_foot_is_no_flame(way: str) -> None:
    """However bright, warm and alive it is: a tube that sways, a screen whose parts all go out."""
    assert flickering(_glows(way), over=120.0, soot=1.0) < 0.1


@pytest.mark.parametrize("known", [True, False])
def test_a_sign_before_which_somebody_passes_is_no_flame(*, known: bool) -> None:
    """What glows as the plate does while nobody passes is none; of what came it might be one."""
    luma = np.full((120, 160), 60, np.uint8)
    plate, nothing = Plate(luma, np.ones(luma.shape, np.float32)), np.zeros_like(luma)
    watch, sure = FlameWatch(), [0.0]
    generator = np.random.default_rng(3)
    for k in range(30):
        bright, chroma = luma.copy(), np.full((2, 60, 80), 128, np.uint8)
        bright[50:80, 70:82] = 220
        chroma[0, 25:40, 35:41], chroma[1, 25:40, 35:41] = 90, 146
        evidence = np.full(luma.shape, -1.0 if known else 1.0, np.float32)
        if 13 <= k < 21:
            # Who passes hides parts of it from above, never alike at two moments.
            for column in generator.choice(6, int(generator.integers(1, 5)), replace=False):
                row = int(generator.integers(52, 72))
                hidden = np.s_[50:row, 70 + 2 * column : 72 + 2 * column]
                bright[hidden], evidence[hidden] = 40, 1.0
                chroma[:, 25 : row // 2, 35 + column] = 128
        seen = Seen(
            k * STEP, STEP, bright, chroma, plate.luma, evidence, nothing, NONE, plate,
            trusted=True,
        )  # fmt: skip
        sure += [flame.confidence for flame in watch.look(seen) or ()]
    assert max(sure) < 0.2 if known else max(sure) > 0.3


def test_a_flame_before_a_warm_wall_that_people_pass_is_told() -> None:
    """Who walks before the wall takes its glow and gives it back, and joins it with the flame."""
    wall = np.s_[30:100, 20:300]

    def place(picture: F32, _t: float) -> None:
        picture[wall] = np.array([0.5, 0.32, 0.14], np.float32)

    def passed(picture: F32, t: float) -> None:
        place(picture, t)
        for k, speed in enumerate((33.0, -41.0, 27.0)):
            x = int(40 * k + speed * t) % 260 + 30
            picture[50:98, x : x + 9] = np.float32(0.02 if k else 0.3) * np.array([1, 0.6, 0.3])
        Flame((1.0, 0.0), 0.8, began=3.0).paint(picture, Now(SHOT, LIGHT, t))

    told = _events(passed, plate=_plate(place))
    assert [event.phase for event in told] == [Phase.START]
    assert np.hypot(told[0].x / 10 - 1.0, told[0].y / 10) < 1.0


def test_smoke_is_of_the_fire_that_was_seen_most() -> None:
    """A glimpse of a cone between two people is a place, too, but no smoke is bound to it."""
    watch = Fire(VIEW, GEOMETRY)
    watch._same(Sighting(-3.0, 4.0, 0.5, -1), 1.0, FLAME_REACH)
    for k in range(5):
        watch._same(Sighting(1.0, 0.0, 0.9, -1), 2.0 + k, FLAME_REACH)
    smoke = watch._same(Sighting(0.0, 5.0, 0.6, -1), 8.0, SMOKE_REACH)
    assert (smoke.x, smoke.y) == (1.0, 0.0)


def test_a_flame_that_the_plate_was_learned_through_is_told() -> None:
    """A clip's plate is of its first half minute: what burned by then was not there at first."""
    flame, watch, sure = Flame((1.0, 0.0), 0.7, began=3.0), FlameWatch(), [0.0]
    half = (GEOMETRY.size[0] // 2, GEOMETRY.size[1] // 2)
    nothing = np.zeros(GEOMETRY.size[::-1], np.uint8)
    as_the_plate = np.full(nothing.shape, -1.0, np.float32)
    for t, frame in _film(_effects(flame), 8.0):
        luma = np.asarray(cv2.resize(frame.luma, GEOMETRY.size), dtype=np.uint8)
        chroma = np.stack([cv2.resize(one, half) for one in frame.chroma]).astype(np.uint8)
        seen = Seen(
            t, STEP, luma, chroma, PLATE.luma, as_the_plate, nothing, NONE, PLATE, trusted=True
        )
        sure += [one.confidence for one in watch.look(seen) or ()]
    assert max(sure) > 0.5


def test_smoke_is_told_where_it_rises() -> None:
    """Dark smoke without a flame is one event, within ten seconds and three metres."""
    at = (0.5, -1.0)
    told = _events(_effects(Smoke(at, 1.0, began=2.0, shade=0.12)), 12.0)
    assert [event.phase for event in told] == [Phase.START]
    assert 2000 < told[0].t <= 12000
    assert np.hypot(told[0].x / 10 - at[0], told[0].y / 10 - at[1]) < 3.0


def test_a_veil_of_a_few_seconds_is_no_smoke() -> None:
    """Smoke lasts: what hangs there for five seconds is a truck's exhaust, or dust."""
    smoke = Smoke((0.5, -1.0), 1.0, began=1.0, shade=0.12)

    def paint(picture: F32, t: float) -> None:
        if t < 6.0:
            smoke.paint(picture, Now(SHOT, LIGHT, t))

    assert _events(paint, 9.0) == []
    assert _events(_effects(smoke), 11.0) != []


def test_a_drop_is_seen_once() -> None:
    """What three frames show in one of them alone is none of their scene."""
    clear = np.full((6, 8), 90, np.uint8)
    streaked = clear.copy()
    streaked[:4, 3] = 220
    assert np.array_equal(dry([clear, streaked, clear]), clear)
    assert np.array_equal(dry([streaked, clear]), clear)
    assert np.array_equal(dry([streaked, streaked, clear]), streaked)


def test_smoke_is_told_in_rain() -> None:
    """Streaks have edges of their own, smoke has none."""
    generator = np.random.default_rng(8)

    def rain(picture: F32, _t: float) -> None:
        for v, u in generator.integers((0, 0), (160, SIZE[0]), (60, 2)):
            picture[v : v + 18, u] += np.float32(0.35) * (0.6 - picture[v : v + 18, u])

    def paint(picture: F32, t: float) -> None:
        Smoke((0.5, -1.0), 1.0, began=2.0, shade=0.12).paint(picture, Now(SHOT, LIGHT, t))
        rain(picture, t)

    assert [event.phase for event in _events(paint, 13.0)] == [Phase.START]


@pytest.mark.parametrize(("life", "is_told"), [(2.2, False), (9.0, True)])
def test_a_pale_veil_is_smoke_where_it_rises_on(life: float, *, is_told: bool) -> None:
    """Steam is gone within three metres of its source, smoke is not."""
    veil = Smoke((0.0, -2.0), 0.7, 1.0, shade=0.5, thick=3.0, wind=(0.1, 0.0), life=life, seed=4)
    assert bool(_events(_effects(veil), 13.0)) is is_told


def test_what_is_always_lost_is_not_hidden_by_smoke() -> None:
    """Where a scene never shows the plate's structure, as after a car has left, nothing can be."""
    generator = np.random.default_rng(3)
    v, u = np.mgrid[0 : SIZE[1], 0 : SIZE[0]]
    where = np.clip(1.6 - np.hypot((u - 160) / 80.0, (v - 95) / 40.0), 0, 1)[..., None]

    def wide(cells: NDArray[np.float64]) -> NDArray[np.float32]:
        whole = cv2.resize(cells.astype(np.float32), SIZE, interpolation=cv2.INTER_LINEAR)
        return np.asarray(whole, np.float32)[..., None]

    def paint(picture: F32, _t: float) -> None:
        share = where * (0.5 + wide(generator.uniform(0, 0.4, (6, 10))))
        own = 0.16 * (1 + wide(generator.normal(0, 0.2, (12, 20))))
        picture += (share * (own - picture)).astype(np.float32)

    assert _events(paint, 11.0) == []


def test_nothing_is_known_of_smoke_in_a_picture_that_has_lost_its_contrast() -> None:
    """Under half of the plate's contrast everywhere, more lost in one place means nothing."""
    smoke = Smoke((0.5, -1.0), 1.0, began=2.0, shade=0.5)

    def paint(picture: F32, t: float) -> None:
        picture[:] = 0.5 * picture + 0.5 * cv2.blur(picture, (15, 15))
        smoke.paint(picture, Now(SHOT, LIGHT, t))

    assert _events(paint, 12.0) == []


def test_dark_smoke_is_told_in_a_blurred_picture() -> None:
    """Its own light says that it is there, where no contrast does."""
    smoke = Smoke((0.5, -1.0), 1.0, began=2.0, shade=0.08)

    def paint(picture: F32, t: float) -> None:
        picture[:] = 0.5 * picture + 0.5 * cv2.blur(picture, (15, 15))
        smoke.paint(picture, Now(SHOT, LIGHT, t))

    assert [event.phase for event in _events(paint, 13.0)] == [Phase.START]


def test_smoke_that_is_not_told_yet_is_no_habit_of_its_place(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What a place used to lose was lost before the smoke came."""
    habits = []

    class Noted(Boil):
        def __init__(self, veils: Sequence[Veil], lost: Image, habit: Image) -> None:
            habits.append(float(habit.max()))
            super().__init__(veils, lost, habit)

    monkeypatch.setattr(plume, "Boil", Noted)
    assert _events(_effects(Smoke((0.5, -1.0), 1.0, began=2.0, shade=0.12)), 16.0) != []
    assert max(habits) < 0.01


def test_smoke_is_told_once_it_is_sure_however_slowly_it_grows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its confidence is a mean of the last looks already: doubt long ago is not counted twice."""
    sure = np.linspace(0.2, 0.55, 30) / MOST_SMOKE

    class Growing:
        def __init__(self) -> None:
            self._left = list(sure)

        def look(self, _seen: Seen) -> list[plume.Smoke]:
            return [plume.Smoke(160.0, 110.0, 1e4, 0.3, self._left.pop(0))]

    monkeypatch.setattr(fire, "SmokeWatch", Growing)
    assert [event.phase for event in _events(lambda _p, _t: None, 6.0)] == [Phase.START]


@pytest.mark.parametrize(("sure", "apart"), [(0.1, 1.2), (0.9, 0.6)])
def test_while_hardly_anything_is_likely_every_second_look_is_enough(
    monkeypatch: pytest.MonkeyPatch, sure: float, apart: float
) -> None:
    """What lasts for a dozen looks is not missed; once it may be smoke it is looked at in each."""
    asked: list[float] = []
    now = 0.0

    def found(veils: Sequence[Veil], *_: object, **__: object) -> list[tuple[Mask, plume.Smoke]]:
        asked.append(now)
        where = np.ones(veils[-1].lost.shape, np.bool_)
        return [(where, plume.Smoke(0.0, 0.0, 1e4, 0.5, sure))]

    monkeypatch.setattr(smoke, "plumes", found)
    watch = smoke.SmokeWatch()
    nothing = np.zeros(GEOMETRY.size[::-1], np.uint8)
    for now in np.arange(0.0, 10.0, STEP):
        seen = Seen(
            now, STEP, PLATE.luma, None, PLATE.luma, nothing.astype(np.float32), nothing, NONE,
            PLATE, trusted=True,
        )  # fmt: skip
        watch.look(seen)
    assert np.diff(asked)[2:] == pytest.approx(apart)


@pytest.mark.parametrize(("looks", "tone"), [(2, 0.5), (3, 2.0)])
def test_a_veil_is_as_bright_as_in_its_three_brightest_looks(
    monkeypatch: pytest.MonkeyPatch, looks: int, tone: float
) -> None:
    """Steam comes in puffs of some looks; dark smoke by night is as bright as the ground in one."""
    tones = [2.0] * looks + [0.5] * 99

    def found(veils: Sequence[Veil], *_: object, **__: object) -> list[tuple[Mask, plume.Smoke]]:
        where = np.ones(veils[-1].lost.shape, np.bool_)
        return [(where, plume.Smoke(0.0, 0.0, 1e4, tones.pop(0), 0.9))]

    monkeypatch.setattr(smoke, "plumes", found)
    watch, last = smoke.SmokeWatch(), list[plume.Smoke]()
    nothing = np.zeros(GEOMETRY.size[::-1], np.uint8)
    for t, frame in _film(lambda _p, _t: None, 9.0):
        luma = np.asarray(cv2.resize(frame.luma, GEOMETRY.size), dtype=np.uint8)
        seen = Seen(
            t, STEP, luma, None, PLATE.luma, nothing.astype(np.float32), nothing, NONE, PLATE,
            trusted=True,
        )  # fmt: skip
        last = watch.look(seen) or last
    assert [one.tone for one in last] == [tone]


def test_smoke_over_nearly_even_ground_is_told() -> None:
    """Nothing can be lost there, but it is darker, never twice alike, and not a passing cloud's."""
    at = (0.5, 0.0)

    def even(picture: F32, _t: float) -> None:
        picture[:] = 0.13 + 0.25 * (picture - picture.mean())

    def paint(picture: F32, t: float) -> None:
        even(picture, t)
        Smoke(at, 1.0, began=2.0, shade=0.12, seed=3).paint(picture, Now(SHOT, LIGHT, t))

    told = _events(paint, 12.0, plate=_plate(even))
    assert [event.phase for event in told] == [Phase.START]
    assert np.hypot(told[0].x / 10 - at[0], told[0].y / 10 - at[1]) < 3.0

    def passes(picture: F32, t: float) -> None:
        (paint if t < 8.0 else even)(picture, t)

    assert _events(passes, 12.0, plate=_plate(even)) == []


def test_shadow_steam_and_fog_are_no_smoke() -> None:
    """A cloud's shadow, a vent's steam and a fog that comes up are never told."""
    v, u = np.mgrid[0 : SIZE[1], 0 : SIZE[0]]

    def shadow(picture: F32, t: float) -> None:
        far = np.hypot((u - 20 * t - 20) / 60.0, (v - 90) / 50.0)
        picture *= (1 - 0.6 / (1 + np.exp(8 * (far - 1)))).astype(np.float32)[..., None]

    def fog(picture: F32, t: float) -> None:
        thick = np.float32(min(t / 12.0, 1.0) * 0.7)
        picture *= 1 - thick
        picture += thick * np.float32(0.5)

    assert _events(shadow, 9.0) == []
    assert _events(fog, 9.0) == []
    steam = Smoke((0.0, 1.0), 0.4, shade=0.9, life=1.8, period=4.0, seed=4)
    assert _events(_effects(steam), 9.0) == []


@given(
    bright=st.lists(st.floats(0.3, 1.0), min_size=12, max_size=14),
    seed=st.integers(0, 1 << 16),
    shake=st.floats(0.0, 1.5),
)
@settings(max_examples=40, deadline=None)
def test_what_keeps_its_shape_has_no_disorder(bright: list[float], seed: int, shake: float) -> None:
    """Brightness and shake alone, in any order, are no disorder."""
    generator = np.random.default_rng(seed)
    shape = cv2.GaussianBlur(generator.random((24, 20)).astype(np.float32), (0, 0), 3.0)
    shape = np.pad((shape - shape.min()) * 400, 6)
    stack = []
    for factor in bright:
        dx, dy = generator.normal(0, shake, 2).clip(-3, 3)
        move = np.array([[1.0, 0.0, dx], [0.0, 1.0, dy]])
        stack.append(factor * cv2.warpAffine(shape, move, shape.shape[::-1]))
    assert disorder(np.array(stack, dtype=np.float32)) < 0.034


def test_faint_ground_shows_whether_it_is_veiled() -> None:
    """A part in twenty of its light is structure enough."""
    behind = 0.3 + 0.0155 * noise_tile(9, 256, 0.6).clip(-2, 2)
    plate = (255 * behind ** (1 / 2.2)).round().astype(np.uint8)
    assert veiled(plate, plate).known.mean() > 0.5
    even = np.full_like(plate, 128)
    assert not veiled(even, even).known.any()


@given(gain=st.floats(0.5, 1.5), passes=st.floats(0.2, 1.0), own=st.floats(0.0, 0.2))
@settings(max_examples=25, deadline=None)
def test_lost_contrast_is_the_veils_share_of_the_light(
    gain: float, passes: float, own: float
) -> None:
    """Under a veil over a part d / (c P + d) of the contrast is lost; under any light none."""
    behind = 0.3 + 0.1 * noise_tile(9, 256, 0.6).clip(-2, 2)
    plate = (255 * behind ** (1 / 2.2)).round().astype(np.uint8)
    part = np.zeros(behind.shape, np.bool_)
    part[64:128, 64:128] = True
    light = gain * np.where(part, passes * behind + own, behind)
    luma = (255 * light.clip(0, 1) ** (1 / 2.2)).round().astype(np.uint8)
    lost = veiled(luma, plate).lost
    inside, outside = lost[9:15, 9:15].mean(), lost[20:].mean()
    assert outside == pytest.approx(0.0, abs=0.05)
    expected = own / (passes * 0.3 + own)
    assert inside == pytest.approx(expected, abs=0.1 + 0.2 * expected)
