"""The estimator as a whole: proper estimates, learning only from what is trusted, repeatable."""

from dataclasses import replace

import numpy as np
import pytest
from tests.vision.scenes import (
    CAMERA,
    NOBODY,
    WORLD,
    counts,
    estimator,
    film,
    scaled,
    view,
    watch,
)

from plainview.synth.scenery import Box
from plainview.synth.simulate import side_by_side, stander, walker
from plainview.synth.trajectories import joined
from plainview.vision.bodies import NONE
from plainview.vision.doubt import UNFOUND
from plainview.vision.estimate import Estimate
from plainview.vision.hidden import Hidden
from plainview.vision.optics import optics
from plainview.vision.plate import Plate
from plainview.vision.sparse import SparseEstimator

WALK = walker((-7, 1), (7, 1), 1.2)
MANY = joined(
    side_by_side((-7, 0), (7, 0), 1.2, gap=1.2),
    walker((7, 3), (-7, 3), 1.3),
    walker((1, -6), (-1, 8), 1.1),
)


def proper(estimate: Estimate) -> None:
    """All parts agree, are finite and in range."""
    n = len(estimate.weights)
    assert estimate.places.shape == estimate.velocities.shape == (n, 2)
    assert np.all(np.isfinite(estimate.places))
    assert np.all(np.isfinite(estimate.velocities))
    assert np.all(np.hypot(*estimate.velocities.T) < 15)
    assert np.all(estimate.weights >= 0)
    assert 0 <= estimate.variance < 1e6
    assert 0 <= estimate.missed < 1e6
    assert estimate.noise is None or 0 <= estimate.noise < 10


def test_estimates_are_proper_and_repeatable() -> None:
    """The same frames give the same estimates, each of them finite and in range.

    But for rounding: in which order numbers are added up depends on where in memory they lie.
    """
    first, second = (watch(film(MANY, 10), estimator()) for _ in range(2))
    for one, other in zip(first, second, strict=True):
        proper(one.estimate)
        assert one.estimate.places == pytest.approx(other.estimate.places, abs=1e-6)
        assert one.estimate.weights == pytest.approx(other.estimate.weights, abs=1e-6)


def test_pictures_of_nothing_are_measured() -> None:
    """Noise, black and white frames give proper estimates, and the scene comes back after them."""
    by = estimator()
    width, height = by._optics.size
    generator = np.random.default_rng(1)
    bad = [generator.integers(0, 256, (height, width), np.uint8) for _ in range(4)]
    bad += [np.zeros((height, width), np.uint8)] * 3 + [np.full((height, width), 255, np.uint8)] * 3
    for luma in bad:
        proper(by.frame(luma, 0.2, trusted=False))
    assert counts(watch(film(NOBODY, 12), by), 8, 12).max() < 0.3


def test_nothing_is_learned_from_what_is_not_trusted() -> None:
    """While the camera's health is in doubt the plate stays as it is."""
    by = estimator()
    before = by.plate.mean.copy()
    flat = np.full(before.shape, 128, np.uint8)
    for _ in range(600):
        by.frame(flat, 0.2, trusted=False)
    assert np.array_equal(by.plate.mean, before)


@pytest.mark.parametrize("dt", [0.0, 0.02, 1.6, 60.0, 1e7])
def test_any_time_between_frames_is_taken(dt: float) -> None:
    """Frames at the same moment, close together or years apart give proper estimates."""
    by = estimator()
    for _, luma in film(WALK, 3, begin=3.0):
        proper(by.frame(scaled(luma, by._optics.size), dt))


def test_the_noise_floor_is_measured_while_someone_is_there() -> None:
    """The flow's noise is positive and well below a walker's speed."""
    noise = watch(film(WALK, 9), estimator())[-1].estimate.noise
    assert noise is not None
    assert 0.002 < noise < 0.25


def test_one_who_stands_has_no_speed() -> None:
    """After a person has stopped, their velocity falls below 0.15 m/s and stays there."""
    walks = stander((-7, 1), (0.5, 1), (7, 1), stay=20)
    speeds = []
    for one in watch(film(walks, 20), estimator()):
        if one.t > 9:
            speed = np.hypot(*one.estimate.velocities.T)
            speeds.append(float(speed[np.argmax(one.estimate.weights)]))
    assert np.quantile(speeds, 0.9) < 0.15


@pytest.mark.parametrize(
    ("start", "end"), [((-7, 1), (7, 1)), ((7, 3), (-7, 3)), ((-3, 8), (2, -6)), ((0, 8), (0, -6))]
)
def test_a_walkers_velocity_is_measured(
    start: tuple[float, float], end: tuple[float, float]
) -> None:
    """Median velocity of a rendered walker within 0.2 m/s of the truth, over the whole way."""
    walks = walker(start, end, 1.2)
    errors = []
    for one in watch(film(walks, 9), estimator()):
        if 4 < one.t < 8 and len(one.estimate.weights):
            best = int(np.argmax(one.estimate.weights))
            true = walks.at(one.t).velocity[0]
            errors.append(np.hypot(*(one.estimate.velocities[best] - true)))
    assert len(errors) > 12
    assert np.median(errors) < 0.2


def test_uncertainty_grows_with_people() -> None:
    """The count's own variance is least where nobody is."""
    empty = watch(film(NOBODY, 3), estimator())[-1].estimate
    full = [one.estimate for one in watch(film(MANY, 9), estimator()) if one.t > 4]
    assert empty.variance == 0
    assert np.mean([one.variance for one in full]) > 0


def test_a_tiny_picture_is_measured() -> None:
    """Frames of 16 x 16 pixels end in estimates, of nobody if need be."""
    geometry = optics(view(CAMERA), 16, 16)
    luma = np.random.default_rng(1).integers(0, 256, (16, 16), np.uint8)
    by = SparseEstimator(view(CAMERA), geometry, Plate.learn([luma] * 3))
    for _ in range(8):
        proper(by.frame(luma[::-1].copy(), 0.2))


def test_the_mask_shows_where_bodies_stand() -> None:
    """The mask of bodies is empty before an empty scene, and a body's size before one person."""
    by = estimator()
    watch(film(NOBODY, 1), by)
    assert by.mask is not None
    assert by.mask.sum() == 0
    watch(film(WALK, 4, begin=3.0), by)
    assert 100 < by.mask.sum() < 3000


def stands_for(contrast: float) -> float:
    """People counted for each body found where some walk, with that part of their contrast.

    A dark box stands behind them: the air is clear, and it is their clothes that are pale.
    """
    world = replace(WORLD, boxes=(Box(0.0, 8.0, 8.0, 1.0, 1.5, shade=0.02),))
    by = estimator(world=world)
    plate = by.plate.mean.copy()
    counted = bodies = 0.0
    for t, luma in film(MANY, 5, begin=3.0, world=world):
        faint = np.clip(np.rint(plate + contrast * (luma - plate)), 0, 255)
        said = by.frame(faint.astype(np.uint8), 0.2)
        if t > 5:
            counted += said.weights.sum() - by._behind.total
            bodies += by.bodies.weights.sum()
    return float(counted / bodies)


def test_who_hardly_stands_out_counts_for_those_like_it_who_are_not_found() -> None:
    """Bodies that are clear count as one each, bodies that are not for more than themselves."""
    clear, faint = stands_for(1.0), stands_for(0.5)
    assert 1.0 <= clear < faint - 0.02 < 1.5


def test_no_more_is_allowed_for_beside_one_who_walks_alone_than_beside_anybody() -> None:
    """Where he has just been the picture changes as well; nobody else has to stand there."""
    said = [one.estimate.missed for one in watch(film(WALK, 9), estimator())]
    assert max(said) < UNFOUND + 0.05
    assert max(said[:5]) < 0.05


def test_who_is_outside_makes_the_count_of_those_inside_no_less_certain() -> None:
    """Bodies beyond the area's border are followed, but the variance is the count's."""
    said = watch(film(walker((-7, 6.2), (7, 6.2), 1.2), 9), estimator())
    assert max(one.estimate.weights.sum() for one in said) > 0.8
    assert max(one.estimate.variance for one in said) < 0.005


def test_who_was_read_and_has_walked_on_is_not_allowed_for() -> None:
    """The network's reading is compared with those who were there when it read."""
    by = estimator()
    watch(film(MANY, 7), by)
    cells, found = by._dense.cells, by.bodies
    assert cells is not None
    assert len(found.weights) > 1
    by._read = found.places, 4 * found.weights
    by._dense._bare = cells.binned(*cells.node(found.places), 4 * found.weights)
    by._bodies = NONE
    by._look_into_the_plate()
    assert by._beyond.missed == 0
    by._read = NONE.places, NONE.weights
    by._look_into_the_plate()
    assert by._beyond.missed > 0


def test_who_is_hidden_may_be_half_as_many_again() -> None:
    """What hiding loses is one-sided: it lifts the upper end, beyond its variance."""
    by = estimator()
    watch(film(NOBODY, 4), by)
    alone = by._estimate()
    by._behind = Hidden(np.array([[0.0, 1.0]]), np.zeros((1, 2)), np.array([3.0]), 3.0)
    behind = by._estimate()
    assert behind.weights.sum() == pytest.approx(alone.weights.sum() + 3)
    assert behind.missed == pytest.approx(alone.missed + 1.5)


def test_flickering_light_is_no_crowd_that_moves() -> None:
    """Lamps on the mains brighten and darken each frame: nobody is allowed for because of it."""
    still = [*film(WALK, 12)]
    lit = [
        (t, np.clip(luma * (1 + 0.06 * np.sin(2.3 * k)), 0, 255).astype(np.uint8))
        for k, (t, luma) in enumerate(still)
    ]
    calm, flickers = (watch(frames, estimator()) for frames in (still, lit))
    assert max(one.estimate.missed for one in flickers) <= 1 + max(
        one.estimate.missed for one in calm
    )
