"""From the estimates of an interval's frames to one Reading: cells, count, interval, flux."""

import math
from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import Polygon

from plainview.geometry import View
from plainview.record import (
    COUNT_STEP,
    CROSSING_STEP,
    MAX_BYTES_PER_SECOND,
    NOISE_STEP,
    Cell,
    Event,
    Health,
    Reading,
    fit,
    pack_cells,
)
from plainview.vision.crossing import Crossings
from plainview.vision.estimate import Estimate
from plainview.vision.optics import Floats

Z90 = 1.645
"""Standard deviations of a two-sided 90 % interval of a normal variable."""
BASE = 0.25
"""Standard deviation of the count that no body's own doubt explains, people."""
GROWTH = 0.10
"""The same, in people per square root of a person."""
CAPACITY = 6.0
"""people/m² that a camera that sees nothing cannot exclude."""
_HALF = 0.3
"""Half side of the square over which a body is spread, metres."""
_BLINDING = frozenset({Health.BLIND, Health.DARK, Health.FROZEN, Health.MOVED, Health.LOST})


class Tally:
    """Owns what was measured since the last Reading."""

    def __init__(self, view: View, every: float) -> None:
        """Tally what is seen of `view` into Readings `every` seconds long."""
        self._grid = view.grid()
        self._polygon = Polygon(view.polygon)
        shapely.prepare(self._polygon)
        self._crossings = Crossings(view.lines)
        self._limit = math.floor(MAX_BYTES_PER_SECOND * min(every, 1.0))
        self._noise = 0.0
        self._reset()

    def _reset(self) -> None:
        nx, ny = self._grid.shape
        # people, and people-weighted vx, vy, |v|, |v|²
        self._sums = np.zeros((5, ny, nx))
        self._frames = 0
        self._counts: list[float] = []
        self._variance = self._settled = 0.0
        self._missed = 0.0

    def add(self, estimate: Estimate, dt: float) -> None:
        """Take a frame's estimate, `dt` seconds after the last."""
        self._crossings.add(estimate.places, estimate.velocities, estimate.weights, dt)
        self._frames += 1
        self._variance += estimate.variance - estimate.settled
        self._settled += estimate.settled
        self._missed += estimate.missed
        if estimate.noise is not None:
            self._noise = estimate.noise
        inside = shapely.contains_xy(self._polygon, estimate.places[:, 0], estimate.places[:, 1])
        weights = estimate.weights[inside]
        self._counts.append(float(weights.sum()))
        if len(weights):
            self._splat(estimate.places[inside], estimate.velocities[inside], weights)

    def _splat(self, places: Floats, velocities: Floats, weights: Floats) -> None:
        """Spread bodies over the cells that a square around each covers; people are conserved."""
        (ox, oy), cell, (nx, ny) = self._grid
        half = min(_HALF, cell / 2)
        low = (places - (ox, oy) - half) / cell
        high = (places - (ox, oy) + half) / cell
        base = np.floor(low).astype(np.intp)
        # Part of the square in the second cell along each axis (the square is no wider than one).
        second = np.clip((high - (base + 1)) / (high - low), 0.0, 1.0)
        speed = np.hypot(velocities[:, 0], velocities[:, 1])
        values = np.stack((np.ones(len(weights)), *velocities.T, speed, speed**2)) * weights
        shares = np.stack((1 - second, second))
        # The four cells of each: (2, 2, n), by columns and rows.
        share = shares[:, None, :, 0] * shares[None, :, :, 1]
        cells = np.clip(base + np.array([[0], [1]])[:, None], 0, (nx - 1, ny - 1))
        flat = (cells[None, :, :, 1] * nx + cells[:, None, :, 0]).ravel()
        for k, value in enumerate(values):
            spread = np.bincount(flat, (share * value).ravel(), minlength=nx * ny)
            self._sums[k] += spread.reshape(ny, nx)

    def reading(
        self,
        end_ms: int,
        span_ms: int,
        *,
        dropped: int,
        health: Sequence[Health],
        doubt: float,
        events: tuple[Event, ...] = (),
    ) -> bytes:
        """The encoded Reading of the interval with its `events`, and a fresh start.

        `health` in the order of `Health`; `doubt` multiplies what of the interval's width depends
        on the plate (1 when it is well known). A camera that cannot see says so: no cells, and an
        interval from nobody to capacity.
        """
        frames = self._frames
        blind = frames == 0 or bool(_BLINDING.intersection(health))
        count = float(np.mean(self._counts)) if self._counts else 0.0
        shaky = self._variance / max(frames, 1) + BASE**2 + GROWTH**2 * count
        deviation = math.sqrt(doubt**2 * shaky + self._settled / max(frames, 1))
        low, high = count - Z90 * deviation, count + Z90 * deviation
        high += self._missed / max(frames, 1)
        if blind:
            low, high = 0.0, max(high, CAPACITY * self._polygon.area)
        crossings = self._crossings.take(CROSSING_STEP)
        versions = (
            Reading(
                t=end_ms,
                span=span_ms,
                frames=frames,
                dropped=dropped,
                count=round(count / COUNT_STEP),
                low=min(max(math.floor(low / COUNT_STEP), 0), round(count / COUNT_STEP)),
                high=max(math.ceil(high / COUNT_STEP), round(count / COUNT_STEP)),
                noise=min(round(self._noise / NOISE_STEP), 65_535),
                coarse=coarse,
                nx=-(-self._grid.shape[0] // coarse),
                cells=() if blind else self._cells(coarse),
                crossings=crossings,
                health=tuple(health),
                events=events,
            )
            for coarse in (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64)
        )
        data = fit(versions, self._limit)
        self._reset()
        return data

    def _cells(self, coarse: int) -> tuple[int, ...]:
        people, vx, vy, speed, square = (_pooled(plane, coarse) for plane in self._sums)
        area = (self._grid.cell * coarse) ** 2
        nx = people.shape[1]
        rows, columns = np.nonzero(people > 1e-6)
        weight = people[rows, columns]
        mean = speed[rows, columns] / weight
        variance = np.maximum(square[rows, columns] / weight - mean**2, 0.0)
        return pack_cells(
            map(
                Cell,
                columns.tolist(),
                rows.tolist(),
                (weight / self._frames / area).tolist(),
                (vx[rows, columns] / weight).tolist(),
                (vy[rows, columns] / weight).tolist(),
                variance.tolist(),
            ),
            nx,
        )


def _pooled(plane: NDArray[np.float64], factor: int) -> NDArray[np.float64]:
    """Sums of `plane` (ny, nx) over blocks of `factor` cells a side."""
    if factor == 1:
        return plane
    ny, nx = plane.shape
    padded = np.pad(plane, ((0, -ny % factor), (0, -nx % factor)))
    ny, nx = padded.shape[0] // factor, padded.shape[1] // factor
    return np.asarray(padded.reshape(ny, factor, nx, factor).sum(axis=(1, 3)))
