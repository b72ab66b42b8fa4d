"""How something has come: the last of its path over some ground, unbroken, and how straight."""

from typing import Final

import numpy as np
import shapely
from shapely.geometry import Polygon

from plainview.vision.optics import Floats

UNEVEN: Final = 0.05
"""Seconds by which frames may come early or late: a camera's clock is not exact."""
UNSEEN: Final = 0.8 + UNEVEN
"""Seconds between two looks after which a path tells no more: one look in vain, of people."""
CAR: Final = 4.5
"""Metres that a stream may have come between two looks more than LOOK apart: a car's length, after
which what is met anew may be the next car."""
LOOK: Final = 0.4 + UNEVEN
"""Seconds between two looks, at most, where none is in vain."""
ALONG: Final = 0.7
"""Cosine of the angle between the ways of a vehicle and of its parts, at least."""


def alike(
    one: Floats | tuple[float, float], other: Floats | tuple[float, float], least: float = ALONG
) -> bool:
    """Whether two ways (2,) are the same, in m/s or not; what stands goes none.

    That is where the cosine of the angle between them is `least` or more.
    """
    both = float(np.hypot(*one)) * float(np.hypot(*other))
    return both > 0 and float(one[0] * other[0] + one[1] * other[1]) >= least * both


def on(path: Floats, ground: Polygon) -> Floats:
    """The last part of `path` (n, 3 or more) on `ground`, met again within UNSEEN seconds."""
    inside = shapely.contains_xy(ground, path[:, 1], path[:, 2])
    lost = np.diff(path[:, 0], prepend=path[0, 0]) > UNSEEN
    breaks = np.nonzero(~inside | lost)[0]
    if len(breaks) == 0:
        return path
    last = int(breaks[-1])
    return path[last if inside[last] else last + 1 :]


def steady(path: Floats) -> Floats:
    """`path` (n, 3) with each place but the first and the last the middle of three, side by side.

    An outline that rain hangs from, or a bank of fog, is metres amiss in one look.
    """
    if len(path) < 3:
        return path
    middle = np.sort(np.stack((path[:-2, 1:], path[1:-1, 1:], path[2:, 1:])), axis=0)[1]
    found = path.copy()
    found[1:-1, 1:] = middle
    return found


def unbroken(path: Floats) -> Floats:
    """The last part of a stream's `path` (n, 5) over which it cannot be another thing's."""
    if len(path) == 0:
        return path
    dt = np.diff(path[:, 0], prepend=path[0, 0])
    speed = np.hypot(path[:, 3], path[:, 4])
    faster = np.maximum(speed, np.concatenate((speed[:1], speed[:-1])))
    breaks = np.nonzero((dt > LOOK) & (dt * faster > CAR))[0]
    return path if len(breaks) == 0 else path[int(breaks[-1]) :]


def stray(path: Floats) -> float:
    """Metres, root mean square, by which `path` (n, 3) strays from one constant velocity."""
    t = path[:, 0] - path[:, 0].mean()
    places = path[:, 1:] - path[:, 1:].mean(axis=0)
    velocity = t @ places / max(float(t @ t), 1e-9)
    return float(np.sqrt(np.square(places - t[:, None] * velocity).sum(axis=1).mean()))
