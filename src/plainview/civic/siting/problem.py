"""What a plan is asked for, as arrays."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

Numbers = NDArray[np.float64]
Chosen = NDArray[np.bool_]


class Problem(NamedTuple):
    """What is to be covered, and by what."""

    covers: csr_array
    """(needs, candidates) 1 where the candidate covers the need."""
    risk: Numbers
    """(needs,) what covering each is worth, any one unit, not negative."""
    exposure: Numbers
    """(candidates,) person-hours a day."""
    cost: Numbers
    """(candidates,)"""
    standing: Chosen
    """(candidates,) what stands already, and stays."""
    phases: tuple[int, ...]
    """Cameras that may stand at the end of each phase, growing."""
    budgets: tuple[float, ...] = ()
    """What they may cost together at the end of each phase; empty: any."""
