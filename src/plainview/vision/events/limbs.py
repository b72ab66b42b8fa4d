"""How people who stand, crouch, sit or lie are drawn: a few capsules in metres for each posture.

Sizes are those of a median adult of 1.72 m (NASA-STD-3000, vol. I, section 3.3.1). Of many only a
part differs from what is behind it: a coat as grey as the ground, legs before a dark bench. What is
left of who sits or stands then looks like one who lies, as often as not, and is drawn by itself.
"""

import math
from collections.abc import Sequence
from enum import StrEnum
from typing import Final


class Posture(StrEnum):
    """What a silhouette may be of."""

    STANDING = "standing"
    CROUCHING = "crouching"
    SITTING = "sitting"
    LYING = "lying"


# (from, to, radius): forward, left and up in metres, of a figure that faces forward.
Limb = tuple[tuple[float, float, float], tuple[float, float, float], float]
STANDING: Final[tuple[Limb, ...]] = (
    ((0, 0, 0.08), (0, 0, 0.85), 0.15),
    ((0, 0, 0.85), (0, 0, 1.35), 0.21),
    ((0, 0, 1.55), (0, 0, 1.62), 0.10),
)
CROUCHING: Final[tuple[Limb, ...]] = (
    ((0, 0, 0.12), (0.25, 0, 0.30), 0.18),
    ((-0.10, 0, 0.30), (0.18, 0, 0.68), 0.22),
    ((0.28, 0, 0.82), (0.32, 0, 0.86), 0.11),
)
STOOPING: Final[tuple[Limb, ...]] = (
    ((0, 0, 0.08), (-0.05, 0, 0.80), 0.15),
    ((-0.05, 0, 0.85), (0.42, 0, 0.90), 0.19),
    ((0.62, 0, 0.82), (0.66, 0, 0.80), 0.10),
)
ON_A_SEAT: Final[tuple[Limb, ...]] = (
    ((0, 0, 0.55), (0, 0, 0.98), 0.20),
    ((0.05, 0, 0.50), (0.42, 0, 0.48), 0.15),
    ((0.42, 0, 0.42), (0.45, 0, 0.08), 0.11),
    ((0.02, 0, 1.18), (0.02, 0, 1.24), 0.10),
)
ON_THE_GROUND: Final[tuple[Limb, ...]] = (
    ((0, 0, 0.18), (-0.05, 0, 0.58), 0.21),
    ((0, 0, 0.14), (0.85, 0, 0.12), 0.12),
    ((-0.05, 0, 0.80), (-0.05, 0, 0.84), 0.10),
)
HUDDLED: Final[tuple[Limb, ...]] = (
    ((0, 0, 0.16), (-0.05, 0, 0.58), 0.22),
    ((0.15, 0, 0.35), (0.38, 0, 0.38), 0.16),
    ((-0.02, 0, 0.80), (-0.02, 0, 0.84), 0.10),
)
KNEES_UP: Final[tuple[Limb, ...]] = (
    ((0, 0, 0.16), (-0.20, 0, 0.58), 0.20),
    ((0.05, 0, 0.18), (0.38, 0, 0.42), 0.13),
    ((0.40, 0, 0.40), (0.66, 0, 0.08), 0.11),
    ((-0.28, 0, 0.80), (-0.28, 0, 0.84), 0.10),
)
KNEELING: Final[tuple[Limb, ...]] = (
    ((-0.05, 0, 0.10), (0, 0, 0.50), 0.15),
    ((0, 0, 0.55), (0.05, 0, 0.95), 0.20),
    ((0, 0, 0.08), (-0.40, 0, 0.08), 0.09),
    ((0.06, 0, 1.17), (0.06, 0, 1.22), 0.10),
)
LYING: Final[tuple[Limb, ...]] = (
    ((-0.82, 0, 0.10), (-0.10, 0, 0.11), 0.13),
    ((-0.10, 0, 0.13), (0.42, 0, 0.14), 0.20),
    ((0.66, 0, 0.11), (0.72, 0, 0.11), 0.10),
)
SPRAWLED: Final[tuple[Limb, ...]] = (
    ((-0.78, 0.16, 0.10), (-0.08, 0.03, 0.11), 0.12),
    ((-0.74, -0.18, 0.10), (-0.08, -0.03, 0.11), 0.12),
    ((-0.08, 0, 0.13), (0.42, 0, 0.14), 0.21),
    ((0.30, -0.42, 0.08), (0.30, 0.42, 0.08), 0.08),
    ((0.62, 0, 0.11), (0.68, 0, 0.11), 0.11),
)
ARMS_OUT: Final[tuple[Limb, ...]] = (
    ((-0.80, 0, 0.10), (-0.10, 0, 0.11), 0.13),
    ((-0.10, 0, 0.13), (0.42, 0, 0.14), 0.19),
    ((0.40, 0.20, 0.08), (-0.02, 0.46, 0.06), 0.06),
    ((0.40, -0.20, 0.08), (-0.02, -0.46, 0.06), 0.06),
    ((0.66, 0, 0.11), (0.72, 0, 0.11), 0.10),
)

CURLED: Final[tuple[Limb, ...]] = (
    ((-0.12, 0, 0.20), (0.42, 0.04, 0.22), 0.18),
    ((-0.14, 0.05, 0.17), (-0.30, 0.40, 0.15), 0.13),
    ((-0.30, 0.40, 0.13), (-0.68, 0.28, 0.10), 0.09),
    ((0.36, 0.10, 0.32), (0.28, 0.52, 0.16), 0.06),
    ((0.66, 0.08, 0.18), (0.70, 0.09, 0.18), 0.10),
)
ARMS_SPREAD: Final[tuple[Limb, ...]] = (
    ((-0.80, 0, 0.10), (-0.10, 0, 0.11), 0.13),
    ((-0.10, 0, 0.13), (0.42, 0, 0.14), 0.19),
    ((0.40, 0.20, 0.10), (-0.02, 0.68, 0.06), 0.05),
    ((0.40, -0.20, 0.10), (-0.02, -0.68, 0.06), 0.05),
    ((0.66, 0, 0.11), (0.72, 0, 0.11), 0.10),
)
BENT: Final[tuple[Limb, ...]] = (
    ((-0.05, 0, 0.18), (0.45, 0, 0.20), 0.18),
    ((-0.06, 0.02, 0.16), (-0.40, 0.24, 0.14), 0.12),
    ((-0.40, 0.24, 0.12), (-0.80, 0.05, 0.10), 0.08),
    ((0.40, 0.10, 0.25), (0.30, 0.50, 0.12), 0.06),
    ((0.68, 0.05, 0.18), (0.72, 0.06, 0.18), 0.10),
)


def mirrored(limbs: Sequence[Limb]) -> list[Limb]:
    """`limbs` with left and right exchanged: on the other side."""
    return [((a[0], -a[1], a[2]), (b[0], -b[1], b[2]), radius) for a, b, radius in limbs]


def turned(limbs: Sequence[Limb], turns: int) -> list[list[Limb]]:
    """`limbs` in `turns` directions, evenly over the circle."""
    found = []
    for k in range(turns):
        c, s = math.cos(2 * math.pi * k / turns), math.sin(2 * math.pi * k / turns)

        def turn(
            p: tuple[float, float, float], c: float = c, s: float = s
        ) -> tuple[float, float, float]:
            return (c * p[0] - s * p[1], s * p[0] + c * p[1], p[2])

        found.append([(turn(a), turn(b), r) for a, b, r in limbs])
    return found


WHOLE: Final = [
    *((Posture.STANDING, f) for f in turned(STANDING, 1)),
    *((Posture.CROUCHING, f) for f in turned(CROUCHING, 4)),
    *((Posture.CROUCHING, f) for f in turned(STOOPING, 4)),
    *((Posture.SITTING, f) for f in turned(ON_A_SEAT, 4)),
    *((Posture.SITTING, f) for f in turned(ON_THE_GROUND, 8)),
    *((Posture.SITTING, f) for f in turned(HUDDLED, 4)),
    *((Posture.SITTING, f) for f in turned(KNEES_UP, 8)),
    *((Posture.CROUCHING, f) for f in turned(KNEELING, 4)),
    *((Posture.LYING, f) for f in turned(LYING, 12)),
    *((Posture.LYING, f) for f in turned(SPRAWLED, 8)),
    *((Posture.LYING, f) for f in turned(ARMS_OUT, 8)),
    *((Posture.LYING, f) for f in turned(CURLED, 8)),
    *((Posture.LYING, f) for f in turned(mirrored(CURLED), 8)),
]
"""Every posture, in every direction."""
PARTLY: Final = [
    *((Posture.STANDING, f) for f in turned(STANDING[:1], 1)),
    *((Posture.STANDING, f) for f in turned(STANDING[1:], 1)),
    *((Posture.CROUCHING, f) for f in turned(CROUCHING[:2], 4)),
    *((Posture.CROUCHING, f) for f in turned((KNEELING[0], KNEELING[2]), 4)),
    *((Posture.SITTING, f) for f in turned((ON_A_SEAT[0], ON_A_SEAT[3]), 1)),
    *((Posture.SITTING, f) for f in turned(ON_A_SEAT[1:3], 4)),
    *((Posture.SITTING, f) for f in turned((ON_THE_GROUND[0], ON_THE_GROUND[2]), 1)),
    *((Posture.SITTING, f) for f in turned(KNEES_UP[1:3], 8)),
    *((Posture.SITTING, f) for f in turned((KNEES_UP[0], KNEES_UP[3]), 4)),
]
"""Those of whom only the legs, or all but them, differ from what is behind."""
MORE: Final = [
    *((Posture.LYING, f) for f in turned(ARMS_SPREAD, 12)),
    *((Posture.LYING, f) for f in turned(BENT, 8)),
    *((Posture.LYING, f) for f in turned(mirrored(BENT), 8)),
]
"""People who lie with arms spread as far as they reach, or hips bent a little: they only tell one
posture from another. Things are not held against them."""
