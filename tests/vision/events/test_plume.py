"""How large and how high a plume is, also where the ground can lose no contrast."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from plainview.vision.events.murk import Dark
from plainview.vision.events.plume import Smoke, of_dark, plumes
from plainview.vision.events.veil import CELL, Mask, Veil

F32 = NDArray[np.float32]
SHAPE = (27, 40)
LOOKS = 7
PLUME = np.zeros(SHAPE, np.bool_)
PLUME[3:23, 14:20] = True
SIDE = 2 * CELL


def seen(
    known: Mask,
    light: float,
    *,
    steady: bool = True,
    tone: float = 0.6,
    where: Mask = PLUME,
    loss: F32 | float = 0.5,
) -> list[Smoke]:
    """What is said of a plume `where` its `known` cells show a `loss` of their contrast.

    It is of `tone`, and where nothing is known it changes light by `light` of it.
    """
    g = np.random.default_rng(2)
    even = np.ones(SHAPE, np.float32)
    veils, lost = [], []
    for _ in range(LOOKS):
        shift = 0.002 * g.standard_normal(SHAPE, np.float32)
        shift[where] += light + 0.03 * g.standard_normal(SHAPE, np.float32)[where]
        hides = np.where(where & known, loss + 0.1 * g.standard_normal(SHAPE), 0.0)
        lost.append(hides.astype(np.float32))
        veils.append(Veil(lost[-1], tone * even, shift, known, known, 1.0, even, even))
    habit = np.zeros(SHAPE, np.float32)
    found = plumes(veils, np.stack(lost), habit, None, clear=1.0, steady=steady)
    return [smoke for _, smoke in found]


def test_a_plume_goes_on_over_ground_that_can_lose_nothing() -> None:
    """It is as large as its light says, though its foot alone stands before structure."""
    foot = np.zeros(SHAPE, np.bool_)
    foot[18:] = True
    whole = seen(np.ones(SHAPE, np.bool_), -0.3)[0]
    part = seen(foot, -0.3)[0]
    assert part.confidence > 0.5
    assert part.area > 0.8 * whole.area
    assert part.rise == whole.rise == 20 * SIDE
    assert part.row == whole.row


def test_light_that_runs_over_the_scene_says_nothing_of_its_size() -> None:
    """Beside a plume under driving clouds, other light is a cloud's."""
    foot = np.zeros(SHAPE, np.bool_)
    foot[18:] = True
    assert seen(foot, -0.3, steady=False)[0].area < 0.5 * seen(foot, -0.3)[0].area


@pytest.mark.parametrize(("light", "tone"), [(0.1, 0.6), (0.08, 2.0)], ids=["other", "thin"])
def test_other_or_thinner_light_is_none_of_it(light: float, tone: float) -> None:
    """What is brighter than the ground is not under dark smoke; steam so thin has dissolved."""
    foot = np.zeros(SHAPE, np.bool_)
    foot[18:] = True
    assert seen(foot, light, tone=tone)[0].rise < 8 * SIDE


def test_what_the_border_cuts_may_rise_without_end() -> None:
    """Unless it is about to fade there, as steam does, which hides less and less as it rises."""
    where, everywhere = np.zeros(SHAPE, np.bool_), np.ones(SHAPE, np.bool_)
    where[:12, 14:22] = True
    fades = np.linspace(0.3, 0.7, SHAPE[0], dtype=np.float32)[:, None] * np.ones(SHAPE[1:])
    fades[:12] = np.linspace(0.3, 0.7, 12, dtype=np.float32)[:, None]
    assert seen(everywhere, 0.3, tone=1.6, where=where)[0].rise == math.inf
    assert seen(everywhere, 0.3, tone=1.6, where=where, loss=fades)[0].rise == 12 * SIDE


def test_a_dark_veil_is_as_sure_however_blurred_the_picture_is() -> None:
    """It is told by its light."""
    assert of_dark(Dark(PLUME, 0.7)).confidence == 0.7
