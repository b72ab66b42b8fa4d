"""What parts of the city add up to, and the interval on it.

All sums are of whole numbers, so that a part that changes is taken away and put back exactly, and
nothing drifts however long this runs.

A camera's 90 % interval reaches `below` and `above` its count. Within a site these add in
quadrature, as on the site's own page. Between sites errors are not independent: one estimator, one
weather and one dusk err everywhere in the same direction. So the half-width of a sum over sites is

    sqrt((1 - r) sum(h²) + r sum(h)²)

the deviation of a sum whose terms correlate by r in each pair, with r = CORRELATION. What it would
be with r = 0 and r = 1 is told as well.
"""

import math
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from plainview.record import COUNT_STEP

Ints = NDArray[np.int64]

CORRELATION: Final = 0.2
"""Of two sites' errors. A judgement, on the careful side of what the estimator's measured errors
imply: its lasting error over all clips (0.10 rms, by the ratios of the dense bands in
evaluate/error_model.json) is 0.12 of the variance that its interval stands for. Over a city it was
not measured."""
SHARE: Final = 10
"""A camera's share of its site's count is told in steps of 2**-10."""
AREA: Final = 100
"""Ground is summed in 1/100 m²."""


class Sums(NamedTuple):
    """What each district adds up to, (districts,) each."""

    people: Ints
    """In COUNT_STEP / 2**SHARE, on the ground that is known."""
    below: Ints
    """Sum of the sites' lower half-widths, in COUNT_STEP."""
    below_squared: Ints
    """Sum of their squares."""
    above: Ints
    above_squared: Ints
    known: Ints
    """Ground that a believed camera sees, in 1/AREA m²."""
    covered: Ints
    """Ground that any camera sees."""
    cameras: Ints
    believed: Ints
    sites: Ints
    faults: Ints
    """(districts, faults) cameras, in the order of conditions.Fault."""


class Interval(NamedTuple):
    """People with the ends of their 90 % interval; all None where nothing is known."""

    people: float | None
    low: float | None
    high: float | None
    low_independent: float | None
    """If no two sites' errors had anything in common."""
    high_independent: float | None
    low_together: float | None
    """If all sites erred in the same direction at once."""
    high_together: float | None


NOTHING: Final = Interval(None, None, None, None, None, None, None)


class Amount(NamedTuple):
    """What one district, or the city, adds up to: as Sums."""

    people: int
    below: int
    below_squared: int
    above: int
    above_squared: int
    known: int
    covered: int
    cameras: int
    believed: int
    sites: int
    faults: tuple[int, ...]


def each(sums: Sums) -> list[Amount]:
    """Every district, in order."""
    rows = np.stack(sums[:-1], axis=1).tolist()
    faults = sums.faults.tolist()
    return [Amount._make((*row, tuple(told))) for row, told in zip(rows, faults, strict=True)]


def whole(sums: Sums) -> Amount:
    """All districts together."""
    totals = (sum(values.tolist()) for values in sums[:-1])
    return Amount._make((*totals, tuple(sums.faults.sum(axis=0).tolist())))


def interval(amount: Amount) -> Interval:
    """The people of `amount`."""
    if not amount.believed:
        return NOTHING
    people = amount.people * COUNT_STEP / (1 << SHARE)

    def half(alone: int, squared: int, correlation: float) -> float:
        return COUNT_STEP * math.sqrt((1 - correlation) * squared + correlation * alone * alone)

    ends = []
    for correlation in (CORRELATION, 0.0, 1.0):
        ends.append(max(people - half(amount.below, amount.below_squared, correlation), 0.0))
        ends.append(people + half(amount.above, amount.above_squared, correlation))
    return Interval(people, *ends)


def known_share(amount: Amount) -> float:
    """Share of the covered ground that a believed camera sees, 0 to 1."""
    return amount.known / max(amount.covered, 1)
