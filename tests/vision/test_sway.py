"""Sway in the plate: small shifts of a part are found, noise and the camera's swing are not."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plainview.vision.plate import Image, Plate
from plainview.vision.standing import STILL
from plainview.vision.sway import ENOUGH, Sway

SHAPE = (96, 128)
PART = np.s_[32:72, 40:56]
"""A body's upright part of the picture, pixels."""
HALF = np.s_[18:34, 22:26]
"""The same without its rim, in pixels of half of the size."""


def scene() -> Image:
    """(h, w) a floor with structure everywhere."""
    noise = np.random.default_rng(3).normal(0, 1, SHAPE).astype(np.float32)
    return np.asarray(120 + 160 * cv2.GaussianBlur(noise, (0, 0), 2.0), dtype=np.float32)


def shifted(picture: Image, pixels: float) -> Image:
    """`picture` moved to the right."""
    by = np.array([[1, 0, pixels], [0, 1, 0]], dtype=np.float32)
    return np.asarray(
        cv2.warpAffine(picture, by, SHAPE[::-1], flags=cv2.INTER_CUBIC,
                       borderMode=cv2.BORDER_REFLECT), dtype=np.float32)  # fmt: skip


def plate(picture: Image) -> Plate:
    """A plate that shows `picture`."""
    return Plate(np.rint(picture).astype(np.uint8), np.full(SHAPE, 2.0, np.float32))


def watched(part: float, whole: float, *, light: float = 1.0, looks: int = 12) -> Sway:
    """Twelve looks at a floor that swings by `whole` pixels, its PART by `part` more."""
    still, by, generator = scene(), Sway(SHAPE[::-1]), np.random.default_rng(4)
    of = plate(still)
    for k in range(looks):
        seen = shifted(still, whole * np.sin(2.0 * k))
        moved = shifted(still, whole * np.sin(2.0 * k) + part * np.sin(1.3 * k))
        seen[PART] = moved[PART]
        noise = generator.normal(0, 0.8, SHAPE).astype(np.float32)
        by.look(light * seen + noise, (light * of.mean).astype(np.float32), of)
    return by


def test_what_sways_by_a_fraction_of_a_pixel_stands_out() -> None:
    """A third of a pixel is told from noise, in any light, and so is where."""
    for light in (0.6, 1.0, 1.4):
        sway, known = watched(0.35, 0.0, light=light).swaying()
        assert known.all()
        rest = np.ones(sway.shape, dtype=bool)
        rest[14:38, 18:30] = False
        assert np.median(sway[HALF]) > 0.5
        assert np.quantile(sway[rest], 0.99) < 0.12


def test_a_camera_that_swings_shows_nobody() -> None:
    """What all of the picture moves by is taken off."""
    sway, _ = watched(0.0, 0.3).swaying()
    assert np.quantile(sway, 0.99) < 0.12


def test_nothing_is_said_before_enough_was_seen() -> None:
    """A few looks are not enough."""
    _, known = watched(0.3, 0.0, looks=int(ENOUGH) - 1).swaying()
    assert not known.any()


def test_who_passes_is_no_sway_and_who_has_gone_sways_no_more() -> None:
    """What stands before the plate is not learned from; a place given back is known to be still."""
    by, still = watched(0.35, 0.0), scene()
    of, before = plate(still), by.swaying()[0]
    passing = still.copy()
    passing[PART] = 250
    for _ in range(20):
        by.look(passing, of.mean, of)
    after, known = by.swaying()
    assert known.all()
    assert after[HALF] == pytest.approx(before[HALF], rel=1e-3)
    given = still.copy()
    given[PART] -= 40
    by.look(given, plate(given).mean, plate(given))
    assert by.swaying()[0][HALF].max() < 0.05
    assert by.swaying()[1].all()


def test_nothing_sways_beside_who_stands_before_it() -> None:
    """The floor beside somebody is not taken for darker, and so for moved at a kerb, by him."""
    kerb = np.tile(120 + 12 * np.tanh((np.arange(SHAPE[1]) - 64) / 3), (SHAPE[0], 1))
    of, by = plate(kerb.astype(np.float32)), Sway(SHAPE[::-1])
    generator = np.random.default_rng(5)
    for _ in range(12):
        seen = kerb + generator.normal(0, 0.8, SHAPE)
        seen[PART] = 20
        by.look(seen.astype(np.float32), of.mean, of)
    sway, _ = by.swaying()
    assert sway.max() < STILL


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(0, 255))
def test_any_picture_gives_finite_numbers(seed: int, level: int) -> None:
    """Noise, black and white: the ratio is finite, and never below 0."""
    by, of = Sway(SHAPE[::-1]), plate(np.full(SHAPE, level, np.float32))
    generator = np.random.default_rng(seed)
    for spread in (0, 1, 255):
        picture = np.clip(generator.normal(level, spread, SHAPE), 0, 255).astype(np.float32)
        by.look(picture, of.mean, of)
    sway, _ = by.swaying()
    assert np.isfinite(sway).all()
    assert (sway >= 0).all()
