"""Quantities that show in a window of a minute and more: looked at every few seconds only."""

import math
from collections.abc import Sequence
from typing import Final

from plainview.alerts.ground import Ground
from plainview.alerts.measures import NOT_SEEN, Key, Window, recent, seen
from plainview.alerts.thresholds import Quantity, Threshold
from plainview.alerts.watch import Look
from plainview.crowd.field import Estimate
from plainview.crowd.oscillation import Finding, oscillations

OSCILLATION_WINDOW: Final = 120.0
"""Seconds of field in which the turning of a crowd is looked for."""


def looks(ground: Ground, window: Window, wanted: Sequence[Threshold]) -> dict[Key, Look]:
    """The slow quantities among `wanted`, as of the newest field of `window`."""
    field = window.field()
    places = {
        one.zone: place
        for one in wanted
        if one.quantity is Quantity.OSCILLATION and (place := ground.place(one.zone)) is not None
    }
    regions = {repr(zone): place.cells for zone, place in places.items() if place.cells.any()}
    if not regions:
        return {}
    found = oscillations(series=recent(window, OSCILLATION_WINDOW), regions=regions)
    told: dict[Key, Look] = {}
    for zone, place in places.items():
        one = found.get(repr(zone))
        whole = seen(field, place)
        if one is None or one.finding is Finding.CANNOT_TELL:
            why = "no camera covers this ground" if one is None else one.why
            look = Look(field.t, why=why or NOT_SEEN)
        elif one.finding is Finding.FOUND:
            look = Look(field.t, one.speed, _middle(ground, zone), whole)
        else:
            look = Look(field.t, Estimate(0.0, 0.0, 0.0), None, whole)
        told[zone, Quantity.OSCILLATION] = look
    return told


def _middle(ground: Ground, zone: str | None) -> tuple[float, float] | None:
    place = ground.place(zone)
    if place is None:
        return None
    x, y = ground.grid.centres()[place.cells].mean(axis=0)
    return None if math.isnan(x) else (round(float(x), 2), round(float(y), 2))
