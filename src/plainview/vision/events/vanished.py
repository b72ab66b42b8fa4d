"""Where something as large as a person vanished, though nobody got up there or went.

Nobody dissolves. What does is light on a bench, fog before it or the sun in a puddle, and where
that was seen it will be again.
"""

from typing import Final, NamedTuple

import numpy as np

from plainview.vision.optics import Floats

SPAN: Final = 900.0
"""Seconds that are remembered: clouds come and go."""
MOST: Final = 64
"""Places that are remembered at once, the latest."""
REACH: Final = 1.0
"""Metres from such a place within which it is what is seen now."""
TIMES: Final = 2
"""Times from which it is surely so: once it may be somebody whom nobody saw get up."""


class _Gone(NamedTuple):
    """What vanished."""

    place: Floats
    when: float
    stayed: float


class Vanished:
    """Owns where, when and after how long something vanished before one camera. Seconds."""

    def __init__(self) -> None:
        """Nothing did yet."""
        self._gone: list[_Gone] = []

    def note(self, place: Floats, t: float, stayed: float) -> None:
        """Remember that what was at `place` (2,) metres for `stayed` seconds vanished at `t`."""
        kept = [one for one in self._gone if t - SPAN < one.when <= t]
        self._gone = [*kept, _Gone(place, t, stayed)][-MOST:]

    def near(self, place: Floats, t: float) -> tuple[float, float]:
        """How surely what is at `place` (2,) at `t` seconds is such a thing, 0 to 1.

        And for how many seconds one stayed there at most.
        """
        stays = [
            one.stayed
            for one in self._gone
            if t - SPAN < one.when <= t and float(np.hypot(*(one.place - place))) <= REACH
        ]
        return min(len(stays) / TIMES, 1.0), max(stays, default=0.0)
