"""What all cameras of a site say together: one field, one count. Pure functions over Readings.

Where cameras overlap, a cell's density is their mean weighted by inverse variance; a camera's count
variance (from its 90 % interval) is taken as spread evenly over the ground that it covers. The
site's count is the sum of the cameras' counts, each times its share of the fused field, and the
ends of the interval add in quadrature. A camera that is not healthy is left out, and ground that
only such cameras see is *unknown*, never empty.
"""

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from plainview.record import COUNT_STEP, Reading
from plainview.web.plan import Array, Mask, SitePlan

_Z90 = 1.6449
"""Half the width of a normal distribution's 90 % interval, in standard deviations."""
_STALE_FLOOR = 5.0
_STALE_SPANS = 3.0


class Count(NamedTuple):
    """People on the part of a site that is known, with the ends of the 90 % interval."""

    people: float | None
    """None when no camera can be believed."""
    low: float | None
    high: float | None
    known: float
    """Share of the covered ground that a believed camera covers, 0 to 1."""


class Field(NamedTuple):
    """A site's ground, cell by cell: (ny, nx) each."""

    density: Array
    """people/m²; 0 where unknown."""
    vx: Array
    """m/s"""
    vy: Array
    variance: Array
    """m²/s²"""
    unknown: Mask
    """Covered ground that no believed camera covers at this moment."""


def stale(reading: Reading, now: float) -> bool:
    """Whether `reading` is too old at `now` (UTC seconds) to stand for the present.

    Older than three of its intervals, and at least 5 s. A Reading from the future by as much is as
    wrong: one of the two clocks is.
    """
    age = now - reading.t / 1000
    return abs(age) > max(_STALE_FLOOR, _STALE_SPANS * reading.span / 1000)


def _weight(reading: Reading, area: int) -> float:
    """Inverse variance of one cell's density, up to a factor common to all cameras."""
    deviation = max((reading.high - reading.low) * COUNT_STEP / (2 * _Z90), COUNT_STEP)
    return max(area, 1) / deviation**2


def fuse(plan: SitePlan, readings: Mapping[str, Reading]) -> tuple[Field, Count]:
    """The field and count that the believed `readings` (by camera) make together."""
    shape = plan.inside.shape
    sums: Array = np.zeros((4, *shape))
    weights: Array = np.zeros(shape)
    parts: list[tuple[Reading, Array, Mask, float]] = []
    for camera in plan.site.cameras:
        reading = readings.get(camera.id)
        if reading is None or not reading.healthy:
            continue
        moments = np.stack(plan.carry(camera, reading))
        cover = plan.covers[camera.id] | (moments[0] > 0)
        weight = _weight(reading, int(plan.covers[camera.id].sum()))
        sums += weight * moments
        weights += weight * cover
        parts.append((reading, moments[0], cover, weight))
    known = weights > 0
    fused = np.divide(sums, weights, out=np.zeros_like(sums), where=known)
    density = fused[0]
    vx, vy, variance = np.divide(
        fused[1:], density, out=np.zeros_like(fused[1:]), where=density > 0
    )
    shares = []
    for _, own, cover, weight in parts:
        part = np.divide(weight * cover, weights, out=np.zeros(shape), where=known)
        total = float(own.sum())
        shares.append(
            float((part * own).sum()) / total
            if total > 0
            else float(part.sum()) / max(int(cover.sum()), 1)
        )
    field = Field(density, vx, vy, variance, plan.covered & ~known)
    return field, _count(plan, [reading for reading, *_ in parts], shares, known)


def fuse_count(plan: SitePlan, readings: Mapping[str, Reading]) -> Count:
    """As `fuse`, the count alone; cheap where no two cameras of the site overlap."""
    if plan.overlapping:
        return fuse(plan, readings)[1]
    used = {name: reading for name, reading in readings.items() if reading.healthy}
    known: Mask = np.zeros_like(plan.covered)
    for name in used:
        known |= plan.covers[name]
    return _count(plan, list(used.values()), [1.0] * len(used), known)


def _count(plan: SitePlan, readings: list[Reading], shares: list[float], known: Mask) -> Count:
    part = float((known & plan.covered).sum()) / max(int(plan.covered.sum()), 1)
    if not readings:
        return Count(None, None, None, 0.0)
    pairs = list(zip(readings, shares, strict=True))
    count = sum(r.count * s for r, s in pairs) * COUNT_STEP
    below = math.hypot(*((r.count - r.low) * s for r, s in pairs)) * COUNT_STEP
    above = math.hypot(*((r.high - r.count) * s for r, s in pairs)) * COUNT_STEP
    return Count(count, max(count - below, 0.0), count + above, part)
