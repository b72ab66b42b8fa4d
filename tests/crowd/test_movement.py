import numpy as np
import pytest
from tests.crowd.scenes import block

from plainview.crowd.field import Array, Mask, Series
from plainview.crowd.movement import Movement, change
from plainview.geometry import Grid

SHAPE = (120, 8, 8)
X, Y = np.moveaxis(Grid((0.0, 0.0), 1.0, (8, 8)).centres() - 4.0, -1, 0)
AWAY = np.hypot(X, Y)


def _usual(seed: int = 1, *, drift: float = 0.0) -> tuple[Array, Array]:
    """Two minutes of people who walk about, each cell on its own."""
    chance = np.random.default_rng(seed)
    vx, vy = 0.3 * chance.normal(size=(2, *SHAPE))
    return vx + drift, vy


def _seen(vx: Array, vy: Array, *, density: float = 2.0, known: Mask | None = None) -> Series:
    return block(vx, vy, density=density, known=known)


@pytest.mark.parametrize("seed", range(5))
def test_the_usual_is_no_movement(seed: int) -> None:
    """People who go on as they did, even briskly one way, are no surge."""
    assert change(series=_seen(*_usual(seed))).movement is Movement.NONE
    assert change(series=_seen(*_usual(seed, drift=1.2))).movement is Movement.NONE


def test_all_at_once_one_way_is_a_surge() -> None:
    """Four seconds in which everybody goes one way at 1 m/s."""
    vx, vy = _usual()
    vx[-4:] += 1
    found = change(series=_seen(vx, vy))
    assert found.movement is Movement.SURGE
    assert found.speed.low <= 1 <= found.speed.high
    assert found.usual_speed < 0.3


@pytest.mark.parametrize(("sign", "kind"), [(1, Movement.DISPERSAL), (-1, Movement.CONVERGENCE)])
def test_outward_and_inward(sign: int, kind: Movement) -> None:
    """Everybody away from the middle is a dispersal; towards it a convergence."""
    vx, vy = _usual()
    vx[-4:] += sign * X / AWAY
    vy[-4:] += sign * Y / AWAY
    found = change(series=_seen(vx, vy))
    assert found.movement is kind
    assert found.outward.value == pytest.approx(sign, abs=0.2)


def test_what_cannot_be_told_says_why() -> None:
    """Too short, nobody there, and ground that is not known now."""
    vx, vy = _usual()
    known = np.ones(SHAPE, dtype=np.bool_)
    known[-4:, :4] = False
    for series in (
        _seen(vx[:40], vy[:40]),
        _seen(vx, vy, density=0.01),
        _seen(vx, vy, known=known),
    ):
        found = change(series=series)
        assert found.movement is Movement.CANNOT_TELL
        assert found.why
        assert not found.speed.known


def test_a_camera_that_was_blind_before_knows_no_usual() -> None:
    """Minutes that were not known are not taken for calm ones."""
    vx, vy = _usual()
    known = np.ones(SHAPE, dtype=np.bool_)
    known[:90] = False
    assert change(series=_seen(vx, vy, known=known)).movement is Movement.CANNOT_TELL


def test_small_changes_are_not_called_movements() -> None:
    """A change that is sure but less than 0.4 m/s is none."""
    still = np.zeros(SHAPE)
    moved = still.copy()
    moved[-4:] = 0.3
    assert change(series=_seen(moved, still)).movement is Movement.NONE
