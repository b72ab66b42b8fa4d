"""Quantities that show in a window of many seconds: looked at every few seconds only."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np

from plainview.alerts.ground import Ground, Place
from plainview.alerts.measures import Key, Window, recent, seen
from plainview.alerts.thresholds import Quantity, Threshold
from plainview.alerts.watch import Look
from plainview.crowd.counterflow import directions
from plainview.crowd.field import UNKNOWN, Z90, Estimate, Mask, Series
from plainview.crowd.gradients import gradients
from plainview.crowd.movement import Movement, change
from plainview.crowd.oscillation import Finding, oscillations, tiles
from plainview.crowd.waves import stop_and_go
from plainview.geometry import Point

LONG: Final = 120.0
"""Seconds of field in which turning, waves and what is usual are looked for."""
SHORT: Final = 20.0
"""Seconds of field for streams: counterflow and shear."""
TURNING: Final = 12.0
"""Side of the parts of a large place that are looked at for turning, metres: a crowd turns in parts
of hundreds of people (Gu et al., Nature 638, 112, 2025), and parts that turn each in its own way
are at rest together."""
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
    regions = _parts(block, place)
    looked = oscillations(series=block, regions=regions)
    found = [name for name, one in looked.items() if one.finding is Finding.FOUND]
    if found:
        fastest = max(found, key=lambda name: looked[name].speed.value)
        return Found(looked[fastest].speed, "", _middle(block, regions[fastest]))
    untold = [one.why for one in looked.values() if one.finding is Finding.CANNOT_TELL]
    return Found(UNKNOWN, untold[0]) if untold else Found(NONE)


def _parts(block: Series, place: Place) -> dict[str, Mask]:
    """The regions of `place` that may turn as one: itself, or tiles of TURNING where it is wider.

    Tiles with less than a quarter of their ground in it belong to none: too few people turn there.
    """
    size = max(int(np.ptp(axis)) + 1 for axis in np.nonzero(place.cells)) * block.grid.cell
    if size <= 1.5 * TURNING:
        return {"whole": place.cells}
    least = (TURNING / block.grid.cell) ** 2 / 4
    parts = tiles(grid=block.grid, side=TURNING, cells=place.cells)
    kept = {name: part for name, part in parts.items() if np.count_nonzero(part) >= least}
    return kept or {"whole": place.cells}


def _waves(block: Series, place: Place) -> Found:
    wave = stop_and_go(series=block, cells=place.cells)
    if wave.finding is Finding.FOUND:
        # The swing's own error is not told; the line is there beyond doubt.
        return Found(Estimate(wave.swing, wave.swing, wave.swing), "", _middle(block, place.cells))
    return Found(UNKNOWN, wave.why) if wave.finding is Finding.CANNOT_TELL else Found(NONE)


def _movement(kind: Movement, block: Series, place: Place) -> Found:
    found = change(series=block, cells=place.cells)
    if found.movement is Movement.CANNOT_TELL:
        return Found(UNKNOWN, found.why)
    if found.movement is not kind:
        return Found(NONE)
    return Found(
        found.speed if kind is Movement.SURGE else found.outward, "", _middle(block, place.cells)
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


def _middle(block: Series, cells: Mask) -> Point:
    x, y = block.grid.centres()[cells].mean(axis=0)
    return round(float(x), 2), round(float(y), 2)


_MEASURES: Final[Mapping[Quantity, tuple[float, Callable[[Series, Place], Found]]]] = {
    Quantity.OSCILLATION: (LONG, _oscillation),
    Quantity.STOP_AND_GO: (LONG, _waves),
    Quantity.SURGE: (LONG, _surge),
    Quantity.DISPERSAL: (LONG, _dispersal),
    Quantity.COUNTERFLOW: (SHORT, _counterflow),
    Quantity.SHEAR: (SHORT, _shear),
}
