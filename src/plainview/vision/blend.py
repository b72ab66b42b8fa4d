"""How far the dense estimator is believed beside the first one, cell by cell.

Where people stand apart the first estimator is right, and the dense one sees texture as well as
people; where no floor shows, the first one finds next to nobody. A mean weighted by inverse
variance is right for errors that have no side. The first one's error in a crowd is all on one side:
it finds a quarter of the people at most (docs/design/0016-dense-crowds.md), and any weight that it
keeps there is taken off the density. So it has all of the weight where there is no crowd, and none
in one.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LEAST, MOST = 0.5, 0.8
"""people/m² below which the dense estimator brings nobody in, and above which it alone does: what
it leaks on a floor would add up, and beside a crowd the first one loses a fifth and more of the
people from there on."""


def share(sparse: Floats, dense: Floats) -> Floats:
    """The dense estimator's part, 0 to 1, where the two find `sparse` and `dense` people/m².

    Both are densities smoothed over the same 1 to 2 m, of any one shape.
    """
    return np.asarray(np.clip((np.maximum(sparse, dense) - LEAST) / (MOST - LEAST), 0.0, 1.0))
