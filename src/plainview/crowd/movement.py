"""Surge and dispersal: a sudden collective movement, against the usual of the last minutes.

What the event kind `crowd-movement` is about: a crowd that all at once moves fast one way (surge),
outward (dispersal) or together (convergence). Each is compared with what the same ground did in the
minutes before, so a busy passage is not an alarm every time it is busy.
"""

import enum
import math
from typing import NamedTuple

import numpy as np
from scipy.special import stdtr

from plainview.crowd.field import UNKNOWN, Z90, Array, Estimate, Mask, Series

NOW = 4.0
"""Seconds that count as now."""
LEAST_USUAL = 60.0
"""Seconds before now that are needed to know what is usual."""
LEAST_CHANGE = 0.4
"""m/s: a change in collective speed that people could not ignore."""
CHANCE = 1e-4
"""Probability of one look below which a change is believed."""
LEAST_PEOPLE = 5.0
"""People on the ground below which there is no crowd to move."""
_LEAST_KNOWN = 0.7
_FLOOR = 0.05
"""m/s: least spread of the usual; a crowd that stood still has none of its own."""


class Movement(enum.StrEnum):
    """What kind of collective movement began."""

    NONE = "none"
    SURGE = "surge"
    DISPERSAL = "dispersal"
    CONVERGENCE = "convergence"
    CANNOT_TELL = "cannot-tell"


class Change(NamedTuple):
    """Now against the usual."""

    movement: Movement
    why: str
    """Why nothing is told; empty else."""
    speed: Estimate
    """Collective speed |sum rho v| / sum rho now, m/s."""
    usual_speed: float
    """Its median over the minutes before, m/s."""
    outward: Estimate
    """Mean speed away from the middle of the crowd now, m/s; negative: towards it."""
    usual_outward: float
    probability: float
    """That an ordinary moment differs as much from the usual of this ground, either quantity."""


def change(
    *,
    series: Series,
    cells: Mask | None = None,
    now: float = NOW,
    least_change: float = LEAST_CHANGE,
    chance: float = CHANCE,
) -> Change:
    """Whether the last `now` seconds of `series` are a surge, a dispersal or a convergence.

    Over known `cells`: collective speed U = |sum rho v| / sum rho, and outward speed D = sum rho
    v.e / sum rho with e the unit vector from the crowd's middle. Each is averaged over pieces `now`
    seconds long; the last piece is compared with the median of those before, in units of their
    spread (1.4826 times the median absolute deviation, at least 0.05 m/s and the flow's noise), by
    Student's t with as many degrees of freedom as pieces, twice for the two quantities.

    A movement needs a probability below `chance` and a change of at least `least_change` m/s; when
    both quantities changed, the larger names it. The interval is the usual spread about the value.
    It cannot be told with less than LEAST_USUAL s before now, fewer than LEAST_PEOPLE people, or
    under 70 % of the ground known now.
    """
    part = np.ones(series.known.shape[1:], dtype=np.bool_) if cells is None else cells
    known = series.known & part
    recent = series.t > series.t[-1] - now
    if float(series.t[-1] - series.t[0]) < LEAST_USUAL + now:
        return _cannot(f"less than {LEAST_USUAL:g} s to know the usual from")
    if known[recent].sum() < _LEAST_KNOWN * part.sum() * recent.sum():
        return _cannot("too little of the ground is known now")
    people = series.density * known
    if float(people[recent].sum(axis=(1, 2)).mean()) * series.grid.cell**2 < LEAST_PEOPLE:
        return _cannot(f"fewer than {LEAST_PEOPLE:g} people")
    speeds = _speeds(series, people)
    piece = np.floor((series.t[-1] - series.t) / now + 1e-9).astype(np.intp)
    enough = known.sum(axis=(1, 2)) >= _LEAST_KNOWN * part.sum()
    pieces = np.array(
        [
            speeds[(piece == k) & enough].mean(axis=0)
            for k in range(int(piece.max()) + 1)
            if ((piece == k) & enough).any()
        ]
    )
    usual = np.median(pieces[1:], axis=0)
    if len(pieces) * now < LEAST_USUAL:
        return _cannot("too little was known in the minutes before")
    spread = 1.4826 * np.median(np.abs(pieces[1:] - usual), axis=0)
    spread = np.maximum(spread, max(_FLOOR, _noise(series, people, recent)))
    differences = pieces[0] - usual
    freedom = len(pieces) - 2
    # A median and its deviation know less than mean and variance do: efficiency 0.37 of the spread.
    tails = stdtr(max(0.37 * freedom, 2.0), -np.abs(differences) / spread) * 2
    probability = min(float(tails.min()) * 2, 1.0)
    movement = Movement.NONE
    faster, outward = float(differences[0]), float(differences[1])
    if probability < chance and max(faster, abs(outward)) >= least_change:
        if faster >= abs(outward):
            movement = Movement.SURGE
        else:
            movement = Movement.DISPERSAL if outward > 0 else Movement.CONVERGENCE
    speed, away = (
        Estimate(v, v - Z90 * s, v + Z90 * s)
        for v, s in zip(pieces[0].tolist(), spread.tolist(), strict=True)
    )
    speed = speed._replace(low=max(speed.low, 0.0))
    return Change(movement, "", speed, float(usual[0]), away, float(usual[1]), probability)


def _cannot(why: str) -> Change:
    return Change(Movement.CANNOT_TELL, why, UNKNOWN, math.nan, UNKNOWN, math.nan, 1.0)


def _speeds(series: Series, people: Array) -> Array:
    """(n, 2): collective speed and mean speed away from the crowd's middle, m/s."""
    x, y = np.moveaxis(series.grid.centres(), -1, 0)
    total = np.maximum(people.sum(axis=(1, 2)), 1e-9)
    middle_x = (people * x).sum(axis=(1, 2)) / total
    middle_y = (people * y).sum(axis=(1, 2)) / total
    ex, ey = x - middle_x[:, None, None], y - middle_y[:, None, None]
    away = np.maximum(np.hypot(ex, ey), series.grid.cell / 2)
    whole = np.hypot((people * series.vx).sum(axis=(1, 2)), (people * series.vy).sum(axis=(1, 2)))
    out = (people * (series.vx * ex + series.vy * ey) / away).sum(axis=(1, 2))
    return np.stack((whole / total, out / total), axis=1)


def _noise(series: Series, people: Array, recent: Mask) -> float:
    """m/s: what the flow's noise gives the mean of all cells now; cells within 1.5 m share it."""
    now = people[recent]
    weight = float(now.sum())
    if weight <= 0:
        return 0.0
    alone = math.sqrt(float(((now * series.noise[recent]) ** 2).sum())) / weight
    shared = max(1.5 / series.grid.cell, 1.0)
    return alone * shared
