"""From the fields of a site to what each of its thresholds is held against: pure functions.

Unknown ground counts in none of them. What is passed on the known part is passed; that something is
over is only said where all the ground that cameras cover was seen.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
from scipy.ndimage import uniform_filter
from scipy.special import stdtrit

from plainview.alerts.ground import Ground, Place
from plainview.alerts.thresholds import DEFAULTS, Level, Quantity, Threshold
from plainview.alerts.watch import Look
from plainview.crowd import levels, pressure
from plainview.crowd.field import (
    UNKNOWN,
    Array,
    Estimate,
    Field,
    Mask,
    Series,
    last,
    normal,
    series,
)
from plainview.geometry import Point

PATCH: Final = 3.0
"""Side of the square of ground over which a density is told, metres. Smaller, and single people at
the edge of a cell decide; larger, and a narrow place thins out."""
WHOLE: Final = 0.95
"""Share of the covered ground that must be seen for all of it to count as seen."""
PRESSURE_WINDOW: Final = 15.0
"""Seconds from which pressure is told: two of the waves that run through a crowd. A run-up goes on
meanwhile, so that longer windows tell less of the present."""
TREND: Final = 60.0
"""Seconds from which the change of occupancy and density is told."""
_LEAST_TREND = 20.0
DENSITY_ALARM: Final = next(
    d.limit for d in DEFAULTS if d.quantity is Quantity.DENSITY and d.level is Level.ALARM
)
"""people/m²: what `REACH` is the time to, unless the site has another alarm."""

FORESEEN: Final = 0.5
"""Part of a density that must be there before the time to it is told: thinner queues and streams of
ordinary traffic grow as fast for a minute, and stop (`plainview evaluate alarms`)."""

Key = tuple[str | None, Quantity]


class Spot(NamedTuple):
    """Where a place is worst."""

    value: Estimate
    """Unknown where too little is seen."""
    at: Point | None
    """Ground metres."""


class Moment(NamedTuple):
    """What is kept of a place at one moment, for trends."""

    t: float
    people: float
    """NaN where not all of it was seen."""
    densest: float
    """people/m² over PATCH; NaN as well."""


def seen(field: Field, place: Place) -> bool:
    """Whether practically all of the covered ground of `place` is known in `field`."""
    return bool(place.cells.any()) and float(field.known[place.cells].mean()) >= WHOLE


class Patches(NamedTuple):
    """The PATCH around each cell of a field, (ny, nx) each."""

    known: Mask
    """Whether the cell and half of its patch are."""
    mean: Array
    """people/m² over what is known of it."""
    sigma: Array


def patches(field: Field) -> Patches:
    """The patches of `field`; once for all of its places."""
    side = max(2 * round((PATCH / field.grid.cell - 1) / 2) + 1, 1)
    known = field.known.astype(np.float64)
    share = uniform_filter(known, side, mode="nearest")
    planes = (field.density * known, field.sigma * known)
    mean, sigma = (
        np.divide(
            uniform_filter(plane, side, mode="nearest"),
            share,
            out=np.zeros_like(share),
            where=share > 0,
        )
        for plane in planes
    )
    return Patches(field.known & (share >= 0.5), mean, sigma)


def densest(field: Field, place: Place, around: Patches | None = None) -> Spot:
    """The densest PATCH with its middle in `place` and half of its ground known, people/m².

    Mean density over the known cells of the square; its error is their mean sigma, as one camera's
    errors go together. The interval is not widened for the choice among many patches. `around` are
    the patches of `field`, where they are at hand.
    """
    known, mean, sigma = around or patches(field)
    usable = place.cells & known
    if not usable.any():
        return Spot(UNKNOWN, None)
    k = np.unravel_index(int(np.argmax(np.where(usable, mean, -1.0))), mean.shape)
    x = field.grid.origin[0] + (int(k[1]) + 0.5) * field.grid.cell
    y = field.grid.origin[1] + (int(k[0]) + 0.5) * field.grid.cell
    return Spot(normal(float(mean[k]), float(sigma[k]), least=0.0), (round(x, 2), round(y, 2)))


def moment(field: Field, place: Place, around: Patches) -> Moment:
    """What is kept of `place` at the time of `field`, whose patches are `around`."""
    if not seen(field, place):
        return Moment(field.t, math.nan, math.nan)
    people = levels.occupancy(field=field, cells=place.cells).people.value
    return Moment(field.t, people, densest(field, place, around).value.value)


def slope(t: Sequence[float], values: Sequence[float]) -> Estimate:
    """Change per second of `values` at times `t`, by least squares with its 90 % interval.

    From the scatter about the line (Student's t, n - 2 degrees of freedom), with neighbouring
    moments' likeness taken into account as in an AR(1) process: the variance grows by
    (1 + r) / (1 - r). Unknown for under six known moments or under 20 s.
    """
    x, y = np.asarray(t, dtype=np.float64), np.asarray(values, dtype=np.float64)
    fit = np.isfinite(y)
    x, y = x[fit], y[fit]
    if len(x) < 6 or x[-1] - x[0] < _LEAST_TREND:
        return UNKNOWN
    x = x - x.mean()
    rate = float(x @ y) / float(x @ x)
    rest = y - y.mean() - rate * x
    power = float(rest @ rest)
    memory = min(max(float(rest[1:] @ rest[:-1]) / power, 0.0), 0.9) if power > 0 else 0.0
    error = math.sqrt(power / (len(x) - 2) / float(x @ x) * (1 + memory) / (1 - memory))
    half = float(stdtrit(len(x) - 2, 0.95)) * error
    return Estimate(rate, rate - half, rate + half)


def time_to(*, now: Estimate, rate: Estimate, limit: float) -> Estimate:
    """Seconds until a density `now` (people/m²) reaches `limit` at `rate` (people/(m² s)).

    Its early end takes both at their high ends. Infinite where it does not rise; 0 where passed.
    """
    if not (now.known and rate.known):
        return UNKNOWN

    def until(density: float, change: float) -> float:
        if density >= limit:
            return 0.0
        return (limit - density) / change if change > 0 else math.inf

    return Estimate(
        until(now.value, rate.value), until(now.high, rate.high), until(now.low, rate.low)
    )


class Window(NamedTuple):
    """What a site's cameras said lately."""

    fields: Sequence[Field]
    """In order of time, the newest last; at least one."""
    moments: Mapping[str | None, Sequence[Moment]]
    """By place."""
    around: Patches | None = None
    """Those of the newest field, where they are at hand."""

    def field(self) -> Field:
        """The newest."""
        return self.fields[-1]


def recent(window: Window, seconds: float) -> Series:
    """The fields of the last `seconds`, as one block."""
    return series(last(window.fields, seconds))


def fast(ground: Ground, window: Window, wanted: Sequence[Threshold]) -> dict[Key, Look]:
    """The quantities of `wanted` that every Reading may change, as they are now."""
    looks: dict[Key, Look] = {}
    squeezed: dict[str | None, Spot] = {}
    spots: dict[str | None, Spot] = {}
    alarms = density_alarms(wanted)
    for one in wanted:
        key = one.zone, one.quantity
        place = ground.place(one.zone)
        if key in looks or one.about.slow:
            continue
        if place is None or not place.cells.any():
            looks[key] = Look(window.field().t, why="no camera covers this ground")
        elif one.quantity is Quantity.PRESSURE:
            squeezed = squeezed or pressures(ground.places, window)
            looks[key] = _look(window.field(), place, *squeezed[one.zone])
        elif one.quantity is Quantity.DENSITY:
            spots[one.zone] = spots.get(one.zone) or densest(window.field(), place, window.around)
            looks[key] = _look(window.field(), place, *spots[one.zone])
        elif one.quantity is Quantity.INFLOW:
            rate = slope(*_trend(window, place, "people"))
            per_minute = Estimate(*(60 * part for part in rate))
            looks[key] = _look(window.field(), place, per_minute, None)
        elif one.quantity is Quantity.REACH:
            limit = alarms.get(one.zone, DENSITY_ALARM)
            spots[one.zone] = spots.get(one.zone) or densest(window.field(), place, window.around)
            looks[key] = _look(window.field(), place, *reach(window, place, spots[one.zone], limit))
    return looks


def density_alarms(thresholds: Iterable[Threshold]) -> dict[str | None, float]:
    """people/m² from which `thresholds` alarm of density, by zone (None: the whole site)."""
    return {
        one.zone: one.limit
        for one in thresholds
        if one.quantity is Quantity.DENSITY and one.level is Level.ALARM
    }


def reach(window: Window, place: Place, spot: Spot, limit: float) -> Spot:
    """Seconds until `spot`, the densest of `place`, has `limit` people/m² at its present change.

    Never, as long as it has less than FORESEEN of that.
    """
    if spot.value.known and spot.value.value < FORESEEN * limit:
        return Spot(Estimate(math.inf, math.inf, math.inf), spot.at)
    rate = slope(*_trend(window, place, "densest"))
    return Spot(time_to(now=spot.value, rate=rate, limit=limit), spot.at)


def _trend(window: Window, place: Place, what: str) -> tuple[list[float], list[float]]:
    since = window.field().t - TREND
    moments = [m for m in window.moments.get(place.name, ()) if m.t > since]
    return [m.t for m in moments], [getattr(m, what) for m in moments]


def _look(field: Field, place: Place, found: Estimate, at: Point | None) -> Look:
    whole = seen(field, place)
    if not found.known:
        why = "not measured for long enough yet" if whole else NOT_SEEN
        return Look(field.t, UNKNOWN, None, whole=False, why=why)
    return Look(field.t, found, at, whole, "" if whole else NOT_SEEN)


NOT_SEEN: Final = "not all of the ground is seen: a camera is not well, or not there"


def pressures(places: Sequence[Place], window: Window) -> dict[str | None, Spot]:
    """The worst crowd pressure of each of `places` over PRESSURE_WINDOW, and where.

    Nought where nobody was near as dense as it takes, as it mostly is: that is seen at once, and
    from few fields too, as of a calm site that is looked at now and then.
    """
    fields = last(window.fields, PRESSURE_WINDOW)
    # No mean over some moments is more than the densest cell of any: mostly that says it at once.
    thin = all(float(field.density.max(initial=0.0)) < pressure.LEAST_DENSITY for field in fields)
    block = None if thin else series(fields)
    if block is None or pressure.sparse(series=block):
        told = 2 * np.sum([field.known for field in fields], axis=0) >= len(fields)
        nought = Estimate(0.0, 0.0, 0.0)
        return {
            place.name: Spot(nought if (told & place.cells).any() else UNKNOWN, None)
            for place in places
        }
    squeezed = pressure.pressure(series=block)
    centres: Array = block.grid.centres()
    return {
        place.name: Spot(*pressure.worst(field=squeezed, centres=centres, cells=place.cells))
        for place in places
    }
