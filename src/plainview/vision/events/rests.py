"""Where something of a person's size has come to rest: the past of places, and nobody's."""

from typing import Final, NamedTuple

import numpy as np

from plainview.vision.optics import Floats

EVERY: Final = 0.6
"""Seconds between two looks."""
RESTS: Final = 0.45
"""Metres between two looks within which a blob rests: what walks on is held against nothing."""
SINCE: Final = 2.5
"""Looks in which it is met again: who is in parts is looked for in every second one."""
BESIDE: Final = 1.0
"""Metres within which what is of a person's size is what has rested there."""
FORGOTTEN: Final = 2.5
"""Seconds unseen after which nothing rests there any more: rain and those who help hide a body."""
SEAT: Final = 60.0
"""Most seconds longer, up to half of its stay, that where something stayed is known."""


class _Rest(NamedTuple):
    """Where something of a person's size is. Times in seconds."""

    place: Floats
    first: float
    """When it stopped there, though it was lost from sight since."""
    since: float
    """When it was seen anew."""
    seen: float
    """When it was seen last."""


class Rests:
    """Owns where things of a person's size have come to rest, as long as they are seen there.

    Where something stayed for long is a seat, and known for a while longer.
    """

    def __init__(self) -> None:
        """Nowhere."""
        self._rests: list[_Rest] = []

    def look(self, t: float) -> None:
        """Forget at `t` seconds what was not seen for long; then note() what is seen."""
        self._rests = [one for one in self._rests if t - _kept(one) < one.seen <= t]

    def note(self, place: Floats, t: float) -> bool:
        """Note something at `place` (2,); whether it was there in the last look, or before it."""
        gaps = [float(np.hypot(*(one.place - place))) for one in self._rests]
        k = int(np.argmin(gaps)) if gaps else -1
        if k < 0 or gaps[k] >= RESTS:
            # What rested here may hide: it is known on, beside what came.
            self._rests.append(_Rest(place, t, self.since(place, t), t))
            return False
        known = self._rests[k]
        since = known.since if t - FORGOTTEN < known.seen else t
        self._rests[k] = _Rest(place, known.first, since, t)
        return known.seen > t - SINCE * EVERY

    def since(self, place: Floats, t: float) -> float:
        """Seconds since which something has been near `place` (2,); `t` where nothing was."""
        return min((one.since for one in self._near(place) if t - FORGOTTEN < one.seen), default=t)

    def stayed(self, place: Floats, t: float) -> float:
        """For how many seconds something has been near `place` (2,), though unseen for some."""
        return t - min((one.first for one in self._near(place)), default=t)

    def _near(self, place: Floats) -> list[_Rest]:
        return [one for one in self._rests if float(np.hypot(*(one.place - place))) <= BESIDE]


def _kept(one: _Rest) -> float:
    """Seconds unseen after which nothing rests there any more."""
    return FORGOTTEN + min(0.5 * (one.seen - one.first), SEAT)
