"""How far the dense estimator is believed beside the first one, cell by cell.

Where people stand apart the first estimator is right, and the dense one sees texture as well as
people; where no floor shows, the first one finds a part of the people only. Errors of either are
taken as (relative x density)² + floor², people²/m⁴, and the two are blended by inverse variance.
The first estimator loses people the faster the denser they stand: its error is taken to grow with
density beyond SPARSE_FROM. The parameters come from docs/design/0016-dense-crowds.md.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SPARSE_FROM = 0.6
"""people/m² up to which the first estimator needs no help."""
_SPARSE_LOST = 0.9
"""Part of the people beyond SPARSE_FROM that the first estimator does not find."""
_SPARSE_FLOOR = 0.12
"""people/m²."""
_DENSE_RELATIVE = 0.2
_DENSE_FLOOR = 0.25
"""people/m²: what textured floors and edges of crowds leak."""
LEAST = 0.8
"""people/m² below which the dense estimator alone brings nobody in."""


def share(sparse: Floats, dense: Floats) -> Floats:
    """The dense estimator's part, 0 to 1, where the two find `sparse` and `dense` people/m².

    Both are densities smoothed over the same 1 to 2 m, of any one shape.
    """
    density = np.maximum(sparse, dense)
    of_sparse = (_SPARSE_LOST * np.maximum(density - SPARSE_FROM, 0)) ** 2 + _SPARSE_FLOOR**2
    of_dense = (_DENSE_RELATIVE * density) ** 2 + _DENSE_FLOOR**2
    part = of_sparse / (of_sparse + of_dense)
    # Below LEAST there is a floor to be seen, and what the dense one leaks would add up over it.
    ramp = np.clip((density - LEAST) / (0.5 * LEAST), 0, 1)
    return np.asarray(part * ramp)
