"""Exact intervals for what was counted: shares and rates."""

import math
from typing import NamedTuple

from scipy.special import betaincinv, gammaincinv

LEVEL = 0.90
"""Of every interval here: both ends together are missed once in ten."""


class Estimate(NamedTuple):
    """A share or a rate with its 90 % interval. NaN where nothing was counted."""

    value: float
    low: float
    high: float


def share(hits: int, total: int) -> Estimate:
    """`hits` of `total` with the interval of Clopper & Pearson (Biometrika 26, 1934)."""
    if total == 0:
        return Estimate(math.nan, 0.0, 1.0)
    tail = (1 - LEVEL) / 2
    low = float(betaincinv(hits, total - hits + 1, tail)) if hits else 0.0
    high = float(betaincinv(hits + 1, total - hits, 1 - tail)) if hits < total else 1.0
    return Estimate(hits / total, low, high)


def rate(count: int, days: float) -> Estimate:
    """`count` events a day in `days`, with the interval of Garwood (Biometrika 28, 1936)."""
    if days <= 0:
        return Estimate(math.nan, 0.0, math.inf)
    tail = (1 - LEVEL) / 2
    low = float(gammaincinv(count, tail)) if count else 0.0
    return Estimate(count / days, low / days, float(gammaincinv(count + 1, 1 - tail)) / days)
