"""A line in a rotary spectrum: is there one turning component, and could chance have made it?

A complex series has two spectra: positive frequencies turn anticlockwise, negative ones clockwise
(Gonella, Deep-Sea Research 19, 833, 1972). What merely swings to and fro has both alike. This one
test serves orbits of a crowd (x + iy) and waves along a way (a spatial Fourier component, whose
sense of turning is the wave's direction).
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from plainview.crowd.field import Z90, Array, Estimate

Complex = NDArray[np.complex128]

CYCLES = 3.0
"""Least turns within the window: what is slower is drift, and cannot be told from it."""
_OVERSAMPLING = 4
_MEMORY = np.array((0.0, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98))
_WHITE = np.array((0.0, 0.05, 0.15, 0.3, 0.6, 1.0))
_ADMITTED = 3.0
"""Log-likelihood below the best fit's down to which a background is held for possible."""
_INDEPENDENT = 2 / 3
"""Independent share of the ordinates 1/T apart of a Hann-tapered periodogram."""


class Peak(NamedTuple):
    """The strongest turning component of a series."""

    frequency: Estimate
    """Hz; negative where it turns clockwise. The interval holds if it keeps its pace."""
    ratio: float
    """Power over the background's at that frequency."""
    purity: float
    """(P(f) - P(-f)) / (P(f) + P(-f)): 1 turns in a circle, 0 swings along a line."""
    probability: float
    """That noise alone has a peak as high anywhere in the band searched."""


def transform(*, t: Array, z: Complex, frequencies: Array) -> Complex:
    """Hann-tapered Fourier sums of `z` (n,) or (n, m) at `t` (n,) s: (len(frequencies), ...).

    Taken directly, so that moments need not be evenly spaced and may be missing. Normalised so that
    a line A exp(2 pi i f t) gives A at f.
    """
    taper = _taper(t)
    waves = np.exp(-2j * np.pi * frequencies[:, None] * (t - t.mean())) * (taper / taper.sum())
    return np.asarray(waves @ z, dtype=np.complex128)


def band(*, t: Array, cycles: float = CYCLES) -> tuple[float, float]:
    """(lowest, highest) Hz that can be searched in a series at `t`: set by its length and step.

    At least `cycles` turns in the window, at least four samples in a turn: half of the Nyquist
    frequency, since each sample is itself a mean over its step.
    """
    span = float(t[-1] - t[0])
    return cycles / span, 0.25 / float(np.median(np.diff(t)))


def strongest(
    *, t: Array, z: Complex, cycles: float = CYCLES, sign: int = 0, trials: int = 1
) -> Peak | None:
    """The strongest turning component of `z` (n,) at `t` (n,) s, with its false-alarm probability.

    `sign` 1 or -1 searches one sense only; `trials` is how many series are searched alike. None
    where the band is empty or the series does not move.

    Background: AR(1) plus white noise, fitted to the tapered periodogram by Whittle's likelihood
    (Whittle, Ark. Mat. 2, 423, 1953) with the peak left out. Its mirror image is kept, so that
    what swings to and fro counts as background; and the largest background that the data admit is
    taken. With nu ordinates in the fit, noise exceeds a ratio R at one frequency with probability
    (1 + R / nu)^-nu (an F test with 2 and 2 nu degrees of freedom). Look-elsewhere: times
    1 + W sqrt(R), with W the width of the band in units of 1 / T_eff and T_eff = sqrt(4 pi Var t)
    (Baluev, MNRAS 385, 1279, 2008), and `trials`.
    """
    low, high = band(t=t, cycles=cycles)
    span = float(t[-1] - t[0])
    if high <= low or not np.any(z != z[0]):
        return None
    taper = _taper(t)
    z = z - (taper**2 @ z) / (taper**2).sum()
    scan = np.arange(low, high, 1 / (_OVERSAMPLING * span))
    scan = np.concatenate([s * scan for s in ((1, -1) if sign == 0 else (sign,))])
    step = float(np.median(np.diff(t)))
    ordinates = np.arange(1, math.floor(0.5 * span / step) + 1) / span
    ordinates = np.concatenate((ordinates, -ordinates))
    both = np.abs(transform(t=t, z=z, frequencies=np.concatenate((ordinates, scan)))) ** 2
    fitted, power = both[: len(ordinates)], both[len(ordinates) :]
    first = _background(ordinates, fitted, np.ones(len(ordinates), dtype=np.bool_), scan, step)
    best = int(np.argmax(power / first))
    away = np.abs(ordinates - float(scan[best])) * span
    level = float(_background(ordinates, fitted, away > 2, scan[best : best + 1], step)[0])
    ratio = float(power[best]) / level
    freedom = max(float((away > 2).sum()) * _INDEPENDENT - 2, 2.0)
    mirror = float(np.abs(transform(t=t, z=z, frequencies=-scan[best : best + 1])[0]) ** 2)
    weight = taper**2 / (taper**2).sum()
    spread = float(weight @ (t - weight @ t) ** 2)
    width = (high - low) * (2 if sign == 0 else 1) * math.sqrt(4 * math.pi * spread)
    single = (1 + ratio / freedom) ** -freedom
    chance = min(single * (1 + width * math.sqrt(ratio)) * trials, 1.0)
    deviation = math.sqrt(6 / max(ratio, 1.0)) / (2 * math.pi * math.sqrt(12 * spread))
    half = Z90 * deviation
    found = float(scan[best])
    for _ in range(2):  # the highest ratio may lie a step beside the highest power
        found = _vertex(t, z, found, 1 / (_OVERSAMPLING * span))
    purity = (float(power[best]) - mirror) / (float(power[best]) + mirror)
    return Peak(Estimate(found, found - half, found + half), ratio, purity, chance)


def _taper(t: Array) -> Array:
    """Hann's taper over the time of `t`, not quite zero at the ends."""
    span = float(t[-1] - t[0]) * (1 + 1 / len(t))
    return np.asarray(np.cos(np.pi * (t - (t[0] + t[-1]) / 2) / span) ** 2)


def _vertex(t: Array, z: Complex, middle: float, step: float) -> float:
    """Hz of the vertex of the parabola through the log power at `middle` and a `step` aside."""
    around = middle + step * np.array((-1.0, 0.0, 1.0))
    below, there, above = np.log(np.abs(transform(t=t, z=z, frequencies=around)) + 1e-300).tolist()
    bend = below - 2 * there + above
    offset = (below - above) / (2 * bend) if bend < 0 else 0.0
    return middle + step * min(max(offset, -1.0), 1.0)


def _background(
    frequencies: Array, power: Array, kept: NDArray[np.bool_], where: Array, step: float
) -> Array:
    """The fitted background at `where`, from `power` at the `kept` ones of `frequencies` (Hz)."""
    shapes = _shapes(frequencies[kept], step)
    sums = power[kept] / shapes
    scale = sums.mean(axis=1)
    cost = (np.log(scale) + np.log(shapes).mean(axis=1)) * sums.shape[1] * _INDEPENDENT
    possible = cost <= cost.min() + _ADMITTED
    return np.asarray((scale[:, None] * _shapes(where, step))[possible].max(axis=0))


def _shapes(frequencies: Array, step: float) -> Array:
    """(models, frequencies): AR(1) spectra of mean 1 with a white part, for all trial values."""
    phase = np.cos(2 * np.pi * frequencies * step)
    memory = _MEMORY[:, None]
    red = (1 - memory**2) / (1 - 2 * memory * phase + memory**2)
    mixed = red[:, None, :] * (1 - _WHITE[:, None]) + _WHITE[:, None]
    return np.asarray(mixed.reshape(-1, len(frequencies)))
