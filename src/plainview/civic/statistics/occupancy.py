"""Hourly mean occupancy of zones, districts and the city, with noise and made to fit together.

A zone is the ground that one camera measures. What is counted is *person-time*: people times the
time that their Reading stands for, in whole units of COUNT_STEP people for one millisecond, so that
no rounding stands between the data and the bound on what one person changes.

That bound (docs/guide/statistics.md derives it): somebody is seen by at most c views at once and is
at most d detections in each. In one hour, with tau(v) the share of it that they spend in view v,
their person-time in v is at most d tau(v) hours, all tau(v) <= 1 and sum tau(v) <= c. Over H hours:

    zones       L1 <= H c d      L2² <= H d² max(sum tau²) = H c d²
    districts   L1 <= H c d      L2² <= H (c d)²     the same for the city
"""

import math
from typing import Final, NamedTuple

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from plainview.civic.statistics.noise import Whole, epsilon_of, gaussian, rho_for
from plainview.record import COUNT_STEP

Real = NDArray[np.float64]
Places = NDArray[np.int64]

HOUR_MS: Final = 3_600_000
UNITS: Final = HOUR_MS / COUNT_STEP
"""Units of person-time in one person for one hour."""
SHARES: Final = (0.96, 0.02, 0.02)
"""Of rho that zones, districts and the city get. Zones are many and need it; a fiftieth serves a
large district or a city better than the sum of its zones would (bench/published_statistics.py)."""
SLACK: Final = 1.01
"""An interval of Readings that changes within an hour weighs a moment up to 1 % too much."""
QUANTILE_90: Final = 1.6448536269514722
"""Standard deviations on either side of which a normal law leaves 10 %."""


class Bounds(Struct, frozen=True):
    """What one person can change at most."""

    hours: int
    """H."""
    overlap: int
    """c: views that can see somebody at once."""
    detections: float
    """d: detections that somebody is in one view."""

    @property
    def zones(self) -> float:
        """L2 over all zone-hours together, person-hours."""
        return SLACK * self.detections * math.sqrt(self.hours * self.overlap)

    @property
    def sums(self) -> float:
        """L2 over the hours of all districts together, or of the city, person-hours."""
        return SLACK * self.detections * self.overlap * math.sqrt(self.hours)

    @property
    def total(self) -> float:
        """L1 over all zone-hours together, person-hours."""
        return SLACK * self.detections * self.overlap * self.hours


class Scales(Struct, frozen=True):
    """Standard deviation of the noise, person-hours in an hour: people on average."""

    zone: float
    district: float
    city: float


class Counted(NamedTuple):
    """A day of n zones in m districts, H hours each."""

    time: Whole
    """(n, H) person-time, UNITS to the person-hour; 0 where left out."""
    share: Real
    """(n, H) part of the hour that was measured, 0 to 1; 0 where the zone-hour is left out."""
    district: Places
    """(n,) which of the m districts each zone belongs to."""
    districts: int
    """m."""


class Noisy(NamedTuple):
    """Person-time with noise: all that anything published may be made of."""

    zones: Whole
    """(n, H)."""
    districts: Whole
    """(m, H)."""
    city: Whole
    """(H,)."""
    rho: float
    """What it cost."""


class Level(NamedTuple):
    """Estimates of one level, shapes as in Noisy."""

    value: Real
    """People on average over the hour; unbiased, so it may be negative. NaN where left out."""
    deviation: Real
    """Standard deviation of the noise in it."""
    share: Real
    """Part of the hour that was measured."""
    zones: Whole
    """How many zones are in it."""


class Estimates(NamedTuple):
    """Where everything was measured, zones add up to their district and districts to the city."""

    zones: Level
    districts: Level
    city: Level


def scales(bounds: Bounds, *, epsilon: float, delta: float) -> Scales:
    """The least noise that keeps `epsilon` at `delta` for a person's whole day."""
    rho = rho_for(epsilon, delta)
    zone, district, city = (1 / math.sqrt(2 * rho * share) for share in SHARES)
    return Scales(bounds.zones * zone, bounds.sums * district, bounds.sums * city)


def epsilon_if(bounds: Bounds, scale: Scales, delta: float, *, detections: float) -> float:
    """The epsilon of somebody who is `detections` in each view, where `bounds` claims fewer."""
    times = (detections / bounds.detections) ** 2
    rho = (bounds.zones / scale.zone) ** 2 / 2
    rho += ((bounds.sums / scale.district) ** 2 + (bounds.sums / scale.city) ** 2) / 2
    return epsilon_of(rho * times, delta)


def measure(counted: Counted, bounds: Bounds, scale: Scales) -> Noisy:
    """`counted` with noise at three levels: the only step that looks at the data."""
    of_district = np.zeros((counted.districts, counted.time.shape[1]), dtype=np.int64)
    np.add.at(of_district, counted.district, counted.time)
    zones, first = gaussian(
        counted.time, scale=scale.zone * UNITS, sensitivity=bounds.zones * UNITS
    )
    districts, second = gaussian(
        of_district, scale=scale.district * UNITS, sensitivity=bounds.sums * UNITS
    )
    city, third = gaussian(
        counted.time.sum(axis=0), scale=scale.city * UNITS, sensitivity=bounds.sums * UNITS
    )
    return Noisy(zones, districts, city, first + second + third)


def estimate(noisy: Noisy, counted: Counted, scale: Scales) -> Estimates:
    """The best linear unbiased estimates that add up, hour by hour, from `noisy` alone.

    Of `counted` only what is public anyway is used: shares and districts. Generalised least squares
    on a tree, once up and once down (Hay, Rastogi, Miklau & Suciu, Boosting the Accuracy of
    Differentially Private Histograms through Consistency, VLDB 2010, with unequal variances).
    """
    there = counted.share > 0
    own = np.where(there, noisy.zones / UNITS, 0.0)
    many = _summed(there.astype(np.float64), counted)
    summed = _summed(own, counted)
    v_zone = scale.zone**2
    # Upwards: a district by its own noise and by its zones', weighted by 1 / variance.
    v_up, up = _pair(noisy.districts / UNITS, scale.district**2, summed, many * v_zone)
    v_all, top = _pair(noisy.city / UNITS, scale.city**2, up.sum(axis=0), v_up.sum(axis=0))
    # Downwards: what the level above knows better is handed down by share of variance.
    gap, below = top - up.sum(axis=0), v_up.sum(axis=0)
    district = up + np.divide(v_up, below, out=np.zeros_like(v_up), where=below > 0) * gap
    v_district = v_up - np.divide(v_up**2, below, out=np.zeros_like(v_up), where=below > 0) * (
        1 - np.divide(v_all, below, out=np.ones_like(below), where=below > 0)
    )
    each = np.maximum(many, 1)
    zone = own + ((district - summed) / each)[counted.district]
    v_each = v_zone - ((many * v_zone - v_district) / each**2)[counted.district]
    shares = _summed(counted.share, counted)
    total = many.sum(axis=0)
    return Estimates(
        _level(zone, v_each, counted.share, there.astype(np.float64)),
        _level(district, v_district, shares / each, many),
        _level(top, v_all, shares.sum(axis=0) / np.maximum(total, 1), total),
    )


def _summed(values: Real, counted: Counted) -> Real:
    """(m, H) sums of (n, H) `values` by district."""
    sums = np.zeros((counted.districts, values.shape[1]))
    np.add.at(sums, counted.district, values)
    return sums


def _pair(own: Real, v_own: float, below: Real, v_below: Real) -> tuple[Real, Real]:
    """(variance, value) of two independent estimates of one sum; nothing below: it is 0."""
    weight = v_own / (v_own + v_below)
    return weight * v_below, weight * below + (1 - weight) * own


def _level(value: Real, variance: Real, share: Real, many: Real) -> Level:
    """As people on average over the hour: what was measured stands for what was not."""
    there = many > 0
    part = np.where(there, share, np.nan)
    deviation = np.sqrt(np.maximum(variance, 0.0)) / part
    return Level(value / part, deviation, share, many.astype(np.int64))
