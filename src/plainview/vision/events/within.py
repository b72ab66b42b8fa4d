"""Whether a mover is inside a zone: by the ground under it, and by how well that is known.

How far away feet are is known less well than which way: by a tenth of a body's height in the
picture, which from a low or distant camera is a metre of ground. Who passes as closely before or
behind a zone may not be inside it, so he must be found farther in before he is told of. Who came in
is met again where he was, or where he has come to since: for seconds, and of nobody more is known.
"""

import math
from collections import deque
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import shapely
from shapely.geometry import Polygon

from plainview.vision.bodies import Bodies
from plainview.vision.events.depth import PIXELS, deep
from plainview.vision.events.feet import Standing
from plainview.vision.events.movers import CERTAIN, FEW, LONG, NEARLY_ALWAYS, Mover
from plainview.vision.events.paths import SWIFT, Size
from plainview.vision.events.streams import aslant
from plainview.vision.events.ways import UNEVEN, alike
from plainview.vision.optics import Floats, Optics

FOOTING: Final = 0.3
"""Part of a vehicle's footprint that must lie inside."""
SAME_WAY: Final = 0.5
"""Cosine of the angle to a zone's crossing up to which somebody comes in that way."""
APART: Final = 1.5
"""Metres between two who are inside at once, from which the second is told of as well."""
FORGOTTEN: Final = 2.5
"""Seconds unseen after which nobody who came in is there any more."""
PASSED: Final = 2.0
"""Seconds for which it is known that a vehicle has passed: a bus is as long, and its even side,
which has no flow, comes after its front."""
LONGER: Final = 4.0
"""Seconds for which somebody must have been met, nearly always, to be no part of any."""
BEHIND: Final = 0.9
"""Metres behind the feet of a vehicle's part from which another stands on other ground than it."""


def inside(mover: Mover, ground: Polygon) -> bool:
    """Whether `mover` stands on `ground`."""
    if mover.size is Size.PERSON:
        places = [(mover.x, mover.y), *([] if mover.other is None else [mover.other])]
        return all(shapely.contains_xy(ground, x, y) for x, y in places)
    footprint = mover.footprint()
    return float(footprint.intersection(ground).area) >= FOOTING * float(footprint.area)


def well_inside(mover: Mover, ground: Polygon, optics: Optics) -> bool:
    """Whether who is inside `ground` would be so were his feet found a little amiss.

    Seen through `optics`; he, or the middle of his last step. A vehicle's outline has more than its
    foot to place it by.
    """
    if mover.size is Size.VEHICLE:
        return True
    places = np.array([(mover.x, mover.y), mover.path[-2:, 1:].mean(axis=0)])
    least = PIXELS / Standing(optics.projection, places).tall
    return any(
        deep(place, ground, optics.centre, mover.lift, heights)
        for place, heights in zip(places, least.tolist(), strict=True)
    )


def enters(mover: Mover, ground: Polygon, way: tuple[float, float]) -> bool:
    """Whether `mover` was outside `ground` in the last seconds, and came in along `way`."""
    outside = ~shapely.contains_xy(ground, mover.path[:, 1], mover.path[:, 2])
    if not outside.any():
        return False
    last = mover.path[int(np.nonzero(outside)[0][-1]), 1:]
    return alike(np.array([mover.x, mover.y]) - last, way, SAME_WAY)


def goes_with(mover: Mover, movers: Sequence[Mover]) -> bool:
    """Whether `mover` is a part of a vehicle among `movers`, or its shadow or light.

    Bodies are laid into those too, and metres before it they may be where it never goes. Where its
    outline is found, that says where it is.
    """
    if not mover.part or mover.flow is None or float(np.hypot(*mover.flow)) <= SWIFT:
        return False
    return any(
        one.size is Size.VEHICLE
        and one.moved
        and float(np.hypot(one.x - mover.x, one.y - mover.y)) <= LONG
        and alike((one.vx, one.vy), mover.flow)
        for one in movers
    )


class Passing:
    """Owns where the parts of vehicles were in the last seconds: what is behind them may be theirs.

    A body is laid into the side of a bus as well as above its wheels, and one view does not tell
    how far away it stands then. It is nobody in a zone that the bus passes before; nor is it known
    to be somebody until the bus has gone.
    """

    def __init__(self, centre: Floats) -> None:
        """As seen from `centre` (3,), metres."""
        self._centre = centre
        self._parts: deque[tuple[float, Floats]] = deque()

    def look(self, bodies: Bodies, t: float) -> None:
        """The `bodies` at `t` seconds: those of which several go fast side by side are parts."""
        while self._parts and not 0 <= t - self._parts[0][0] <= PASSED:
            self._parts.popleft()
        fast = (bodies.weights >= CERTAIN) & (np.hypot(*bodies.velocities.T) > SWIFT)
        places = bodies.places[fast]
        if len(places) > FEW:
            gaps = np.hypot(*(places[:, None] - places[None]).transpose(2, 0, 1))
            places = places[np.count_nonzero(gaps < 2 * LONG, axis=1) > FEW]
            self._parts.append((t, places))

    def before(self, mover: Mover) -> bool:
        """Whether somebody may be the upper part of a vehicle that has passed before him."""
        stays = mover.seconds >= LONGER and mover.share > NEARLY_ALWAYS
        if mover.size is Size.VEHICLE or stays or not self._parts:
            return False
        parts = np.concatenate([places for _, places in self._parts])
        behind, beside, lean = aslant(np.array([mover.x, mover.y]), parts, self._centre)
        return bool(np.any((beside < LONG) & (behind > BEHIND) & (behind < lean)))


class Inside(NamedTuple):
    """Somebody who is inside: where, since when he is told of there, and when he was seen last."""

    zone: int
    x: float
    y: float
    t: float
    frames: int
    """In how many he was seen there, from the first in which he was well inside."""
    large: bool
    met: float
    """When he was last a mover: since then his place is not known, only that somebody is there."""
    another: bool
    """Whether he came while somebody else was inside."""
    way: tuple[float, float]
    """m/s that he went at then."""


def came(mover: Mover, zone: int, t: float, frames: int, *, another: bool) -> Inside:
    """`mover`, who is inside `zone` at `t` seconds."""
    way = (mover.vx, mover.vy)
    return Inside(zone, mover.x, mover.y, t, frames, mover.large, t, another, way)


def nearest(known: Sequence[Inside], mover: Mover, t: float, reach: float) -> Inside | None:
    """The one of `known` that `mover` is most likely to be, of those within `reach` metres.

    Of where one was met last, or has come to by `t` seconds if he went on. None is he who is
    another_one().
    """
    gaps = [
        (min(gap(one, mover, one.met), gap(one, mover, min(t, one.met + FORGOTTEN))), k)
        for k, one in enumerate(known)
    ]
    near = (known[k] for least, k in sorted(gaps) if least <= reach)
    return next((one for one in near if not another_one(one, mover)), None)


def gap(one: Inside, mover: Mover, t: float) -> float:
    """Metres from `mover` to where `one` is at `t` seconds, if he went on since he was met."""
    dt = t - one.met
    x, y = one.x + dt * one.way[0], one.y + dt * one.way[1]
    return math.hypot(x - mover.x, y - mover.y)


def another_one(one: Inside, mover: Mover) -> bool:
    """Whether `mover` was elsewhere when `one` was met last: they are two.

    What is fast may be a part of a vehicle, as both are then.
    """
    if mover.speed > SWIFT:
        return False
    then = np.nonzero(np.abs(mover.path[:, 0] - one.met) <= UNEVEN)[0]
    if len(then) == 0:
        return False
    away = mover.path[then[-1], 1:] - (one.x, one.y)
    long = LONG * (one.large + mover.large)
    return math.hypot(away[0], away[1]) >= APART + long
