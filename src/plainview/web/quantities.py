"""What is measured in each zone of a site now: the numbers of the physics, for the pages."""

import math
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from plainview.alerts.ground import Ground, Place
from plainview.alerts.measures import (
    DENSITY_ALARM,
    NOT_SEEN,
    Spot,
    Window,
    densest,
    pressures,
    reach,
    seen,
)
from plainview.crowd import levels
from plainview.crowd.conservation import reconcile
from plainview.crowd.field import Z90, Array, Estimate, Field, normal
from plainview.geometry import Line
from plainview.record import CROSSING_STEP, Reading
from plainview.web.alerts import ZoneQuantities, interval, told
from plainview.web.plan import SitePlan

LEAST: Final = 30.0
"""Seconds that must have been seen before flows are told."""
CROSSING_DOUBT: Final = 0.1
"""Relative standard error of people over a line, beside chance."""


def zone_quantities(
    plan: SitePlan,
    ground: Ground,
    window: Window | None,
    readings: Mapping[str, Sequence[Reading]],
    alarms: Mapping[str | None, float],
) -> list[ZoneQuantities]:
    """The numbers of each place of `ground`, the whole site first.

    `readings` are each camera's of the last minute: what crossed the lines comes from them.
    `alarms` are the densities, people/m², from which the places that have their own alarm.
    """
    if window is None:
        return [_nothing(place.name, "nothing is measured yet") for place in ground.places]
    worst = pressures(ground.places, window)
    crossed = _crossed(plan, ground, readings)
    return [
        _of_place(place, window, worst[place.name], crossed, alarms.get(place.name, DENSITY_ALARM))
        for place in ground.places
    ]


def _nothing(name: str | None, why: str) -> ZoneQuantities:
    return ZoneQuantities(name, *(None,) * 11, why)


def _of_place(
    place: Place, window: Window, worst: Spot, crossed: Array | None, alarm: float
) -> ZoneQuantities:
    field = window.field()
    part = place.cells & field.known
    if not place.cells.any():
        return _nothing(place.name, "no camera covers this ground")
    if not part.any():
        return _nothing(place.name, NOT_SEEN)
    cells = _percentile(field, place)
    speed = _speed(field, place)
    mean = levels.mean_density(field=field, cells=place.cells)
    spot = densest(field, place)
    whole = seen(field, place)
    occupancy = levels.occupancy(field=field, cells=place.cells).people
    inflow, outflow, dwell, contradiction = _flows(window, place, crossed)
    why = contradiction or None if whole else NOT_SEEN
    return ZoneQuantities(
        zone=place.name,
        density=interval(cells),
        peak=interval(spot.value),
        level=levels.level(density=max(mean.value, 0.0)),
        speed=told(speed),
        flow=told(mean.value * speed),
        pressure=interval(worst.value),
        occupancy=interval(occupancy),
        inflow=told(inflow, 1),
        outflow=told(outflow, 1),
        dwell=told(dwell, 1),
        reach=interval(reach(window, place, spot, alarm).value),
        why=why,
    )


def _percentile(field: Field, place: Place) -> Estimate:
    """95th percentile of the known cells, with the error of a cell that has it."""
    part = place.cells & field.known
    value = float(np.percentile(field.density[part], 95))
    near = np.abs(field.density - value) + np.where(part, 0.0, np.inf)
    k = np.unravel_index(int(np.argmin(near)), near.shape)
    return normal(value, float(field.sigma[k]), least=0.0)


def _speed(field: Field, place: Place) -> float:
    """Mean speed of the people in `place`, m/s; NaN where there is nobody."""
    part = place.cells & field.known
    people = field.density[part]
    total = float(people.sum())
    if total <= 0:
        return math.nan
    return float((people * np.hypot(field.vx[part], field.vy[part])).sum()) / total


def _crossed(
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


def _flows(window: Window, place: Place, crossed: Array | None) -> tuple[float, float, float, str]:
    """People per minute in and out, mean stay in seconds, and why they cannot be believed.

    Flows and the change of occupancy are reconciled first, so that people are conserved.
    """
    border = place.border
    nothing = (math.nan, math.nan, math.nan, "")
    if crossed is None or not np.any(border) or np.isnan(crossed[border != 0]).any():
        return nothing
    measured = [m for m in window.moments.get(place.name, ()) if not math.isnan(m.people)]
    measured = [m for m in measured if m.t > window.field().t - 60]
    into = float(sum(crossed[k][0 if side > 0 else 1] for k, side in enumerate(border) if side))
    out = float(sum(crossed[k][1 if side > 0 else 0] for k, side in enumerate(border) if side))
    if len(measured) < 2 or measured[-1].t - measured[0].t < LEAST:
        return into, out, math.nan, ""
    span = measured[-1].t - measured[0].t
    people = np.array([m.people for m in measured])
    known = levels.occupancy(field=window.field(), cells=place.cells).people
    sigma = (known.high - known.low) / (2 * Z90) if known.known else math.inf
    minutes = span / 60
    net, both = (into - out) * minutes, (into + out) * minutes
    error = math.sqrt(both) + CROSSING_DOUBT * both
    balanced = reconcile(
        occupancy=np.array([[people[0]], [people[-1]]]),
        occupancy_sigma=np.full((2, 1), sigma),
        flow=np.array([[net]]),
        flow_sigma=np.array([[max(error, 1.0)]]),
        border=np.ones((1, 1)),
    )
    half = (float(balanced.flow[0, 0]) - net) / minutes / 2
    into, out = max(into + half, 0.0), max(out - half, 0.0)
    stay = levels.dwell(
        t=np.array([m.t for m in measured]),
        people=people,
        sigma=np.full(len(people), sigma if math.isfinite(sigma) else 0.0),
        entered=into * minutes,
        left=out * minutes,
    ).seconds
    why = "inflow, outflow and occupancy contradict each other" if balanced.contradictory else ""
    return into, out, stay.value, why
