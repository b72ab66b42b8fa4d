"""Errors by what may explain them: density, distance, tilt, light; and intervals at one glance."""

import math
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from plainview.evaluate.samples import Samples, Sight
from plainview.evaluate.table import ABSENT, Result, beside, number, percent, table

EDGES = (0.5, 1.0, 2.0, 3.0, 5.0, 8.0)
"""Edges of the density bands, people/m²."""
WHOLE = ((0.5, 5.0), (0.5, 8.0))
"""The ranges that limits are given for."""
DISTANCES = (0.0, 8.0, 12.0, 16.0, 24.0, math.inf)
"""Metres from the camera."""
TILTS = (0.0, 20.0, 30.0, 45.0, 91.0)
"""Degrees below the horizon."""
HONEST = (0.85, 0.95)
"""Share of truths that a 90 % interval should hold (issue 3)."""
DENSITY_LIMITS = ((0.15, 0.08), (0.25, None))
"""For each of WHOLE: limit and aim of the mean relative density error (issue 3)."""
VELOCITY_LIMIT = 0.10
"""m/s (issue 3)."""

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


class Stratum(NamedTuple):
    """Errors of the cells of one group in one density band."""

    low: float
    high: float
    """True local density, people/m²: low <= density < high."""
    cells: int
    relative: float
    """Mean of |measured - true| / true; NaN where there is no cell."""
    bias: float
    """Mean measured over mean true density, minus one."""
    moving: int
    """Cells in which a velocity was measured."""
    velocity: float
    """Mean length of the difference of velocities, m/s."""
    component: float
    """Root mean square error of one component of velocity, m/s."""
    speed_bias: float
    """Mean of measured minus true speed, m/s."""


class Layer(NamedTuple):
    """One row of a table: what the cells have in common, and their errors by density."""

    name: str
    bands: tuple[Stratum, ...]
    """One for each pair of EDGES, then one for each of WHOLE."""


def stratum(samples: Samples, chosen: Flags, low: float, high: float) -> Stratum:
    """Errors of the `chosen` (n,) cells whose true density lies in low <= density < high."""
    kept = chosen & (samples.true >= low) & (samples.true < high)
    true, said = samples.true[kept], samples.said[kept]
    if not len(true):
        return Stratum(low, high, 0, math.nan, math.nan, 0, math.nan, math.nan, math.nan)
    v, w = samples.said_velocity[kept], samples.true_velocity[kept]
    known = np.all(np.isfinite(v) & np.isfinite(w), axis=1)
    off = v[known] - w[known]
    speeds = np.hypot(*v[known].T) - np.hypot(*w[known].T)
    some = bool(known.any())
    return Stratum(
        low=low,
        high=high,
        cells=len(true),
        relative=float(np.mean(np.abs(said - true) / true)),
        bias=float(said.mean() / true.mean() - 1),
        moving=int(known.sum()),
        velocity=float(np.hypot(*off.T).mean()) if some else math.nan,
        component=float(np.sqrt(np.mean(off**2))) if some else math.nan,
        speed_bias=float(speeds.mean()) if some else math.nan,
    )


def pooled(sights: Iterable[Sight]) -> Samples:
    """The samples of all `sights` in one; interval numbers stay those of each clip."""
    parts = [sight.samples for sight in sights]
    return Samples(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def layer(name: str, samples: Samples, chosen: Flags) -> Layer:
    """The row `name` over the `chosen` cells."""
    bands = (*pairwise(EDGES), *WHOLE)
    return Layer(name, tuple(stratum(samples, chosen, low, high) for low, high in bands))


def by_sight(sights: Sequence[Sight], key: Callable[[Sight], str]) -> tuple[Layer, ...]:
    """A layer for each value of `key`, in order of first appearance; without cells: none."""
    names = dict.fromkeys(key(sight) for sight in sights)
    layers = []
    for name in names:
        samples = pooled(sight for sight in sights if key(sight) == name)
        layers.append(layer(name, samples, np.ones(len(samples.true), dtype=np.bool_)))
    return tuple(row for row in layers if row.bands[-1].cells)


def by_distance(sights: Sequence[Sight]) -> tuple[Layer, ...]:
    """A layer for each stretch of DISTANCES."""
    samples = pooled(sights)
    rows = [
        layer(
            _range(low, high, "m"), samples, (samples.distance >= low) & (samples.distance < high)
        )
        for low, high in pairwise(DISTANCES)
    ]
    return tuple(row for row in rows if row.bands[-1].cells)


def by_tilt(sights: Sequence[Sight]) -> tuple[Layer, ...]:
    """A layer for each stretch of TILTS."""

    def key(sight: Sight) -> str:
        k = int(np.searchsorted(TILTS, sight.tilt, side="right")) - 1
        k = min(max(k, 0), len(TILTS) - 2)
        return _range(TILTS[k], min(TILTS[k + 1], 90.0), "°")

    return by_sight(sorted(sights, key=lambda sight: sight.tilt), key)


def _range(low: float, high: float, unit: str) -> str:
    return f"{low:g} to {high:g} {unit}" if math.isfinite(high) else f"over {low:g} {unit}"


class Strata(NamedTuple):
    """All of the tables by what may explain an error."""

    group: tuple[Layer, ...]
    scene: tuple[Layer, ...]
    distance: tuple[Layer, ...]
    tilt: tuple[Layer, ...]
    light: tuple[Layer, ...]


def strata(sights: Sequence[Sight]) -> Strata:
    """Every layer of `sights`."""
    return Strata(
        group=by_sight(sights, lambda sight: sight.group),
        scene=by_sight(sights, lambda sight: sight.scene),
        distance=by_distance(sights),
        tilt=by_tilt(sights),
        light=by_sight(sights, lambda sight: sight.light),
    )


def _heads() -> list[str]:
    return [f"{low:g} to {high:g}" for low, high in (*pairwise(EDGES), *WHOLE)]


def _density(band: Stratum) -> str:
    return ABSENT if not band.cells else f"{percent(band.relative)} ({100 * band.bias:+.0f})"


def _velocity(band: Stratum) -> str:
    return number(band.velocity)


def layer_table(title: str, layers: Sequence[Layer], cell: Callable[[Stratum], str]) -> str:
    """`layers` as a table whose columns are density bands, people/m²."""
    rows = [(row.name, str(row.bands[-1].cells), *map(cell, row.bands)) for row in layers]
    return table((title, "cells", *_heads()), rows)


def coverage_table(results: Sequence[Result]) -> str:
    """Whether the 90 % interval on the count is honest, scene by scene."""
    rows = []
    for result in results:
        counts = result.score.counts
        low, high = HONEST
        inside = counts.coverage
        word = "-" if math.isnan(inside) else "too narrow" if inside < low else "honest"
        word = "wide" if inside > high else word
        width = counts.width / counts.truth if counts.truth > 0 else math.nan
        rows.append(
            (
                result.scene,
                str(counts.intervals),
                percent(inside),
                "85 to 95 %",
                word,
                percent(width),
            )
        )
    n = sum(result.score.counts.intervals for result in results)
    held = sum(
        result.score.counts.coverage * result.score.counts.intervals
        for result in results
        if result.score.counts.intervals
    )
    share = held / n if n else math.nan
    rows.append(("all intervals", str(n), percent(share), "85 to 95 %", "", ""))
    head = ("scene", "intervals", "truth inside", "should be", "it is", "width / people")
    return table(head, rows)


def strata_report(found: Strata, results: Sequence[Result]) -> str:
    """The tables under their headings."""
    layers = (("crowd", found.group), ("scene", found.scene), ("distance", found.distance),
              ("tilt", found.tilt), ("light", found.light))  # fmt: skip
    density = "\n\n".join(layer_table(name, rows, _density) for name, rows in layers)
    velocity = "\n\n".join(
        layer_table(name, rows, _velocity)
        for name, rows in (("crowd", found.group), ("scene", found.scene))
    )
    near, far = (
        beside("limit", percent(limit), None if aim is None else percent(aim))
        for limit, aim in DENSITY_LIMITS
    )
    return (
        "### Intervals at one glance\n\n"
        f"{coverage_table(results)}\n\n"
        "### Density error by true density (people/m²) and what may explain it\n\n"
        "Mean relative error of local density, cell by cell and second by second; in brackets the "
        f"bias in per cent.\nFrom 0.5 to 5 people/m²: {near}. From 0.5 to 8: {far}.\n\n"
        f"{density}\n\n"
        "### Velocity error by true density, m/s\n\n"
        "Mean length of the difference between measured and true local velocity "
        f"(limit {VELOCITY_LIMIT:.2f} m/s).\n\n"
        f"{velocity}"
    )
