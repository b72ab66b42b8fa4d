import numpy as np
import pytest
from numpy.typing import NDArray
from tests.vision.events.stage import Light, Stage

from plainview.vision.events.gain import Gain, PictureGain

STAGE = Stage()


Watch = type[Gain] | type[PictureGain]
both = pytest.mark.parametrize("watch", [Gain, PictureGain])


def steady(watch: Watch, light: Light) -> float:
    """How steady the gain is at the end of half a minute in `light`."""
    gain = watch()
    return [gain.steady(seen) for seen in STAGE.seen(30, lambda _t: ([], []), light)][-1]


@both
def test_a_gain_that_swings_is_not_steady(watch: Watch) -> None:
    """By a quarter in some seconds; a cloud that darkens a place as much in ten is no gain."""

    def swings(image: NDArray[np.float32], t: float) -> None:
        image *= 1 + 0.25 * np.sin(0.7 * t)

    def cloud(image: NDArray[np.float32], t: float) -> None:
        image *= 1 - 0.25 * min(max(t - 10, 0) / 10, 1)

    assert steady(watch, swings) == 0.0
    assert steady(watch, cloud) == 1.0
    assert steady(watch, lambda _image, _t: None) == 1.0


@both
def test_a_pause_is_no_swing(watch: Watch) -> None:
    """After a pause, or a clock set back, another light says nothing of the gain."""
    gain = watch()
    (dark, *_), (bright, *_) = (
        list(STAGE.seen(0.8, lambda _t: ([], []), light))
        for light in (lambda image, _t: image.__imul__(0.5), lambda _image, _t: None)
    )
    assert gain.steady(dark) == 1.0
    assert gain.steady(bright._replace(t=dark.t + 60)) == 1.0
    assert gain.steady(dark._replace(t=dark.t - 5)) == 1.0
