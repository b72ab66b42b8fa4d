"""What all cameras of a site say together: one field, one count. Pure functions over Readings.

Where cameras overlap, a cell's density is their mean weighted by inverse variance and by how well
each sees the cell (`crowd.fusion`). The site's count is the sum of the cameras' counts, each times
its share of the fused field, and the ends of the interval add in quadrature. A camera that is not
healthy is left out, and ground that only such cameras see is *unknown*, never empty.
"""

import math
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np

from plainview.crowd import fusion as crowd_fusion
from plainview.crowd.field import deviation_of, noise_of
from plainview.crowd.fusion import Fused, Layer
from plainview.record import COUNT_STEP, Reading
from plainview.web.plan import Array, Mask, SitePlan
from plainview.web.views import CameraView

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


def site_ground(plan: SitePlan, readings: Mapping[str, Reading], t: float) -> Fused:
    """The site's field at `t` (UTC seconds) by the believed `readings`, for physics and alerts.

    One share for each healthy Reading, in the order of the site's cameras.
    """
    layers = [
        Layer(
            moments=np.stack(plan.carry(camera, reading)),
            cover=plan.covers[camera.id],
            count=reading.count * COUNT_STEP,
            deviation=max(deviation_of(reading), COUNT_STEP),
            noise=noise_of(reading),
            sight=plan.sight(camera) if plan.overlapping else None,
        )
        for camera, reading in _healthy(plan, readings)
    ]
    return crowd_fusion.fuse(grid=plan.grid, t=t, layers=layers)


def _healthy(
    plan: SitePlan, readings: Mapping[str, Reading]
) -> Iterator[tuple[CameraView, Reading]]:
    for camera in plan.site.cameras:
        reading = readings.get(camera.id)
        if reading is not None and reading.healthy:
            yield camera, reading


def fuse(plan: SitePlan, readings: Mapping[str, Reading]) -> tuple[Field, Count]:
    """The field and count that the believed `readings` (by camera) make together."""
    fused, shares = site_ground(plan, readings, 0.0)
    unknown = plan.covered & ~fused.known
    field = Field(fused.density, fused.vx, fused.vy, fused.variance, unknown)
    used = [reading for _, reading in _healthy(plan, readings)]
    return field, _count(plan, used, list(shares), fused.known)


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
