"""Stop-and-go waves: bands of standing people that travel backward through a dense stream.

Seen by Helbing, Johansson & Al-Abideen (Phys. Rev. E 75, 046109, 2007) before the crowd of Mina
became turbulent, and in the laboratory (Portz & Seyfried, PED 2010): in front of a jam people
start, at its tail they stop, so the jam itself moves against the walk at some 0.3 to 0.5 m/s. They
tell that a stream is over its capacity. Here neither speed nor period is assumed.
"""

import math
from typing import NamedTuple

import numpy as np

from plainview.crowd.field import UNKNOWN, Z90, Array, Estimate, Mask, Series
from plainview.crowd.oscillation import Finding
from plainview.crowd.spectrum import Peak, strongest, transform
from plainview.errors import InputError

LEAST_SPAN = 60.0
"""Seconds of field below which nothing is told."""
LEAST_LENGTH = 4.0
"""Metres along the way below which nothing is told."""
LEAST_FLOW = 0.1
"""m/s of mean speed below which there is no main direction to be backward to."""
SLOWEST, FASTEST = 0.1, 1.5
"""m/s between which a wave's speed must lie."""
CHANCE = 1e-5
"""False-alarm probability of one look below which a wave is believed."""
PURITY = 0.5
"""Least (backward - forward) / (backward + forward) power at the wave's length and period."""
MOST_AGAINST = 0.15
"""Share of the flow that may go against the main direction: more would carry its own unevenness
backward, which looks like a wave."""
_LEAST_KNOWN = 0.7
_LEAK = 0.15
"""Error of a wave number by leakage, in steps of pi / L."""


class Wave(NamedTuple):
    """The strongest wave that travels against the flow."""

    finding: Finding
    why: str
    """Why nothing is found or told; empty when found."""
    speed: Estimate
    """m/s against the main direction of the flow (positive: backward)."""
    period: Estimate
    """Seconds between one stop and the next at a place."""
    length: float
    """Metres from one jam to the next."""
    swing: float
    """Amplitude of the speed along the way, m/s."""
    opposed: float
    """How far density is high where speed is low: -1 wholly opposed (stop-and-go), 1 together."""
    direction: float
    """Main direction of the flow, radians from x."""
    probability: float
    """That noise alone has a backward line as high, at any length and period looked at."""


def stop_and_go(
    *,
    series: Series,
    cells: Mask | None = None,
    direction: float | None = None,
    chance: float = CHANCE,
) -> Wave:
    """Backward-travelling waves in the known `cells` (ny, nx) over the time of `series`.

    Cells are laid into slices one cell long along `direction` (radians; that of the mean flow when
    None); in each, u(s, t) is the density-weighted speed along it, less its mean over time. For
    each of the wave numbers k = pi j / L (L: length of the ground; from half a wave on it to four
    slices a wave), a(t) = sum_s h(s) u(s, t) exp(-iks), h Hann's taper, is a complex series in
    which a wave that travels backward turns anticlockwise and one forward clockwise. Its strongest
    anticlockwise line is tested as in `spectrum.strongest`, corrected for all wave numbers.

    Speed is omega / k, within 0.1 to 1.5 m/s, with the error of both; k is refined at the line's
    frequency. Found below `chance`, and when backward power exceeds forward power three times:
    people themselves carry forward what is uneven among them. It cannot be told in under LEAST_SPAN
    s, on under LEAST_LENGTH m, with over MOST_AGAINST of the flow against, below a mean speed of
    LEAST_FLOW without a `direction`, or when less than 70 % is known. Raises InputError when
    `cells` has none of the grid's cells.
    """
    part = np.ones(series.known.shape[1:], dtype=np.bool_) if cells is None else cells
    if part.shape != series.known.shape[1:] or not part.any():
        raise InputError(
            "the region holds no cell of the series' grid", where="cells", mend="Use the same grid"
        )
    if series.span < LEAST_SPAN:
        return _none(Finding.CANNOT_TELL, f"less than {LEAST_SPAN:g} s of field", math.nan)
    known = series.known & part
    if known.sum() < _LEAST_KNOWN * part.sum() * len(series.t):
        return _none(Finding.CANNOT_TELL, "too little of the ground is known", math.nan)
    people = series.density * known
    total = max(float(people.sum()), 1e-9)
    mean = complex((people * series.vx).sum() / total, (people * series.vy).sum() / total)
    if direction is None:
        if abs(mean) < LEAST_FLOW:
            return _none(Finding.CANNOT_TELL, "there is no main direction of flow", math.nan)
        direction = math.atan2(mean.imag, mean.real)
    along = people * (series.vx * math.cos(direction) + series.vy * math.sin(direction))
    against = float(-along[along < 0].sum()) / max(float(np.abs(along).sum()), 1e-9)
    if against > MOST_AGAINST:
        return _none(Finding.CANNOT_TELL, "people walk both ways", direction)
    speed, density = _slices(series, people, along, part, direction)
    cell = series.grid.cell
    long = len(speed[0]) * cell
    if long < LEAST_LENGTH:
        return _none(Finding.CANNOT_TELL, f"less than {LEAST_LENGTH:g} m along the way", direction)
    return _judged(_search(series.t, speed, density, cell), direction, chance)


class _Line(NamedTuple):
    """A line found at one wave number."""

    peak: Peak
    number: float
    """rad/m"""
    doubt: float
    """Half-width of its 90 % interval, rad/m."""
    swing: float
    opposed: float


def _search(t: Array, speed: Array, density: Array, cell: float) -> _Line | None:
    """The likeliest backward line over all wave numbers; None when nothing varies."""
    n = speed.shape[1]
    place = (np.arange(n) + 0.5 - n / 2) * cell
    taper = np.sin(np.pi * (np.arange(n) + 0.5) / n) ** 2
    taper /= taper.sum()
    step = np.pi / (n * cell)
    numbers = step * np.arange(1, n // 2 + 1)
    found: Peak | None = None
    number = math.nan
    for trial in numbers.tolist():
        wave = taper * np.exp(-1j * trial * place)
        peak = strongest(t=t, z=speed @ wave, sign=1, trials=len(numbers))
        if peak is None:
            continue
        if not SLOWEST <= 2 * math.pi * peak.frequency.value / trial <= FASTEST:
            continue
        if found is None or peak.probability < found.probability:
            found, number = peak, trial
    if found is None:
        return None
    at = np.array([found.frequency.value])
    fine = number + step * np.arange(-1, 1.01, 0.05)
    fine = fine[fine > step / 2]
    waves = taper * np.exp(-1j * fine[:, None] * place)
    u = waves @ transform(t=t, z=speed.astype(np.complex128), frequencies=at)[0]
    rho = waves @ transform(t=t, z=density.astype(np.complex128), frequencies=at)[0]
    k = int(np.argmax(np.abs(u)))
    size = abs(u[k]) * abs(rho[k])
    opposed = float((u[k] * rho[k].conjugate()).real / size) if size > 0 else 0.0
    weight = taper**2 / (taper**2).sum()
    chance = Z90 / math.sqrt(2 * max(found.ratio, 1.0) * float(weight @ place**2))
    # The wave's mirror image in a short ground leaks into it, and moves the best number a little.
    doubt = math.hypot(chance, _LEAK * step)
    return _Line(found, float(fine[k]), doubt, 2 * float(abs(u[k])), opposed)


def _judged(line: _Line | None, direction: float, chance: float) -> Wave:
    if line is None:
        return _none(Finding.NOT_FOUND, "no backward line", direction)
    peak, number = line.peak, line.number
    pace = 2 * math.pi * peak.frequency.value / number
    relative = (peak.frequency.high - peak.frequency.value) / peak.frequency.value
    both = math.hypot(relative, line.doubt / number)
    period = Estimate(
        1 / peak.frequency.value,
        1 / peak.frequency.high,
        1 / max(peak.frequency.low, 1e-9),
    )
    finding, why = Finding.FOUND, ""
    if peak.probability >= chance:
        finding, why = Finding.NOT_FOUND, "no backward line that chance could not have made"
    elif peak.purity < PURITY:
        finding, why = Finding.NOT_FOUND, "as much travels forward as backward"
    return Wave(
        finding,
        why,
        Estimate(pace, pace * max(1 - both, 0.0), pace * (1 + both)),
        period,
        2 * math.pi / number,
        line.swing,
        line.opposed,
        direction,
        peak.probability,
    )


def _none(finding: Finding, why: str, direction: float) -> Wave:
    nan = math.nan
    return Wave(finding, why, UNKNOWN, UNKNOWN, nan, nan, nan, direction, 1.0)


def _slices(
    series: Series, people: Array, flow: Array, part: Mask, direction: float
) -> tuple[Array, Array]:
    """(n, slices): speed along the way (`flow` over `people`) and density, less their means."""
    centres = series.grid.centres()
    along = centres[..., 0] * math.cos(direction) + centres[..., 1] * math.sin(direction)
    cell = series.grid.cell
    index = np.floor((along - along[part].min()) / cell + 1e-6).astype(np.intp)
    n = int(index[part].max()) + 1
    size = np.bincount(index[part], minlength=n)
    weights, flows = np.zeros((2, len(series.t), n))
    for k in range(len(series.t)):
        weights[k] = np.bincount(index[part], people[k][part], minlength=n)
        flows[k] = np.bincount(index[part], flow[k][part], minlength=n)
    usual = flows.sum(axis=0) / np.maximum(weights.sum(axis=0), 1e-9)
    # A slice with nobody in it at a moment says nothing of speed: it keeps its usual one.
    speed = np.divide(flows, weights, out=usual * np.ones_like(flows), where=weights > 0)
    density = weights / np.maximum(size, 1)
    return speed - usual, density - density.mean(axis=0)
