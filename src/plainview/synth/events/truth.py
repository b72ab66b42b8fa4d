"""What truly happens in a scene, and how it is written (docs/reference/scenes.md)."""

import json
from collections.abc import Callable
from typing import Any, NamedTuple

from shapely.geometry import Point as Dot
from shapely.geometry import Polygon

from plainview.geometry import Point

Where = Callable[[float], Point | None]
"""Where something is on the ground at a time; None while it is away."""

STEP = 0.1
"""Seconds between the moments at which truth is asked."""


class Happening(NamedTuple):
    """One true event."""

    kind: str
    start: float
    """Seconds from the clip's start."""
    end: float | None
    """None: it is still so when the clip ends."""
    at: Point
    """Ground metres, where it starts."""
    zone: str | None = None
    path: tuple[tuple[float, float, float], ...] = ()
    """(seconds, x, y) of one that moves."""


class Conditions(NamedTuple):
    """The light and the weather of a scene in one word each, for tables."""

    light: str
    weather: str
    quality: str


def stays_inside(
    kind: str, where: Where, zone: str, polygon: tuple[Point, ...], seconds: float
) -> list[Happening]:
    """Each stay of what is at `where` in `polygon` as one event of `kind`."""
    shape = Polygon(polygon)
    happenings: list[Happening] = []
    path: list[tuple[float, float, float]] = []
    for k in range(round(seconds / STEP) + 1):
        t = k * STEP
        place = where(t)
        inside = place is not None and shape.contains(Dot(place))
        if inside and place is not None:
            path.append((round(t, 1), round(place[0], 2), round(place[1], 2)))
        elif path:
            happenings.append(_stay(kind, zone, path, ended=True))
            path = []
    if path:
        happenings.append(_stay(kind, zone, path, ended=False))
    return happenings


def _stay(
    kind: str, zone: str, path: list[tuple[float, float, float]], *, ended: bool
) -> Happening:
    start, x, y = path[0]
    thinned = (*path[::5], path[-1])
    return Happening(kind, start, path[-1][0] if ended else None, (x, y), zone, thinned)


def truth_json(
    happenings: tuple[Happening, ...],
    conditions: Conditions,
    seconds: float,
    *,
    kind: str,
    story: str,
    part: str,
    judged: tuple[str, ...],
) -> str:
    """The text of a clip's events.json."""
    told: dict[str, Any] = {
        "seconds": seconds,
        "judged": list(judged),
        "conditions": [{"from": 0.0, "to": seconds, **conditions._asdict()}],
        "events": [_told(one) for one in happenings],
        "scene": {"kind": kind, "story": story, "part": part, "positive": bool(happenings)},
    }
    return json.dumps(told, indent=1) + "\n"


def _told(one: Happening) -> dict[str, Any]:
    told = one._asdict()
    if not one.path:
        del told["path"]
    return told
