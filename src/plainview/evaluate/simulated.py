"""True fields of simulated crowds, and the Readings that a camera which errs would make of them."""

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from plainview.evaluate.erring import Erring
from plainview.evaluate.truth import Truth
from plainview.geometry import Grid
from plainview.record import COUNT_STEP, NOISE_STEP, Cell, Reading, pack_cells

Floats = NDArray[np.float64]

FRAMES = 5
"""Frames that a Reading of one second says it was made from."""


class Moment(NamedTuple):
    """One second of the truth, cell by cell."""

    density: Floats
    """(ny, nx) people/m²."""
    velocity: Floats
    """(ny, nx, 2) m/s; 0 where nobody is."""
    variance: Floats
    """(ny, nx) variance of speed within the cell, m²/s²."""


class Course(NamedTuple):
    """The truth second by second: `Moment`s stacked along a first axis of n seconds."""

    density: Floats
    velocity: Floats
    variance: Floats

    def at(self, second: int) -> Moment:
        """The second number `second`; a course that repeats goes on from its start."""
        k = second % len(self.density)
        return Moment(self.density[k], self.velocity[k], self.variance[k])


def course(truth: Truth, grid: Grid, seconds: int) -> Course:
    """The first `seconds` of `truth` on `grid`."""
    nx, ny = grid.shape
    second = np.floor(truth.frame / truth.rate + 1e-9).astype(np.int64)
    cell = np.floor((truth.place - np.array(grid.origin)) / grid.cell).astype(np.int64)
    kept = np.all((cell >= 0) & (cell < (nx, ny)), axis=1) & (second < seconds)
    flat = (second[kept] * ny + cell[kept, 1]) * nx + cell[kept, 0]
    moved = truth.velocity[kept]
    speed = np.hypot(*moved.T)

    def summed(weights: Floats | None) -> Floats:
        return np.bincount(flat, weights, seconds * ny * nx).astype(np.float64)

    people = summed(None)
    some = np.maximum(people, 1.0)
    velocity = np.stack([summed(moved[:, k]) / some for k in (0, 1)], axis=-1)
    variance = np.maximum(summed(speed**2) / some - (summed(speed) / some) ** 2, 0.0)
    frames = np.bincount(
        np.floor(np.arange(math.ceil(seconds * truth.rate)) / truth.rate + 1e-9).astype(np.int64),
        minlength=seconds,
    )[:seconds]
    shape = (seconds, ny, nx)
    density = people.reshape(shape) / (np.maximum(frames, 1)[:, None, None] * grid.cell**2)
    return Course(density, velocity.reshape(*shape, 2), variance.reshape(shape))


def mixed(a: Moment, b: Moment, share: float) -> Moment:
    """`a` that turns into `b`: people and momentum are mixed, `share` of `b`, 0 to 1."""
    people = (1 - share) * a.density, share * b.density
    density = people[0] + people[1]
    some = np.where(density > 0, density, 1.0)
    velocity = (people[0][..., None] * a.velocity + people[1][..., None] * b.velocity) / some[
        ..., None
    ]
    variance = (people[0] * a.variance + people[1] * b.variance) / some
    return Moment(density, velocity, variance)


def readings(
    moments: Iterator[Moment], grid: Grid, erring: Erring, width: float, every: int = 1
) -> Iterator[Reading]:
    """A Reading for each of `moments`, which are `every` seconds apart, from 0 on; erring as said.

    `width` is half of the 90 % interval on the count, over the count. The variance within a cell
    holds the noise of one velocity component, as a real one does.
    """
    nx, _ = grid.shape
    for k, moment in enumerate(moments):
        noise = erring.noise_floor(moment.density)
        density, velocity = erring.step(moment.density, moment.velocity)
        people = float(density.sum()) * grid.cell**2
        count = round(people / COUNT_STEP)
        half = round(width * people / COUNT_STEP)
        said = density >= 1 / 32
        rows = zip(
            *(axis.tolist() for axis in np.nonzero(said)[::-1]),
            density[said].tolist(),
            velocity[said, 0].tolist(),
            velocity[said, 1].tolist(),
            (moment.variance[said] + noise**2).tolist(),
            strict=True,
        )
        yield Reading(
            t=1000 * every * (k + 1),
            span=1000 * every,
            frames=FRAMES,
            dropped=0,
            count=count,
            low=max(count - half, 0),
            high=count + half,
            noise=min(round(noise / NOISE_STEP), 65_535),
            coarse=1,
            nx=nx,
            cells=pack_cells((Cell(*row) for row in rows), nx),
            crossings=(),
            health=(),
            events=(),
        )
