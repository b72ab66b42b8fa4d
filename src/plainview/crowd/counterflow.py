"""Counterflow and crossing flow: how far people on one piece of ground go different ways."""

import math
from typing import NamedTuple

import numpy as np

from plainview.crowd.field import UNKNOWN, Z90, Array, Estimate, Mask, Series

LEAST_SPEED = 0.2
"""m/s of a cell below which it has no direction to speak of."""
_BLOCKS = 6
"""Pieces of the window that the interval is worked out from."""


class Directions(NamedTuple):
    """How the momentum (people times velocity) on a piece of ground is directed."""

    counterflow: Estimate
    """0: all go one way along the main axis; 1: as much one way as the other."""
    crossing: Estimate
    """0: all along one axis, either way; 1: no axis at all, as where flows cross."""
    axis: float
    """Main axis, radians from x, 0 to pi; NaN where nothing moves."""
    moving: float
    """Share of the known people that move fast enough to have a direction."""


def directions(
    *, series: Series, cells: Mask | None = None, least_speed: float = LEAST_SPEED
) -> Directions:
    """Counterflow and crossing over known `cells` (ny, nx) and the time of `series`.

    With m = density * speed and direction a of each cell and moment: the main axis is half the
    angle of sum m exp(2ia), and crossing is 1 - |sum m exp(2ia)| / sum m (the nematic order taken
    from 1). With J+ and J- the sums of m |cos(a - axis)| each way, counterflow is 2 min(J+, J-) /
    (J+ + J-): the share that goes against, doubled. Two-way flows carry less than one-way ones at
    the same density (Zhang & Seyfried, Physica A 415, 2014). A cell is left out that is slower than
    `least_speed` m/s or than twice its noise.

    90 % interval: jackknife over six pieces of the window (Efron & Stein, 1981). Flows that meet
    within one cell cancel there and are not seen: a low value is no promise. UNKNOWN when nothing
    known moves or there are fewer than six fields.
    """
    part = series.known if cells is None else series.known & cells
    speed = np.hypot(series.vx, series.vy)
    way = part & (speed >= np.maximum(least_speed, 2 * series.noise))
    people = series.density * part
    total = float(people.sum())
    moving = float((people * way).sum()) / total if total > 0 else 0.0
    if moving == 0 or len(series.t) < _BLOCKS:
        return Directions(UNKNOWN, UNKNOWN, math.nan, moving)
    px, py = series.density * series.vx * way, series.density * series.vy * way
    found = _indices(px, py)
    pieces = np.array_split(np.arange(len(series.t)), _BLOCKS)
    others = np.array([_indices(np.delete(px, k, 0), np.delete(py, k, 0)) for k in pieces])
    spread = np.sqrt((_BLOCKS - 1) / _BLOCKS * ((others - others.mean(axis=0)) ** 2).sum(axis=0))
    counter, crossing, axis = found
    return Directions(_share(counter, spread[0]), _share(crossing, spread[1]), axis, moving)


def _share(value: float, deviation: float) -> Estimate:
    # Six pieces leave five degrees of freedom: Student's t at 95 % is 2.015, not 1.645.
    half = Z90 * 2.015 / 1.645 * float(deviation)
    return Estimate(value, max(value - half, 0.0), min(value + half, 1.0))


def _indices(px: Array, py: Array) -> tuple[float, float, float]:
    """(counterflow, crossing, axis) of the momenta `px`, `py`; NaN where there are none."""
    size = np.hypot(px, py)
    total = float(size.sum())
    if total <= 0:
        return math.nan, math.nan, math.nan
    turned = np.divide((px + 1j * py) ** 2, size, out=np.zeros(px.shape, complex), where=size > 0)
    order = complex(turned.sum())
    axis = (math.atan2(order.imag, order.real) / 2) % math.pi
    along = px * math.cos(axis) + py * math.sin(axis)
    forth, back = float(along[along > 0].sum()), float(-along[along < 0].sum())
    both = forth + back
    counter = 2 * min(forth, back) / both if both > 0 else 0.0
    return counter, 1 - min(abs(order) / total, 1.0), axis
