"""What glows has been where it is, or has come there."""

import numpy as np
import pytest
from numpy.typing import NDArray

from plainview.vision.events.warmth import AS_SURE, FIRST, STALE, TRAIL, Early, Trail

SHAPE = (40, 120)
STEP = 0.2


def _rests(columns: list[int], *, lamp: bool = False) -> float:
    """Of what glows 8 pixels wide at these columns, look by look, beside a lit wall if `lamp`."""
    trail, last = Trail(SHAPE), list[NDArray[np.float32]]()
    for column in columns:
        glow = np.zeros(SHAPE, np.float32)
        glow[10:30, column : column + 8] = 60
        if lamp:
            glow[28:34, 20:110] = 60
        trail.note(glow, STEP)
        last.append(glow)
    part = np.s_[8:27, columns[-1] - 2 : columns[-1] + 10]
    return trail.rests(last[-1][part] > 0, part, last[-14:])


@pytest.mark.parametrize("lamp", [False, True])
def test_a_flame_was_nowhere_else(*, lamp: bool) -> None:
    """It sways by less than its width, beside what glows all the time or alone."""
    sways = np.random.default_rng(1).integers(48, 53, 40)
    assert _rests([int(column) for column in sways], lamp=lamp) == 1.0


def test_who_stops_and_stirs_has_come_there() -> None:
    """Until his trail is forgotten."""
    comes = list(range(10, 80, 3))
    assert _rests(comes + 20 * [80]) == 0.0
    assert _rests(comes + round(TRAIL / STEP + 20) * [80]) == 1.0


def test_who_passes_a_flame_in_warm_clothes_is_not_its_trail() -> None:
    """As long as they glow much less than it does."""
    trail, last = Trail(SHAPE), list[NDArray[np.float32]]()
    for column in [*range(10, 110, 3), *range(110, 10, -3)]:
        glow = np.zeros(SHAPE, np.float32)
        glow[10:30, column : column + 6] = 40
        glow[10:30, 50:58] = 140
        trail.note(glow, STEP)
        last.append(glow)
    part = np.s_[8:32, 44:64]
    assert trail.rests(last[-1][part] > 100, part, last[-14:]) == 1.0


def test_what_glowed_from_the_first_seconds_on_has_not_come() -> None:
    """A sign was there, a flame beside it was not; a minute later nothing is known of either."""
    early, glow = Early(SHAPE), np.zeros(SHAPE, np.float32)
    glow[10:20, 10:20] = 60
    body, sign, beside = np.ones((10, 10), np.bool_), np.s_[10:20, 10:20], np.s_[10:20, 40:50]
    whole = np.s_[0 : SHAPE[0], 0 : SHAPE[1]]
    early.note(glow, whole)
    assert early.came(body, beside) == 0.0
    assert early.known(whole) is False
    early.age(FIRST)
    early.note(np.full(SHAPE, 60, np.float32), whole)
    assert np.array_equal(early.known(whole), glow > 0)
    assert early.came(body, beside) == AS_SURE
    assert early.came(body, sign) == 0.0
    early.age(STALE)
    assert early.came(body, beside) == 0.0
    assert early.known(whole) is True
