"""Evidence per pixel: for a body where something stands, against it where the plate shows."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.vision.scenes import CAMERA, view

from plainview.vision.foreground import SHADOW, Foreground
from plainview.vision.optics import optics
from plainview.vision.plate import Luma, Plate

SHAPE = (180, 320)
PATCH = np.s_[80:124, 150:164]
"""As large as a person."""
LENS = optics(view(CAMERA), *CAMERA.size)


def ground() -> NDArray[np.float32]:
    """Luma of a textured ground, (h, w)."""
    grain = np.random.default_rng(4).normal(0, 1, SHAPE).astype(np.float32)
    return np.asarray(130 + 60 * cv2.GaussianBlur(grain, (0, 0), 2.5), dtype=np.float32)


def shot(picture: NDArray[np.float32], seed: int = 0) -> Luma:
    """As a sensor of 1.5 levels of noise sees it."""
    noise = np.random.default_rng(seed).normal(0, 1.5, picture.shape)
    return np.asarray(np.clip(np.rint(picture + noise), 0, 255), dtype=np.uint8)


def before() -> Foreground:
    """Evidence against a plate of the ground."""
    return Foreground(LENS, Plate.learn([shot(ground(), k) for k in range(12)]))


def test_the_empty_scene_speaks_for_nobody() -> None:
    """A frame of the plate's scene speaks against a body nearly everywhere."""
    evidence = before().evidence(shot(ground(), 99), None)
    assert (evidence > 0).mean() < 0.001
    assert (evidence < -0.5).mean() > 0.9


@pytest.mark.parametrize("level", [10, 60, 220, 250])
def test_a_coat_of_another_grey_speaks_for_a_body(level: int) -> None:
    """Within a thing unlike the ground nearly all speaks for it; a step outside nothing does."""
    picture = ground()
    picture[PATCH] = level
    evidence = before().evidence(shot(picture, 99), None)
    assert (evidence[PATCH] > 0).mean() > 0.9
    outside = np.ones(SHAPE, bool)
    outside[76:128, 146:168] = False
    assert (evidence[outside] > 0).mean() < 0.001


@pytest.mark.parametrize("factor", [0.6, 0.7, 0.8])
def test_a_shadow_hardly_speaks_for_a_body(factor: float) -> None:
    """Ground that is darker by a factor, with its own structure, is no body's."""
    picture = ground()
    picture[90:110, 120:180] *= factor
    evidence = before().evidence(shot(picture, 99), None)
    assert np.quantile(evidence[94:106, 124:176], 0.9) <= SHADOW + 1e-6


def test_light_that_is_brighter_is_no_shadow() -> None:
    """Only darkening can be a shadow: a bright thing keeps its evidence."""
    picture = ground()
    picture[PATCH] *= 1.6
    evidence = before().evidence(shot(picture, 99), None)
    assert (evidence[PATCH] > 0.5).mean() > 0.7


@settings(deadline=None, max_examples=15)
@given(gain=st.floats(0.7, 1.4))
def test_exposure_changes_nothing(gain: float) -> None:
    """At another exposure the same person stands out, and the ground does not."""
    picture = ground()
    picture[PATCH] = 40
    evidence = before().evidence(shot(picture * np.float32(gain), 99), None)
    outside = np.ones(SHAPE, bool)
    outside[74:130, 144:170] = False
    assert (evidence[PATCH] > 0).mean() > 0.9
    assert (evidence[outside] > 0).mean() < 0.005


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 1000), kind=st.sampled_from(["noise", "black", "white", "stripes"]))
def test_evidence_is_always_between_minus_one_and_one(seed: int, kind: str) -> None:
    """Whatever the frame, evidence is finite and bounded, frame after frame."""
    foreground = before()
    generator = np.random.default_rng(seed)
    for _ in range(3):
        if kind == "noise":
            luma = generator.integers(0, 256, SHAPE, np.uint8)
        else:
            level = {"black": 0, "white": 255, "stripes": 128}[kind]
            luma = np.full(SHAPE, level, np.uint8)
            if kind == "stripes":
                luma[:, ::7] = 0
        bodies = generator.integers(0, 2, SHAPE, np.uint8)
        evidence = foreground.evidence(luma, bodies)
        assert evidence.shape == SHAPE
        assert evidence.min() >= -1
        assert evidence.max() <= 1
        assert np.all(np.isfinite(evidence))


def test_noise_that_the_plate_knows_is_no_evidence() -> None:
    """A night camera's strong noise, once in the plate, speaks for nobody."""

    def grainy(seed: int) -> Luma:
        noise = np.random.default_rng(seed).normal(0, 9, SHAPE)
        return np.asarray(np.clip(ground() + noise, 0, 255), dtype=np.uint8)

    foreground = Foreground(LENS, Plate.learn([grainy(k) for k in range(28)]))
    assert (foreground.evidence(grainy(99), None) > 0).mean() < 0.005
