"""The plate stays true over time: people are not absorbed, ghosts are given back."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from tests.vision.scenes import NOBODY, WORLD, counts, estimator, film, scaled, view, watch

from plainview.geometry import Point
from plainview.synth.scenery import Mark
from plainview.synth.simulate import scripted, stander
from plainview.vision.light import Light
from plainview.vision.plate import Luma, Plate
from plainview.vision.scene import (
    ABSORB_AGE,
    MOST_FRAMES,
    FrameStore,
    Keeper,
    Upkeep,
)
from plainview.vision.sparse import SparseEstimator

SHAPE = (90, 160)
PATCH = np.s_[30:60, 70:80]
"""Where something differs."""


def ground() -> Luma:
    """A textured ground without strong edges, (h, w)."""
    grain = np.random.default_rng(4).normal(0, 1, SHAPE).astype(np.float32)
    return np.clip(120 + 12 * cv2.GaussianBlur(grain, (0, 0), 2.0), 0, 255).astype(np.uint8)


def with_patch(luma: Luma, level: int = 200) -> Luma:
    """`luma` with an upright thing on it."""
    out = luma.copy()
    out[PATCH] = level
    return out


def kept(plate: Plate, luma: Luma, seconds: int, *, bodies: bool = False) -> list[Upkeep]:
    """What the keeper does while `luma` stays as it is, once a second."""
    keeper, light = Keeper(plate), Light(plate)
    steps = []
    for _ in range(seconds):
        off = np.abs(luma.astype(np.float32) - plate.mean)
        evidence = np.where(off > 15, 1.0, -1.0).astype(np.float32)
        mask = np.zeros(SHAPE, np.uint8)
        if bodies:
            mask[PATCH] = 1
        steps.append(keeper.step(luma, evidence, mask, light, 1.0))
    return steps


def quiet(luma: Luma) -> Plate:
    """A plate that shows `luma`."""
    return Plate(luma, np.full(luma.shape, 2.0, np.float32))


def off(plate: Plate, luma: Luma) -> float:
    """Largest difference of the plate from `luma` within the patch, grey levels."""
    return float(np.abs(plate.mean[PATCH] - luma[PATCH].astype(np.float32)).max())


def test_a_body_that_stands_is_never_absorbed() -> None:
    """However long it stands, the plate behind it stays the empty scene's."""
    plate = quiet(ground())
    steps = kept(plate, with_patch(ground()), round(ABSORB_AGE) * 4, bodies=True)
    assert sum(step.ghosts for step in steps) == 0
    assert off(plate, ground()) < 3


def test_what_is_no_body_is_absorbed_after_a_time_and_not_before() -> None:
    """A thing that was left and that no body explains becomes background, but not at once."""
    plate = quiet(ground())
    there = with_patch(ground())
    kept(plate, there, round(ABSORB_AGE * 0.8))
    assert off(plate, ground()) < 3
    plate = quiet(ground())
    kept(plate, there, round(ABSORB_AGE * 1.3))
    assert off(plate, there) < 3


def test_a_ghost_is_given_back_soon() -> None:
    """What the plate shows and the frame does not is given back within 10 s, body or not."""
    for bodies in (False, True):
        plate = quiet(with_patch(ground()))
        steps = kept(plate, ground(), 10, bodies=bodies)
        assert sum(step.ghosts for step in steps) >= 1
        assert off(plate, ground()) < 3


def test_free_ground_follows_slow_light_and_nothing_else() -> None:
    """The plate follows what is free of bodies; beneath them it stays as it was."""
    plate = quiet(ground())
    keeper, light = Keeper(plate), Light(plate)
    bodies = np.zeros(SHAPE, np.uint8)
    bodies[PATCH] = 1
    later = ground() + np.uint8(20)
    evidence = np.full(SHAPE, -1.0, np.float32)
    for _ in range(90):
        keeper.step(later, evidence, bodies, light, 1.0)
    free = bodies == 0
    assert np.abs(plate.mean - later)[free].max() < 3
    assert off(plate, ground()) < 1


def test_another_light_over_most_of_the_picture_is_told() -> None:
    """Where most of the picture differs for seconds, it is the light: `relit`, not before."""
    plate = quiet(ground())
    keeper, light = Keeper(plate), Light(plate)
    luma = ground() + np.uint8(60)
    evidence = np.ones(SHAPE, np.float32)
    relit = [
        keeper.step(luma, evidence, np.zeros(SHAPE, np.uint8), light, 1.0).relit for _ in range(5)
    ]
    assert not relit[0]
    assert relit[-1]
    evidence[:, :100] = -1.0
    assert not keeper.step(luma, evidence, np.zeros(SHAPE, np.uint8), light, 1.0).relit


def test_nothing_is_changed_while_nothing_differs() -> None:
    """An hour of an unchanged scene leaves the plate as it is."""
    plate = quiet(ground())
    assert sum(step.ghosts for step in kept(plate, ground(), 3600)) == 0
    assert np.abs(plate.mean - ground()).max() < 1


@pytest.mark.parametrize("frames", [1, 3, MOST_FRAMES, MOST_FRAMES + 1, 150, 1000])
def test_the_store_is_bounded_and_even(frames: int) -> None:
    """However many frames come, at most MOST_FRAMES are kept, spread over the whole time."""
    store = FrameStore()
    for k in range(frames):
        store.add(np.full((2, 2), k % 251, np.uint8))
    assert 1 <= len(store) <= MOST_FRAMES
    assert len(store) >= min(frames, MOST_FRAMES // 2)
    store.clear()
    assert len(store) == 0
    numbers = FrameStore()
    for k in range(251):
        numbers.add(np.full((2, 2), k, np.uint8))
    held: NDArray[np.int64] = np.array([int(f[0, 0]) for f in numbers._frames])
    assert held[0] == 0
    assert held[-1] > 220
    assert np.ptp(np.diff(held)) == 0, "evenly spread"


def test_one_who_stands_for_five_minutes_stays_one() -> None:
    """In the rendered scene, a person who stands for 300 s is counted to the end, then gone."""
    walks = stander((-7, 1), (0.5, 1), (7, 1), stay=300)
    seen = watch(film(walks, 316, rate=1.6), estimator(), rate=1.6)
    standing = counts(seen, 8, 304)
    assert np.abs(standing - 1).max() < 0.3
    assert counts(seen, 314, 316).max() < 0.2


@pytest.mark.parametrize("place", [(0.5, 1.0), (-3.0, 3.0), (2.0, -2.0)])
@pytest.mark.parametrize("seed", [1, 2])
def test_who_stood_in_the_plate_and_left_is_forgotten(place: Point, seed: int) -> None:
    """A plate that shows a person who has gone counts nobody after 10 s."""
    there = scripted([((0.0, *place), (5.0, *place))])
    size = estimator()._optics.size
    frames = [scaled(luma, size) for _, luma in film(there, 2.4, seed=seed)]
    by = SparseEstimator(view(), estimator()._optics, Plate.learn(frames))
    seen = watch(film(NOBODY, 14, seed=seed), by)
    assert counts(seen, 10, 14).max() < 0.2
    assert by.plate.mean.shape == frames[0].shape


def test_a_stain_becomes_background() -> None:
    """Spilt paint on the ground, which no body explains, is background after a while."""
    world = replace(WORLD, marks=(Mark(0.0, 1.0, 2.4, 0.9, shade=0.95),))
    by = estimator()
    seen = watch(film(NOBODY, 120, rate=2.5, world=world), by, rate=2.5)
    assert counts(seen, 110, 120).max() < 0.2
    last = scaled(next(film(NOBODY, 1, world=world))[1], by._optics.size)
    assert np.abs(by.plate.mean - last.astype(np.float32)).max() < 40
    assert (np.abs(by.plate.mean - last.astype(np.float32)) > 15).mean() < 0.001
