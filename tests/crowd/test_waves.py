import math

import numpy as np
import pytest
from tests.crowd.scenes import block

from plainview.crowd.field import Array, Series
from plainview.crowd.oscillation import Finding
from plainview.crowd.waves import stop_and_go
from plainview.errors import InputError

N, NY, NX = 120, 3, 20
T = np.arange(N)[:, None, None]
X = (np.arange(NX) + 0.5)[None, None, :]
FULL = np.ones((N, NY, NX))


def _jam(speed: float, period: float, *, seed: int = 1, noise: float = 0.1) -> Series:
    """A stream along x at 0.5 m/s with waves that travel at `speed` (negative: backward)."""
    chance = np.random.default_rng(seed)
    phase = 2 * np.pi / period * (T - X / speed)
    vx = (0.5 + 0.2 * np.cos(phase)) * FULL + noise * chance.normal(size=FULL.shape)
    vy = noise * chance.normal(size=FULL.shape)
    return block(vx, vy, density=4 - 0.8 * np.cos(phase) * FULL)


@pytest.mark.parametrize(("speed", "period"), [(0.4, 20.0), (0.3, 30.0), (0.6, 15.0)])
def test_a_backward_wave_has_its_speed_and_period(speed: float, period: float) -> None:
    """Found, with speed against the flow and period inside their intervals, density opposed."""
    found = stop_and_go(series=_jam(-speed, period))
    assert found.finding is Finding.FOUND
    assert found.speed.low <= speed <= found.speed.high
    assert found.period.low <= period <= found.period.high
    assert found.opposed < -0.9
    assert found.length == pytest.approx(speed * period, rel=0.15)
    assert found.direction == pytest.approx(0, abs=0.05)


def test_a_forward_wave_is_not_stop_and_go() -> None:
    """What people carry with them travels forward: not found."""
    assert stop_and_go(series=_jam(0.4, 20.0)).finding is Finding.NOT_FOUND


def test_a_stream_that_turns_round_turns_its_wave() -> None:
    """The same scene seen from the other end, and along y, has the same wave."""
    one = _jam(-0.4, 20.0)
    flipped = block(-one.vx[..., ::-1], -one.vy[..., ::-1], density=one.density[..., ::-1])
    turned = block(
        np.swapaxes(one.vy, 1, 2), np.swapaxes(one.vx, 1, 2), density=np.swapaxes(one.density, 1, 2)
    )
    speed = stop_and_go(series=one).speed.value
    assert stop_and_go(series=flipped).speed.value == pytest.approx(speed, rel=0.1)
    assert stop_and_go(series=turned).speed.value == pytest.approx(speed, rel=0.1)


def test_all_stopping_together_is_no_travelling_wave() -> None:
    """A stream that is let go and held as a whole has no direction of travel."""
    chance = np.random.default_rng(1)
    vx = (0.5 + 0.3 * np.cos(2 * np.pi * T / 20)) * FULL + 0.1 * chance.normal(size=FULL.shape)
    assert stop_and_go(series=block(vx, 0 * vx)).finding is Finding.NOT_FOUND


def test_noise_has_no_waves() -> None:
    """Of 15 noisy streams none shows one, and few come near."""
    looks = []
    for seed in range(15):
        chance = np.random.default_rng(seed)
        vx: Array = 0.5 + 0.15 * chance.normal(size=FULL.shape)
        looks.append(stop_and_go(series=block(vx, 0.15 * chance.normal(size=FULL.shape))))
    assert all(look.finding is Finding.NOT_FOUND for look in looks)
    assert sum(look.probability < 0.05 for look in looks) <= 3


def test_what_cannot_be_told_says_why() -> None:
    """Too short, nobody moves, both ways, unknown ground, too little length."""
    jam = _jam(-0.4, 20.0)
    both = block(np.where(np.arange(NY)[:, None] == 0, -1.0, 1.0) * FULL, 0 * FULL)
    for series in (
        block(jam.vx[:50], jam.vy[:50]),
        block(0 * FULL, 0 * FULL),
        both,
        block(jam.vx, jam.vy, known=np.zeros(FULL.shape, dtype=np.bool_)),
        block(jam.vx[..., :3], jam.vy[..., :3]),
    ):
        found = stop_and_go(series=series)
        assert found.finding is Finding.CANNOT_TELL
        assert found.why
        assert math.isnan(found.speed.value)


def test_a_region_of_another_grid_is_refused() -> None:
    """Cells that are not the series' are a mistake."""
    with pytest.raises(InputError):
        stop_and_go(series=_jam(-0.4, 20), cells=np.ones((2, 2), dtype=np.bool_))
