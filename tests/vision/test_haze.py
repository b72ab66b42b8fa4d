"""Fog and glare: who is behind a veil is counted, and clear air is measured as it ever was."""

from collections.abc import Iterator

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from tests.vision.scenes import CAMERA, NOBODY, film, view, watch

from plainview.synth.light import OVERCAST, Light
from plainview.synth.simulate import scripted
from plainview.vision.foreground import SHADOW, Foreground, air
from plainview.vision.haze import ENOUGH, MEMORY, Haze
from plainview.vision.optics import optics
from plainview.vision.plate import Luma, Plate
from plainview.vision.sparse import SparseEstimator

LENS = optics(view(CAMERA), *CAMERA.size)
WIDTH, HEIGHT = LENS.size
COAT = np.s_[80:124, 150:164]
"""As large as a person."""
DIRECT, OWN = 0.3, 110.0
"""What comes through the veil, and the veil's own grey."""
FAINT = Light(sun=0.0, azimuth=90, elevation=60, sky=0.35, brightness=0.45, noise=0.012)


def ground() -> NDArray[np.float32]:
    """Luma of a textured ground, (h, w), with something dark in a corner."""
    grain = np.random.default_rng(4).normal(0, 1, (HEIGHT, WIDTH)).astype(np.float32)
    picture = 110 + 60 * cv2.GaussianBlur(grain, (0, 0), 2.5)
    picture[:20, :40] = 15
    return np.asarray(picture, dtype=np.float32)


def veiled(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    """`picture` through the veil."""
    return np.asarray(DIRECT * picture + OWN, dtype=np.float32)


def coats(*, veil: bool) -> Iterator[Luma]:
    """Frames with somebody in black who walks, and one grey coat that stands."""
    for k in range(60):
        picture = ground()
        picture[40:84, 20 + 4 * k : 34 + 4 * k] = 25
        picture[COAT] = 0.35 * picture[COAT].mean()
        yield shot(veiled(picture) if veil else picture, k)


def shot(picture: NDArray[np.float32], seed: int) -> Luma:
    """As a sensor of 1.5 levels of noise sees it."""
    noise = np.random.default_rng(seed).normal(0, 1.5, picture.shape)
    return np.asarray(np.clip(np.rint(picture + noise), 0, 255), dtype=np.uint8)


def plate(*, veil: bool) -> Plate:
    """Of the empty ground."""
    empty = veiled(ground()) if veil else ground()
    return Plate.learn([shot(empty, 100 + k) for k in range(12)])


def test_a_coat_behind_a_veil_is_no_shadow() -> None:
    """It is as little darker as a shadow is in clear air; where a veil is known it is somebody."""
    bare = Foreground(LENS, plate(veil=True))
    frames = list(coats(veil=True))
    before = bare.evidence(frames[0], None)
    assert bare.weighed(before) is before
    assert np.median(before[COAT]) <= SHADOW + 1e-6
    haze = air(LENS, plate(veil=True), frames)
    assert haze.sure == 1.0
    known = Foreground(LENS, plate(veil=True), haze)
    after = known.weighed(known.evidence(frames[0], None))
    assert np.median(after[COAT]) > 0.5


def test_behind_a_veil_what_does_not_differ_says_less() -> None:
    """Who is as bright as the fog behind him is not denied; the ground still speaks for nobody."""
    known = Foreground(LENS, plate(veil=True), air(LENS, plate(veil=True), list(coats(veil=True))))
    weighed = known.weighed(known.evidence(shot(veiled(ground()), 7), None))
    assert weighed.min() == pytest.approx(-0.6)
    assert (weighed > SHADOW + 1e-6).mean() < 0.001


def test_clear_air_is_none() -> None:
    """Nor is it looked for where the plate has something dark, whatever else is seen."""
    assert not Haze().possible(plate(veil=False).luma)
    haze = air(LENS, plate(veil=False), list(coats(veil=False)))
    assert (haze.sure, haze.veil) == (0.0, 0.0)


def test_plain_ground_with_people_in_black_is_none() -> None:
    """A floor without anything dark on it is not veiled: the people are dark."""
    haze, floor = Haze(), np.full((HEIGHT, WIDTH), 120, np.uint8)
    luma = floor.copy()
    luma[COAT] = 20
    for _ in range(40):
        haze.look(luma, floor, luma.astype(np.float32) - 120)
    assert (haze.sure, haze.veil) == (0.0, 0.0)


def test_shade_that_ends_softly_is_none() -> None:
    """Clouds darken the ground by as much as fog leaves of a coat, and end over many pixels."""
    haze, floor = Haze(), np.full((HEIGHT, WIDTH), 120, np.uint8)
    grain = np.random.default_rng(3).normal(0, 1, (HEIGHT, WIDTH)).astype(np.float32)
    shade = 20 * cv2.GaussianBlur(grain, (0, 0), 20.0)
    luma = np.asarray(np.where(shade > 0, 120 - 75 * shade, 120).clip(80, 120), dtype=np.uint8)
    assert (luma < 110).mean() > 0.2
    for _ in range(40):
        haze.look(luma, floor, luma.astype(np.float32) - 120)
    assert (haze.sure, haze.veil) == (0.0, 0.0)


def test_clouds_of_hours_do_not_hide_the_fog_after_them() -> None:
    """What was dark and ended softly is forgotten as what ended sharply is."""
    haze, floor = Haze(), np.full((HEIGHT, WIDTH), 120, np.uint8)
    shade = np.full_like(floor, 90)
    for _ in range(2_000):
        haze.look(shade, floor, shade.astype(np.float32) - 120)
    assert haze.sure == 0.0
    luma = floor.copy()
    luma[:, np.arange(WIDTH) % 8 < 4] = 95
    for _ in range(40):
        haze.look(luma, floor, luma.astype(np.float32) - 120)
    assert haze.sure == 1.0


@pytest.mark.parametrize("many", range(1, 7))
def test_a_few_dark_pixels_are_a_few(many: int) -> None:
    """And no reason to conclude anything, nor to fail."""
    haze, floor = Haze(), np.full((HEIGHT, WIDTH), 120, np.uint8)
    luma = floor.copy()
    luma[50, 50 : 50 + many] = 80
    haze.look(luma, floor, luma.astype(np.float32) - 120)
    assert haze._seen.sum() == many
    assert haze._seen[80 * 100 // 120] == many
    assert haze.sure == 0.0


def test_a_veil_that_lifts_is_gone() -> None:
    """As soon as the plate shows something dark; nothing is concluded from a few pixels."""
    haze, fog = Haze(), np.full((HEIGHT, WIDTH), 120, np.uint8)
    luma = fog.copy()
    luma[COAT] = 95
    differs = luma.astype(np.float32) - 120
    height, width = luma[COAT].shape
    rim = height * width - (height - 4) * (width - 4)
    for _ in range(ENOUGH // rim):
        haze.look(luma, fog, differs)
    assert haze.sure == 0.0
    haze.look(luma, fog, differs)
    assert haze.veil == pytest.approx(95 / 120, abs=0.02)
    clear = fog.copy()
    clear[:4] = 20
    haze.look(luma, clear, differs)
    assert (haze.sure, haze.veil) == (0.0, 0.0)


def test_what_is_remembered_is_bounded() -> None:
    """However long it is looked at."""
    haze, fog = Haze(), np.full((HEIGHT, WIDTH), 120, np.uint8)
    luma = fog.copy()
    luma[:, np.arange(WIDTH) % 8 < 4] = 95
    for _ in range(20):
        haze.look(luma, fog, luma.astype(np.float32) - 120)
    assert haze._seen.sum() <= MEMORY
    assert haze.sure == 1.0


@pytest.mark.parametrize("light", [OVERCAST, FAINT])
def test_people_in_fog_are_counted(light: Light, monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind a veil they are all found; of eight five were, while nothing was known of it."""
    walks = scripted([
        ((0.0, -4.5 + k, -2.0 + 0.9 * (k % 3)), (30.0, 4.5 - k, 1.0 + 0.8 * (k % 4)))
        for k in range(8)
    ])  # fmt: skip
    scene = Plate.learn([fog(luma) for _, luma in film(NOBODY, 2.4, light=light)])
    frames = [(t, fog(luma)) for t, luma in film(walks, 5.0, light=light, begin=6.0)]

    def counted() -> float:
        by = SparseEstimator(view(), LENS, scene, frames=[luma for _, luma in frames[::4]])
        return float(np.mean([one.people for one in watch(frames, by)[6:]]))

    assert counted() == pytest.approx(8.5, abs=1.0)
    monkeypatch.setattr(Haze, "look", lambda *_: None)
    assert counted() < 6.5


def fog(luma: Luma) -> Luma:
    """A frame through the veil."""
    return np.asarray(np.rint(veiled(luma.astype(np.float32))), dtype=np.uint8)
