"""Vorticity, shear and divergence of a flow: where it turns, tears, opens and closes."""

from typing import NamedTuple

import numpy as np

from plainview.crowd.field import Array, Mask, Series

LEAST_DENSITY = 0.25
"""people/m² below which a cell has too few people for a velocity to be compared."""


class Gradients(NamedTuple):
    """Derivatives of the mean velocity, (ny, nx) each, 1/s; NaN where they cannot be told."""

    vorticity: Array
    """dvy/dx - dvx/dy: positive where the flow turns anticlockwise."""
    shear: Array
    """Greatest rate at which neighbours part or slide past one another: the deviatoric strain rate
    sqrt((dvx/dx - dvy/dy)² + (dvx/dy + dvy/dx)²), which does not depend on the axes."""
    divergence: Array
    """dvx/dx + dvy/dy: positive where people spread, negative where they close up."""
    sigma: Array
    """Standard error of vorticity and of divergence (and of shear where it is well over it)."""
    known: Mask


def gradients(*, series: Series, least_density: float = LEAST_DENSITY) -> Gradients:
    """Gradients of the density-weighted mean velocity over the time of `series`.

    Central differences over two cells (2 h): each needs known cells with at least `least_density`
    people/m² to both sides. With the flow's noise s of a cell, averaged over n fields, the error of
    a difference is s sqrt(2 / n) / (2 h), and of a sum of two of them s / (h sqrt(n)); noise is
    taken as independent from field to field. Shear is never negative, so noise alone reads as about
    1.25 sigma: it means something only well above that.
    """
    people = series.density * series.known
    weight = people.sum(axis=0)
    count = series.known.sum(axis=0)
    there = (weight >= least_density * np.maximum(count, 1)) & (count > 0)
    vx, vy = (
        np.divide((people * part).sum(axis=0), weight, out=np.zeros(weight.shape), where=there)
        for part in (series.vx, series.vy)
    )
    squares = (people * series.noise) ** 2
    error = np.sqrt(
        np.divide(squares.sum(axis=0), weight**2, out=np.zeros(weight.shape), where=there)
    )
    step = 2 * series.grid.cell
    known = np.zeros_like(there)
    known[1:-1, 1:-1] = there[1:-1, 2:] & there[1:-1, :-2] & there[2:, 1:-1] & there[:-2, 1:-1]
    xx, xy = _across(vx, step)
    yx, yy = _across(vy, step)
    around = np.zeros_like(error)
    around[1:-1, 1:-1] = (
        error[1:-1, 2:] ** 2 + error[1:-1, :-2] ** 2 + error[2:, 1:-1] ** 2 + error[:-2, 1:-1] ** 2
    )
    blank = np.where(known, 1.0, np.nan)
    return Gradients(
        (yx - xy) * blank,
        np.hypot(xx - yy, xy + yx) * blank,
        (xx + yy) * blank,
        np.sqrt(around) / step * blank,
        known,
    )


def _across(plane: Array, step: float) -> tuple[Array, Array]:
    """d/dx and d/dy of `plane` by differences over `step` metres; 0 along the edge."""
    dx, dy = np.zeros_like(plane), np.zeros_like(plane)
    dx[:, 1:-1] = (plane[:, 2:] - plane[:, :-2]) / step
    dy[1:-1] = (plane[2:] - plane[:-2]) / step
    return dx, dy
