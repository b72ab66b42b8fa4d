"""Levels of service, specific flow, occupancy and dwell: what a planner asks of a place."""

import enum
import math
from typing import NamedTuple

import numpy as np

from plainview.crowd.field import UNKNOWN, Z90, Array, Estimate, Field, Mask, normal
from plainview.errors import InputError

SQUARE_FOOT = 0.3048**2
"""m²"""


class Facility(enum.StrEnum):
    """What kind of place a level of service is asked for: each has its own scale."""

    WALKWAY = "walkway"
    STAIRS = "stairs"
    QUEUE = "queue"


class Level(enum.StrEnum):
    """Fruin's levels of service, from free (A) to the breakdown of movement (F)."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"
    E = "E"
    F = "F"


LEAST_ROOM: dict[Facility, tuple[float, ...]] = {
    Facility.WALKWAY: (35, 25, 15, 10, 5),
    Facility.STAIRS: (20, 15, 10, 7, 4),
    Facility.QUEUE: (13, 10, 7, 3, 2),
}
"""Least square feet for each person at levels A to E; less is F.

J. J. Fruin, Pedestrian Planning and Design (1971), chapter 4; also Highway Research Record 355
(1971), pages 1 to 15. They tell comfort and flow; they are no safety limits.
"""


def bounds(facility: Facility) -> tuple[float, ...]:
    """Densities, people/m², above which a facility is at level B, C, D, E and F."""
    return tuple(1 / (room * SQUARE_FOOT) for room in LEAST_ROOM[facility])


def level(*, density: float, facility: Facility = Facility.WALKWAY) -> Level | None:
    """Fruin's level of service of `density` (people/m²); None where the density is not known.

    Raises InputError for a density below 0.
    """
    if math.isnan(density):
        return None
    if density < 0:
        raise InputError(
            f"a density of {density:g} people/m² cannot be", where="density", mend="Give 0 or more"
        )
    return tuple(Level)[sum(density > bound for bound in bounds(facility))]


def levels(
    *, density: Estimate, facility: Facility = Facility.WALKWAY
) -> tuple[Level | None, Level | None, Level | None]:
    """Levels of service at the value, the low end and the high end of `density` (people/m²)."""
    value, low, high = (
        level(density=max(part, 0.0), facility=facility) if not math.isnan(part) else None
        for part in density
    )
    return value, low, high


def product(one: Estimate, other: Estimate) -> Estimate:
    """The product of two independent estimates, with its 90 % interval.

    The ends follow from each factor's own ends, one at a time, added in quadrature (the method of
    variance estimates recovery: Zou & Donner, Statistics in Medicine 27, 1693, 2008), which keeps
    an interval lopsided that is.
    """
    value = one.value * other.value
    steps = [
        (one.low * other.value, one.high * other.value),
        (one.value * other.low, one.value * other.high),
    ]
    below = math.hypot(*(value - min(pair) for pair in steps))
    above = math.hypot(*(max(pair) - value for pair in steps))
    return Estimate(value, value - below, value + above)


def specific_flow(*, density: Estimate, speed: Estimate) -> Estimate:
    """J = rho * v: people per metre of width and second, from people/m² and m/s.

    Fruin (1971), chapter 3. The speed is that along the way, and the density that of the same
    ground and time. Doors and corridors carry at most about 1.3 to 1.9 /(m s) (Zhang & Seyfried,
    J. Stat. Mech. P02002, 2013); a crowd that is denser carries less, not more.
    """
    return product(density, speed)


class Occupancy(NamedTuple):
    """People on a part of the ground."""

    people: Estimate
    """On the known cells; unknown where no cell is."""
    known: float
    """Share of the part's cells that are known, 0 to 1. The rest may be full."""


def occupancy(*, field: Field, cells: Mask | None = None) -> Occupancy:
    """N = sum of density times area over the known `cells` (ny, nx), all of the grid when None.

    What the cells' errors have in common adds up (`Field.common`), the rest adds in quadrature: the
    whole area's error is that of the camera's count, or up to 1.4 times it, as a Reading does not
    say which of the two its error is. Raises InputError when `cells` has none.
    """
    part = _part(field, cells)
    seen = part & field.known
    share = float(seen.sum()) / float(part.sum())
    if not seen.any():
        return Occupancy(UNKNOWN, 0.0)
    area = field.grid.cell**2
    people = float(field.density[seen].sum()) * area
    common = field.common[seen]
    alone = float((field.sigma[seen] ** 2 - common**2).sum())
    deviation = math.hypot(float(common.sum()), math.sqrt(max(alone, 0.0))) * area
    return Occupancy(normal(people, deviation, least=0.0), share)


def mean_density(*, field: Field, cells: Mask | None = None) -> Estimate:
    """People per m² over the known `cells`; as `occupancy`, divided by their area."""
    part = _part(field, cells)
    area = float((part & field.known).sum()) * field.grid.cell**2
    people = occupancy(field=field, cells=cells).people
    return Estimate(*(end / area for end in people)) if area else UNKNOWN


def _part(field: Field, cells: Mask | None) -> Mask:
    part = np.ones_like(field.known) if cells is None else cells
    if part.shape != field.known.shape or not part.any():
        raise InputError(
            "the part of the ground holds no cell of this grid",
            where="cells",
            mend="Check the zone's polygon against the site's area",
        )
    return part


class Dwell(NamedTuple):
    """How long people stay."""

    seconds: Estimate
    """Mean stay, s; unknown where Little's law does not hold or nothing flows."""
    why: str
    """Why it cannot be told; empty where it can."""


def dwell(
    *,
    t: Array,
    people: Array,
    sigma: Array,
    entered: float,
    left: float,
    doubt: float = 0.1,
    steady: float = 0.25,
) -> Dwell:
    """Mean stay W = L / lambda by Little's law, from occupancy and people crossing in and out.

    `t` (n,) s, `people` (n,) occupancy and `sigma` (n,) its standard error; `entered` and `left`
    are people in that time, `doubt` the relative standard error of such a count beyond chance.
    lambda is the mean of both rates; its error is Poisson's (of both counts) and `doubt`. An error
    of occupancy is taken as common to all moments, so it does not average out.

    It holds for any arrivals and any order of leaving as long as the window is long and what comes
    goes: told only where |entered - left| is at most `steady` times their mean, and the window is
    at least twice the stay. Source: J. D. C. Little, Operations Research 9, 383 (1961) and, for
    windows that are finite, 59, 536 (2011). Raises InputError for fewer than two moments.
    """
    if len(t) < 2 or not len(t) == len(people) == len(sigma):
        raise InputError(
            "dwell needs the occupancy at two moments or more", where="t", mend="Give a series"
        )
    span = float(t[-1] - t[0])
    flow = (entered + left) / 2
    if not np.all(np.isfinite(people)):
        return Dwell(UNKNOWN, "occupancy is not known for the whole time")
    if flow <= 0:
        return Dwell(UNKNOWN, "nobody came or went")
    chance = math.sqrt(max(entered + left, 1.0)) / 2
    if abs(entered - left) > steady * flow + Z90 * 2 * chance:
        return Dwell(UNKNOWN, "more people came than went, or the other way round")
    mean = float(np.trapezoid(people, t)) / span
    rate = flow / span
    stay = mean / rate
    if span < 2 * stay:
        return Dwell(UNKNOWN, "people stay longer than half of the time looked at")
    relative = math.hypot(chance / flow, doubt, float(np.mean(sigma)) / mean if mean else 0.0)
    return Dwell(
        Estimate(stay, stay * math.exp(-Z90 * relative), stay * math.exp(Z90 * relative)), ""
    )
