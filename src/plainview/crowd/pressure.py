"""Crowd pressure: density times the variance of local velocity, without the flow's own noise.

P = rho Var(V), in 1/s²: Helbing, Johansson & Al-Abideen, Phys. Rev. E 75, 046109 (2007). V is the
velocity averaged about a place with the kernel exp(-d²/R²), R about 1 m, and Var(V) is <|V - <V>|²>
over some time: both components, about their mean. In the crush of Mina in 2006 the crowd became
turbulent, and people fell, where P passed 0.02 /s². It is no force: it tells how violently people
who cannot move freely are moved.
"""

import math
from typing import NamedTuple

import numpy as np
from scipy.ndimage import correlate1d
from scipy.special import gammaincinv, ndtri

from plainview.crowd.field import UNKNOWN, Z90, Array, Estimate, Mask, Series
from plainview.errors import InputError
from plainview.geometry import Point

ALARM = 0.02
"""1/s² near which crowds became turbulent (Helbing et al. 2007, section III)."""
RADIUS = 1.0
"""R of the kernel, m (the same)."""
LEAST_DENSITY = 4.0
"""people/m² below which people walk by themselves: their own choices, not being pushed, make the
variance, and the alarm's value says nothing. A crowd begins to move its people from 4.0 +- 0.5 on
(Gu et al., Nature 638, 112, 2025); walkers who stop and go at 3 read as several times the alarm."""
LEAST_FIELDS = 8
"""Fields below which a variance is not told."""
WINDOW = 1.5
"""Metres apart up to which cells share noise, as if each were measured in a window so wide. Windows
are 1 to 1.5 m wide (vision/dense.py), but neighbours are averaged: in packed crowds that stand
still, errors of cells 1 m apart correlate by 0.3, as in windows of 1.5 m."""
DOUBT = 0.2
"""Relative standard error of the stated flow noise itself."""
MEMORY = 0.6
"""Correlation of a cell's flow noise with that of a second later: measured 0.56 in dense crowds
(`plainview evaluate crowd`)."""


class Pressure(NamedTuple):
    """Crowd pressure cell by cell: arrays of (ny, nx), NaN where it cannot be told."""

    value: Array
    """1/s², without the flow's noise; 0 where the noise explains all."""
    low: Array
    """Low end of the 90 % interval, 1/s²."""
    high: Array
    flow: Array
    """How far the flow's noise alone puts the low end below the value, 1/s²."""
    rest: Array
    """How far the density's error alone does, 1/s²."""
    density: Array
    """Mean density about the cell, people/m²; NaN where unknown."""
    noise: Array
    """What was taken out, 1/s²: density times the variance that the flow's noise makes."""
    known: Mask
    """Where enough of the ground and of the time is known."""


def pressure(
    *, series: Series, radius: float = RADIUS, window: float = WINDOW, doubt: float = DOUBT
) -> Pressure:
    """Crowd pressure about each cell over the time of `series` (10 to 30 s are good lengths).

    V(r, t) = sum K rho v / sum K rho over known cells, K = exp(-d²/R²), R = `radius` m. S² is the
    variance of the measured V over the n fields, both components, over n - 1. The noise
    N = 2 sum_ij a_i a_j C_ij / (sum a)², a = K rho sigma, is taken out; C is the overlap of the
    square windows, `window` m wide, that cells i and j were measured in.

    The 90 % interval is on the shaking that there was in that time, not on what the crowd might
    have done: what errs is the measurement. With V + e, e of variance N / 2 in each component, S²
    is off by that of e, N chi-square of f = 2 m degrees over f, and by 2 <V e>, of variance
    2 N S² / m; m = n (1 - r²) / (1 + r²) moments count, since neighbouring ones are alike: r is
    MEMORY to the power of the seconds between them. `doubt` is that of the noise's own standard
    deviation; the density's sigma is common to the kernel. Joined by variance estimates recovery
    (Zou & Donner, Statistics in Medicine 27, 1693, 2008).

    A cell cannot be told with fewer than LEAST_FIELDS fields in which at least half of its kernel
    is known. Below LEAST_DENSITY the number means nothing for safety: see `worst`.
    Raises InputError for a radius of no length.
    """
    if not radius > 0:
        raise InputError("the kernel has no size", where="radius", mend="Use about 1 m")
    kernel = _kernel(radius, series.grid.cell)
    people = np.where(series.known, series.density, 0.0)
    weight = _spread(people, kernel)
    full = float(kernel.sum()) ** 2
    seen = _spread(series.known.astype(np.float64), kernel) / full
    told = seen >= 0.5
    usable = told & (weight > 1e-9)
    n = usable.sum(axis=0)
    vx = np.divide(_spread(people * series.vx, kernel), weight, where=usable, out=0 * weight)
    vy = np.divide(_spread(people * series.vy, kernel), weight, where=usable, out=0 * weight)
    fewer = np.maximum(n, 1)
    dx = (vx - vx.sum(axis=0) / fewer) * usable
    dy = (vy - vy.sum(axis=0) / fewer) * usable
    known = n >= LEAST_FIELDS
    total = (dx**2 + dy**2).sum(axis=0) / np.maximum(n - 1, 1)
    noise = _noise(series, people, kernel, window)
    # Where the noise explains more than all, the variance is nought and its interval one-sided.
    rest = total - noise
    memory = MEMORY**series.step if len(series.t) > 1 else 0.0
    moments = np.maximum(fewer * (1 - memory**2) / (1 + memory**2), 1.0)
    below, above = _apart(noise, np.maximum(rest, 0.0), moments, doubt)
    looks = np.maximum(told.sum(axis=0), 1)
    share = np.divide(weight, seen * full, where=told, out=np.zeros_like(weight))
    density = share.sum(axis=0) / looks
    sigma = Z90 * _spread(np.where(series.known, series.sigma, 0.0), kernel)
    error = np.divide(sigma, seen * full, where=told, out=np.zeros_like(weight))
    deviation = error.sum(axis=0) / looks
    value = density * np.maximum(rest, 0.0)
    flow = density * (np.maximum(rest, 0) - rest + below)
    people = np.maximum(rest, 0) * deviation
    low = value - np.hypot(flow, people)
    high = density * rest + np.hypot(density * above, rest * deviation)
    blank = np.where(known, 1.0, np.nan)
    return Pressure(
        value * blank,
        np.clip(low, 0.0, None) * blank,
        np.maximum(high, value) * blank,
        flow * blank,
        people * blank,
        density * blank,
        density * noise * blank,
        known,
    )


def _apart(noise: Array, real: Array, moments: Array, doubt: float) -> tuple[Array, Array]:
    """m²/s²: distance of `real` from the ends of its 90 % interval, below and above."""
    high, low = (gammaincinv(moments, tail) / moments - 1 for tail in (0.95, 0.05))
    mixed = Z90**2 * 2 * noise * real / moments
    more, less = (noise * ((1 + sign * doubt * Z90) ** 2 - 1) for sign in (1, -1))
    return (
        np.sqrt(mixed + (noise * high) ** 2 + more**2),
        np.sqrt(mixed + (noise * low) ** 2 + less**2),
    )


def worst(
    *,
    field: Pressure,
    centres: Array,
    cells: Mask | None = None,
    least: float = LEAST_DENSITY,
    radius: float = RADIUS,
) -> tuple[Estimate, Point | None]:
    """The highest pressure among `cells` with at least `least` people/m², and where, in metres.

    Chosen by the low end of the interval, so that a place is named only if it stands out by more
    than its own doubt. The highest of many is high by chance too: with m kernels of 2 pi R² on the
    dense ground, the low end is set for a probability of 0.05 / m instead of 0.05 (Bonferroni) that
    the flow's noise makes it, scaled as a normal error's; the density's error is common to all.
    `centres` (ny, nx, 2) as `Grid.centres`. An estimate of 0 with no place where all known cells
    are less dense than `least`; UNKNOWN where no cell is known.
    """
    part = field.known if cells is None else field.known & cells
    if not part.any():
        return UNKNOWN, None
    dense = part & (np.nan_to_num(field.density) >= least)
    if not dense.any():
        return Estimate(0.0, 0.0, 0.0), None
    many = max(float(dense.sum()) * _side(centres) ** 2 / (2 * math.pi * radius**2), 1.0)
    wider = -float(ndtri(0.05 / many)) / Z90
    lows = np.maximum(field.value - np.hypot(wider * field.flow, field.rest), 0.0)
    rank = np.where(dense, lows + 1e-6 * field.value, -1.0)
    k = np.unravel_index(int(np.argmax(rank)), rank.shape)
    found = Estimate(float(field.value[k]), float(lows[k]), float(field.high[k]))
    return found, (float(centres[k][0]), float(centres[k][1]))


def sparse(*, series: Series, least: float = LEAST_DENSITY) -> bool:
    """Whether no place is as dense as `least`, so that `worst` says nought without more.

    The density is the one of `pressure`, which it takes a tenth of the time to tell; where a cell
    is known at times only, its densest moment stands for all.
    """
    known = series.known
    if not (known == known[0]).all():
        return not bool((known & (series.density >= least)).any())
    people = np.where(known[0], series.density.mean(axis=0), 0.0)
    if not (people >= least).any():
        return True
    kernel = _kernel(RADIUS, series.grid.cell)
    seen = _spread(known[0].astype(np.float64), kernel)
    there = seen >= 0.5 * float(kernel.sum()) ** 2
    return not bool((there & (_spread(people, kernel) >= least * seen)).any())


def _side(centres: Array) -> float:
    """Metres from one cell's centre to the next; 0 where there is but one."""
    line = centres[0] if centres.shape[1] > 1 else centres[:, 0]
    return float(np.abs(line[1:2] - line[:1]).max(initial=0.0))


def _kernel(radius: float, cell: float) -> Array:
    """(m,): exp(-x²/R²) along one axis of cells, out to two and a half R; the kernel is its square.

    exp(-d²/R²) is a product of one factor for each axis, so two passes along lines do for it.
    """
    reach = max(math.ceil(2.5 * radius / cell), 1)
    return np.asarray(np.exp(-((np.arange(-reach, reach + 1) * cell / radius) ** 2)))


def _spread(planes: Array, down: Array, across: Array | None = None) -> Array:
    """`planes` (..., ny, nx) summed about each cell with weights `down` times `across`.

    `across` is `down` when None. Nothing lies outside of the planes.
    """
    rows = correlate1d(planes, down, axis=-2, mode="constant")
    columns = correlate1d(rows, down if across is None else across, axis=-1, mode="constant")
    return np.asarray(columns, dtype=np.float64)


def _noise(series: Series, people: Array, kernel: Array, window: float) -> Array:
    """(ny, nx) m²/s²: variance that the flow's noise gives V, both components.

    Cells' noises go together by the overlap of the windows that they were measured in.
    """
    loud = (people * np.where(series.known, series.noise, 0.0)).mean(axis=0)
    cell = series.grid.cell
    reach = math.ceil(window / cell) - 1
    shared = np.zeros_like(loud)
    for dy in range(reach + 1):
        for dx in range(-reach if dy else 0, reach + 1):
            overlap = (1 - abs(dy) * cell / window) * (1 - abs(dx) * cell / window)
            pairs = loud * _shifted(_shifted(loud.T, dx).T, dy)
            both = (kernel * _shifted(kernel, step) for step in (dy, dx))
            # A pair is the same pair seen from its other cell: half of the steps do for all.
            times = 1 if dx == dy == 0 else 2
            shared += times * max(overlap, 0.0) * _spread(pairs, *both)
    weight = _spread(people.mean(axis=0), kernel)
    return np.asarray(
        2 * np.divide(shared, weight**2, out=np.zeros_like(shared), where=weight > 1e-9)
    )


def _shifted(plane: Array, steps: int) -> Array:
    """`plane` moved along its first axis so that what lay at k + steps lies at k; zeros come in."""
    moved = np.zeros_like(plane)
    n = len(plane)
    moved[max(-steps, 0) : n - max(steps, 0)] = plane[max(steps, 0) : n + min(steps, 0)]
    return moved
