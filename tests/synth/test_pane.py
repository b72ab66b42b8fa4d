"""What burns and smokes is drawn as far as it is before the camera."""

from itertools import pairwise

import numpy as np
import pytest

from plainview.synth.camera import hung
from plainview.synth.flame import Pane
from plainview.synth.smoke import Smoke

STEEP = hung("steep", at=(0, 0), height=5.0, towards=(0, 4), hfov=70, size=(320, 180))


@pytest.mark.parametrize("top", [4.0, 6.0, 9.0, 15.0, 100.0])
def test_what_rises_past_the_camera_stays_in_view_below(top: float) -> None:
    """Up to the upper border, however far it goes on beyond and behind it."""
    rows, columns = Pane(STEEP, (0.0, 4.0)).window(-1.5, 1.5, top)
    assert rows == slice(0, 114)
    assert 90 <= columns.stop - columns.start <= 320


def test_what_a_pixel_shows_is_before_the_camera() -> None:
    """A ray that meets the pane only backwards meets nothing that burns."""
    level = hung("level", at=(0, 0), height=5.0, towards=(0, 40), hfov=70, size=(320, 180))
    _, up = Pane(level, (0.0, 4.0)).metres(slice(0, 180), slice(0, 320))
    assert np.all(np.diff(up[:, 160]) < 0)
    down = hung("down", at=(0, 0), height=5.0, towards=(0, 0.5), hfov=90, size=(320, 320))
    _, up = Pane(down, (0.0, 1.0)).metres(slice(0, 320), slice(0, 320))
    assert np.any(up[-1] < -100)
    assert up[0, 160] > 0


def test_smoke_does_not_vanish_while_it_rises() -> None:
    """What a plume hides grows as it does, also when its top is over the camera."""
    smoke = Smoke(at=(0.0, 4.0), metres=1.0, rise=1.5, life=12.0)
    hidden = [float(smoke.veil(STEEP, t)[1].sum()) for t in (2.0, 4.0, 6.0, 8.0, 10.0)]
    assert all(later > 0.8 * before > 0 for before, later in pairwise(hidden))
