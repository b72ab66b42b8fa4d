"""Colour: what is as light as the ground, or as dark as a shadow, and neither."""

from collections.abc import Iterator

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from shapely.geometry import Polygon
from tests.vision.scenes import AREA, CAMERA, people_in, view

from plainview.record import COUNT_STEP, decode
from plainview.vision.foreground import SHADOW, Foreground
from plainview.vision.light import Light
from plainview.vision.measure import Measurer
from plainview.vision.optics import optics, outline
from plainview.vision.plate import Luma, Plate
from plainview.vision.scene import BOOTSTRAP, FrameStore, Keeper
from plainview.vision.sparse import SparseEstimator
from plainview.vision.spec import LensSpec
from plainview.vision.tint import ENOUGH, FULL, Colour, Tint, Tinted

SHAPE = (180, 320)
HALF = (90, 160)
LENS = optics(view(CAMERA), *CAMERA.size)
PATCH = np.s_[80:124, 150:164]
"""As large as a person."""
SMALL = np.s_[40:62, 75:82]
"""The same place at half of the size."""
LEVEL = 120
_AREA = Polygon(AREA)


def smooth(seed: int = 0) -> Luma:
    """Luma of a ground without structure, as a sensor sees it."""
    noise = np.random.default_rng(seed).normal(0, 1.5, SHAPE)
    return np.asarray(np.rint(LEVEL + noise), dtype=np.uint8)


def colours(
    patch: tuple[float, float] = (0, 0),
    ground: tuple[float, float] = (-6, 9),
    seed: int = 0,
    noise: float = 0.7,
) -> Colour:
    """(2, h/2, w/2) Cb and Cr of a ground; within the patch `patch` is added."""
    planes = np.empty((2, *HALF))
    for k in range(2):
        planes[k] = 128 + ground[k]
        planes[k][SMALL] += patch[k]
    planes += np.random.default_rng(seed).normal(0, noise, planes.shape)
    return np.rint(planes).astype(np.uint8)


def learned(noise: float = 0.7, ground: tuple[float, float] = (-6, 9)) -> Tint:
    """The colour of the empty ground."""
    return Tint.learn([colours(ground=ground, seed=k, noise=noise) for k in range(14)])


def told(tint: Tint, colour: Colour, luma: Luma | None = None, gain: float = 1.0) -> Luma:
    """What is told of a frame, 0 everywhere where that is nothing."""
    background = np.full(SHAPE, LEVEL, np.uint8)
    found = tint.differs(colour, smooth(9) if luma is None else luma, background, gain)
    return np.zeros(SHAPE, np.uint8) if found is None else found


@pytest.mark.parametrize("patch", [(0, 25), (0, -25), (25, 0), (-20, 0), (-9, 9)])
def test_another_colour_is_told_within_its_outline(patch: tuple[float, float]) -> None:
    """All of it but its border, and nothing beyond two pixels of it."""
    found = told(learned(), colours(patch, seed=50))
    assert (found[84:120, 153:161] > 0).mean() > 0.97
    outside = np.ones(SHAPE, bool)
    outside[77:127, 147:167] = False
    assert (found[outside] > 0).mean() < 0.002
    assert found.max() <= FULL


def test_the_empty_scene_is_told_nothing_of() -> None:
    """By day, and by night with a noise that it has learned."""
    assert told(learned(), colours(seed=51)).max() == 0
    night = learned(noise=5.0)
    assert night.least > learned().least
    assert (told(night, colours(seed=52, noise=5.0)) > 0).mean() < 0.002


@pytest.mark.parametrize("factor", [0.3, 0.5, 0.8, 1.3])
def test_light_and_shade_scale_colour_and_say_nothing(factor: float) -> None:
    """On a ground of a strong colour."""
    ground = (-25, 30)
    tint = learned(ground=ground)
    colour, luma = colours(ground=ground, seed=53), smooth(9).astype(np.float32)
    planes = colour.astype(np.float32)
    planes[:, SMALL[0], SMALL[1]] = 128 + (planes[:, SMALL[0], SMALL[1]] - 128) * factor
    luma[PATCH] *= factor
    found = told(tint, np.rint(planes).astype(np.uint8), np.rint(luma).astype(np.uint8))
    assert (found[84:120, 154:160] > 0).mean() == 0
    # The same colours in that light without its shade are another thing's.
    assert (told(tint, np.rint(planes).astype(np.uint8)) > 0).any()


def test_the_sky_lights_a_shadow_and_it_is_blue() -> None:
    """As blue as that is nobody; as red is somebody."""
    luma = smooth(9)
    luma[PATCH] = shade = 0.9 * LEVEL
    blue, red = (0.09 * shade, -0.06 * shade), (-0.09 * shade, 0.06 * shade)
    grey = learned(ground=(0, 0))
    assert (told(grey, colours(blue, ground=(0, 0), seed=54), luma) > 0).mean() == 0
    assert (told(grey, colours(red, ground=(0, 0), seed=54), luma)[84:120, 154:160] > 0).all()


def test_a_lamp_that_tints_whole_surroundings_is_nobody() -> None:
    """And who stands in its light is told on."""
    lamp = colours(ground=(-14, 17), seed=55)
    assert (told(learned(), lamp) > 0).mean() < 0.002
    lamp = colours((25, 0), ground=(-14, 17), seed=56)
    assert (told(learned(), lamp)[84:120, 154:160] > 0).mean() > 0.95


def test_a_camera_that_sees_other_colours_is_told_nothing_by_until_they_are_learned() -> None:
    """As when the day's filter is swung away, half of the picture at a time, and comes back."""
    foreground = Foreground(LENS, Plate.learn([smooth(k) for k in range(12)]), tint=learned())
    other = colours(ground=(0, 0), seed=57)
    checked = other.copy()
    checked[0, ::2], checked[1, ::2] = 170, 90
    assert foreground.evidence(smooth(9), None, checked).max() <= 0.5
    assert foreground.tint is not None
    assert foreground.tint.lost
    for k in range(ENOUGH):
        assert (foreground.tinted(colours(ground=(0, 0), seed=60 + k)) is None) == (k < ENOUGH - 1)
    foreground.evidence(smooth(9), None, colours((0, 25), ground=(0, 0), seed=80))
    assert foreground.told is not None
    assert (foreground.told[84:120, 154:160] > 0).all()


def test_a_plain_coat_as_dark_as_a_shadow_is_no_shadow_in_another_colour() -> None:
    """Without colour its evidence is a shadow's; with it, a body's."""
    plate = Plate.learn([smooth(k) for k in range(12)])
    luma = smooth(9).astype(np.float32)
    luma[60:150, 130:190] *= 0.7
    dark = np.rint(luma).astype(np.uint8)
    middle = np.s_[95:115, 152:168]
    grey = Foreground(LENS, plate).evidence(dark, None)
    assert grey[middle].max() <= SHADOW + 1e-6
    colour = colours(seed=58)
    colour[1, 30:75, 65:95] += 20
    seen = Foreground(LENS, plate, tint=learned()).evidence(dark, None, colour)
    assert seen[middle].min() > 0.5
    assert np.median(seen[middle]) > 0.9
    # A picture without colours is judged as before.
    assert np.array_equal(Foreground(LENS, plate, tint=learned()).evidence(dark, None), grey)


def test_who_passes_while_the_colour_is_learned_leaves_none() -> None:
    """Somebody stands there for two fifths of the looks."""
    frames = [colours((0, 40) if k % 5 < 2 else (0, 0), seed=k) for k in range(20)]
    assert np.abs(Tint.learn(frames).mean - learned().mean).max() < 4


def test_the_colour_follows_free_ground_and_is_kept_behind_people() -> None:
    """And what was learned before is taken over behind those who stand there now."""
    tint, later = learned(), colours((0, 12), seed=59)
    free = np.full(SHAPE, 255, np.uint8)
    free[PATCH] = 0
    for _ in range(60):
        tint.follow(later, free, 0.06)
    assert np.abs(tint.mean[1][SMALL] - (128 + 9)).mean() < 1.5
    free[PATCH] = 255
    for _ in range(60):
        tint.follow(later, free, 0.06)
    assert np.abs(tint.mean[1][SMALL] - (128 + 21)).mean() < 1.5
    tint.keep(learned(), free > 0)
    assert np.abs(tint.mean[1][SMALL] - (128 + 9)).mean() < 1.5


def test_who_stood_in_the_colour_alone_and_left_is_given_back() -> None:
    """A ghost that only colour shows: its outline is the scene's, not the frame's."""
    plate = Plate.learn([smooth(k) for k in range(12)])
    tint = Tint.learn([colours((0, 25), seed=k) for k in range(14)])
    keeper, light, nobody = Keeper(plate), Light(plate), np.zeros(SHAPE, np.uint8)
    foreground = Foreground(LENS, plate, tint=tint)
    given = 0
    for k in range(8):
        colour = colours(seed=70 + k)
        evidence = foreground.evidence(smooth(9), None, colour)
        given += keeper.step(smooth(9), evidence, nobody, light, 1.0, Tinted(colour, tint)).ghosts
    assert given >= 1
    assert np.abs(tint.mean[1][SMALL] - (128 + 9)).mean() < 2


def test_the_store_keeps_colours_with_their_frames() -> None:
    """Bounded like them; without any there is no colour to learn."""
    store = FrameStore()
    for k in range(100):
        store.add(smooth(k), colours(seed=k))
    store.learn()
    tint = store.tint()
    assert tint is not None
    assert np.abs(tint.mean - learned().mean).max() < 3
    assert len(store._colours) == len(store)
    store.clear()
    assert store.tint() is None


def walked(seconds: float, rate: float = 5.0) -> Iterator[tuple[float, Luma, Colour]]:
    """Somebody in a red coat as light as the ground walks by, from 10 s on."""
    place = np.array([0.0, 1.0])
    for k in range(round(seconds * rate)):
        t = k / rate
        red = np.zeros(SHAPE, np.float32)
        if t > 10:
            place[0] = -6 + 1.2 * (t - 10)
            figure: NDArray[np.int32] = outline(LENS.projection, LENS.centre, place, 1.0)
            cv2.fillPoly(red, [figure], 30.0)
        half = cv2.resize(red, HALF[::-1], interpolation=cv2.INTER_AREA)
        noise = np.random.default_rng(k).normal(0, 0.7, (2, *HALF))
        noise[1] += half
        yield t, smooth(k), np.rint(128 + noise).astype(np.uint8)


@pytest.mark.parametrize("live", [False, True], ids=["clip", "live"])
def test_one_whom_only_colour_shows_is_counted(live: bool) -> None:  # noqa: FBT001 - a parameter
    """In a clip and live, by a lens that sees colours; without them nobody is there."""
    assert LENS.size == SHAPE[::-1]
    for coloured in (True, False):
        measurer = Measurer(LensSpec(view=view(CAMERA), live=live))
        found = []
        for k, (t, luma, colour) in enumerate(walked(BOOTSTRAP + 2)):
            pair = (colour[0], colour[1]) if coloured else None
            measurer.frame(luma, t, chroma=pair)
            if k % 5 == 4:
                found += measurer.interval(1000 * (k // 5 + 1), 1000, dropped=0, health=())
        found += measurer.finish()
        count = [decode(one).count * COUNT_STEP for one in found][12:17]
        if coloured:
            assert np.mean(count) == pytest.approx(1, abs=0.25)
        else:
            assert max(count) < 0.3


def test_a_saved_plate_without_colours_learns_them() -> None:
    """An estimator that begins with a plate alone counts by colour after some seconds."""
    by = SparseEstimator(view(CAMERA), LENS, Plate.learn([smooth(k) for k in range(12)]))
    people = []
    for _, luma, colour in walked(18):
        estimate = by.frame(luma, 0.2, colour=colour)
        people.append(people_in(estimate.places, estimate.weights, _AREA))
    assert by.tint is not None
    assert np.mean(people[75:85]) == pytest.approx(1, abs=0.3)
