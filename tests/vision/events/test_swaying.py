import numpy as np
import pytest
from numpy.typing import NDArray

from plainview.vision.events.swaying import ENOUGH, UNKNOWN, Sway, Swaying

METRE = 28.0
MASK = np.zeros((40, 34), np.uint8)
MASK[12:28, 12:22] = 1
AROUND = np.ones(MASK.shape, np.bool_)
AROUND[9:31, 9:25] = False


def seen(
    body: tuple[float, float] = (0.0, 0.0), swing: tuple[float, float] = (0.0, 0.0), looks: int = 50
) -> Sway:
    """What is known of a place that sways by `body` millimetres, each at 0.25 and 1.2 Hz.

    The camera does so by `swing` pixels. There is noise, and a cloud passes.
    """
    generator = np.random.default_rng(5)
    y, x = np.mgrid[: MASK.shape[0], : MASK.shape[1]].astype(np.float64)
    swaying = Swaying()
    shown = picture(x, y, 0.0, 0.0)
    for k in range(looks):
        slow, fast = np.sin(2 * np.pi * 0.25 * 0.4 * k), np.sin(2 * np.pi * 1.2 * 0.4 * k)
        camera = swing[0] * slow + swing[1] * fast
        own = (body[0] * slow + body[1] * fast) * METRE / 1000
        light = 1 + 0.1 * np.sin(0.1 * k)
        now = light * picture(x, y, camera, own) + generator.normal(0, 1.5, x.shape)
        swaying.look(now.astype(np.float32), shown.astype(np.float32), MASK, AROUND)
    return swaying.sway(METRE)


def picture(
    x: NDArray[np.float64], y: NDArray[np.float64], camera: float, own: float
) -> NDArray[np.float64]:
    """(h, w) dark box on ground with structure, the box moved by `own` pixels, all by `camera`."""
    ground = 110 + 12 * np.sin(0.7 * (x - camera)) * np.cos(0.6 * y)
    inside = 1 / (1 + np.exp(-3 * (5.0 - np.abs(x - 16.5 - camera - own))))
    inside = inside / (1 + np.exp(-3 * (8.0 - np.abs(y - 19.5))))
    shown: NDArray[np.float64] = ground - 60 * inside
    return shown


@pytest.mark.parametrize("swing", [(0.0, 0.0), (0.0, 0.4), (0.4, 0.0)])
def test_a_body_sways(swing: tuple[float, float]) -> None:
    """By a centimetre, also where the camera sways by more than that."""
    sway = seen((14.0, 0.0), swing)
    assert sway.alive > 0.9
    assert sway.still == 0.0


@pytest.mark.parametrize("swing", [(0.0, 0.0), (0.4, 0.0)])
def test_a_thing_does_not_sway(swing: tuple[float, float]) -> None:
    """Whatever its light does, and the camera."""
    sway = seen(swing=swing)
    assert sway.alive == 0.0
    assert sway.still > 0.9


def test_what_trembles_is_not_known() -> None:
    """What moves as fast as noise does is no sway, nor does it hold still."""
    assert seen((0.0, 12.0)) == UNKNOWN


def test_nothing_is_said_of_a_few_looks() -> None:
    """A body may hold still for some seconds."""
    assert seen(looks=ENOUGH - 1) == UNKNOWN
