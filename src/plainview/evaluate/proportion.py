"""Exact intervals for what was counted: shares and rates."""

import math
from typing import NamedTuple

from scipy.special import gammaincinv

from plainview import proportion

LEVEL = 0.90
"""Of every interval here: both ends together are missed once in ten."""


class Estimate(NamedTuple):
    """A share or a rate with its 90 % interval. NaN where nothing was counted."""

    value: float
    low: float
    high: float


def poisson_interval(events: int) -> tuple[float, float]:
    """The exact interval on a Poisson process's expected count when `events` were seen.

    Garwood, Biometrika 28 (1936): chi-square quantiles. From 0 where none were seen.
    """
    tail = (1 - LEVEL) / 2
    low = float(gammaincinv(events, tail)) if events else 0.0
    return low, float(gammaincinv(events + 1, 1 - tail))


def share_interval(hits: int, trials: int) -> tuple[float, float]:
    """The exact interval on a probability when `hits` of `trials` came."""
    return proportion.share_interval(hits, trials, LEVEL)


def share(hits: int, total: int) -> Estimate:
    """`hits` of `total` with its exact interval; from 0 to 1 where nothing was tried."""
    if total == 0:
        return Estimate(math.nan, 0.0, 1.0)
    return Estimate(hits / total, *share_interval(hits, total))


def rate(count: int, days: float) -> Estimate:
    """`count` events a day in `days`, with its exact interval; unbounded where none was watched."""
    if days <= 0:
        return Estimate(math.nan, 0.0, math.inf)
    low, high = poisson_interval(count)
    return Estimate(count / days, low / days, high / days)
