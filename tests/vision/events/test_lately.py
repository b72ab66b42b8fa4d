"""What came in the last seconds and ends sharply is a thing, however the fog drifts."""

import cv2
import numpy as np
from numpy.typing import NDArray
from tests.vision.events.traffic import moment

from plainview.vision.events.lately import GIVEN, Lately
from plainview.vision.events.seen import Seen
from plainview.vision.foreground import SHADOW
from plainview.vision.plate import Image, Plate

HEIGHT, WIDTH = 80, 120
WHOLE = (slice(0, HEIGHT), slice(0, WIDTH))
BACK = np.full((HEIGHT, WIDTH), 150, np.uint8)
SITE = Plate(BACK, np.full((HEIGHT, WIDTH), 2.0, np.float32))


def bank() -> Image:
    """A bank of fog that lies over the half of the picture, some grey levels brighter."""
    fog = np.zeros((HEIGHT, WIDTH), np.float32)
    fog[:, 20:90] = 14.0
    return np.asarray(cv2.blur(fog, (31, 31)), dtype=np.float32)


def at(t: float, depth: float, blur: int, x: int | None) -> Seen:
    """A moment in which something `depth` darker than the fog is at column `x`."""
    dark = np.zeros((HEIGHT, WIDTH), np.float32)
    if x is not None:
        dark[30:54, x : x + 10] = depth
    luma = BACK + bank() - (cv2.blur(dark, (blur, blur)) if blur else dark)
    differs = np.abs(luma - BACK) > 3
    evidence = np.where(differs, SHADOW, -1.0).astype(np.float32)
    mask: NDArray[np.uint8] = np.zeros((HEIGHT, WIDTH), np.uint8)
    return moment(t)._replace(
        luma=luma.astype(np.uint8), background=BACK, evidence=evidence, mask=mask, plate=SITE
    )


def given(depth: float, blur: int = 0, *, still: bool = False, known: bool = False) -> float:
    """The evidence of its middle after it has come there in three seconds."""
    lately, value = Lately(), 0.0
    for k in range(9):
        x = 50 if still or k == 8 else 2 + 3 * k
        seen = at(0.4 * k, depth, blur, x)
        if known:
            seen.mask[30:54, x : x + 5] = 1
        value = float(lately.look(seen, WHOLE, seen.evidence)[45, 55])
    return value


def test_what_came_into_a_bank_of_fog_is_given_back() -> None:
    """Against the plate it is one with the bank; against a second ago it has sharp ends."""
    assert given(24.0) == np.float32(GIVEN)


def test_what_is_no_thing_or_did_not_come_stays_as_it_was() -> None:
    """What ends softly, a patch of light, what was always there, the shadow of who is known."""
    assert given(-24.0) < GIVEN
    assert given(40.0, blur=25) < GIVEN
    assert given(24.0, still=True) == np.float32(SHADOW)
    assert given(24.0, known=True) == np.float32(SHADOW)


def test_nothing_is_said_where_all_of_it_changes() -> None:
    """A cloud's edge, or the camera's gain."""
    lately = Lately()
    for k in range(9):
        seen = at(0.4 * k, 0.0, 0, None)
    for k in range(9):
        seen = at(0.4 * k, 24.0, 0, 50 if k == 8 else None)
        if k == 8:
            seen.luma[:, ::2] -= 20
        found = lately.look(seen, WHOLE, seen.evidence)
    assert found is seen.evidence


def patchily(*others: int) -> float:
    """The evidence of a thing that came while light runs over the ground, as far as `others`."""
    lately, value = Lately(), 0.0
    for k in range(9):
        seen = at(0.4 * k, 24.0, 0, 50 if k == 8 else None)
        for row in others if k == 8 else ():
            seen.luma[row : row + 12, 90:110] -= 24
        value = float(lately.look(seen, WHOLE, seen.evidence, patchy=True)[45, 55])
    return value


def test_where_light_runs_over_the_ground_a_thing_comes_alone() -> None:
    """Fog that drifts is as patchy as the light under clouds; but those patches are many."""
    assert patchily() == np.float32(GIVEN)
    assert patchily(4, 64) < GIVEN


def hazily(*columns: int | None, depth: float = 9.0, drift: float = 0.0) -> float:
    """The evidence at a place in haze, by where something was in the last looks of three seconds.

    The plate knows nothing of it; fog has come by `drift` grey levels there at last.
    """
    lately, value = Lately(), 0.0
    bank_ = np.zeros((HEIGHT, WIDTH), np.float32)
    bank_[:, 30:] = drift
    bank_ = np.asarray(cv2.blur(bank_, (41, 41)), dtype=np.float32)
    for k, x in enumerate(((None,) * 9 + columns)[-9:]):
        seen = at(0.4 * k, depth, 0, x)
        luma = seen.luma + (bank_ if k == 8 else 0.0)
        evidence = np.full((HEIGHT, WIDTH), -1.0, np.float32)
        seen = seen._replace(luma=luma.astype(np.uint8), evidence=evidence, hazy=True)
        value = float(lately.look(seen, WHOLE, evidence)[45, 55])
    return value


def test_in_haze_who_comes_is_held_against_what_drifts_around_him() -> None:
    """Whatever the plate says, and whether he is darker than the fog, or brighter."""
    assert hazily(50) == np.float32(GIVEN)
    assert hazily(50, drift=8.0) == np.float32(GIVEN)
    assert hazily(50, depth=-14.0) == np.float32(GIVEN)
    assert hazily(None, drift=8.0) < GIVEN


def test_in_haze_who_has_left_is_not_where_he_was() -> None:
    """What is gone ended sharply then, and does no more."""
    assert hazily(*[50] * 8, None) < GIVEN


def test_a_clock_that_is_set_back_begins_anew() -> None:
    """What was kept of a later time is forgotten."""
    lately = Lately()
    for t in (100.0, 100.4, 5.0, 5.4):
        seen = at(t, 24.0, 0, 50)
        assert lately.look(seen, WHOLE, seen.evidence) is seen.evidence
