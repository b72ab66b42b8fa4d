"""One look of a view's plate: eleven minutes with a vote; who passes or sways is not in it."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from plainview.vision.view.learn import MOMENT_EVERY, MOMENTS, TILE, VOTES, Look, ViewLearner

SIZE = (120, 80)
Luma = NDArray[np.uint8]
PERSON = np.s_[20:60, 50:66]
"""Where somebody is in these tests: as tall as people are in a working picture."""
RANDOM = np.random.default_rng(5)
SCENE = cv2.GaussianBlur(RANDOM.integers(40, 210, (80, 120), np.uint8), (0, 0), 3)
CLOTHES = np.where(np.indices((40, 16)).sum(axis=0) % 6 < 3, 30, 200).astype(np.uint8)
SWAYS: tuple[int, ...] = (0, 0, 0, 2, 2, 0, -2, -2)

Put = Callable[[Luma, int], NDArray[np.bool_] | None]
"""Puts somebody into a moment of this number; what is known to be occupied of it."""


def learned(put: Put, moments: int = VOTES * MOMENTS, gain: float = 1.0) -> Look | None:
    """The look after so many moments, at a light that drifts to `gain`."""
    learner = ViewLearner(SIZE)
    found = None
    for k in range(moments):
        light = 1 + (gain - 1) * k / moments
        noisy = SCENE * light + RANDOM.normal(0, 1.5, SCENE.shape)
        luma = np.clip(noisy, 0, 255).astype(np.uint8)
        known = put(luma, k)
        occupied = np.zeros(SCENE.shape, bool) if known is None else known
        found = learner.look(luma, occupied, 1e9 + k * MOMENT_EVERY) or found
    return found


def nobody(_luma: Luma, _k: int) -> None:
    """An empty place."""


def test_an_empty_place_is_learned_in_eleven_minutes_and_not_before() -> None:
    """All of it, to within its noise, though the light drifts; it says from when to when."""
    assert learned(nobody, VOTES * MOMENTS - 1) is None
    look = learned(nobody, gain=1.25)
    assert look is not None
    assert look.settled.mean() > 0.99
    assert look.end - look.begin >= 600_000
    assert np.median(np.abs(look.luma.astype(int) - SCENE)[look.settled]) <= 3


def test_who_passes_is_not_in_it() -> None:
    """People who are seen, a third of the time, leave the place behind them as it is."""

    def passing(luma: Luma, k: int) -> NDArray[np.bool_]:
        occupied = np.zeros(luma.shape, bool)
        if k % 3 == 0:
            luma[PERSON] = CLOTHES
            occupied[PERSON] = True
        return occupied

    look = learned(passing)
    assert look is not None
    assert look.settled[PERSON].all()
    assert np.abs(look.luma[PERSON].astype(int) - SCENE[PERSON]).max() <= 8


@pytest.mark.parametrize("unseen", ["sits down half-way", "sways", "gets up half-way"])
def test_who_is_not_seen_as_a_person_is_not_in_it_either(unseen: str) -> None:
    """What the measuring plate has absorbed: it is flat where they were, not a person."""

    def there(luma: Luma, k: int) -> None:
        half = k >= VOTES * MOMENTS // 2
        if unseen == "sways":
            shift = SWAYS[k % len(SWAYS)]
            luma[20:60, 50 + shift : 66 + shift] = CLOTHES
        elif half == (unseen == "sits down half-way"):
            luma[PERSON] = CLOTHES

    look = learned(there)
    assert look is not None
    assert look.settled[22:58, 52:64].mean() < 0.05
    assert look.settled.mean() > 0.6
    _in_tiles(~look.settled)


def _in_tiles(flat: NDArray[np.bool_]) -> None:
    """What is flat is whole tiles, of nobody's shape."""
    for top in range(0, flat.shape[0], TILE):
        for left in range(0, flat.shape[1], TILE):
            assert len(np.unique(flat[top : top + TILE, left : left + TILE])) == 1
