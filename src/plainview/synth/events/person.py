"""A person with a script: walk here, bend there, fall, lie. Drawn anew for each scene."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

import numpy as np

from plainview.geometry import Point
from plainview.synth.body import Looks, dressed
from plainview.synth.events.poses import POSES, Pose, blended, hips, posed, walking
from plainview.synth.shadow import Body

HI_VIS: Final = ((0.62, 0.72, 0.05), (0.85, 0.3, 0.03))
"""Reflectance of a safety vest: yellow, orange."""


@dataclass(frozen=True)
class Key:
    """Where a person is at `t` seconds, and how. Between two keys it walks or changes its pose."""

    t: float
    x: float
    y: float
    pose: str = "stand"
    facing: float | None = None
    """Degrees from the x axis; the way it came where None."""


def looks(generator: np.random.Generator, *, vest: bool = False) -> Looks:
    """How one person is built and clothed."""
    height = float(np.clip(generator.normal(1.74, 0.09), 1.55, 1.95))
    drawn = dressed(np.array([height]), generator)
    if not vest:
        return drawn
    colour = np.array(HI_VIS[int(generator.integers(2))])
    return replace(drawn, top=colour[None], coat=np.array([False]))


class Person:
    """One person with a script of keys. Owns nothing that changes."""

    def __init__(self, look: Looks, keys: Sequence[Key], *, fidget: float = 1.0) -> None:
        """Present from the first key to the last. `fidget` is how much it moves while still."""
        self.looks, self.keys, self._fidget = look, tuple(keys), fidget
        self._phase = float(look.pace[0])
        self._facing: list[float] = []
        self._gone = [0.0]
        last = self._first_heading()
        for a, b in pairwise(keys):
            step = (b.x - a.x, b.y - a.y)
            if math.hypot(*step) > 0.05:
                last = math.atan2(step[1], step[0])
            elif b.facing is not None:
                last = math.radians(b.facing)
            self._facing.append(last)
            self._gone.append(self._gone[-1] + math.hypot(*step))

    def _first_heading(self) -> float:
        return math.radians(self.keys[0].facing or 0.0)

    def _leg(self, t: float) -> tuple[int, float] | None:
        """The leg at `t` and the share of it that is gone; None while away."""
        times = [key.t for key in self.keys]
        if not times[0] <= t <= times[-1] or len(times) < 2:
            return None
        k = min(max(int(np.searchsorted(times, t, side="right")) - 1, 0), len(times) - 2)
        return k, (t - times[k]) / max(times[k + 1] - times[k], 1e-9)

    def pose(self, t: float) -> Pose | None:
        """Its pose at `t`; None while it is away or walks."""
        leg = self._leg(t)
        if leg is None:
            return None
        k, share = leg
        a, b = self.keys[k], self.keys[k + 1]
        if math.hypot(b.x - a.x, b.y - a.y) > 0.05:
            return None
        pose = blended(POSES[a.pose], POSES[b.pose], share)
        small = self._fidget * (0.25 if abs(pose.pitch) + abs(pose.roll) > 45 else 1.0)
        # Someone alive never keeps quite still: slow sway, and now and then an arm or the trunk.
        slow = math.sin(0.9 * t + self._phase)
        act = max(0.0, math.sin(0.41 * t + 2 * self._phase)) ** 6
        return replace(
            pose,
            lean=pose.lean + small * (1.2 * slow + 7 * act),
            arm=pose.arm + small * (3 * slow + 38 * act),
            elbow=pose.elbow + small * 30 * act,
        )

    def place(self, t: float) -> Point | None:
        """Where its feet are at `t`, ground metres."""
        leg = self._leg(t)
        if leg is None:
            return None
        k, share = leg
        a, b = self.keys[k], self.keys[k + 1]
        return (a.x + share * (b.x - a.x), a.y + share * (b.y - a.y))

    def middle(self, t: float) -> Point | None:
        """Where the middle of its body is above at `t`: of one who is down, not its feet."""
        place, pose = self.place(t), self.pose(t)
        if place is None or pose is None:
            return place
        heading = self._heading(t)
        ahead, aside = hips(pose, float(self.looks.height[0]))
        c, s = math.cos(heading), math.sin(heading)
        return (place[0] + c * ahead - s * aside, place[1] + s * ahead + c * aside)

    def _heading(self, t: float) -> float:
        leg = self._leg(t)
        if leg is None:
            return 0.0
        k, share = leg
        before = self._facing[k - 1] if k else self._first_heading_of(k)
        now = self._facing[k]
        turn = (now - before + math.pi) % (2 * math.pi) - math.pi
        length = self.keys[k + 1].t - self.keys[k].t
        return before + turn * min(1.0, share * length / 0.5)

    def _first_heading_of(self, k: int) -> float:
        return self._facing[k] if self.keys[k].facing is None else self._first_heading()

    def bodies(self, t: float) -> list[Body]:
        """Its body at `t`; none while it is away."""
        leg, place = self._leg(t), self.place(t)
        if leg is None or place is None:
            return []
        pose, heading = self.pose(t), self._heading(t)
        if pose is not None:
            return [posed(self.looks, place, heading, pose)]
        k, share = leg
        gone = self._gone[k] + share * (self._gone[k + 1] - self._gone[k])
        speed = (self._gone[k + 1] - self._gone[k]) / max(self.keys[k + 1].t - self.keys[k].t, 1e-9)
        return [walking(self.looks, place, heading, gone, speed, t)]


def walk(points: Sequence[Point], *, begin: float, speed: float) -> list[Key]:
    """Keys of one who walks along `points` (ground metres) from `begin` seconds at `speed` m/s."""
    keys = [Key(begin, *points[0])]
    for a, b in pairwise(points):
        keys.append(Key(keys[-1].t + math.hypot(b[0] - a[0], b[1] - a[1]) / speed, *b))
    return keys
