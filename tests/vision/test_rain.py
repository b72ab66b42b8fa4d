"""Streaks that are there for one frame are no people; who walks, stands or is far away is."""

import numpy as np
import pytest

from plainview.vision.plate import Image
from plainview.vision.rain import FRAME, Rain

SHAPE = (90, 160)
DT = 0.2


def streaks(k: int, many: int) -> Image:
    """Evidence of `many` streaks, elsewhere in each frame `k`."""
    evidence = np.full(SHAPE, -1.0, np.float32)
    for place in np.random.default_rng(k).choice(SHAPE[0] * SHAPE[1] // 100, many, replace=False):
        y, x = 10 * (place // 16) % 80, 10 * (place % 16)
        evidence[y : y + 7, x : x + 2] = 1.0
    return evidence


def after(several: list[Image], dt: float = DT) -> tuple[Rain, Image]:
    """What is left of the last of `several` frames, each `dt` seconds after the one before."""
    rain = Rain()
    dried = [rain.dried(one, dt) for one in several]
    return rain, dried[-1]


def somebody(k: int) -> tuple[slice, slice]:
    """Somebody eight pixels tall who walks on by a pixel and a half in each frame."""
    x = 20 + round(1.5 * k)
    return np.s_[40:48, x : x + 3]


def test_streaks_speak_for_nobody_and_who_walks_among_them_does() -> None:
    """Most streaks are gone; of him who is no larger than they are nothing is."""
    frames = [streaks(k, 20) for k in range(80)]
    for k, frame in enumerate(frames):
        frame[somebody(k)] = 1.0
    rain, dried = after(frames)
    assert rain.falls
    assert np.all(dried[somebody(79)] == 1.0)
    assert np.count_nonzero(dried > 0) < 0.5 * np.count_nonzero(frames[-1] > 0)
    # Neither for nor against: who stands behind a streak is not said to be gone.
    assert np.all(dried[(frames[-1] > 0) & (dried <= 0)] == 0)


@pytest.mark.parametrize(("many", "dt"), [(3, DT), (20, 2 * FRAME)], ids=["few", "few-frames"])
def test_without_rain_or_frames_enough_nothing_changes(many: int, dt: float) -> None:
    """A speck now and then is noise; where half a second passes people are elsewhere, too."""
    frames = [streaks(k, many) for k in range(80)]
    rain, dried = after(frames, dt)
    assert not rain.falls
    assert dried is frames[-1]


def test_it_stops() -> None:
    """Ten seconds after the last streak nothing is taken away any more."""
    bare = np.full(SHAPE, -1.0, np.float32)
    rain, dried = after([*(streaks(k, 20) for k in range(80)), *[bare] * 50])
    assert not rain.falls
    assert dried is bare
