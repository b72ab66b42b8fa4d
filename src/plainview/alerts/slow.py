"""Quantities that show in a window of many seconds: looked at every few seconds only."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np

from plainview.alerts.ground import Ground, Place
from plainview.alerts.measures import Key, Window, recent, seen
from plainview.alerts.thresholds import Quantity, Threshold
from plainview.alerts.watch import Look
from plainview.crowd.counterflow import directions
from plainview.crowd.field import UNKNOWN, Z90, Estimate, Series
from plainview.crowd.gradients import gradients
from plainview.crowd.movement import Movement, change
from plainview.crowd.oscillation import Finding, oscillations
from plainview.crowd.waves import stop_and_go
from plainview.geometry import Point

LONG: Final = 120.0
"""Seconds of field in which turning, waves and what is usual are looked for."""
SHORT: Final = 20.0
"""Seconds of field for streams: counterflow and shear."""
NONE: Final = Estimate(0.0, 0.0, 0.0)
"""What was looked for and is not there."""


class Found(NamedTuple):
    """What a look ends with."""

    seen: Estimate
    why: str = ""
    at: Point | None = None


def looks(ground: Ground, window: Window, wanted: Sequence[Threshold]) -> dict[Key, Look]:
    """The slow quantities among `wanted`, as of the newest field of `window`."""
    told: dict[Key, Look] = {}
    field = window.field()
    blocks: dict[float, Series] = {}
    for one in wanted:
        key = one.zone, one.quantity
        if not one.about.slow or key in told:
            continue
        place = ground.place(one.zone)
        if place is None or not place.cells.any():
            told[key] = Look(field.t, why="no camera covers this ground")
            continue
        seconds, measure = _MEASURES[one.quantity]
        if seconds not in blocks:
            blocks[seconds] = recent(window, seconds)
        found = measure(blocks[seconds], place)
        whole = found.seen.known and seen(field, place)
        told[key] = Look(field.t, found.seen, found.at, whole, found.why)
    return told


def _oscillation(block: Series, place: Place) -> Found:
    one = oscillations(series=block, regions={"place": place.cells})["place"]
    if one.finding is Finding.FOUND:
        return Found(one.speed, "", _middle(block, place))
    return Found(UNKNOWN, one.why) if one.finding is Finding.CANNOT_TELL else Found(NONE)


def _waves(block: Series, place: Place) -> Found:
    wave = stop_and_go(series=block, cells=place.cells)
    if wave.finding is Finding.FOUND:
        # The swing's own error is not told; the line is there beyond doubt.
        return Found(Estimate(wave.swing, wave.swing, wave.swing), "", _middle(block, place))
    return Found(UNKNOWN, wave.why) if wave.finding is Finding.CANNOT_TELL else Found(NONE)


def _movement(kind: Movement, block: Series, place: Place) -> Found:
    found = change(series=block, cells=place.cells)
    if found.movement is Movement.CANNOT_TELL:
        return Found(UNKNOWN, found.why)
    if found.movement is not kind:
        return Found(NONE)
    return Found(
        found.speed if kind is Movement.SURGE else found.outward, "", _middle(block, place)
    )


def _surge(block: Series, place: Place) -> Found:
    return _movement(Movement.SURGE, block, place)


def _dispersal(block: Series, place: Place) -> Found:
    return _movement(Movement.DISPERSAL, block, place)


def _counterflow(block: Series, place: Place) -> Found:
    found = directions(series=block, cells=place.cells).counterflow
    return Found(found, "" if found.known else "nobody moves, or not for long enough yet")


def _shear(block: Series, place: Place) -> Found:
    found = gradients(series=block)
    part = place.cells & found.known
    if not part.any():
        return Found(UNKNOWN, "there are too few people next to one another")
    k = np.unravel_index(int(np.argmax(np.where(part, found.shear, -1.0))), part.shape)
    value, half = float(found.shear[k]), Z90 * float(found.sigma[k])
    x, y = block.grid.centres()[k]
    return Found(Estimate(value, max(value - half, 0.0), value + half), "", (float(x), float(y)))


def _middle(block: Series, place: Place) -> Point:
    x, y = block.grid.centres()[place.cells].mean(axis=0)
    return round(float(x), 2), round(float(y), 2)


_MEASURES: Final[Mapping[Quantity, tuple[float, Callable[[Series, Place], Found]]]] = {
    Quantity.OSCILLATION: (LONG, _oscillation),
    Quantity.STOP_AND_GO: (LONG, _waves),
    Quantity.SURGE: (LONG, _surge),
    Quantity.DISPERSAL: (LONG, _dispersal),
    Quantity.COUNTERFLOW: (SHORT, _counterflow),
    Quantity.SHEAR: (SHORT, _shear),
}
