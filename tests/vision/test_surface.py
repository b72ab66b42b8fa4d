"""The flow of a crowd's surface: known motion, narrow lanes, and what it cannot know."""

import numpy as np
import pytest
from tests.vision.walkers import (
    ACROSS,
    DT,
    MIDDLE,
    Floats,
    Luma,
    Motion,
    drawn,
    floor,
    people,
    rotation,
    shear,
    uniform,
    walked,
)

from plainview.vision.surface import APART, Surface

SCALE = 0.04
SIDE = round(ACROSS / SCALE)
FLOOR = floor(scale=SCALE)
AT = np.stack(np.meshgrid(*[np.arange(1.5, ACROSS - 1.5, 0.5)] * 2), axis=-1).reshape(-1, 2)
"""(n, 2) metres."""


def pictures(motion: Motion, density: float, seed: int = 1, count: int = 2) -> list[Luma]:
    """DT seconds apart, of people who move as `motion` says."""
    crowd, taken = people(density, seed), []
    for k in range(count):
        taken.append(drawn(crowd, FLOOR, 100 * seed + k, scale=SCALE))
        crowd = walked(crowd, motion, DT)
    return taken


def surface(taken: list[Luma], dt: float = DT) -> Surface:
    """What has seen the pictures `taken`, `dt` seconds apart."""
    by = Surface(SCALE)
    for picture in taken:
        by.see(picture, FLOOR, dt)
    return by


def found(by: Surface) -> tuple[Floats, np.ndarray]:
    """m/s at AT, and where it is known."""
    return by.velocities(AT / SCALE - 0.5)


@pytest.mark.parametrize(
    "motion",
    [uniform(0.3, -0.2), uniform(-1.1, 0.6), shear, rotation],
    ids=["slow", "fast", "shear", "rotation"],
)
def test_a_crowd_is_found_to_move_as_it_does(motion: Motion) -> None:
    """Along both axes, as one and from place to place: half within 0.12 m/s, and most is known."""
    velocities, known = found(surface(pictures(motion, 3.0)))
    error = np.hypot(*(velocities - motion(AT))[known].T)
    assert known.mean() > 0.5
    assert np.median(error) < 0.12


@pytest.mark.parametrize("half", [0.45, 0.75])
def test_a_narrow_lane_keeps_its_way_between_two_of_the_other(half: float) -> None:
    """Windows of a metre and more would make one of them."""

    def motion(at: Floats) -> Floats:
        way = np.where(np.abs(at[:, 0] - MIDDLE[0]) < half, 0.8, -0.8)
        return np.column_stack((np.zeros(len(at)), way))

    middle = np.column_stack((np.full(12, MIDDLE[0]), np.linspace(2, 7, 12)))
    beside = middle - (1.0 + half, 0.0)
    ways = []
    for seed in (1, 2, 3):
        by = surface(pictures(motion, 4.0, seed))
        ways.append([by.velocities(at / SCALE - 0.5)[0][:, 1].mean() for at in (middle, beside)])
    lane, other = np.mean(ways, axis=0)
    assert lane > 0.5
    assert other < -0.6


def test_who_stands_is_at_rest() -> None:
    """Noise moves nobody by more than 3 cm/s."""
    velocities, known = found(surface(pictures(uniform(0, 0), 4.0)))
    assert known.all()
    assert np.abs(velocities).max() < 0.03


def test_an_empty_floor_tells_of_nobody() -> None:
    """What does not differ from the empty scene has no velocity."""
    grain = np.random.default_rng(4).normal(0, 1.0, (2, *FLOOR.shape))
    empty = [np.clip(FLOOR + one, 0, 255).astype(np.uint8) for one in grain]
    velocities, known = found(surface(empty))
    assert not known.any()
    assert velocities.shape == AT.shape


def test_what_does_not_follow_is_not_compared() -> None:
    """The first picture, one after a gap, one of another size, and one after all was forgotten."""
    first, second = pictures(uniform(0.5, 0.0), 3.0)
    assert not found(surface([first]))[1].any()
    assert not found(surface([first, second], APART[1] + 0.1))[1].any()
    by = surface([first, second])
    assert found(by)[1].any()
    by.see(second[:200, :200], FLOOR[:200, :200], DT)
    assert not found(by)[1].any()
    by = surface([first, second])
    by.forget()
    assert not found(by)[1].any()
    by.see(second, FLOOR, DT)
    assert not found(by)[1].any()


def test_pictures_that_follow_fast_are_skipped() -> None:
    """At 25 a second the flow is that of pictures 0.12 s apart, and as fast."""
    motion = uniform(0.9, 0.0)
    crowd, by = people(3.0), Surface(SCALE)
    for k in range(5):
        by.see(drawn(crowd, FLOOR, k, scale=SCALE), FLOOR, 0.04)
        crowd = walked(crowd, motion, 0.04)
    velocities, known = found(by)
    assert np.median(velocities[known], axis=0) == pytest.approx((0.9, 0.0), abs=0.1)


@pytest.mark.parametrize("spare", [False, True])
def test_what_the_search_takes_is_given_back_where_memory_is_dear(*, spare: bool) -> None:
    """The flow is the same to the last bit."""
    by, again = Surface(SCALE, spare=spare), Surface(SCALE)
    for picture in pictures(uniform(0.5, 0.0), 3.0):
        by.see(picture, FLOOR, DT)
        again.see(picture, FLOOR, DT)
    assert (by._search is None) == spare
    for one, other in zip(found(by), found(again), strict=True):
        np.testing.assert_array_equal(one, other)
