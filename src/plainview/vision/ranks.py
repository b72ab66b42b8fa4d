"""Means, medians and quantiles of what a lens measures: numpy's numbers, in a part of its time.

A lens asks for dozens of them in a frame, of some hundred values each: what numpy checks before
it begins takes longer than the ranking.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.float32]
Floats = NDArray[np.float64]


def ranked(values: Image | Floats, part: float) -> float:
    """The quantile `part` (0 to 1) of `values` (n,), linear between two: numpy's, sooner."""
    place = part * (values.size - 1)
    low = int(place)
    high = min(low + 1, values.size - 1)
    lower, upper = np.partition(values, (low, high))[[low, high]]
    return float(lower + (place - low) * (upper - lower))


def mean(values: NDArray[np.generic]) -> float:
    """The mean of all `values`, of whatever shape, at least one: of masks, the part that is set."""
    if values.dtype == np.bool_:
        return np.count_nonzero(values) / values.size
    return float(np.add.reduce(values, axis=None) / values.size)


def median(values: Image | Floats) -> float:
    """The median of all `values`, of whatever shape, none of them NaN; NaN of none."""
    if values.size == 0:
        return float("nan")
    half = values.size // 2
    if values.size % 2:
        return float(np.partition(values, half, axis=None)[half])
    lower, upper = np.partition(values, (half - 1, half), axis=None)[half - 1 : half + 1]
    return float((lower + upper) / 2)


def median_of_bytes(values: NDArray[np.uint8]) -> float:
    """The median of all `values`, of whatever shape, at least one."""
    upto = np.bincount(values.ravel(), minlength=256).cumsum()
    lower, upper = np.searchsorted(upto, ((values.size - 1) // 2, values.size // 2), side="right")
    return float(lower + upper) / 2


def medians(pictures: Sequence[Image] | NDArray[np.float32]) -> Image:
    """(h, w) the median of the `pictures` (n, h, w), one or more, pixel by pixel.

    Neighbours are put in order, by turns from the first and from the second, as often as there are
    pictures: then all are (odd-even transposition sort; Knuth, The Art of Computer Programming 3,
    section 5.3.4).
    """
    rows = [np.array(one, dtype=np.float32) for one in pictures]
    spare = np.empty_like(rows[0])
    for turn in range(len(rows)):
        for k in range(turn % 2, len(rows) - 1, 2):
            one, other = rows[k], rows[k + 1]
            np.minimum(one, other, out=spare)
            np.maximum(one, other, out=other)
            rows[k], spare = spare, one
    half = len(rows) // 2
    return (
        rows[half] if len(rows) % 2 else np.asarray((rows[half - 1] + rows[half]) / np.float32(2))
    )
