"""Cars, vans, buses, trams and cyclists on ways of (seconds, x, y) points."""

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from plainview.geometry import Point
from plainview.synth.body import Looks, car, one_of, rigid
from plainview.synth.events.poses import POSES, blended, posed
from plainview.synth.events.things import Piece
from plainview.synth.shadow import Body


def _long(length: float, width: float, height: float, sill: float, axles: Sequence[float]
          ) -> list[Piece]:  # fmt: skip
    """A box on wheels: a body, a dark band of windows, wheels at `axles` metres from its middle."""
    r = 0.45
    half = length / 2 - r
    ys = np.linspace(r - width / 2, width / 2 - r, max(2, math.ceil((width - 2 * r) / 0.5) + 1))
    zs = np.linspace(sill + r, height - r, max(2, math.ceil((height - sill - 2 * r) / 0.5) + 1))
    pieces: list[Piece] = [
        ((-half, float(y), float(z)), (half, float(y), float(z)), r,
         0.3 if 0.45 < (z - sill) / (height - sill) < 0.72 else 1.0)
        for z in zs for y in ys
    ]  # fmt: skip
    pieces += [
        ((x, y - 0.06, 0.42), (x, y + 0.06, 0.42), 0.42, 0.12)
        for x in axles
        for y in (0.1 - width / 2, width / 2 - 0.1)
    ]
    return pieces


def _wheel(x: float) -> list[Piece]:
    ring = [(x + 0.33 * math.cos(a), 0.0, 0.34 + 0.33 * math.sin(a))
            for a in np.linspace(0, 2 * math.pi, 9)]  # fmt: skip
    return [(a, b, 0.016, 0.3) for a, b in pairwise(ring)]


KINDS: Final[dict[str, list[Piece]]] = {
    "van": _long(5.2, 1.95, 2.2, 0.3, (-1.6, 1.6)),
    "bus": _long(12.0, 2.5, 3.1, 0.35, (-3.6, 3.9)),
    "tram": _long(18.0, 2.4, 3.3, 0.25, ()),
    "bicycle": [
        *_wheel(-0.52), *_wheel(0.52),
        ((-0.52, 0, 0.34), (-0.15, 0, 0.85), 0.02, 1.0),
        ((-0.1, 0, 0.45), (0.4, 0, 0.85), 0.02, 1.0),
        ((0.4, 0, 0.9), (0.52, 0, 0.34), 0.02, 1.0),
        ((0.38, -0.25, 1.0), (0.38, 0.25, 1.0), 0.015, 0.5),
    ],
}  # fmt: skip
SIZES: Final = {"car": (4.3, 1.45, 6.0), "van": (5.2, 2.2, 9.0), "bus": (12.0, 3.1, 28.0),
                "tram": (18.0, 3.3, 40.0), "bicycle": (1.7, 1.8, 1.5)}  # fmt: skip
"""Length and height in metres, and the sky's light that it keeps off in units of a person's."""


class Vehicle:
    """One vehicle, there from its way's first point to its last. Owns nothing that changes."""

    def __init__(
        self,
        kind: str,
        way: Sequence[tuple[float, float, float]],
        *,
        shade: float = 0.3,
        tint: tuple[float, float, float] = (1.0, 0.97, 0.93),
        facing: float | None = None,
        rider: Looks | None = None,
    ) -> None:
        """`facing` degrees, where it is not the way it goes: one that reverses."""
        self.kind, self.way = kind, tuple(way)
        self._way = np.array(way, dtype=np.float64)
        self._colour = shade * np.array(tint)
        self._rider = rider
        steps = np.diff(self._way[:, 1:], axis=0)
        self._gone = np.concatenate(([0.0], np.cumsum(np.hypot(*steps.T))))
        self._headings = self._all_headings(steps, facing)

    @staticmethod
    def _all_headings(steps: NDArray[np.float64], facing: float | None) -> list[float]:
        """One heading a leg; one that stands keeps that of the leg before it."""
        if facing is not None:
            return [math.radians(facing)] * len(steps)
        moving = [k for k, step in enumerate(steps) if math.hypot(*step) > 0.02]
        last = math.atan2(*steps[moving[0]][::-1]) if moving else 0.0
        headings = []
        for step in steps:
            if math.hypot(*step) > 0.02:
                last = math.atan2(step[1], step[0])
            headings.append(last)
        return headings

    def at(self, t: float) -> tuple[Point, float, float] | None:
        """Place of its middle, heading (radians) and metres gone at `t`; None while it is away."""
        times = self._way[:, 0]
        if not times[0] <= t <= times[-1]:
            return None
        x, y = (float(np.interp(t, times, self._way[:, k])) for k in (1, 2))
        leg = min(max(int(np.searchsorted(times, t, side="right")) - 1, 0), len(times) - 2)
        heading = self._headings[leg]
        if leg:
            # It turns within the first half second of a leg, rather than at once.
            before = self._headings[leg - 1]
            turn = (heading - before + math.pi) % (2 * math.pi) - math.pi
            heading = before + turn * min(1.0, (t - times[leg]) / 0.5)
        return (x, y), heading, float(np.interp(t, times, self._gone))

    def bodies(self, t: float) -> list[Body]:
        """Its body, and its rider's, at `t`; none while it is away."""
        now = self.at(t)
        if now is None:
            return []
        place, heading, gone = now
        where = np.array(place)
        many = (
            car(where, heading, self._colour)
            if self.kind == "car"
            else rigid(KINDS[self.kind], where, heading, self._colour)
        )
        _, height, wide = SIZES[self.kind]
        bodies = [Body(one_of(many, 0), np.array([*place, height]), wide)]
        if self.kind == "bicycle" and self._rider is not None:
            bodies.append(_ridden(self._rider, place, heading, gone))
        return bodies


def _ridden(rider: Looks, place: Point, heading: float, gone: float) -> Body:
    """The rider of a bicycle at `place`, who has pedalled `gone` metres."""
    ride = POSES["ride"]
    other = replace(
        ride, thigh=ride.left_thigh or 0.0, knee=ride.left_knee or 0.0,
        left_thigh=ride.thigh, left_knee=ride.knee,
    )  # fmt: skip
    pose = blended(ride, other, 0.5 + 0.5 * math.sin(2 * math.pi * gone / 5.5))
    back = (place[0] - 0.18 * math.cos(heading), place[1] - 0.18 * math.sin(heading))
    body = posed(rider, back, heading, pose)
    lift = np.array([0.0, 0.0, 0.28])
    parts = body.parts._replace(start=body.parts.start + lift, end=body.parts.end + lift)
    return body._replace(parts=parts, place=body.place + lift)


def straight(start: Point, end: Point, *, begin: float, speed: float
             ) -> list[tuple[float, float, float]]:  # fmt: skip
    """A way from `start` to `end` (ground metres) at `speed` m/s, from `begin` seconds."""
    length = math.hypot(end[0] - start[0], end[1] - start[1])
    return [(begin, *start), (begin + length / speed, *end)]
