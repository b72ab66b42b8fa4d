import numpy as np
import pytest
from scipy.signal import lfilter

from plainview.crowd.spectrum import Complex, band, strongest, transform

T = np.arange(120, dtype=np.float64)


def _red(seed: int, memory: float) -> Complex:
    chance = np.random.default_rng(seed)
    rough = chance.normal(size=320) + 1j * chance.normal(size=320)
    return np.asarray(lfilter([1], [1, -memory], rough)[200:])


def test_the_transform_gives_a_lines_amplitude() -> None:
    """A e^(2 pi i f t) has the size A at f, at moments that are not evenly spaced too."""
    t = np.sort(np.random.default_rng(1).uniform(0, 120, 100))
    z = 0.7 * np.exp(2j * np.pi * 0.1 * t)
    assert abs(transform(t=t, z=z, frequencies=np.array([0.1]))[0]) == pytest.approx(0.7)


@pytest.mark.parametrize("memory", [0.0, 0.5, 0.8, 0.95])
def test_the_false_alarm_probability_is_not_too_small(memory: float) -> None:
    """Of 100 noises, with a memory or without, no more than the share says, within chance."""
    looks = [strongest(t=T, z=_red(seed, memory)) for seed in range(100)]
    chances = np.array([look.probability for look in looks if look])
    assert (chances < 0.1).mean() < 0.2
    assert (chances < 0.01).mean() < 0.05
    assert chances.min() > 1e-6


def test_frequency_intervals_hold_the_truth() -> None:
    """Lines in white noise: about nine times out of ten or more."""
    held = []
    for seed in range(80):
        found = strongest(t=T, z=_red(seed, 0.0) * 0.7 + np.exp(2j * np.pi * 0.0731 * T))
        assert found is not None
        held.append(found.frequency.low <= 0.0731 <= found.frequency.high)
    assert np.mean(held) >= 0.85


def test_the_band_follows_length_and_step() -> None:
    """Three turns at least, four samples a turn at least; an empty band finds nothing."""
    assert band(t=T) == pytest.approx((3 / 119, 0.25))
    assert strongest(t=T[:8], z=_red(1, 0.0)[:8]) is None
    assert strongest(t=T, z=np.zeros(120, dtype=np.complex128)) is None


def test_one_sense_alone_can_be_asked_for() -> None:
    """A clockwise line is not the strongest anticlockwise one."""
    z = np.exp(-2j * np.pi * 0.1 * T) + 0.3 * _red(1, 0.0)
    both, one = strongest(t=T, z=z), strongest(t=T, z=z, sign=1)
    assert both is not None
    assert one is not None
    assert both.frequency.value == pytest.approx(-0.1, abs=0.005)
    assert one.frequency.value > 0
    assert one.probability > both.probability
