"""A site's count over time, from Readings or from roll-ups."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal

import numpy as np

from plainview.record import COUNT_STEP, Reading
from plainview.store import Counts, Span, Store
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
    names = [camera.id for camera in plan.site.cameras]
    found = store.counts_of(names, resolution, [Span(since, until)])
    step = MINUTE if resolution == "minute" else HOUR
    return step, [_point(k * step, count) for k, count in _steps(plan, found, step)]


def counts_in_hours(plan: SitePlan, store: Store, starts: Iterable[int]) -> list[Count]:
    """The site's mean count in each hour that begins at one of `starts` and was measured."""
    names = [camera.id for camera in plan.site.cameras]
    found = store.counts_of(names, "hour", [Span(start, start + HOUR) for start in starts])
    return [count for _, count in _steps(plan, found, HOUR) if count.people is not None]


def _steps(plan: SitePlan, found: Mapping[str, Counts], step: int) -> Iterator[tuple[int, Count]]:
    """The site's count in each step from the first to the last in which a camera measured."""
    if not found:
        return
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
    people = (shares * mean).sum(axis=0)
    low = np.maximum(people - np.linalg.norm(shares * below, axis=0), 0.0)
    high = people + np.linalg.norm(shares * above, axis=0)
    measured: Mask = np.asarray(there.any(axis=0))
    told = np.stack((people, low, high)) * COUNT_STEP
    for k in range(len(people)):
        count, least, most = map(float, told[:, k])
        yield first + k, Count(count, least, most, float(known[k])) if measured[k] else _NOTHING


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
