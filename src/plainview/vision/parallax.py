"""Where on the head plane the bodies of a place are seen to move, and how much too slow.

A trunk hangs below its head, so a camera that looks down at a slant sees it on the head plane
nearer to itself than its person stands, and moving by less than its person does. Where people
stand apart, most of what moves is trunks; where they are packed, little but heads. How far down a
crowd is seen is that of light in a forest: of bodies WIDE metres wide, n on a square metre, those
in front hide what lies a depth u below the heads with probability 1 - exp(-n WIDE u cot(elevation))
(Poisson forest; Solomon, Geometric Probability, SIAM 1978, chapter 1).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from plainview.vision.headplane import HEAD

Floats = NDArray[np.float64]

WIDE = 0.45
"""Metres of a body across: shoulders, seen from any side."""
TRUNK = 1.0
"""Metres from the head to the hip. Legs swing, and are not looked for."""


class Spots(NamedTuple):
    """What belongs to the places that were asked for."""

    places: Floats
    """(n, 2) metres: the ground places whose heads would be seen where the bodies are."""
    slower: Floats
    """(n,) the part of a body's velocity that is seen on the head plane, above 0, at most 1."""


def depth(density: Floats, slant: Floats) -> Floats:
    """Metres below the heads at which, on average, trunks are seen; the shape of `density`.

    `density` in people/m²; `slant` is the cotangent of the ray's elevation: metres along the ground
    for each metre down. Half a trunk where nobody is in front, nothing in the thickest crowd.
    """
    hidden = np.maximum(density * WIDE * slant * TRUNK, 1e-3)
    gone = np.exp(-hidden)
    return np.asarray(TRUNK * (1 / hidden - gone / (1 - gone)))


def spots(places: Floats, density: Floats, centre: Floats) -> Spots:
    """Where bodies at ground `places` (n, 2), among `density` (n,) people/m², are seen.

    `centre` (3,) metres is the camera's, higher than HEAD.
    """
    away = places - centre[:2]
    rise = centre[2] - HEAD
    down = depth(density, np.hypot(away[:, 0], away[:, 1]) / rise)
    nearer = down / (rise + down)
    return Spots(places - nearer[:, None] * away, 1 - nearer)
