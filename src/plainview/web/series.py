"""A site's count over time, from Readings or from roll-ups."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal

import numpy as np

from plainview.record import Reading
from plainview.store import RollUp, Span, Store
from plainview.web.edge import CountPoint, CountSeries
from plainview.web.fuse import Count, fuse_count
from plainview.web.now import HOUR, MINUTE, rounded
from plainview.web.plan import SitePlan


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
    found = store.roll_ups_of(names, resolution, [Span(since, until)])
    step = MINUTE if resolution == "minute" else HOUR
    return step, [_point(k * step, count) for k, count in _steps(plan, found, step)]


def counts_in_hours(plan: SitePlan, store: Store, starts: Iterable[int]) -> list[Count]:
    """The site's mean count in each hour that begins at one of `starts` and was measured."""
    names = [camera.id for camera in plan.site.cameras]
    found = store.roll_ups_of(names, "hour", [Span(start, start + HOUR) for start in starts])
    return [count for _, count in _steps(plan, found, HOUR) if count.people is not None]


def _steps(
    plan: SitePlan, found: Mapping[str, Sequence[RollUp]], step: int
) -> Iterator[tuple[int, Count]]:
    """The site's count in each step from the first to the last in which a camera measured."""
    steps: dict[int, list[RollUp]] = {}
    for roll_ups in found.values():
        for one in roll_ups:
            if one.mean is not None:
                steps.setdefault(one.start // step, []).append(one)
    shares: dict[tuple[str, ...], tuple[list[float], float]] = {}
    for k in range(min(steps), max(steps) + 1) if steps else ():
        used = steps.get(k, [])
        names = tuple(one.camera for one in used)
        if names not in shares:
            shares[names] = _shares(plan, names)
        yield k, _added(used, *shares[names])


def _shares(plan: SitePlan, names: Sequence[str]) -> tuple[list[float], float]:
    """By what share each camera's mean counts where only `names` measured; the share of the ground
    that they know.
    """  # noqa: D205 - one sentence
    if not names:
        return [], 0.0
    layers = sum(plan.covers[name].astype(np.float64) for name in names)
    alone = 1 / np.maximum(layers, 1)
    covers = [plan.covers[name] for name in names]
    known = float(((layers > 0) & plan.covered).sum()) / max(int(plan.covered.sum()), 1)
    return [float(alone[cover].mean()) if cover.any() else 1.0 for cover in covers], known


def _added(used: Sequence[RollUp], shares: Sequence[float], known: float) -> Count:
    if not used:
        return _NOTHING
    count = below = above = 0.0
    for one, share in zip(used, shares, strict=True):
        mean = one.mean or 0.0
        count += share * mean
        below = math.hypot(below, share * (mean - (mean if one.low is None else one.low)))
        above = math.hypot(above, share * ((mean if one.high is None else one.high) - mean))
    return Count(count, max(count - below, 0.0), count + above, known)
