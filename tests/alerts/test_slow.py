"""What shows in a window of minutes is looked for where it may be."""

import numpy as np
from tests.crowd.scenes import block

from plainview.alerts.ground import Ground, ground
from plainview.alerts.measures import Window
from plainview.alerts.slow import TURNING, looks
from plainview.alerts.thresholds import GU, Level, Quantity, threshold
from plainview.crowd.field import Array, Mask, Series, at

TURN = threshold(Quantity.OSCILLATION, Level.ALARM, 0.1, 0.0, GU)
KEY = (None, Quantity.OSCILLATION)


def _turning(size: tuple[int, int], sense: Array) -> Series:
    """Two minutes of 5 people/m² on cells of 2 m that turn at 0.4 rad/s by `sense`, 0 at rest."""
    chance = np.random.default_rng(5)
    phase = 0.4 * np.arange(121)[:, None, None] * sense
    vx, vy = 0.1 * chance.normal(size=(2, 121, *size))
    vx, vy = vx + 0.3 * np.cos(phase) * (sense != 0), vy + 0.3 * np.sin(phase) * (sense != 0)
    return block(vx, vy, noise=0.1, cell=2.0)


def _place(series: Series) -> Ground:
    covered: Mask = np.ones(series.known.shape[1:], dtype=np.bool_)
    return ground(grid=series.grid, covered=covered, zones=())


def test_parts_of_a_large_place_may_turn_each_in_its_own_way() -> None:
    """Left and right of a wide place turn against each other: found, in the middle of one part."""
    wide = _turning((6, 18), np.repeat([1.0, 0.0, -1.0], 6))
    window = Window([at(wide, k) for k in range(121)], {})
    look = looks(_place(wide), window, [TURN])[KEY]
    assert look.seen.low <= 0.3 <= look.seen.high
    assert look.at in {(6.0, 6.0), (30.0, 6.0)}


def test_a_small_place_is_one_part() -> None:
    """A place no wider than what turns as one is looked at as a whole."""
    assert TURNING == 12.0
    small = _turning((6, 8), np.ones(8))
    look = looks(_place(small), Window([at(small, k) for k in range(121)], {}), [TURN])[KEY]
    assert look.at == (8.0, 6.0)
