"""Articulated bodies made of capsules: people who walk or stand, a car, a dog. No faces."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

F = NDArray[np.float64]

CYCLE = 0.78
"""Metres walked in two steps, in units of the body's height, at a usual pace."""


class Parts(NamedTuple):
    """Capsules of n bodies, k each, in world metres."""

    start: F
    """(n, k, 3)"""
    end: F
    """(n, k, 3)"""
    start_radius: F
    """(n, k)"""
    end_radius: F
    """(n, k)"""
    colour: F
    """(n, k, 3) reflectance, linear."""
    casts: NDArray[np.int64]
    """Which of the k cast the shadow: a few suffice."""


def one_of(parts: Parts, k: int) -> Parts:
    """Body `k` alone: arrays (k, ...)."""
    return Parts(
        parts.start[k], parts.end[k], parts.start_radius[k], parts.end_radius[k], parts.colour[k],
        parts.casts,
    )  # fmt: skip


@dataclass(frozen=True)
class Looks:
    """How each of n people is built and clothed: drawn at random, tied to no one."""

    height: F
    """(n,) metres"""
    breadth: F
    """(n,) factor on radii"""
    top: F
    """(n, 3) reflectance"""
    legs: F
    skin: F
    hair: F
    bag: F
    """(n, 3)"""
    shoe: F
    hat: NDArray[np.bool_]
    coat: NDArray[np.bool_]
    bagged: NDArray[np.int64]
    """(n,) 0 none, 1 backpack, 2 hand bag"""
    pace: F
    """(n,) a personal phase of the gait, radians"""


_TINTS = np.array(
    [
        [1.0, 1.0, 1.0],
        [0.75, 0.85, 1.25],
        [1.25, 0.85, 0.8],
        [0.85, 1.1, 0.85],
        [1.2, 1.05, 0.75],
        [1.0, 0.9, 1.1],
    ]
)


def dressed(heights: F, generator: np.random.Generator) -> Looks:
    """Clothes and builds for people of `heights` metres: dark, light and ground-like ones."""
    n = len(heights)

    def cloth(shades: tuple[float, ...], weights: tuple[float, ...]) -> F:
        shade = generator.choice(shades, size=n, p=weights) * generator.uniform(0.8, 1.25, n)
        tint = _TINTS[generator.integers(0, len(_TINTS), n)]
        return np.asarray(np.clip(shade[:, None] * tint, 0.012, 0.85))

    skin = np.array([[0.52, 0.36, 0.28], [0.36, 0.23, 0.16], [0.2, 0.12, 0.08]])
    hair = np.array([[0.03, 0.025, 0.02], [0.08, 0.05, 0.03], [0.25, 0.18, 0.1], [0.4, 0.4, 0.4]])
    return Looks(
        height=np.asarray(heights, dtype=np.float64),
        breadth=generator.uniform(0.9, 1.15, n),
        top=cloth((0.03, 0.08, 0.18, 0.34, 0.62), (0.28, 0.24, 0.2, 0.14, 0.14)),
        legs=cloth((0.025, 0.06, 0.14, 0.35), (0.38, 0.34, 0.2, 0.08)),
        skin=skin[generator.integers(0, 3, n)],
        hair=hair[generator.choice(4, size=n, p=(0.4, 0.35, 0.15, 0.1))],
        bag=cloth((0.03, 0.1, 0.3), (0.5, 0.3, 0.2)),
        shoe=cloth((0.02, 0.1, 0.6), (0.6, 0.25, 0.15)),
        hat=generator.random(n) < 0.12,
        coat=generator.random(n) < 0.25,
        bagged=generator.choice(3, size=n, p=(0.6, 0.22, 0.18)),
        pace=generator.uniform(0, 2 * np.pi, n),
    )


_COUNT = 25


class _Sculptor:
    """Collects capsules given in each body's own axes: forward, left, up, in body heights."""

    def __init__(self, position: F, heading: F, height: F) -> None:
        n = len(position)
        self.position, self.height = position, height
        self.forward = np.column_stack((np.cos(heading), np.sin(heading)))
        self.left = np.column_stack((-np.sin(heading), np.cos(heading)))
        self.start = np.zeros((n, _COUNT, 3))
        self.end = np.zeros((n, _COUNT, 3))
        self.radius = np.zeros((n, _COUNT, 2))
        self.colour = np.zeros((n, _COUNT, 3))
        self.used = 0

    def world(self, place: F) -> F:
        """(n, 3) world metres of (n, 3) body places."""
        scaled = place * self.height[:, None]
        flat = self.position + scaled[:, :1] * self.forward + scaled[:, 1:2] * self.left
        return np.column_stack((flat, scaled[:, 2]))

    def add(self, a: F, b: F, radii: tuple[float | F, float | F], colour: F) -> None:
        """One capsule from `a` to `b` for each body."""
        k = self.used
        self.start[:, k], self.end[:, k] = self.world(a), self.world(b)
        self.radius[:, k, 0] = radii[0] * self.height
        self.radius[:, k, 1] = radii[1] * self.height
        self.colour[:, k] = colour
        self.used += 1


def _at(forward: F | float, left: F | float, up: F | float, n: int) -> F:
    out = np.zeros((n, 3))
    out[:, 0], out[:, 1], out[:, 2] = forward, left, up
    return out


def people(  # noqa: PLR0915 - one line a limb; split, the body would be harder to see
    looks: Looks, position: F, heading: F, walked: F, speed: F, t: float
) -> Parts:
    """The bodies of n people at `position` (n, 2) metres, facing `heading` (n,) radians.

    `walked` (n,) metres so far drives the steps; `speed` (n,) m/s their width.
    """
    n = len(position)
    s = _Sculptor(position, heading, looks.height)
    wide = looks.breadth
    phase = 2 * np.pi * walked / (CYCLE * looks.height) + looks.pace
    swing = np.clip(speed / 1.25, 0.0, 1.15)
    swing = np.where(speed < 0.08, 0.0, swing)
    reach = 0.40 * swing
    sway = 0.006 * np.sin(0.9 * t + looks.pace) * (swing == 0)
    thigh, shin, ankle = 0.245, 0.246, 0.035
    angles = []
    for side in (0.0, np.pi):
        hip = reach * np.sin(phase + side)
        knee = 0.05 + 0.9 * np.minimum(swing, 1) * np.maximum(0, np.cos(phase + side)) ** 1.5
        angles.append((hip, knee))
    drop = np.maximum(*(thigh * np.cos(h) + shin * np.cos(h - k) for h, k in angles))
    hip_z = drop + ankle
    lean = 0.02 * swing + sway
    top_z = hip_z - 0.53
    for (hip, knee), side in zip(angles, (1.0, -1.0), strict=True):
        joint = _at(0.0, side * 0.05, hip_z, n)
        bent = _at(thigh * np.sin(hip), side * 0.048, hip_z - thigh * np.cos(hip), n)
        foot = _at(
            bent[:, 0] + shin * np.sin(hip - knee),
            side * 0.045,
            bent[:, 2] - shin * np.cos(hip - knee),
            n,
        )
        s.add(joint, bent, (0.052 * wide, 0.036), looks.legs)
        s.add(bent, foot, (0.035, 0.025), looks.legs)
        tilt = np.sin(hip - knee) * 0.06
        heel = foot + _at(-0.02, 0.0, -0.012, n)
        s.add(heel, heel + _at(0.105, side * 0.012, tilt, n), (0.022, 0.019), looks.shoe)
        hem = np.where(looks.coat[:, None], bent * 0.75 + joint * 0.25, joint)
        hem[:, 1] = side * 0.04
        s.add(joint, hem, (0.062 * wide, 0.078 * wide), looks.top)
    chest = 0.79 + top_z
    hips = hip_z + 0.02
    s.add(
        _at(0, 0.035, hips, n),
        _at(0, -0.035, hips, n),
        (0.064 * wide, 0.064 * wide),
        np.where(looks.coat[:, None], looks.top, looks.legs),
    )
    for side in (0.055, 0.0, -0.055):
        s.add(
            _at(0.0, side * 0.75, hips + 0.05, n),
            _at(lean, side, chest - 0.03, n),
            (0.062 * wide, 0.07 * wide),
            looks.top,
        )
    for side in (1.0, -1.0):
        s.add(
            _at(lean, side * 0.01, chest + 0.035, n),
            _at(lean, side * 0.088 * wide, chest + 0.008, n),
            (0.052, 0.036),
            looks.top,
        )
    for (hip, _), side in zip(angles, (1.0, -1.0), strict=True):
        swung = -0.85 * hip
        elbow_bend = 0.18 + 0.25 * np.minimum(swing, 1)
        shoulder = _at(lean, side * 0.11 * wide, chest + 0.01, n)
        elbow = shoulder + _at(0.175 * np.sin(swung), side * 0.018, -0.175 * np.cos(swung), n)
        fore = swung + elbow_bend
        hand = elbow + _at(0.14 * np.sin(fore), -side * 0.006, -0.14 * np.cos(fore), n)
        palm = hand + _at(0.045 * np.sin(fore), 0.0, -0.045 * np.cos(fore), n)
        s.add(shoulder, elbow, (0.034, 0.027), looks.top)
        s.add(elbow, hand, (0.028, 0.022), looks.top)
        s.add(hand, palm, (0.02, 0.018), looks.skin)
        if side < 0:
            carried = looks.bagged[:, None] == 2
            low = palm + _at(0.0, -0.012, -0.06, n)
            size = np.where(carried[:, 0], 0.045, 0.0)
            s.add(low + _at(-0.05, 0, 0, n), low + _at(0.05, 0, 0, n), (size, size), looks.bag)
    pack = np.where(looks.bagged == 1, 0.07, 0.0)
    s.add(
        _at(-0.085, 0, hips + 0.09, n),
        _at(-0.08, 0, chest - 0.03, n),
        (pack, pack * 0.9),
        looks.bag,
    )
    s.add(_at(lean, 0, chest, n), _at(lean * 1.3, 0, chest + 0.09, n), (0.036, 0.032), looks.skin)
    face = _at(lean * 1.6 + 0.008, 0, 0.91 + top_z, n)
    s.add(face, face + _at(0.004, 0, 0.03, n), (0.043, 0.046), looks.skin)
    crown = np.where(looks.hat[:, None], looks.bag, looks.hair)
    s.add(face + _at(-0.014, 0, 0.018, n), face + _at(-0.004, 0, 0.044, n), (0.046, 0.046), crown)
    return Parts(
        s.start[:, : s.used],
        s.end[:, : s.used],
        s.radius[:, : s.used, 0],
        s.radius[:, : s.used, 1],
        s.colour[:, : s.used],
        np.array([0, 1, 4, 5, 9, 11, 12, 13, 14, 17, 21, 23]),  # limbs, trunk, pack and head,
    )


def rigid(
    pieces: list[tuple[tuple[float, float, float], tuple[float, float, float], float, float]],
    position: F,
    heading: float,
    colours: F,
) -> Parts:
    """One body (arrays (1, k, ...)) of pieces (end, end, radius, shade), own axes, metres."""
    s = np.array([(*a, *b, r, shade) for a, b, r, shade in pieces], dtype=np.float64)
    c, d = np.cos(heading), np.sin(heading)
    turn = np.array([[c, d, 0.0], [-d, c, 0.0], [0, 0, 1.0]])
    base = np.array([position[0], position[1], 0.0])
    return Parts(
        (s[:, 0:3] @ turn + base)[None],
        (s[:, 3:6] @ turn + base)[None],
        s[None, :, 6],
        s[None, :, 6],
        np.clip(s[:, 7, None] * colours, 0.01, 0.9)[None],
        np.arange(len(pieces)),
    )


def car(position: F, heading: float, colour: F) -> Parts:
    """A car of 4.3 x 1.7 x 1.45 m."""
    pieces = [((-1.75, y, 0.58), (1.75, y, 0.55), 0.36, 1.0) for y in (-0.5, -0.17, 0.17, 0.5)]
    pieces += [((-1.0, y, 1.08), (0.55, y, 1.08), 0.32, 0.35) for y in (-0.42, 0.0, 0.42)]
    pieces += [((-0.9, y, 1.3), (0.35, y, 1.3), 0.14, 1.0) for y in (-0.4, 0.0, 0.4)]
    pieces += [
        ((x, y - 0.06, 0.31), (x, y + 0.06, 0.31), 0.31, 0.12)
        for x in (-1.35, 1.35)
        for y in (-0.76, 0.76)
    ]
    return rigid(pieces, position, heading, colour)


def dog(position: F, heading: float, walked: float, colour: F) -> Parts:
    """A dog of 0.55 m at the shoulder."""
    pieces = [
        ((-0.3, 0.0, 0.45), (0.28, 0.0, 0.47), 0.12, 1.0),
        ((0.3, 0.0, 0.5), (0.42, 0.0, 0.62), 0.08, 1.0),
        ((0.42, 0.0, 0.64), (0.56, 0.0, 0.6), 0.07, 0.9),
        ((-0.35, 0.0, 0.5), (-0.55, 0.0, 0.62), 0.025, 1.0),
    ]
    phase = 2 * np.pi * walked / 0.7
    for x, y, shift in (
        (-0.25, 0.07, 0.0),
        (-0.25, -0.07, 3.1),
        (0.24, 0.07, 3.1),
        (0.24, -0.07, 0),
    ):
        swing = 0.12 * float(np.sin(phase + shift))
        pieces.append(((x, y, 0.4), (x + swing, y, 0.04), 0.04, 0.9))
    return rigid(pieces, position, heading, colour)
