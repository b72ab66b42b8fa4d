"""Somebody who may be down: what speaks for it, look by look, and what has come to rest where.

What speaks for it is summed: how much better one who lies explains a place than any other posture,
that somebody was upright there before, how large it is, and whether somebody upright is found there
still. On the development part, bags that people put down span 0.25 to 0.34 m² across the view, who
lies 0.37 to 1.13; of 71 scenes of other kinds three were told of before that was asked.
"""

from typing import Final, NamedTuple

import numpy as np

from plainview.vision.events.change import Change
from plainview.vision.events.flicker import step
from plainview.vision.events.stillness import Blob
from plainview.vision.events.thing import EVEN, Extent
from plainview.vision.optics import Floats

EVERY: Final = 0.6
"""Seconds between two looks."""
RESTS: Final = 0.45
"""Metres between two looks within which a blob rests: what walks on is held against nothing."""
BESIDE: Final = 1.0
"""Metres within which what is of a person's size is what has rested there."""
FORGOTTEN: Final = 2.5
"""Seconds unseen after which nothing rests there any more: rain and those who help hide a body."""
SAME: Final = 0.02
"""Overlap by which another posture may be better, and both are as good."""
LARGE: Final = (0.3, 0.38)
"""m² across the view up to which it may be a bag, and from which it is none."""
SMALLER: Final = 0.4
"""What it takes away that it is as small as a bag."""
SITS: Final = 0.3
"""What it takes away that somebody upright is found there in every look."""
RESTING: Final = 0.2
"""What it adds that somebody was upright where something came to rest that may well lie."""
CLOSE: Final = 2.0
"""Metres from one who is down to where somebody was upright before, with the error of both."""


class Judged(NamedTuple):
    """A blob that was held against silhouettes."""

    blob: Blob
    extent: Extent
    lies: float
    """Overlap of the best silhouette of one who lies."""
    other: float
    """The same of any other posture."""
    place: Floats
    """(2,) metres: below the middle of one who lies."""


class Down:
    """Somebody who may be down. Owns what its place showed, and what speaks for it so far."""

    def __init__(
        self, judged: Judged, change: Change, upright: float, *, upright_now: bool
    ) -> None:
        """`upright`: metres to where somebody was before; `upright_now`: somebody is there."""
        self.judged, self.change, self.upright = judged, change, upright
        self.lies, self.other = judged.lies, judged.other
        self.looks, self.lost = 1, 0
        self.even = change.traits().even
        self.area, self.seated = judged.extent.area, float(upright_now)

    def again(self, judged: Judged, *, upright_now: bool) -> None:
        """It was `judged` once more."""
        self.judged = judged
        self.looks += 1
        self.lost = 0
        rate = max(1.0 / self.looks, 0.2)
        self.lies += rate * (judged.lies - self.lies)
        self.other += rate * (judged.other - self.other)
        self.area += rate * (judged.extent.area - self.area)
        self.seated += rate * (upright_now - self.seated)

    def confidence(self) -> float:
        """How sure it is that this is somebody who lies on the ground, 0 to 1."""
        sure = 0.55 + 1.2 * (self.lies - 0.62) + 1.6 * (self.lies - self.other - 0.04)
        if self.upright > CLOSE:
            sure -= 0.33
        if self.even < EVEN:
            sure -= 0.5
        elif self.upright <= CLOSE and self.lies > self.other - SAME and self.area > LARGE[1]:
            # Hardly anything else that came to rest where somebody was, and is as large, lies.
            sure += RESTING
        # A bag that was put down is smaller; who sits still looks upright, in part.
        sure -= SMALLER * step(LARGE[1] - self.area, 0.0, LARGE[1] - LARGE[0]) + SITS * self.seated
        return min(max(sure, 0.0), 0.97)


class _Rest(NamedTuple):
    """Where something of a person's size is: since when, and when it was seen last, in seconds."""

    place: Floats
    since: float
    seen: float


class Rests:
    """Owns where things of a person's size have come to rest, as long as they are seen there."""

    def __init__(self) -> None:
        """Nowhere."""
        self._rests: list[_Rest] = []

    def clear(self) -> None:
        """Nothing is anywhere."""
        self._rests = []

    def look(self, t: float) -> None:
        """Forget at `t` seconds what was not seen for long; then note() what is seen."""
        self._rests = [one for one in self._rests if t - FORGOTTEN < one.seen <= t]

    def note(self, place: Floats, t: float) -> bool:
        """Note something at `place` (2,); whether it was there in the last look."""
        gaps = [float(np.hypot(*(one.place - place))) for one in self._rests]
        k = int(np.argmin(gaps)) if gaps else -1
        if k < 0 or gaps[k] > BESIDE:
            self._rests.append(_Rest(place, t, t))
            return False
        known = self._rests[k]
        self._rests[k] = _Rest(place, known.since, t)
        return gaps[k] < RESTS and known.seen > t - 1.5 * EVERY

    def since(self, place: Floats, t: float) -> float:
        """Seconds since which something has been near `place` (2,); `t` where nothing was."""
        near = (one for one in self._rests if float(np.hypot(*(one.place - place))) <= BESIDE)
        return min((one.since for one in near), default=t)
