"""People who do more than walk: sit, crouch, bend, fall, lie. One skeleton, joint angles, no faces.

Angles are degrees in the plane that a body faces along, so that a pose is a handful of numbers and
a fall is one pose that becomes another. Limbs are as long as in `synth.body`.
"""

import math
from dataclasses import dataclass, fields
from typing import Final

import numpy as np
from numpy.typing import NDArray

from plainview.synth.body import Looks, Parts, one_of, people
from plainview.synth.shadow import Body

F = NDArray[np.float64]


@dataclass(frozen=True)
class Pose:
    """Joint angles, degrees. All zero stands upright."""

    pitch: float = 0.0
    """The whole body about its feet: 90 on its front, -90 on its back."""
    roll: float = 0.0
    """The same sideways: 90 on its left side, -90 on its right."""
    lean: float = 0.0
    """Trunk forward, from the hips."""
    thigh: float = 0.0
    """Right thigh forward."""
    knee: float = 3.0
    left_thigh: float | None = None
    """As `thigh` where None."""
    left_knee: float | None = None
    arm: float = 4.0
    """Upper arms forward, from the trunk's downward direction."""
    elbow: float = 12.0
    spread: float = 0.0
    """Arms sideways."""
    toe: float = 88.0
    """Feet from the shins' direction: 0 stretches them."""
    base: float = 0.0
    """Metres of what it lies on: a bench."""


POSES: Final = {
    "stand": Pose(),
    "phone": Pose(arm=25, elbow=105),
    "bend": Pose(lean=78, thigh=12, knee=18, arm=80, elbow=8),
    "sit": Pose(lean=-6, thigh=86, knee=88, arm=35, elbow=40),
    "sit-forward": Pose(lean=32, thigh=86, knee=80, arm=62, elbow=55),
    "sit-ground": Pose(lean=-18, thigh=104, knee=76, arm=-28, elbow=10),
    "sit-legs": Pose(lean=-12, thigh=88, knee=6, arm=20, elbow=30),
    "crouch": Pose(lean=34, thigh=112, knee=140, arm=70, elbow=40),
    "shoe": Pose(lean=62, thigh=95, knee=105, left_thigh=12, left_knee=88, arm=70, elbow=15),
    "kneel": Pose(lean=14, thigh=8, knee=96, arm=30, elbow=40),
    "back": Pose(pitch=-90, thigh=8, knee=14, spread=28, arm=10, elbow=20),
    "front": Pose(pitch=90, thigh=-2, knee=8, spread=50, arm=-4, elbow=-2, toe=20),
    "side": Pose(roll=90, lean=16, thigh=38, knee=52, arm=60, elbow=70),
    "other-side": Pose(roll=-90, lean=22, thigh=52, knee=70, arm=75, elbow=80),
    "sleep-bench": Pose(roll=90, lean=14, thigh=30, knee=48, arm=70, elbow=95, base=0.45),
    "ride": Pose(lean=28, thigh=62, knee=70, left_thigh=28, left_knee=40, arm=70, elbow=12),
}
"""By name. `back`, `front`, `side` and `other-side` are those of one who is down."""
DOWN: Final = ("back", "front", "side", "other-side")

_THIGH, _SHIN, _TRUNK, _UPPER, _FORE = 0.245, 0.246, 0.29, 0.175, 0.15


def blended(a: Pose, b: Pose, share: float) -> Pose:
    """From pose `a` (`share` 0) to `b` (1), angle by angle, starting and ending softly."""
    s = share * share * (3 - 2 * share)
    values = {}
    for field in fields(Pose):
        x, y = getattr(a, field.name), getattr(b, field.name)
        if field.name in ("left_thigh", "left_knee"):
            x = getattr(a, field.name[5:]) if x is None else x
            y = getattr(b, field.name[5:]) if y is None else y
        values[field.name] = (1 - s) * x + s * y
    return Pose(**values)


def _along(angle: float, length: float) -> F:
    """(3,) `length` at `angle` degrees forward from straight down."""
    a = math.radians(angle)
    return np.array([length * math.sin(a), 0.0, -length * math.cos(a)])


def _limbs(looks: Looks, pose: Pose) -> list[tuple[F, F, float, float, F]]:
    """Capsules of one body: ends in body heights about the hips, radii, colour."""
    wide = float(looks.breadth[0])
    top, legs, skin = looks.top[0], looks.legs[0], looks.skin[0]
    up = -_along(-pose.lean, 1.0)
    chest, out = _TRUNK * up, []
    left_thigh = pose.thigh if pose.left_thigh is None else pose.left_thigh
    left_knee = pose.knee if pose.left_knee is None else pose.left_knee
    side = np.array([0.0, 1.0, 0.0])
    for sign, thigh, knee in ((1.0, left_thigh, left_knee), (-1.0, pose.thigh, pose.knee)):
        hip = 0.05 * sign * side
        bent = hip + _along(thigh, _THIGH)
        foot = bent + _along(thigh - knee, _SHIN)
        toe = foot + _along(thigh - knee + pose.toe, 0.1)
        out += [
            (hip, bent, 0.054 * wide, 0.037, legs),
            (bent, foot, 0.036, 0.026, legs),
            (foot, toe, 0.023, 0.02, looks.shoe[0]),
        ]
    out.append((0.035 * side, -0.035 * side, 0.066 * wide, 0.066 * wide, legs))
    out += [
        (0.04 * up + 0.75 * y * side, chest - 0.03 * up + y * side, 0.062 * wide, 0.07 * wide, top)
        for y in (0.055, 0.0, -0.055)
    ]
    for sign in (1.0, -1.0):
        shoulder = chest + 0.11 * wide * sign * side
        open_ = math.sin(math.radians(pose.spread)) * sign * side
        reach = math.cos(math.radians(pose.spread))
        elbow = shoulder + reach * _along(pose.arm - pose.lean, _UPPER) + _UPPER * open_
        hand = elbow + reach * _along(pose.arm - pose.lean + pose.elbow, _FORE) + _FORE * open_
        out += [
            (chest + 0.03 * up, shoulder, 0.052, 0.036, top),
            (shoulder, elbow, 0.034, 0.027, top),
            (elbow, hand, 0.028, 0.02, top),
            (hand, hand + 0.3 * (hand - elbow), 0.02, 0.018, skin),
        ]
    head = chest + 0.105 * up
    out += [
        (chest, head, 0.036, 0.034, skin),
        (head, head + 0.035 * up, 0.044, 0.047, skin),
        (head + 0.015 * up, head + 0.045 * up, 0.047, 0.047, looks.hair[0]),
    ]
    return out


def _turned(pose: Pose) -> F:
    """(3, 3): the whole body's pitch, then its roll, about the hips."""
    p, r = math.radians(pose.pitch), math.radians(pose.roll)
    pitch = np.array([[math.cos(p), 0, math.sin(p)], [0, 1, 0], [-math.sin(p), 0, math.cos(p)]])
    roll = np.array([[1, 0, 0], [0, math.cos(r), math.sin(r)], [0, -math.sin(r), math.cos(r)]])
    return np.asarray(roll @ pitch)


def hips(pose: Pose, height: float) -> tuple[float, float]:
    """Metres ahead of and left of the feet's place where the hips are: one who falls keeps them."""
    reach = 0.5 * height
    return (
        reach * math.sin(math.radians(pose.pitch)),
        reach * math.sin(math.radians(pose.roll)),
    )


def posed(looks: Looks, place: tuple[float, float], heading: float, pose: Pose) -> Body:
    """The body of one person (`looks` of one) in `pose`, feet at `place`, facing `heading` radians.

    It touches the ground (or the bench) with its lowest part, whatever the pose.
    """
    limbs = _limbs(looks, pose)
    height = float(looks.height[0])
    a = np.array([limb[0] for limb in limbs])
    b = np.array([limb[1] for limb in limbs])
    radii = np.array([limb[2:4] for limb in limbs]) * height
    c, s = math.cos(heading), math.sin(heading)
    turn = np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]]) @ _turned(pose)
    a, b = a @ turn.T * height, b @ turn.T * height
    low = float(min((a[:, 2] - radii[:, 0]).min(), (b[:, 2] - radii[:, 1]).min()))
    ahead, aside = hips(pose, height)
    at = np.array([place[0] + c * ahead - s * aside, place[1] + s * ahead + c * aside, 0.0])
    base = at + np.array([0.0, 0.0, pose.base - low])
    start, end = a + base, b + base
    top = float(max((start[:, 2] + radii[:, 0]).max(), (end[:, 2] + radii[:, 1]).max()))
    flat = float(np.ptp(np.vstack((start, end))[:, :2], axis=0).max())
    return Body(
        Parts(
            start, end, radii[:, 0], radii[:, 1], np.array([limb[4] for limb in limbs]),
            np.arange(len(limbs)),
        ),
        np.array([at[0], at[1], top]),
        1.0 + flat,
    )  # fmt: skip


def walking(
    looks: Looks, place: tuple[float, float], heading: float, walked: float, speed: float, t: float
) -> Body:
    """One person who walks: as `synth.body.people`, for one."""
    parts = people(
        looks, np.array([place]), np.array([heading]), np.array([walked]), np.array([speed]), t
    )
    return Body(one_of(parts, 0), np.array([*place, float(looks.height[0])]), 1.0)
