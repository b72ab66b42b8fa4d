"""A site's count over time, from Readings or from roll-ups."""

import math
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

import numpy as np

from plainview.record import COUNT_STEP, Reading
from plainview.store import Span, Store
from plainview.web.edge import CountPoint, CountSeries
from plainview.web.fuse import Count, fuse_count
from plainview.web.now import HOUR, MINUTE, rounded
from plainview.web.plan import Array, Mask, SitePlan


def count_series(
    plan: SitePlan,
    store: Store,
    since: int,
    until: int,
    resolution: Literal["reading", "minute", "hour"],
) -> CountSeries:
    """The site's count from `since` to `until` (UTC milliseconds), a point for every step.

    A step in which no camera measured is a point of nulls: a gap is told, never bridged.
    """
    if resolution == "reading":
        step, points = _from_readings(plan, store, since, until)
    else:
        step, points = _from_roll_ups(plan, store, since, until, resolution)
    return CountSeries(since / 1000, until / 1000, step / 1000, points)


def _point(t: int, count: Count) -> CountPoint:
    return CountPoint(t / 1000, *rounded(count), round(count.known, 4))


_NOTHING = Count(None, None, None, 0.0)


def _from_readings(
    plan: SitePlan, store: Store, since: int, until: int
) -> tuple[int, list[CountPoint]]:
    """Points at whole steps; each uses every camera's last Reading of that step."""
    step = max(1000, *(math.ceil(camera.every) * 1000 for camera in plan.site.cameras))
    steps: dict[int, dict[str, Reading]] = {}
    for camera in plan.site.cameras:
        for reading in store.readings(camera.id, since, until):
            steps.setdefault(-(-reading.t // step), {})[camera.id] = reading
    if not steps:
        return step, []
    # Steps from the first to the last Reading: what came before or after is not this range's gap.
    # A Reading stands for its own step and the next, as intervals do not start on whole steps.
    points = []
    for k in range(min(steps), max(steps) + 1):
        held = steps.get(k - 1, {}) | steps.get(k, {})
        used = {name: reading for name, reading in held.items() if reading.healthy}
        points.append(_point(k * step, fuse_count(plan, used) if used else _NOTHING))
    return step, points


def _from_roll_ups(
    plan: SitePlan, store: Store, since: int, until: int, resolution: Literal["minute", "hour"]
) -> tuple[int, list[CountPoint]]:
    """Means add up over cameras; where cameras overlap, by the ground that each alone accounts for.

    A roll-up holds no field, so overlap is shared out by area, not by density.
    """
    step = MINUTE if resolution == "minute" else HOUR
    steps = _steps(plan, store, resolution, [Span(since, until)])
    if steps is None:
        return step, []
    first, measured, people, known = steps
    counts, lows, highs = people.round(2).tolist()
    told = zip(measured.tolist(), counts, lows, highs, known.round(4).tolist(), strict=True)
    return step, [
        CountPoint(k * step / 1000, count, low, high, ground)
        if some
        else CountPoint(k * step / 1000, None, None, None, 0.0)
        for k, (some, count, low, high, ground) in enumerate(told, first)
    ]


def counts_in_hours(
    plan: SitePlan, store: Store, starts: Iterable[int], *, known: float
) -> list[float]:
    """The site's mean count in each hour that begins at one of `starts` and was measured.

    Only those in which at least the share `known` of its ground was.
    """
    steps = _steps(plan, store, "hour", [Span(start, start + HOUR) for start in starts])
    if steps is None:
        return []
    wanted: list[float] = steps.people[0, steps.measured & (steps.known >= known)].tolist()
    return wanted


class _Steps(NamedTuple):
    """A site's counts from the first step in which a camera measured to the last."""

    first: int
    """Its start in steps since 1970."""
    measured: Mask
    """Whether any camera did in that step; where none did, the rest says nothing."""
    people: Array
    """(3, steps): count and both ends of its interval."""
    known: Array
    """Share of the covered ground."""


def _steps(
    plan: SitePlan, store: Store, resolution: Literal["minute", "hour"], spans: Sequence[Span]
) -> _Steps | None:
    """What the site's cameras counted in `spans`, added up; None where none measured."""
    step = MINUTE if resolution == "minute" else HOUR
    found = store.counts_of([camera.id for camera in plan.site.cameras], resolution, spans)
    if not found:
        return None
    first = min(int(one.start[0]) for one in found.values()) // step
    last = max(int(one.start[-1]) for one in found.values()) // step
    mean, below, above = np.zeros((3, len(found), last - first + 1))
    there = np.zeros(mean.shape, np.bool_)
    for k, one in enumerate(found.values()):
        at = one.start // step - first
        there[k, at] = True
        mean[k, at] = one.total / one.readings
        below[k, at] = (one.total - one.low) / one.readings
        above[k, at] = (one.high - one.total) / one.readings
    shares, known = _shared(plan, [*found], there)
    count = (shares * mean).sum(axis=0)
    low = np.maximum(count - np.linalg.norm(shares * below, axis=0), 0.0)
    high = count + np.linalg.norm(shares * above, axis=0)
    people = np.stack((count, low, high)) * COUNT_STEP
    return _Steps(first, np.asarray(there.any(axis=0)), people, known)


def _shared(plan: SitePlan, names: Sequence[str], there: Mask) -> tuple[Array, Array]:
    """By what share each camera's mean counts in each step; the share of the ground that is known.

    `there` (cameras, steps): which of `names` measured. Steps with the same cameras are alike.
    """
    kinds, kind = np.unique(there, axis=1, return_inverse=True)
    covers = np.stack([plan.covers[name] for name in names])
    ground = max(int(plan.covered.sum()), 1)
    shares, known = np.zeros(kinds.shape), np.zeros(kinds.shape[1])
    for k, used in enumerate(kinds.T):
        layers = covers[used].sum(axis=0)
        known[k] = ((layers > 0) & plan.covered).sum() / ground
        alone = 1 / np.maximum(layers, 1)
        for number in np.flatnonzero(used):
            cover = covers[number]
            shares[number, k] = alone[cover].mean() if cover.any() else 1.0
    kind = kind.ravel()
    return shares[:, kind], known[kind]
