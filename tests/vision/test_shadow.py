"""Cast shadows are learned from the people: their direction in the sun, none without it."""

import functools
import math
from dataclasses import replace

import numpy as np
import pytest
from tests.vision.scenes import CAMERA, estimator, film, view, watch

from plainview.synth.light import SUNNY, Light
from plainview.synth.simulate import walker
from plainview.synth.trajectories import joined
from plainview.vision.bodies import NONE, Bodies
from plainview.vision.optics import optics
from plainview.vision.shadow import ENOUGH, ShadowModel

SHAPE = (180, 320)
LENS = optics(view(CAMERA), *CAMERA.size)
PASSERS = joined(
    *(
        walker((-7, y), (7, y), 1.2, begin=begin)
        for begin, y in ((0, 1.0), (4, 3.0), (8, -1.0), (12, 2.0), (16, 0.0), (20, 3.5))
    )
)


@functools.cache
def learned(light: Light) -> ShadowModel:
    """What six who walk through the rendered scene teach of its shadows."""
    by = estimator(light=light)
    watch(film(PASSERS, 32, light=light), by)
    return by._foreground.shadows


def turn_between(a: float, b: float) -> float:
    """Degrees from one direction to another, 0 to 180."""
    return abs((a - b + 180) % 360 - 180)


@pytest.mark.parametrize("azimuth", [30, 160, 300])
def test_the_direction_of_the_sun_is_found(azimuth: int) -> None:
    """The cast shadow points away from the rendered sun within 22.5 degrees."""
    light = replace(SUNNY, azimuth=azimuth, elevation=30)
    cast = learned(light).cast()
    assert cast is not None
    found = math.degrees(math.atan2(cast[1], cast[0]))
    assert turn_between(found, azimuth + 180) < 22.5
    assert 0.8 < math.hypot(*cast) < 6.0


def test_shadows_are_darker_in_the_sun_than_the_model_lets_pass_without() -> None:
    """The learned factor lies below a plain ground's and above black."""
    darkest = learned(replace(SUNNY, azimuth=160, elevation=30)).darkest()
    assert 0.15 <= darkest < 0.85


def test_nothing_is_concluded_from_nobody() -> None:
    """Before anyone was seen no shadow is cast, and the bound is the cautious one."""
    model = ShadowModel(LENS)
    assert model.cast() is None
    before = model.darkest()
    plane = np.full(SHAPE, 100, np.uint8)
    for _ in range(200):
        model.learn(NONE, np.zeros(SHAPE, np.float32), plane, plane, np.zeros(SHAPE, np.uint8))
    assert model.cast() is None
    assert model.darkest() == before


def taught(darkness: float, direction: float | None) -> ShadowModel:
    """A model that saw people whose shadow, if any, lies towards `direction` (radians)."""
    model = ShadowModel(LENS)
    height, width = LENS.size[::-1]
    generator = np.random.default_rng(2)
    for _ in range(60):
        place = generator.uniform((-3, -1), (3, 3))
        luma = np.full((height, width), 120, np.uint8)
        background = luma.copy()
        if direction is not None:
            for far in np.arange(0.2, 3.0, 0.05):
                x, y = place + far * np.array([math.cos(direction), math.sin(direction)])
                at = LENS.projection @ (x, y, 0, 1)
                column, row = np.rint(at[:2] / at[2]).astype(int)
                luma[max(row - 2, 0) : row + 3, max(column - 2, 0) : column + 3] = 120 * darkness
        smooth = (luma.astype(np.float32) - background) / np.float32(3)
        body = Bodies(place[None], np.zeros((1, 2)), np.ones(1), np.ones(1))
        model.learn(body, smooth, luma, background, np.zeros((height, width), np.uint8))
    return model


@pytest.mark.parametrize("direction", np.linspace(0, 2 * math.pi, 12, endpoint=False))
def test_any_direction_is_learned(direction: float) -> None:
    """A strip that is darker in one direction, around everyone, is that direction."""
    cast = taught(0.5, direction).cast()
    assert cast is not None
    found = math.degrees(math.atan2(cast[1], cast[0]))
    assert turn_between(found, math.degrees(direction)) < 22.5


def test_even_ground_casts_none() -> None:
    """Where the ground around people's feet is never darker there is no shadow."""
    model = taught(0.5, None)
    assert model._looks.max() >= ENOUGH
    assert model.cast() is None


@pytest.mark.parametrize("darkness", [0.35, 0.5, 0.65])
def test_the_factor_follows_how_dark_they_are(darkness: float) -> None:
    """What may be shadow goes somewhat below the shadows that were seen, never above them."""
    darkest = taught(darkness, 0.7).darkest()
    assert darkness - 0.3 < darkest < darkness + 0.02


def test_only_dark_shadows_are_of_one_piece_with_who_throws_them() -> None:
    """Metres for each of height, in the direction that was learned; soft ones are not told."""
    dark = taught(0.5, 0.7).dark()
    assert dark is not None
    assert turn_between(math.degrees(math.atan2(dark.slope[1], dark.slope[0])), 40) < 22.5
    assert 0.8 < 1.75 * math.hypot(*dark.slope) < 6.0
    assert 0.2 < dark.darkest < 0.52
    soft = taught(0.82, 0.7)
    assert soft.cast() is not None
    assert soft.dark() is None
    assert taught(0.5, None).dark() is None
