"""Things that are put down, moved, dropped and taken away: bags, boxes, chairs, coats, litter."""

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from plainview.geometry import Point
from plainview.synth.body import one_of, rigid
from plainview.synth.shadow import Body

Piece = tuple[tuple[float, float, float], tuple[float, float, float], float, float]
"""End, end, radius (metres, own axes) and shade of one capsule."""


def block(width: float, depth: float, height: float, shade: float = 1.0) -> list[Piece]:
    """Capsules that fill a block of these metres with soft edges, standing on the ground."""
    r = min(depth, height) / 2
    half = max(width / 2 - r, 0.01)
    rows = max(1, math.ceil(height / (1.5 * r))) if height > 2 * r else 1
    ys = np.linspace(r - depth / 2, depth / 2 - r, max(1, math.ceil((depth - 2 * r) / r) + 1))
    zs = np.linspace(r, height - r, rows) if rows > 1 else [height / 2]
    return [((-half, float(y), float(z)), (half, float(y), float(z)), r, shade)
            for z in zs for y in ys]  # fmt: skip


def _legs(width: float, depth: float, height: float) -> list[Piece]:
    return [
        ((x, y, 0.02), (x, y, height), 0.022, 0.6)
        for x in (-width / 2, width / 2)
        for y in (-depth / 2, depth / 2)
    ]


def _top(width: float, depth: float, height: float, count: int) -> list[Piece]:
    return [
        ((-width / 2, float(y), height), (width / 2, float(y), height), 0.035, 1.0)
        for y in np.linspace(-depth / 2, depth / 2, count)
    ]


_CHAIR = (
    _legs(0.42, 0.42, 0.44)
    + _top(0.42, 0.42, 0.46, 6)
    + [((x, 0.21, 0.46), (x, 0.24, 0.88), 0.03, 1.0) for x in (-0.18, -0.06, 0.06, 0.18)]
)
KINDS: Final[dict[str, list[Piece]]] = {
    "bag": [*block(0.42, 0.2, 0.28), ((-0.08, 0, 0.3), (0.08, 0, 0.34), 0.02, 0.6)],
    "backpack": [*block(0.3, 0.24, 0.46), ((-0.06, 0.12, 0.2), (0.06, 0.12, 0.2), 0.07, 0.7)],
    "suitcase": [*block(0.46, 0.28, 0.68), ((-0.1, 0, 0.7), (0.1, 0, 0.9), 0.015, 0.4)],
    "box": block(0.5, 0.4, 0.4),
    "sports-bag": block(0.7, 0.3, 0.3),
    "chair": _CHAIR,
    "table": _legs(0.7, 0.7, 0.7) + _top(0.8, 0.8, 0.73, 13),
    "bin": [((0, 0, 0.25), (0, 0, 0.72), 0.25, 1.0), ((0, 0, 0.86), (0, 0, 0.9), 0.25, 0.4)],
    "coat": [
        ((-0.3, 0.0, 0.05), (0.3, 0.1, 0.05), 0.09, 1.0),
        ((-0.1, -0.15, 0.05), (0.15, 0.25, 0.06), 0.1, 1.0),
        ((0.2, -0.2, 0.04), (0.42, -0.05, 0.04), 0.06, 0.85),
    ],
    "litter": [((-0.06, 0, 0.04), (0.05, 0.02, 0.04), 0.04, 1.0)],
    "sign": [
        *[((x, 0, 0.05), (x, 0, 0.95), 0.04, 1.0) for x in (-0.25, 0.25)],
        *[((-0.25, 0, 0.1 * k), (0.25, 0, 0.1 * k), 0.06, 1.0) for k in range(2, 10)],
    ],
    "barrier": [
        ((-0.9, 0, 1.0), (0.9, 0, 1.0), 0.04, 1.0), ((-0.9, 0, 0.2), (0.9, 0, 0.2), 0.03, 1.0),
        *[((x, 0, 0.1), (x, 0, 1.0), 0.02, 0.9) for x in (-0.9, -0.6, -0.3, 0.0, 0.3, 0.6, 0.9)],
    ],
    "pram": [
        *[
            ((x, y - 0.02, 0.14), (x, y + 0.02, 0.14), 0.14, 0.2)
            for x in (-0.3, 0.3)
            for y in (-0.25, 0.25)
        ],
        ((-0.28, 0.0, 0.6), (0.28, 0.0, 0.6), 0.22, 1.0),
        ((0.3, 0, 0.75), (0.6, 0, 1.0), 0.03, 0.4),
    ],
    "pigeon": [((-0.08, 0, 0.14), (0.1, 0, 0.18), 0.07, 1.0)],
}  # fmt: skip
"""By name, in metres."""
SIZE: Final = {"bag": 0.42, "backpack": 0.3, "suitcase": 0.46, "box": 0.5, "sports-bag": 0.7}
"""Widths in metres of what people carry and leave."""


class Stay(NamedTuple):
    """Where a thing is at `t` seconds; between two it moves evenly."""

    t: float
    x: float
    y: float
    z: float = 0.0


class Thing:
    """One thing, there from its first stay to its last. Owns nothing that changes."""

    def __init__(
        self,
        kind: str,
        stays: Sequence[Stay],
        *,
        shade: float = 0.1,
        tint: tuple[float, float, float] = (1.0, 1.0, 1.0),
        heading: float = 0.0,
    ) -> None:
        """`heading` radians; `shade` times `tint` is its reflectance."""
        self.kind, self._heading = kind, heading
        self._stays = np.array(stays, dtype=np.float64)
        self._colour = shade * np.array(tint)
        pieces = KINDS[kind]
        self._top = max(max(a[2], b[2]) + r for a, b, r, _ in pieces)
        reach = max(abs(v) + p[2] for p in pieces for end in p[:2] for v in end[:2])
        self._wide = (reach / 0.35) ** 2

    def place(self, t: float) -> tuple[float, float, float] | None:
        """Where it is at `t`: x, y and height above the ground, metres; None while it is away."""
        times = self._stays[:, 0]
        if not times[0] <= t <= times[-1]:
            return None
        x, y, z = (float(np.interp(t, times, self._stays[:, k])) for k in (1, 2, 3))
        return x, y, z

    def bodies(self, t: float) -> list[Body]:
        """Its body at `t`; none while it is away."""
        place = self.place(t)
        if place is None:
            return []
        x, y, z = place
        many = rigid(KINDS[self.kind], np.array([x, y]), self._heading, self._colour)
        lift = np.array([0.0, 0.0, z])
        one = one_of(many, 0)
        one = one._replace(start=one.start + lift, end=one.end + lift)
        return [Body(one, np.array([x, y, z + self._top]), max(self._wide, 0.15))]


def carried(
    places: Sequence[tuple[float, Point | None]], *, side: float = 0.28, height: float = 0.3
) -> list[Stay]:
    """Stays of something carried beside one who is at `places` ((seconds, ground metres))."""
    there = [(t, p) for t, p in places if p is not None]
    stays = []
    for k, (t, p) in enumerate(there):
        ahead = there[min(k + 1, len(there) - 1)][1]
        behind = there[max(k - 1, 0)][1]
        way = np.array([ahead[0] - behind[0], ahead[1] - behind[1]])
        length = float(np.hypot(*way))
        left = np.array([-way[1], way[0]]) / length if length > 1e-6 else np.array([0.0, 1.0])
        stays.append(Stay(t, p[0] + side * left[0], p[1] + side * left[1], height))
    return stays
