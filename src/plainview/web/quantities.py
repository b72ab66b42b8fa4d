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
from plainview.crowd.field import Estimate, Field, normal
from plainview.record import Reading
from plainview.web.alerts import ZoneQuantities, interval, told
from plainview.web.flows import Flow, crossings, flows
from plainview.web.plan import SitePlan

NO_BORDER: Final = "no line is drawn along its border, so who comes and goes is not counted"


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
        return [_nothing(place, "nothing is measured yet") for place in ground.places]
    worst = pressures(ground.places, window)
    over = flows(window, ground.places, crossings(plan, ground, readings))
    return [
        _of_place(
            place,
            window,
            worst[place.name],
            over.get(place.name, Flow()),
            alarms.get(place.name, DENSITY_ALARM),
        )
        for place in ground.places
    ]


def _nothing(place: Place, why: str) -> ZoneQuantities:
    return ZoneQuantities(place.name, *(None,) * 11, why, place.facility)


def _of_place(
    place: Place, window: Window, worst: Spot, flow: Flow, alarm: float
) -> ZoneQuantities:
    field = window.field()
    part = place.cells & field.known
    if not place.cells.any():
        return _nothing(place, "no camera covers this ground")
    if not part.any():
        return _nothing(place, NOT_SEEN)
    cells = _percentile(field, place)
    speed = _speed(field, place)
    mean = levels.mean_density(field=field, cells=place.cells)
    spot = densest(field, place)
    whole = seen(field, place)
    occupancy = levels.occupancy(field=field, cells=place.cells).people
    because = flow.why if place.border.any() else NO_BORDER
    why = because or None if whole else NOT_SEEN
    return ZoneQuantities(
        zone=place.name,
        density=interval(cells),
        peak=interval(spot.value),
        level=levels.level(density=max(mean.value, 0.0), facility=place.facility),
        speed=told(speed),
        flow=told(mean.value * speed),
        pressure=interval(worst.value),
        occupancy=interval(occupancy),
        inflow=told(flow.into, 1),
        outflow=told(flow.out, 1),
        dwell=told(flow.stay, 1),
        reach=interval(reach(window, place, spot, alarm).value),
        why=why,
        facility=place.facility,
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
