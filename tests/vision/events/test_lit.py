import numpy as np
import pytest

from plainview.vision.events.lasting import MEAN, SLOWLY
from plainview.vision.events.lit import shines

GROUND = np.full(200, 40.0, np.float32)
NOISE = np.full(200, 4.0, np.float32)


@pytest.mark.parametrize("brighter", [4.0, 6.0, 12.0])
def test_light_is_even_once_noise_is_averaged(brighter: float) -> None:
    """A few grey levels of lamplight by night: the mean of some looks shows it."""
    generator = np.random.default_rng(2)
    gap = np.zeros(200, np.float32)
    for _ in range(20):
        frame = brighter + generator.normal(0, NOISE)
        gap += np.float32(SLOWLY) * (frame.astype(np.float32) - gap)
    assert shines(gap, GROUND, MEAN * NOISE)


def test_the_mean_has_as_much_noise_as_it_says() -> None:
    """Of many looks, MEAN of a frame's."""
    generator = np.random.default_rng(3)
    gap = np.zeros(4000)
    for _ in range(40):
        gap += SLOWLY * (generator.normal(0, 4.0, 4000) - gap)
    assert np.std(gap) == pytest.approx(4.0 * MEAN, rel=0.05)


def test_bodies_and_shadows_shine_nowhere() -> None:
    """A bright coat has hair, hands and trousers beside it; a shadow is darker."""
    coat = np.where(np.arange(200) < 130, 30.0, -12.0).astype(np.float32)
    coat[:60] += 25
    assert not shines(coat, GROUND, MEAN * NOISE)
    assert not shines(np.full(200, -8.0, np.float32), GROUND, MEAN * NOISE)
