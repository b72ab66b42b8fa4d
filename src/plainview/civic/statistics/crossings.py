"""Crossings of each line by hour, with noise: one crossing is protected, not one person.

One crossing of one line, as one camera sees it, adds at most d detections to one hour and one
direction (or a part to two neighbouring hours, d in all), so the L1 norm of what it changes is at
most d. Somebody who crosses k times spends k epsilon: this is no guarantee for a person's day.
"""

import math
from typing import Final, NamedTuple

import numpy as np

from plainview.civic.statistics.noise import Whole, laplace
from plainview.record import CROSSING_STEP


class NoisyCrossings(NamedTuple):
    """Crossings with noise."""

    people: Whole
    """As they were given; CROSSING_STEP people each."""
    scale: float
    """Of the Laplace law, people."""
    epsilon: float
    """Of one crossing."""


HALF_WIDTH_90: Final = math.log(10)
"""Scales of a Laplace law on either side of which 10 % are left: exp(-x) = 0.1."""


def release_crossings(units: Whole, *, detections: float, epsilon: float) -> NoisyCrossings:
    """`units`, any shape, whole CROSSING_STEP: each by line, direction and hour, with noise."""
    sensitivity = math.ceil(detections / CROSSING_STEP)
    scale = sensitivity / epsilon
    if not units.size:
        return NoisyCrossings(units, scale * CROSSING_STEP, 0.0)
    noisy, cost = laplace(units, scale=scale, sensitivity=sensitivity)
    return NoisyCrossings(np.asarray(noisy), scale * CROSSING_STEP, cost)
