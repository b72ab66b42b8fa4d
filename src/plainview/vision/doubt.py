"""How uncertain a count of bodies is: what its variance is made of.

Some of it is each body's own and evens out over many; some is so for the whole scene, as long as it
lasts, and grows with the number. Sizes are set on drawn scenes: docs/design/0009-measurement.md.
"""

from typing import NamedTuple

from plainview.vision.optics import Floats

KEPT = 0.25
"""Variance for each person kept in the mixture of whom nothing shows, people²."""
LASTING = 0.1
"""Relative standard deviation of the number of those found that is so for the whole scene."""
STILL = 0.3
"""The same of those of them who are found in the plate."""
READ = 1.0
"""The same of those who are only read beside them: as many again, or nobody."""
APART = 0.5
"""Standard deviation for each person by whom two witnesses of who stands in the plate differ."""
UNSEEN = 0.4
"""The same of those who are there and were not found."""
UNFOUND = 0.5
"""People that may be there beside one or more who are found: clothes as light as the ground behind
them leave nothing by which to tell how many more there are."""
BESIDES = 0.5
"""People that may be there for each who is hidden or not found, besides: who is lost in a crowd
hides others in turn, which the first order leaves out."""


class Counted(NamedTuple):
    """What a count within the area is made of."""

    weights: Floats
    """(n,) of bodies in it."""
    visible: Floats
    """(n,) parts of them that show."""
    still: float
    """People among them who stand in the plate."""
    read: float
    """People whom the network reads beside those (overlooked.py)."""
    apart: float
    """People by whom what the network reads of all of them differs from what was found."""
    unseen: float
    """People hidden behind others, or like those found but not found themselves."""


def variance(of: Counted) -> float:
    """people²: the variance of the count."""
    own = (of.weights * (1 - of.weights)).sum() + KEPT * (of.weights * (1 - of.visible)).sum()
    # Of those before the plate there is a better witness: the plate.
    found = float(of.weights.sum()) + of.read
    plated = (of.still + of.read) / found if found > 0 else 0.0
    lasting = (
        LASTING * float(of.weights.sum()),
        APART * of.apart * plated,
        STILL * of.still,
        READ * of.read,
        UNSEEN * of.unseen,
    )
    return float(own) + of.unseen + sum(one**2 for one in lasting)


def besides(of: Counted) -> float:
    """People that may be there beyond the count and its variance."""
    return BESIDES * of.unseen + UNFOUND * min(float(of.weights.sum()), 1.0)
