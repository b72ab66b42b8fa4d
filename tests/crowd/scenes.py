"""Series of fields with known motion, for the tests of the physics."""

import numpy as np

from plainview.crowd.field import Array, Mask, Series
from plainview.geometry import Grid


def block(
    vx: Array,
    vy: Array,
    *,
    density: float | Array = 5.0,
    sigma: float = 0.3,
    noise: float | Array = 0.05,
    cell: float = 1.0,
    step: float = 1.0,
    known: Mask | None = None,
    common: float = 0.0,
) -> Series:
    """A series with the velocities given, (n, ny, nx) m/s; everything known unless said."""
    n, ny, nx = vx.shape
    full = np.ones(vx.shape)
    return Series(
        Grid((0.0, 0.0), cell, (nx, ny)),
        np.arange(n, dtype=np.float64) * step,
        full * density,
        vx,
        vy,
        full * 0.05,
        full * sigma,
        full * noise,
        np.ones(vx.shape, dtype=np.bool_) if known is None else known,
        full * common,
    )
