"""What befalls cameras changes what they show, as it says, and nothing of the recording itself."""

import numpy as np
import pytest

from plainview.synth.mishaps import Mishap, Moment, mishaps

ALL = {mishap.name: mishap for mishap in mishaps()}
SHAPE = (72, 96, 3)


def moment(age: float = 5.0, seed: int = 1) -> Moment:
    """A textured recording of 120 x 90, of which the camera shows 96 x 72."""
    rng = np.random.default_rng(seed)
    whole = rng.integers(40, 200, (90, 120, 3)).astype(np.uint8)
    return Moment(whole, 12, 9, 96, 72, age, np.random.default_rng(2))


def far(mishap: Mishap) -> float:
    """Mean difference, in levels, of what is shown five seconds into it and what would be."""
    now = moment()
    return float(np.abs(mishap.change(now).astype(float) - now.shown()).mean())


@pytest.mark.parametrize("name", ALL)
def test_it_shows_a_picture_and_spoils_no_recording(name: str) -> None:
    """A frame of the window's size; the recording is what it was."""
    now = moment()
    before = now.whole.copy()
    shown = ALL[name].change(now)
    assert shown.shape == SHAPE
    assert shown.dtype == np.uint8
    assert np.array_equal(now.whole, before)


@pytest.mark.parametrize("name", [name for name, one in ALL.items() if one.right])
def test_a_fault_is_seen(name: str) -> None:
    """Five seconds into it the picture is another one, but for a camera that stopped before."""
    mishap = ALL[name]
    if name == "frozen":
        mishap.change(moment(age=0.0, seed=7))
    assert far(mishap) > 0.5


def test_nothing_is_nothing() -> None:
    """What is put in to be told falsely is the recording itself."""
    assert far(ALL["nothing"]) == 0
    assert far(ALL["a coarse coder"]) == 0
    assert ALL["a coarse coder"].bits < ALL["nothing"].bits


def test_a_moved_camera_shows_what_lies_beside() -> None:
    """The window goes on by a share of its own width."""
    now = moment()
    assert np.array_equal(ALL["moved by 0.07"].change(now), now.whole[9:81, 5:101])


def test_what_froze_stays_until_another_recording_begins() -> None:
    """The first picture, whatever comes; a new recording is not shown an old one's."""
    frozen = ALL["frozen"].change
    first = moment(age=0.05, seed=3).shown()
    assert np.array_equal(frozen(moment(age=0.05, seed=3)), first)
    assert np.array_equal(frozen(moment(age=9.0, seed=4)), first)
    again = moment(age=0.05, seed=5)
    assert np.array_equal(frozen(again), again.shown())
