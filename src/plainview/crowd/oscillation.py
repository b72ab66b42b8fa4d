"""Collective orbital oscillation: a dense crowd that turns as one, without anybody's will.

Gu et al., Nature 638, 112 (2025): above 4.0 +- 0.5 people/m² a confined crowd orbits in parts of
hundreds of people. The power spectrum of the velocity's *orientation* has a peak, at an angular
frequency that falls as one over the confining length (about 0.35 rad/s at 23 m); either sense is
as likely. The same was seen before the deaths of the Love Parade of 2010. Here the frequency is
searched for, never assumed.
"""

import enum
import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from plainview.crowd.field import UNKNOWN, Array, Estimate, Mask, Series, normal
from plainview.crowd.spectrum import CYCLES, Complex, Peak, band, strongest, transform
from plainview.errors import InputError
from plainview.geometry import Grid

LEAST_SPAN = 90.0
"""Seconds of field below which nothing is told."""
EMERGENCE = Estimate(4.0, 3.5, 4.5)
"""people/m² above which oscillation emerges (Gu et al. 2025)."""
CONFINEMENT = 0.35 * 23.0
"""(rad/s) m: angular frequency times confining length (Gu et al. 2025)."""
CHANCE = 1e-6
"""False-alarm probability of one look below which an oscillation is believed.

A look every minute at ten regions is 14,400 a day: one false alarm in seventy days, if the
statistic's tail is what it says (bench/oscillation.py).
"""
PURITY = 0.5
"""Least purity of the turning: an ellipse with axes of 1 to 0.27. Less swings along a line."""
COHERENCE = 0.25
"""Least share of the cells' motion at that frequency that is one motion."""
_LEAST_KNOWN = 0.8


class Finding(enum.StrEnum):
    """What a look at one region ends with."""

    FOUND = "found"
    NOT_FOUND = "not-found"
    CANNOT_TELL = "cannot-tell"


class Oscillation(NamedTuple):
    """One region's collective motion over the window."""

    finding: Finding
    why: str
    """Why nothing is found or told; empty when found."""
    density: Estimate
    """people/m² over the region and window."""
    angular_frequency: Estimate
    """rad/s, of the strongest turning component; the interval holds for a steady one."""
    chirality: float
    """-1 clockwise to 1 anticlockwise, seen from above; near 0 it swings along a line."""
    speed: Estimate
    """Orbital speed of the region as a whole, m/s."""
    radius: float
    """Radius of the orbit, m: speed over angular frequency."""
    coherence: float
    """Share of the cells' motion at that frequency that is one motion, 0 to 1."""
    probability: float
    """That noise alone has as high a peak anywhere in the band, in any of the regions."""
    slowest: float
    """Longest period that this window could have shown, s."""

    @property
    def confinement(self) -> float:
        """Confining length, m, that such a frequency goes with (CONFINEMENT over it)."""
        frequency = abs(self.angular_frequency.value)
        return CONFINEMENT / frequency if frequency else math.nan


def tiles(*, grid: Grid, side: float, cells: Mask | None = None) -> dict[str, Mask]:
    """Square regions about `side` metres wide that share out the `cells` (ny, nx) of `grid`.

    Named by column and row from the corner of least x and y. A region should be no larger than what
    turns as one, and no smaller than a few cells. Those without cells are left out.
    """
    nx, ny = grid.shape
    size = max(round(side / grid.cell), 1)
    columns, rows = np.arange(nx) // size, np.arange(ny) // size
    kept = np.ones((ny, nx), dtype=np.bool_) if cells is None else cells
    found = {}
    for row in range(int(rows[-1]) + 1):
        for column in range(int(columns[-1]) + 1):
            part = kept & (rows == row)[:, None] & (columns == column)
            if part.any():
                found[f"{column},{row}"] = part
    return found


def oscillations(
    *,
    series: Series,
    regions: Mapping[str, Mask],
    least_density: float = EMERGENCE.low,
    chance: float = CHANCE,
) -> dict[str, Oscillation]:
    """Whether each of `regions` (name -> (ny, nx) cells) turns as one in the window of `series`.

    The region's velocity is the density-weighted mean of its known cells; its mean and trend over
    the window are taken out, and what remains is reduced to its orientation w / |w|, so that a few
    violent moments weigh no more than calm ones. The strongest line of the rotary spectrum of that
    is tested (`spectrum.strongest`), corrected for all frequencies, both senses and all regions.

    Found when the false-alarm probability is below `chance`, the turning at least PURITY pure (of
    orientation and of velocity), the cells coherent by COHERENCE, and the orbit faster than the
    flow's noise in one cell (a mast that sways moves the whole picture as one, but by less). Not
    looked for below `least_density` people/m², taken at the density's high end; 0 looks everywhere.
    It cannot be told from less than LEAST_SPAN, when under 80 % of the region or of the moments are
    known, or while nobody moves.
    Raises InputError when a region is of another grid.
    """
    return {
        name: _look(series, cells, len(regions), least_density, chance)
        for name, cells in regions.items()
    }


def _look(
    block: Series, cells: Mask, family: int, least_density: float, chance: float
) -> Oscillation:
    if cells.shape != block.known.shape[1:] or not cells.any():
        raise InputError(
            "a region holds no cell of the series' grid", where="regions", mend="Use the same grid"
        )
    if block.span < LEAST_SPAN:
        return _none(Finding.CANNOT_TELL, f"less than {LEAST_SPAN:g} s of field", UNKNOWN)
    known = block.known[:, cells]
    seen = known.mean(axis=1) >= _LEAST_KNOWN
    if seen.mean() < _LEAST_KNOWN:
        return _none(Finding.CANNOT_TELL, "too little of the region or the time is known", UNKNOWN)
    people = (block.density[:, cells] * known)[seen]
    each = people.sum(axis=1) / known[seen].sum(axis=1)
    density = normal(float(each.mean()), _density_error(block, cells, seen), least=0.0)
    if density.high < least_density:
        return _none(Finding.NOT_FOUND, f"fewer than {least_density:g} people/m²", density)
    velocity = (block.vx[:, cells] + 1j * block.vy[:, cells])[seen]
    times = block.t[seen]
    weight = people.sum(axis=1)
    whole = np.divide(
        (people * velocity).sum(axis=1), weight, out=np.zeros(len(times), complex), where=weight > 0
    )
    rest = _detrended(times, whole)
    size = np.abs(rest)
    moving = size > 1e-9
    if moving.mean() < _LEAST_KNOWN:
        return _none(Finding.CANNOT_TELL, "nobody moves, or no motion was measured", density)
    found = strongest(t=times[moving], z=rest[moving] / size[moving], trials=family)
    if found is None:
        return _none(Finding.CANNOT_TELL, "the fields are too far apart in time", density)
    noise = float(block.noise[:, cells].mean())
    return _judged(found, times, velocity, people, density, noise, chance)


def _density_error(block: Series, cells: Mask, seen: Mask) -> float:
    """people/m²: what the mean density of `cells` is off by, over the moments `seen`.

    What a camera errs by in common goes together over all cells and all the time; of the rest, that
    of cells averages out, and that of moments is not counted on to.
    """
    known, common = block.known[seen][:, cells], block.common[seen][:, cells]
    many = known.sum(axis=1)
    alone = np.maximum(block.sigma[seen][:, cells] ** 2 - common**2, 0.0)
    together = (common * known).sum(axis=1) / many
    apart = (alone * known).sum(axis=1) / many**2
    return float(np.sqrt(together**2 + apart).mean())


def _judged(
    peak: Peak,
    times: Array,
    velocity: Complex,
    people: Array,
    density: Estimate,
    noise: float,
    chance: float,
) -> Oscillation:
    """The verdict on `peak`, with the motion of each cell, (n, cells) m/s, at its frequency."""
    at = np.array([peak.frequency.value, -peak.frequency.value])
    waves, against = transform(t=times, z=_detrended(times, velocity), frequencies=at)
    share = people.mean(axis=0) / people.mean(axis=0).sum()
    whole, mirror = complex(share @ waves), complex(share @ against)
    total = float(share @ np.abs(waves) ** 2)
    coherence = abs(whole) ** 2 / total if total > 0 else 0.0
    # The velocity's own ellipse too: orientation alone makes much of small steps to the side.
    both = abs(whole) ** 2 + abs(mirror) ** 2
    purity = min(peak.purity, (abs(whole) ** 2 - abs(mirror) ** 2) / both if both > 0 else 0.0)
    # Hann's taper passes 1.5 / n of white noise; the cells' noise is taken as common, the worst.
    error = noise * math.sqrt(1.5 / len(times))
    speed = normal(abs(whole), error, least=0.0)
    turning = 2 * math.pi * peak.frequency.value
    half = 2 * math.pi * (peak.frequency.high - peak.frequency.value)
    frequency = Estimate(turning, turning - half, turning + half)
    finding, why = Finding.NOT_FOUND, ""
    if peak.probability >= chance:
        why = "no line that chance could not have made"
    elif purity < PURITY:
        why = "it swings along a line and does not turn"
    elif coherence < COHERENCE:
        why = "its parts do not move as one"
    elif speed.value < noise:
        finding, why = Finding.CANNOT_TELL, "slower than the noise of the flow; a mast may sway"
    else:
        finding = Finding.FOUND
    return Oscillation(
        finding,
        why,
        density,
        frequency,
        math.copysign(purity, turning) if purity > 0 else 0.0,
        speed,
        speed.value / abs(turning),
        coherence,
        peak.probability,
        1 / band(t=times)[0],
    )


def _none(finding: Finding, why: str, density: Estimate) -> Oscillation:
    nan = math.nan
    return Oscillation(finding, why, density, UNKNOWN, nan, UNKNOWN, nan, nan, 1.0, nan)


def _detrended(times: Array, values: Complex) -> Complex:
    """`values` (n,) or (n, m) without their mean and trend over `times` (n,)."""
    basis = np.stack((np.ones_like(times), times - times.mean()), axis=1)
    fit, *_ = np.linalg.lstsq(basis, values, rcond=None)
    return np.asarray(values - basis @ fit, dtype=np.complex128)


def least_span(*, period: float) -> float:
    """Seconds of field from which an oscillation of `period` s can be told."""
    return max(LEAST_SPAN, CYCLES * period)
