"""A change of light is light, not people."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.vision.scenes import NOBODY, counts, estimator, film, watch

from plainview.synth.light import OVERCAST, SUNNY
from plainview.synth.simulate import walker
from plainview.vision.light import Light, _Blocks
from plainview.vision.plate import Luma, Plate

SHAPE = (180, 320)
WALK = walker((-7, 1), (7, 1), 1.2)


def ground(seed: int = 4) -> NDArray[np.float32]:
    """Luma of a textured ground in middle grey, (h, w)."""
    grain = np.random.default_rng(seed).normal(0, 1, SHAPE).astype(np.float32)
    return np.asarray(np.clip(100 + 60 * cv2.GaussianBlur(grain, (0, 0), 2.0), 40, 160), np.float32)


def shot(picture: NDArray[np.floating]) -> Luma:
    """As 8 bits."""
    return np.asarray(np.clip(np.rint(picture), 0, 255), dtype=np.uint8)


def light_on(picture: NDArray[np.float32]) -> Light:
    """Light against a plate that shows `picture`."""
    return Light(Plate(shot(picture), np.full(SHAPE, 2.0, np.float32)))


@settings(deadline=None, max_examples=30)
@given(gain=st.floats(0.5, 1.55))
def test_the_plate_is_brought_to_the_frames_exposure(gain: float) -> None:
    """Relit, the plate is the frame; unlit, the frame is the plate."""
    light = light_on(ground())
    frame = shot(ground() * gain)
    assert np.abs(light.relight(frame, None).astype(float) - frame).max() <= 4
    assert light.gain == pytest.approx(gain, rel=0.03)
    assert np.abs(light.unlit(frame).astype(float) - shot(ground())).max() <= 6


def test_light_that_varies_in_the_large_is_followed() -> None:
    """A gradient of light over the picture, as a cloud makes, is taken over within 6 %."""
    light = light_on(ground())
    field = np.linspace(0.75, 1.3, SHAPE[1], dtype=np.float32)[None, :]
    frame = shot(ground() * field)
    off = np.abs(light.relight(frame, None).astype(float) - frame) / ground()
    assert np.quantile(off, 0.99) < 0.09
    assert off.mean() < 0.03


def test_a_body_is_not_taken_for_light() -> None:
    """A person-sized thing does not bend the light around it, told of or not."""
    light = light_on(ground())
    frame = shot(ground())
    frame[80:124, 150:165] = 20
    bodies = np.zeros(SHAPE, np.uint8)
    bodies[80:124, 150:165] = 1
    for told in (None, bodies):
        relit = light.relight(frame, told).astype(float)
        assert np.abs(relit - ground()).max() <= 6


def test_where_bodies_stand_the_light_stays_as_it_was() -> None:
    """A dense crowd over half of the picture, once known, does not darken the plate beneath it."""
    light = light_on(ground())
    bodies = np.zeros(SHAPE, np.uint8)
    bodies[:, 160:] = 1
    frame = shot(ground())
    frame[:, 160:] = 30
    for _ in range(5):
        relit = light.relight(frame, bodies).astype(float)
    assert np.abs(relit - ground())[:, :120].max() <= 6
    assert np.abs(relit - ground())[:, 200:].mean() <= 6


@pytest.mark.parametrize("shape", [(16, 16), (16, 320), (90, 17)])
def test_pictures_of_any_size_are_lit(shape: tuple[int, int]) -> None:
    """Tiny and odd pictures have a light too."""
    luma = np.random.default_rng(1).integers(40, 160, shape, np.uint8)
    light = Light(Plate(luma, np.full(shape, 2.0, np.float32)))
    assert light.relight(luma, np.ones(shape, np.uint8)).shape == shape
    assert light.unlit(luma).shape == shape


@pytest.mark.parametrize("level", [0, 255])
def test_a_black_or_burnt_frame_is_no_division_by_zero(level: int) -> None:
    """Whatever comes, light is finite and the pictures are 8 bits."""
    light = light_on(ground())
    frame = np.full(SHAPE, level, np.uint8)
    for _ in range(3):
        assert light.relight(frame, None).dtype == np.uint8
        assert light.unlit(frame).dtype == np.uint8
        assert np.isfinite(light.gain)


@pytest.mark.parametrize("gain", [1.4, 0.7])
@pytest.mark.parametrize("sun", [True, False])
def test_an_exposure_step_makes_nobody(gain: float, *, sun: bool) -> None:
    """The camera's own exposure, changed at once by 40 % up or 30 % down, adds no people."""
    light = replace(SUNNY if sun else OVERCAST, steps=((2.0, gain),))
    by = estimator(light=replace(light, steps=()))
    assert counts(watch(film(NOBODY, 8, light=light), by), 0, 8).max() < 0.2


@pytest.mark.parametrize("gain", [1.4, 0.7])
def test_an_exposure_step_keeps_who_is_there(gain: float) -> None:
    """A person who walks through the step is still one person, a few frames aside."""
    light = replace(OVERCAST, steps=((5.0, gain),))
    found = counts(watch(film(WALK, 10, light=light), estimator()), 3, 9)
    assert np.abs(found - 1).mean() < 0.1
    assert found.max() < 1.3


def test_a_slow_drift_of_the_light_makes_nobody() -> None:
    """Daylight that swings by 25 % up and down within a minute adds no people."""
    light = replace(OVERCAST, drift=0.25, drift_period=60)
    assert (
        counts(watch(film(NOBODY, 60, light=light, rate=2.5), estimator(), rate=2.5), 0, 60).max()
        < 0.2
    )


def test_a_plate_is_lit_anew_only_when_its_light_or_itself_changes() -> None:
    """Most frames of a scene whose light stands still compare with one and the same picture."""
    picture = ground()
    light = light_on(picture)
    first = light.relight(shot(picture), None)
    assert light.relight(shot(picture), None) is first
    brighter = light.relight(shot(1.2 * picture), None)
    assert brighter.mean() == pytest.approx(1.2 * first.mean(), rel=0.02)
    light._plate.follow(shot(picture + 9), np.full(SHAPE, 255, np.uint8), 1.0)
    assert light.relight(shot(picture), None).mean() == pytest.approx(first.mean(), rel=0.02)


@given(
    height=st.integers(16, 90),
    width=st.integers(16, 90),
    at=st.tuples(st.floats(0, 0.9), st.floats(0, 0.9)),
    long=st.tuples(st.integers(1, 20), st.integers(1, 20)),
)
def test_a_block_is_covered_where_its_mean_shows_anything(
    height: int, width: int, at: tuple[float, float], long: tuple[int, int]
) -> None:
    """As the mean of a picture that is white where bodies stand, in whole grey levels, says."""
    bodies = np.zeros((height, width), dtype=np.uint8)
    y, x = int(at[0] * height), int(at[1] * width)
    bodies[y : y + long[0], x : x + long[1]] = 1
    size = (width // 8, height // 8)
    mean = cv2.resize(bodies * np.float32(255), size, interpolation=cv2.INTER_AREA)
    covered = _Blocks(bodies.shape, size).covered(bodies)
    told = np.abs(mean - 0.5) > 1e-3
    np.testing.assert_array_equal(covered[told], (mean > 0.5)[told])
