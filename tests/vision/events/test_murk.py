"""A dark veil that boils over even ground is smoke; shadows, lamps and who passes are not."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from plainview.vision.events.murk import LOOKS, Murk
from plainview.vision.events.murk import NOISE as NOISES_POWER
from plainview.vision.events.veil import Veil

F32 = NDArray[np.float32]
SHAPE = (30, 40)
PLUME = np.zeros(SHAPE, np.bool_)
PLUME[6:18, 14:26] = True
NOISE = 0.002
"""Standard deviation of each cell's light from look to look."""
EDGES = 1e-4


def surest(
    light: Callable[[int, F32], F32],
    *,
    edges: float = EDGES,
    power: float = 2.0,
    clear: float = 1.0,
) -> float:
    """How sure a dark veil is where look k at noise (h, w) shows `light` over PLUME's cells.

    Edges go with this `power` of the light; all of the picture has `clear` times the contrast.
    """
    g = np.random.default_rng(4)
    murk, sure = Murk(), [0.0]
    nothing, nowhere = np.zeros(SHAPE, np.float32), np.zeros(SHAPE, np.bool_)
    even = np.full(SHAPE, EDGES, np.float32)
    for k in range(LOOKS + 6):
        noise = g.standard_normal(SHAPE, np.float32)
        shift = NOISE * g.standard_normal(SHAPE, np.float32)
        shift[PLUME] += light(k, noise)[PLUME]
        own = np.where(PLUME, edges, EDGES).astype(np.float32)
        veil = Veil(
            nothing, nothing, shift, nowhere, nowhere, clear, own * (shift + 1) ** power, even
        )
        sure += [one.sure for one in murk.look(veil, 0.6)]
    return max(sure)


def test_what_is_dark_and_boils_is_told() -> None:
    """A tenth darker than the ground, each look otherwise; no structure is needed behind it."""
    assert surest(lambda _k, noise: -0.1 + 0.03 * noise) > 0.9


def test_noise_in_deep_smoke_is_no_edge() -> None:
    """Little light comes through, and as much noise as pictures have in the dark."""
    assert surest(lambda _k, noise: -0.75 + 0.03 * noise, power=NOISES_POWER) > 0.9


def test_it_boils_all_over_rather_than_wildly() -> None:
    """In fog and by night noise is near: half of what is dark must change thrice as much."""
    assert surest(lambda _k, noise: -0.1 + 0.009 * noise) > 0.9
    assert surest(lambda _k, noise: -0.1 + 0.003 * noise) < 0.2


@pytest.mark.parametrize(
    ("light", "edges"),
    [
        (lambda _k, noise: 0.1 + 0.03 * noise, EDGES),
        (lambda _k, noise: -0.1 + 0.0 * noise, EDGES),
        (lambda k, noise: -0.25 * (k % 6 > 2) + 0.03 * noise, EDGES),
        (lambda _k, noise: -0.1 + 0.03 * noise, 5 * EDGES),
        (lambda _k, noise: -0.02 - 0.05 * (noise < 0.25), EDGES),
    ],
    ids=[
        "a lamp or steam",
        "a shadow that stays",
        "shadows that come and go",
        "people",
        "people far away, one behind the other",
    ],
)
def test_what_else_changes_the_light_is_not(light: Callable[[int, F32], F32], edges: float) -> None:
    """Brighter, still, not lasting, or with edges of its own: each alone makes it no smoke."""
    assert surest(light, edges=edges) < 0.2


@pytest.mark.parametrize(("clear", "sure"), [(0.9, 1.0), (1.05, 1.0), (1.15, 0.0)])
def test_nothing_is_told_while_fog_lifts(clear: float, sure: float) -> None:
    """Fog over the plate was brighter than the ground that it lifts from."""
    assert surest(lambda _k, noise: -0.1 + 0.03 * noise, clear=clear) == pytest.approx(
        sure, abs=0.1
    )


def test_a_shadow_of_which_the_rim_alone_moves_is_not() -> None:
    """What is dark must change all over."""
    rim = PLUME.copy()
    rim[7:17, 15:25] = False
    assert surest(lambda _k, noise: -0.1 + 0.03 * noise * rim) < 0.2


def test_nothing_is_told_while_the_whole_picture_is_unsteady() -> None:
    """Clouds that pass make every rim of theirs restless."""
    g = np.random.default_rng(1)
    murk = Murk()
    nothing, nowhere = np.zeros(SHAPE, np.float32), np.zeros(SHAPE, np.bool_)
    for _ in range(LOOKS + 4):
        shift = 0.03 * g.standard_normal(SHAPE, np.float32)
        shift[PLUME] += -0.3 + 0.1 * g.standard_normal(SHAPE, np.float32)[PLUME]
        veil = Veil(nothing, nothing, shift, nowhere, nowhere, 1.0, nothing, nothing)
        assert murk.look(veil, 0.6) == []


def test_nothing_is_told_soon_after_clouds_have_passed() -> None:
    """A patch of shadow that rests between two others boils, darkly, and as long as smoke."""
    g = np.random.default_rng(1)
    nothing, nowhere = np.zeros(SHAPE, np.float32), np.zeros(SHAPE, np.bool_)
    told = {}
    for clouds in (False, True):
        murk, told[clouds] = Murk(), 0.0
        for k in range(60):
            shift = NOISE * g.standard_normal(SHAPE, np.float32)
            if k < 40:
                shift += clouds * 0.2 * np.float32(np.sin(0.4 * k))
            else:
                shift[PLUME] += -0.1 + 0.03 * g.standard_normal(SHAPE, np.float32)[PLUME]
            veil = Veil(nothing, nothing, shift, nowhere, nowhere, 1.0, nothing, nothing)
            told[clouds] = max([told[clouds], *(one.sure for one in murk.look(veil, 0.6))])
    assert told[False] > 0.9
    assert told[True] == 0.0
