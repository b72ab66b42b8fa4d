"""The plate of a view: eleven minutes with a vote, and nobody who sits, stands or passes in it."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from msgspec import structs
from numpy.typing import NDArray

from plainview.errors import InputError
from plainview.redacted import (
    RULES,
    AdmittedPlate,
    check_masks,
    encode,
    read_admitted,
    read_view_plate,
)
from plainview.vision.view.learn import LEAST, LOOK_EVERY, LOOKS, TILE, ViewLearner
from plainview.vision.view.scenery import FLAT, GREY, looked_at, scenery

SIZE = (120, 80)
Luma = NDArray[np.uint8]
PERSON = np.s_[20:60, 50:66]
"""Where somebody is in these tests: as tall as people are in a working picture."""
RANDOM = np.random.default_rng(5)
SCENE = cv2.GaussianBlur(RANDOM.integers(40, 210, (80, 120), np.uint8), (0, 0), 3)
CLOTHES = np.where(np.indices((40, 16)).sum(axis=0) % 6 < 3, 30, 200).astype(np.uint8)
SWAYS: tuple[int, ...] = (0, 0, 0, 2, 2, 0, -2, -2)

Put = Callable[[Luma, int], NDArray[np.bool_] | None]
"""Puts somebody into a look of this number; what is known to be occupied of it."""


def learned(put: Put, looks: int = LEAST * LOOKS, gain: float = 1.0) -> bytes | None:
    """The plate after so many looks, at a light that drifts to `gain`."""
    learner = ViewLearner(SIZE)
    found = None
    for k in range(looks):
        light = 1 + (gain - 1) * k / looks
        noisy = SCENE * light + RANDOM.normal(0, 1.5, SCENE.shape)
        luma = np.clip(noisy, 0, 255).astype(np.uint8)
        known = put(luma, k)
        occupied = np.zeros(SCENE.shape, bool) if known is None else known
        found = learner.look(luma, occupied, 1e9 + k * LOOK_EVERY) or found
    return found


def picture(plate: bytes | None) -> Luma:
    """What of a plate is shown; FLAT elsewhere."""
    assert plate is not None
    found = cv2.imdecode(np.frombuffer(read_view_plate(plate).png, np.uint8), cv2.IMREAD_GRAYSCALE)
    return np.asarray(found, dtype=np.uint8)


def nobody(_luma: Luma, _k: int) -> None:
    """An empty place."""


def test_an_empty_place_is_learned_in_eleven_minutes_and_not_before() -> None:
    """All of it, to within its noise, though the light drifts; it says from when to when."""
    assert learned(nobody, LEAST * LOOKS - 1) is None
    plate = learned(nobody, gain=1.25)
    shown = picture(plate)
    assert plate is not None
    told = read_view_plate(plate)
    assert told.settled > 0.99
    assert told.until - told.since >= 600_000
    assert np.median(np.abs(shown[shown > FLAT].astype(int) - SCENE[shown > FLAT])) <= 3


def test_who_passes_is_not_in_it() -> None:
    """People who are seen, a third of the time, leave the place behind them as it is."""

    def passing(luma: Luma, k: int) -> NDArray[np.bool_]:
        occupied = np.zeros(luma.shape, bool)
        if k % 3 == 0:
            luma[PERSON] = CLOTHES
            occupied[PERSON] = True
        return occupied

    shown = picture(learned(passing))
    assert np.abs(shown[PERSON].astype(int) - SCENE[PERSON]).max() <= 8


@pytest.mark.parametrize("unseen", ["sits down half-way", "sways", "gets up half-way"])
def test_who_is_not_seen_as_a_person_is_not_in_it_either(unseen: str) -> None:
    """What the measuring plate has absorbed: it is flat where they were, not a person."""

    def there(luma: Luma, k: int) -> None:
        half = k >= LEAST * LOOKS // 2
        if unseen == "sways":
            shift = SWAYS[k % len(SWAYS)]
            luma[20:60, 50 + shift : 66 + shift] = CLOTHES
        elif half == (unseen == "sits down half-way"):
            luma[PERSON] = CLOTHES

    shown = picture(learned(there))
    hidden = shown[22:58, 52:64] == FLAT
    assert hidden.mean() > 0.95
    assert (shown > FLAT).mean() > 0.6
    _in_tiles(shown == FLAT)


def _in_tiles(flat: NDArray[np.bool_]) -> None:
    """What is flat is whole tiles, of nobody's shape."""
    for top in range(0, flat.shape[0], TILE):
        for left in range(0, flat.shape[1], TILE):
            assert len(np.unique(flat[top : top + TILE, left : left + TILE])) == 1


def test_who_does_not_move_by_a_pixel_is_left_to_the_person_who_looks() -> None:
    """The vote cannot tell a motionless sleeper from a statue, as the guide says."""

    def sleeping(luma: Luma, _k: int) -> None:
        luma[PERSON] = CLOTHES

    assert np.abs(picture(learned(sleeping))[PERSON].astype(int) - CLOTHES).mean() < 8


def test_masks_are_flat_whatever_is_below_and_older_rules_are_not_shown() -> None:
    """A mask covers its corners; a plate by other rules, or learned too quickly, is refused."""
    plate = learned(nobody)
    assert plate is not None
    mask = ((0.25, 0.25), (0.5, 0.25), (0.5, 0.5), (0.25, 0.5))
    shown = scenery(encode(AdmittedPlate(RULES, 0, plate, (mask,))))
    assert (shown.luma[21:39, 31:59] == GREY).all()
    assert not shown.shown[20:40, 30:60].any()
    assert shown.shown[:18].mean() > 0.95
    assert looked_at(plate, (mask,)).startswith(b"\x89PNG")
    told = read_view_plate(plate)
    older = structs.replace(told, rules=RULES + 1)
    hasty = structs.replace(told, since=told.until - 1000)
    for other in (
        b"",
        b"\xc1",
        encode(AdmittedPlate(RULES + 1, 0, plate, ())),
        encode(AdmittedPlate(RULES, 0, encode(older), ())),
        encode(AdmittedPlate(RULES, 0, encode(hasty), ())),
    ):
        with pytest.raises(InputError):
            read_admitted(other)
    with pytest.raises(InputError, match="covers nothing"):
        check_masks((((0.1, 0.1), (0.2, 0.2), (0.3, 0.3)),))
