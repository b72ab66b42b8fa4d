"""What comes and goes over the borders of a site's zones, with people conserved across them."""

import math
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
from scipy.special import chdtrc

from plainview.alerts.ground import Ground, Place
from plainview.alerts.measures import Window
from plainview.crowd import levels
from plainview.crowd.conservation import CONTRADICTION, reconcile
from plainview.crowd.field import Z90, Array
from plainview.geometry import Line
from plainview.record import CROSSING_STEP, Reading
from plainview.web.plan import SitePlan

LEAST: Final = 30.0
"""Seconds that must have been seen before flows are told."""
CONTRADICT: Final = "inflow, outflow and occupancy contradict each other"
CROSSING_DOUBT: Final = 0.1
"""Relative standard error of people over a line, beside chance."""


def crossings(
    plan: SitePlan, ground: Ground, readings: Mapping[str, Sequence[Reading]]
) -> Array | None:
    """(lines, 2) people per minute forward and backward; None before LEAST of it was seen.

    Of the time in which a camera was well: what nobody saw is not nobody. A line that several
    cameras have is their mean.
    """
    sums: dict[Line, list[Array]] = {line: [] for line in ground.lines}
    for camera in plan.site.cameras:
        healthy = [reading for reading in readings.get(camera.id, ()) if reading.healthy]
        minutes = sum(reading.span for reading in healthy) / 60_000
        if minutes * 60 < LEAST:
            continue
        for k, line in enumerate(camera.view.lines):
            rows = [reading.crossings[k] for reading in healthy if k < len(reading.crossings)]
            if rows:
                counted = np.sum(np.array(rows, dtype=np.float64), axis=0) * CROSSING_STEP
                sums[line].append(counted / minutes)
    if not any(sums.values()):
        return None
    return np.array(
        [np.mean(found, axis=0) if found else (math.nan, math.nan) for found in sums.values()]
    )


class Flow(NamedTuple):
    """What crosses the border of one place; NaN where it is not known."""

    into: float = math.nan
    """people/min"""
    out: float = math.nan
    stay: float = math.nan
    """Mean stay, s."""
    why: str = ""
    """Why this cannot be believed; empty where it can."""


class _Kept(NamedTuple):
    """A place with a border, and its people in the last minute."""

    place: Place
    t: Array
    people: Array
    sigma: float
    """Standard deviation of the error of one of `people`; infinite where it is not known."""


def flows(window: Window, places: Sequence[Place], crossed: Array | None) -> dict[str | None, Flow]:
    """The flows of each of `places` that has a border, by its name.

    `crossed` (lines, 2) is of `crossings`. Flows and changes of occupancy of all places are
    reconciled at once, so that people are conserved across zones: who leaves one over a line has
    come into the next.
    """
    if crossed is None:
        return {}
    bounded = [one for one in places if np.any(one.border)]
    known = [one for one in bounded if not np.isnan(crossed[one.border != 0]).any()]
    kept = [_kept(window, place) for place in known]
    long = [one for one in kept if len(one.t) > 1 and one.t[-1] - one.t[0] >= LEAST]
    balanced = _balanced(long, crossed) if long else crossed
    found: dict[str | None, Flow] = {}
    for one in kept:
        into, out = _over_border(one.place, balanced)
        seen = any(one is other for other in long)
        stay = _stay(one, into, out) if seen else math.nan
        why = CONTRADICT if seen and _contradicts(one, crossed) else ""
        found[one.place.name] = Flow(into, out, stay, why)
    return found


def _kept(window: Window, place: Place) -> _Kept:
    since = window.field().t - 60
    measured = [m for m in window.moments.get(place.name, ()) if m.t > since]
    measured = [m for m in measured if not math.isnan(m.people)]
    now = levels.occupancy(field=window.field(), cells=place.cells).people
    sigma = (now.high - now.low) / (2 * Z90) if now.known else math.inf
    return _Kept(
        place, np.array([m.t for m in measured]), np.array([m.people for m in measured]), sigma
    )


def _balanced(kept: Sequence[_Kept], crossed: Array) -> Array:
    """`crossed` (lines, 2; people/min) as it conserves the people of all places `kept`."""
    ends = np.array([min(one.t[0] for one in kept), max(one.t[-1] for one in kept)])
    minutes = float(ends[1] - ends[0]) / 60
    # What was not measured at the first or the last moment follows from the rest.
    unseen = ends[:, None] != np.array([(one.t[0], one.t[-1]) for one in kept]).T
    net, error = _nets(crossed, minutes)
    found = reconcile(
        occupancy=np.array([(one.people[0], one.people[-1]) for one in kept]).T,
        occupancy_sigma=np.where(unseen, math.inf, [one.sigma for one in kept]),
        flow=np.nan_to_num(net)[None],
        flow_sigma=error[None],
        border=np.array([one.place.border for one in kept]),
    )
    half = (found.flow[0] - np.nan_to_num(net)) / minutes / 2
    return np.asarray(np.maximum(crossed + np.stack((half, -half), axis=1), 0.0))


def _nets(crossed: Array, minutes: float) -> tuple[Array, Array]:
    """(lines,) people forward less backward in so many `minutes`, and the standard deviation."""
    net = (crossed[:, 0] - crossed[:, 1]) * minutes
    both = (crossed[:, 0] + crossed[:, 1]) * minutes
    error = np.sqrt(both) + CROSSING_DOUBT * both
    return net, np.where(np.isnan(error), math.inf, np.maximum(error, 1.0))


def _over_border(place: Place, crossed: Array) -> tuple[float, float]:
    """Into and out of `place`, in the unit of `crossed` (lines, 2)."""
    sides = [(crossed[k], side > 0) for k, side in enumerate(place.border) if side]
    into = sum(float(line[0 if forward else 1]) for line, forward in sides)
    return into, sum(float(line[1 if forward else 0]) for line, forward in sides)


def _contradicts(one: _Kept, crossed: Array) -> bool:
    """Whether occupancy and flows of a place differ by more than their errors make plausible."""
    net, error = _nets(crossed, float(one.t[-1] - one.t[0]) / 60)
    at = one.place.border != 0
    off = float(one.people[-1] - one.people[0]) - float((one.place.border * net)[at].sum())
    variance = 2 * one.sigma**2 + float((error[at] ** 2).sum())
    return bool(chdtrc(1, off**2 / variance) < CONTRADICTION)


def _stay(one: _Kept, into: float, out: float) -> float:
    """Mean stay in seconds, from people/min `into` and `out` of the place; NaN: not told."""
    minutes = float(one.t[-1] - one.t[0]) / 60
    sigma = one.sigma if math.isfinite(one.sigma) else 0.0
    return levels.dwell(
        t=one.t,
        people=one.people,
        sigma=np.full(len(one.people), sigma),
        entered=into * minutes,
        left=out * minutes,
    ).seconds.value
