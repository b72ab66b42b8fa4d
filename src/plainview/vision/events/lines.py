"""Lines through place and time: evidence for what drives along a lane, added up as it comes.

Through fog or glare somebody differs from what is behind him by little more than the noise, and no
outline of him can be told in one frame. But the direction of a lane is known, and so are speeds
that are driven: along such a line what little shows of him adds up, frame for frame, and noise does
not (track before detect; Blackman & Popoli, Design and Analysis of Modern Tracking Systems, 1999).
Evidence is added until it is enough (a CUSUM; Page, Biometrika 41, 1954), along lines against the
lane and, as a control, along those that go its way: rain, noise and whatever drives as it should
speak for both, or for those.
"""

from collections import deque
from typing import Final, NamedTuple

import numpy as np

from plainview.vision.optics import Floats

STEP: Final = 0.5
"""Metres between two places along a lane."""
SPEEDS: Final = 1.2 * 1.14 ** np.arange(26)
"""(26,) m/s of lines, from who walks up to a motorway: half a step is a cyclist's length in six
seconds."""
DRIVEN: Final = 6
"""Index of the first that nobody walks, 2.6 m/s."""
AROUND: Final = 8.0
"""Metres from a line's end within which lines that go the lane's way are its control."""
GROWN: Final = 1.0
"""Seconds within which more must have come to speak for a line: what has left leaves one behind."""

ENOUGH: Final = 25.0
"""Deviations from which a line is somebody: noise alone came to 13, where nothing drove."""
CONTROL: Final = 2.0
"""Times what speaks for lines that go the lane's way, at least: who crosses speaks for both."""
LONG: Final = (4.0, 0.8)
"""Metres and seconds of a line, at least, as of any vehicle's path."""
GROWS: Final = 3.0
"""Deviations that came within the last second, at least: a frame of somebody plainly there."""


class Line(NamedTuple):
    """The line against a lane for which most speaks of those that are driven."""

    evidence: float
    """Deviations, added up."""
    control: float
    """The same of the best line that goes the lane's way near by."""
    walked: float
    """The same of the best line against the lane near by at which somebody walks."""
    gain: float
    """By how much the evidence for the best line has grown within `GROWN` seconds."""
    place: int
    """Index of the place where it ends."""
    speed: float
    """m/s against the lane."""
    metres: float
    """That it is long."""

    @property
    def seconds(self) -> float:
        """That it lasts."""
        return self.metres / self.speed


class Lines:
    """Owns the evidence for all lines of `SPEEDS` through one lane, both ways."""

    def __init__(self, places: int) -> None:
        """Nothing speaks for any yet that ends at one of `places`, `STEP` apart, the lane's way."""
        self._places = np.arange(places)
        self._evidence = np.zeros((2, len(SPEEDS), places))
        self._metres = np.zeros_like(self._evidence)
        self._most: deque[tuple[float, float]] = deque()

    def add(self, speaks: Floats, t: float, dt: float) -> None:
        """What `speaks` (places,) for somebody at `t` seconds, `dt` after the last, is added."""
        gone = SPEEDS[:, None] * dt
        rows = np.arange(len(SPEEDS))[:, None]
        for k, sign in enumerate((1.0, -1.0)):
            start = self._places + sign * gone / STEP
            low = np.floor(start).astype(np.intp)
            part = start - low
            # Nothing speaks for what was before the lane, or comes from behind it.
            at = np.clip(low + 1, 0, len(self._places) + 1)
            sums = np.pad(self._evidence[k], ((0, 0), (1, 2)))
            long = np.pad(self._metres[k], ((0, 0), (1, 2)))
            added = (1 - part) * sums[rows, at] + part * sums[rows, at + 1] + speaks
            self._evidence[k] = np.maximum(added, 0.0)
            longer = np.where(part < 0.5, long[rows, at], long[rows, at + 1]) + gone
            self._metres[k] = np.where(added > 0, longer, 0.0)
        self._most.append((t, float(self._evidence[0, DRIVEN:].max())))
        while self._most[0][0] < t - GROWN:
            self._most.popleft()

    def best(self) -> Line | None:
        """The driven line against the lane for which most speaks; None where nothing does."""
        against, along = self._evidence
        v, place = np.unravel_index(int(np.argmax(against[DRIVEN:])), against[DRIVEN:].shape)
        v += DRIVEN
        most = float(against[v, place])
        if most <= 0:
            return None
        near = np.abs(self._places - place) * STEP <= AROUND
        return Line(
            evidence=most,
            control=float(along[:, near].max()),
            walked=float(against[:DRIVEN, near].max()),
            gain=most - self._most[0][1],
            place=int(place),
            speed=float(SPEEDS[v]),
            metres=float(self._metres[0, v, place]),
        )


def enough(line: Line) -> bool:
    """Whether enough speaks for `line`, and goes on to."""
    return (
        line.evidence >= max(ENOUGH, CONTROL * line.control, line.walked)
        and line.gain >= GROWS
        and line.metres >= LONG[0]
        and line.seconds >= LONG[1]
    )
