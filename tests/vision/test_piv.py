"""Velocity fields of crowds seen from above: known motion is found, the noise floor is honest."""

import math
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.vision.walkers import (
    ACROSS,
    DT,
    MIDDLE,
    SCALE,
    Floats,
    Motion,
    People,
    divergence,
    drawn,
    film,
    floor,
    lanes,
    people,
    rotation,
    shear,
    uniform,
    walked,
)

from plainview.vision.piv import FASTEST, Luma, Piv, PivField


def measured(pictures: Iterator[Luma], piv: Piv | None = None) -> PivField:
    """The field at the last of `pictures`."""
    piv = piv or Piv(SCALE)
    fields = [piv.measure(picture, DT) for picture in pictures]
    return fields[-1]


def places(piv: Piv, side: int = round(ACROSS / SCALE)) -> Floats:
    """(ny, nx, 2) metres of the windows' centres."""
    return (piv.centres((side, side)) + 0.5) * SCALE


def errors(field: PivField, motion: Motion) -> Floats:
    """(ny, nx, 2) measured less true velocity, NaN where not valid."""
    at = places(Piv(SCALE))
    true = motion(at.reshape(-1, 2)).reshape(at.shape)
    return np.asarray(np.where(field.valid[..., None], field.velocities - true, np.nan))


def size_of(error: Floats) -> float:
    """Mean length of what is not NaN."""
    return float(np.nanmean(np.hypot(error[..., 0], error[..., 1])))


@pytest.mark.parametrize("direction", [0, 70, 160, 230, 315])
@pytest.mark.parametrize("speed", [0.2, 0.6, 1.3, 3.0])
def test_a_crowd_that_moves_as_one(direction: int, speed: float) -> None:
    """Any direction, from a shuffle to a run: within 0.1 m/s, with no bias worth the name."""
    turn = math.radians(direction)
    motion = uniform(speed * math.cos(turn), speed * math.sin(turn))
    field = measured(film(motion))
    error = errors(field, motion)
    assert field.valid.mean() > 0.9
    assert size_of(error) < 0.1
    assert np.hypot(*np.nanmedian(error, axis=(0, 1))) < 0.05


@pytest.mark.parametrize("motion", [shear, rotation, divergence])
def test_motion_that_differs_from_place_to_place(motion: Motion) -> None:
    """Shear, a crowd that turns, and one that disperses: within 0.1 m/s, and its gradient."""
    field = measured(film(motion))
    at = places(Piv(SCALE))
    assert size_of(errors(field, motion)) < 0.1
    inner = (slice(1, -1), slice(1, -1))
    design = np.column_stack((at[inner].reshape(-1, 2), np.ones(at[inner].shape[:2]).ravel()))
    found = np.linalg.lstsq(design, field.velocities[inner].reshape(-1, 2), rcond=None)[0][:2]
    true = motion(MIDDLE + np.eye(2)) - motion(MIDDLE + np.zeros((2, 2)))
    assert found == pytest.approx(true, abs=0.04)


def test_people_who_stand_are_at_rest() -> None:
    """A standing crowd moves by less than 3 cm/s, and the noise floor says that it may be none."""
    field = measured(film(uniform(0, 0)))
    assert field.valid.all()
    assert np.abs(field.velocities).max() < 0.03
    assert field.noise.max() < 0.05


def test_two_ways_in_lanes() -> None:
    """Lanes that meet do not make each other stand: nearly every window has its lane's sign."""
    field = measured(film(lanes, density=5))
    at = places(Piv(SCALE))
    way = lanes(at.reshape(-1, 2)).reshape(at.shape)[..., 1]
    middle = np.abs(np.sin(at[..., 0] * 2 * np.pi / 4.5)) > 0.7
    right = np.sign(field.velocities[..., 1]) == np.sign(way)
    assert right[middle & field.valid].mean() > 0.9


def test_two_streams_that_meet_in_a_window_do_not_become_their_mean() -> None:
    """A lane as wide as a window between two of the other way keeps its speed, and they theirs."""

    def motion(at: Floats) -> Floats:
        way = np.where(np.abs(at[:, 0] - MIDDLE[0]) < 0.75, 0.8, -0.8)
        return np.column_stack((np.zeros(len(at)), way))

    field = measured(film(motion, density=5))
    away = np.abs(places(Piv(SCALE))[..., 0] - MIDDLE[0])
    inside = field.valid & (away < 0.55)
    outside = field.valid & (away > 0.95) & (away < 1.5)
    assert field.velocities[inside, 1].mean() > 0.9 * 0.8
    assert field.velocities[outside, 1].mean() < -0.9 * 0.8


def test_of_shifts_that_fit_alike_the_slower_is_taken() -> None:
    """Ranks 0.8 m apart match as well one rank back, and along themselves: nobody runs so."""
    row = np.arange(round(ACROSS / SCALE)) * SCALE

    def ranks(k: int) -> Luma:
        wave = np.cos((row - 0.4 * DT * k) * 2 * np.pi / 0.8)[:, None] + 0 * row
        grain = np.random.default_rng(k).normal(0, 6.0, wave.shape)
        return np.asarray(np.clip(120 + 60 * wave + grain, 0, 255), dtype=np.uint8)

    field = measured(ranks(k) for k in range(3))
    assert field.valid.any()
    along, across = field.velocities[field.valid].T
    assert np.abs(across - 0.4).max() < 0.2
    assert np.abs(along).max() < 2.0


def test_the_noise_floor_is_honest() -> None:
    """Error by noise is like a unit normal: neither boast nor excuse, and few beyond three."""
    ratios = []
    for k, motion in enumerate((uniform(0.9, 0.5), uniform(-0.1, 1.4), shear, rotation)):
        field = measured(film(motion, density=3.0 + k, seed=k, frames=8))
        ratios.append((errors(field, motion) / field.noise[..., None])[field.valid])
    ratio = np.concatenate(ratios).ravel()
    assert 0.5 < ratio.std() < 1.4
    assert np.mean(np.abs(ratio) > 3) < 0.03


def test_a_textured_floor_does_not_hold_the_crowd_back() -> None:
    """With the plate, people on a floor that has more texture than they keep their speed."""
    motion = uniform(0.5, -0.3)
    pulled = errors(measured(film(motion, density=2.0)), motion)
    error = errors(measured(film(motion, density=2.0), Piv(SCALE, plate=floor())), motion)
    assert size_of(error) < 0.1
    assert size_of(error) < size_of(pulled) / 1.5


def test_what_stands_still_is_learned() -> None:
    """Without a plate the floor between the people is known after a few seconds."""
    motion = uniform(0.9, 0.0)
    crowd = people(1.5)
    # Long rows of people, so that there are always some.
    wide = np.concatenate([crowd.places - (9.0 * k, 0) for k in range(2)])
    double = People(wide, *(np.tile(part, 2) for part in crowd[1:]))
    ground, piv = floor(), Piv(SCALE)
    found = []
    for k in range(36):
        field = piv.measure(drawn(double, ground, k), DT)
        found.append(size_of(errors(field, motion)) if field.valid.any() else math.nan)
        double = walked(double, motion, DT)
    assert np.mean(found[-6:]) < 0.15
    assert np.mean(found[-6:]) < np.mean(found[4:9]) / 1.5


def test_an_empty_floor_has_no_velocity() -> None:
    """With the plate nothing is claimed of an empty floor; without, no more than that it rests."""
    nobody = people(1.0)._replace(places=np.full((0, 2), 0.0))
    pictures = [drawn(nobody, floor(), k) for k in range(4)]
    assert not measured(iter(pictures), Piv(SCALE, plate=floor())).valid.any()
    field = measured(iter(pictures))
    assert np.abs(field.velocities).max() < 0.03
    flat = [drawn(nobody, np.full_like(floor(), 120), k) for k in range(4)]
    assert not measured(iter(flat)).valid.any()


def test_light_that_flickers_moves_nobody() -> None:
    """A tenth more or less light from picture to picture changes no velocity, and no floor."""
    motion = uniform(0.7, 0.4)
    assert size_of(errors(measured(film(motion, flicker=0.1)), motion)) < 0.1
    still = measured(film(uniform(0, 0), flicker=0.1))
    assert np.abs(still.velocities).max() < 0.05
    nobody = people(1.0)._replace(places=np.full((0, 2), 0.0))
    pictures = [drawn(nobody, floor(), k, 1 + 0.1 * (-1) ** k) for k in range(5)]
    assert not measured(iter(pictures), Piv(SCALE, plate=floor())).valid.any()


def test_where_nobody_can_be_nothing_is_measured() -> None:
    """Windows outside the mask are not valid; those inside are as they were."""
    motion = uniform(0.8, 0.0)
    piv, mask = Piv(SCALE), np.zeros((90, 90), dtype=np.bool_)
    mask[:, :45] = True
    for picture in film(motion):
        field = piv.measure(picture, DT, mask)
    at = places(piv)
    assert not field.valid[at[..., 0] > 4.5 + 1.0].any()
    assert field.valid[at[..., 0] < 4.5 - 1.0].all()
    assert size_of(errors(field, motion)) < 0.1


def test_nothing_is_claimed_without_a_picture_to_compare_with() -> None:
    """First picture, after a gap, after forgetting, and when the view changes its size."""
    pictures = list(film(uniform(1, 0)))
    piv = Piv(SCALE)
    for dt, picture in ((DT, pictures[0]), (2.0, pictures[1]), (DT, pictures[2][:50])):
        field = piv.measure(picture, dt)
        assert not field.valid.any()
        assert not field.velocities.any()
        assert np.isinf(field.noise).all()
    piv.measure(pictures[3], DT)
    assert not piv.measure(pictures[4], 0.0).valid.any()
    piv.forget()
    assert not piv.measure(pictures[4], DT).valid.any()


def test_pictures_seen_in_between_count() -> None:
    """Seeing pictures and measuring the last gives what measuring each of them gives."""
    pictures = list(film(rotation))
    piv = Piv(SCALE)
    for picture in pictures[:-1]:
        piv.see(picture, DT)
    field, every = piv.measure(pictures[-1], DT), measured(iter(pictures))
    assert np.array_equal(field.velocities, every.velocities)


def test_pictures_that_follow_fast_are_thinned() -> None:
    """At 50 pictures a second a crowd is measured over the same step, and no worse."""
    piv, motion, crowd, ground = Piv(SCALE), uniform(1.0, 0.4), people(4.0), floor()
    for k in range(40):
        piv.see(drawn(crowd, ground, k), 0.02)
        crowd = walked(crowd, motion, 0.02)
    field = piv.measure(drawn(crowd, ground, 99), 0.02)
    assert size_of(errors(field, motion)) < 0.1
    assert len(piv._kept) <= 6


@given(
    st.integers(8, 70), st.integers(8, 70), st.floats(0.05, 0.3), st.floats(0.04, 0.6),
    st.integers(0, 99),
)  # fmt: skip
@settings(max_examples=25, deadline=None)
def test_any_pictures_give_a_field(
    height: int, width: int, scale: float, dt: float, seed: int
) -> None:
    """Whatever is shown, at any size: finite, within the speeds looked for, and rarely believed."""
    draw, piv = np.random.default_rng(seed), Piv(scale)
    for _ in range(3):
        field = piv.measure(draw.integers(0, 256, (height, width), np.uint8), dt)
    assert field.velocities.shape[:2] == field.noise.shape == field.valid.shape
    assert piv.centres((height, width)).shape == field.velocities.shape
    assert np.isfinite(field.velocities).all()
    assert (field.noise > 0).all()
    assert np.isfinite(field.noise[field.valid]).all()
    assert not field.velocities[~field.valid].any()
    fastest = FASTEST + 4 * 0.1 / dt + 0.5
    assert np.hypot(*np.moveaxis(field.velocities, -1, 0)).max() <= fastest
