"""A lower bound on epsilon from many releases of two neighbouring data sets.

No audit proves a guarantee, but one that is broken badly is found: the bound must never be above
what is claimed.
"""

import math

import numpy as np
from numpy.typing import NDArray

from plainview.civic.statistics.noise import Whole
from plainview.civic.statistics.occupancy import UNITS, Bounds, Counted, Noisy, Scales, measure
from plainview.proportion import share_interval

Scores = NDArray[np.float64]

MISS = 0.05
"""Chance that the bound is too high by luck alone."""


def lower_bound(without: Scores, with_them: Scores, *, delta: float) -> float:
    """The epsilon that is shown at 95 % by scores of releases with somebody and without.

    Whoever guesses "they were there" above a threshold is right with probability p and wrong with
    probability q, and p <= e^epsilon q + delta (Kairouz, Oh & Viswanath, ICML 2015). The threshold
    is chosen on the first half of each; p and q are bounded on the other half by Clopper-Pearson
    at 2.5 % each (Jagielski, Ullman & Oprea, NeurIPS 2020). 0 where nothing is shown.
    """
    half = min(len(without), len(with_them)) // 2
    candidates = np.quantile(with_them[:half], np.linspace(0.02, 0.98, 49))
    threshold = max(
        candidates, key=lambda at: _shown(without[:half] > at, with_them[:half] > at, delta)
    )
    return max(_shown(without[half:] > threshold, with_them[half:] > threshold, delta), 0.0)


def _shown(wrong: NDArray[np.bool_], right: NDArray[np.bool_], delta: float) -> float:
    low = share_interval(int(right.sum()), len(right), 1 - MISS)[0] - delta
    high = share_interval(int(wrong.sum()), len(wrong), 1 - MISS)[1]
    return math.log(low / high) if low > 0 else -math.inf


def worst_pair(bounds: Bounds) -> tuple[Counted, Counted]:
    """Two days that differ by one person who is seen as much as `bounds` allows, all the time.

    One district of c zones: nobody can change more.
    """
    shape = (bounds.overlap, bounds.hours)
    nobody = np.zeros(shape, dtype=np.int64)
    somebody = nobody + math.floor(bounds.detections * UNITS)
    share, district = np.ones(shape), np.zeros(bounds.overlap, dtype=np.int64)
    return Counted(nobody, share, district, 1), Counted(somebody, share, district, 1)


def scores(counted: Counted, many: int, bounds: Bounds, scale: Scales) -> Scores:
    """(many,) how much each of `many` releases of `counted` looks as if somebody was there.

    The log-likelihood ratio of Gaussian noise but for a constant: the best test there is (Neyman &
    Pearson 1933). `measure` draws each release, as when a day is published.
    """
    return np.array([_likeness(measure(counted, bounds, scale), scale) for _ in range(many)])


def _likeness(noisy: Noisy, scale: Scales) -> float:
    parts: tuple[tuple[Whole, float, int], ...] = (
        (noisy.zones, scale.zone, 1),
        (noisy.districts, scale.district, len(noisy.zones)),
        (noisy.city, scale.city, len(noisy.zones)),
    )
    return sum(float(seen.sum()) / UNITS * change / sigma**2 for seen, sigma, change in parts)
